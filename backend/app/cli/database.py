"""Run a command's work in database sessions, and end its failures in one line and an exit code."""

import sys
from collections.abc import Callable

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, OperationalError, ProgrammingError
from sqlalchemy.orm import Session, sessionmaker

from app import BACKEND
from app.cli.exit_codes import Exit
from app.cli.text import plain
from app.db import base
from app.errors import SettingsError
from app.services.errors import NotFoundError, RefusedError, ServiceError, UnavailableError
from app.storage import StorageError

HEAD = BACKEND / "alembic" / "versions" / "head.txt"
UNDEFINED = frozenset({"42P01", "42703", "3F000"})
"""SQLSTATE of an undefined table, column and schema (PostgreSQL manual, appendix A)."""


def with_sessions(work: Callable[[sessionmaker[Session]], int]) -> int:
    """Do work that needs the database; return its exit code.

    Args:
        work: Opens as many transactions as it needs: `with sessions.begin() as session`.
    """
    try:
        _check_schema(base.SessionLocal)
        return work(base.SessionLocal)
    except SettingsError as error:
        return fail(str(error), Exit.DATABASE)
    except ServiceError as error:
        return fail(str(error), exit_code_of(error))
    except StorageError as error:
        return fail(str(error))
    except (OperationalError, ProgrammingError, DBAPIError) as error:
        if getattr(error.orig, "pgcode", None) in UNDEFINED:
            return fail("the database has another schema than this program: run make migrate")
        return fail(_described(error))


def _check_schema(sessions: sessionmaker[Session]) -> None:
    """Refuse a schema that lacks columns; a newer one is made for this release too.

    Raises:
        UnavailableError: The database is empty, or at an older revision.
    """
    head = HEAD.read_text(encoding="ascii").partition("_")[0]
    try:
        with sessions() as session:
            revision = session.scalar(text("SELECT version_num FROM alembic_version"))
    except ProgrammingError as error:
        if getattr(error.orig, "pgcode", None) in UNDEFINED:
            revision = None
        else:
            raise
    if revision is None:
        raise UnavailableError("no_tables", "the database has no tables yet: run make migrate")
    if revision.isdigit() and int(revision) < int(head):
        raise UnavailableError(
            "old_schema",
            f"the database is at revision {revision}, this program needs {head}: run make migrate",
        )


def _described(error: DBAPIError) -> str:
    """Return why the database failed, in one line without its password."""
    # They import Alembic, which costs a command that succeeds a fifth of its time.
    from alembic_zero_downtime import DatabaseURL  # noqa: PLC0415
    from alembic_zero_downtime.errors import describe_failure  # noqa: PLC0415

    return DatabaseURL(base.engine.url, "").scrub(describe_failure(error))


def exit_code_of(error: ServiceError) -> Exit:
    """Return the exit code of a failure."""
    if isinstance(error, NotFoundError):
        return Exit.USAGE
    return Exit.UNREADABLE if isinstance(error, RefusedError) else Exit.DATABASE


def fail(message: str, code: Exit = Exit.DATABASE) -> int:
    """Print why the command ends, in one line; return the exit code."""
    sys.stderr.write(f"fde: {plain(message)}\n")
    return code
