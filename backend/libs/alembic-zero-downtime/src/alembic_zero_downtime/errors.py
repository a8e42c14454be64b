"""The base class of all errors, and one-line messages for database errors."""

import traceback
from pathlib import Path

from alembic.util import CommandError
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

# libpq returns no SQLSTATE for a failed connection.
NOT_READY_PHRASES = (
    "Connection refused",
    "No such file or directory",  # the socket of a server that is not started
    "the database system is",  # starting up, shutting down, in recovery mode, …
    "could not translate host name",  # a container has no name before it is started
    "server closed the connection unexpectedly",
    "timeout expired",
)

TRANSIENT = {
    "55P03": "lock_not_available",
    "40P01": "deadlock_detected",
    "40001": "serialization_failure",
}
"""The SQLSTATEs of transient errors, worth a retry (PostgreSQL manual, "Error Codes")."""


class MigrationError(CommandError):
    """The base class of this library's errors; the message is one line with the next command."""


class EmbeddedServerError(MigrationError):
    """The embedded server cannot be created, started or stopped."""


def describe_failure(error: SQLAlchemyError) -> str:
    """Return the message of the server or the driver, on one line and without the statement."""
    if not isinstance(error, DBAPIError) or error.orig is None:
        return one_line(str(error))
    diagnostics = getattr(error.orig, "diag", None)
    parts = [
        getattr(diagnostics, field, None)
        for field in ("message_primary", "message_detail", "message_hint")
    ]
    message = ". ".join(part.rstrip(".") for part in parts if part) or str(error.orig)
    return one_line(message).rstrip(".")


def describe_error(error: BaseException) -> str:
    """Return the error of a revision on one line; for a Python error, with file and line."""
    if isinstance(error, SQLAlchemyError):
        return describe_failure(error)
    if isinstance(error, CommandError):
        return one_line(str(error))
    frame = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{Path(frame.filename).name}, line {frame.lineno}"
    return f"{type(error).__name__}: {one_line(str(error))} ({place})"


def sqlstate(error: DBAPIError) -> str | None:
    """Return the SQLSTATE of the error (PostgreSQL manual, "Error Codes"); None if unknown.

    psycopg2 has it in `pgcode`, psycopg and asyncpg in `sqlstate`, and pg8000 in a dictionary.
    """
    for name in ("pgcode", "sqlstate"):
        if code := getattr(error.orig, name, None):
            return str(code)
    fields = next(iter(getattr(error.orig, "args", ())), None)
    return fields.get("C") if isinstance(fields, dict) else None


def is_not_ready(error: Exception) -> bool:
    """Whether the server is starting or not started yet, so that a retry may connect."""
    return any(phrase in str(error) for phrase in NOT_READY_PHRASES)


def one_line(text: str) -> str:
    """Return `text` with each run of white space replaced by one space."""
    return " ".join(text.split())
