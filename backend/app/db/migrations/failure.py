"""Say in one line why a database refused, and tell which refusals pass by themselves."""

import traceback
from pathlib import Path

from alembic.util import CommandError
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

# libpq gives no SQLSTATE for a connection that fails.
NOT_THERE_YET = (
    "Connection refused",
    "No such file or directory",  # the socket of a server that has not started
    "the database system is",  # starting up, shutting down, in recovery mode, …
    "could not translate host name",  # a container that has not started has no name yet
    "server closed the connection unexpectedly",
    "timeout expired",
)


def describe_failure(error: SQLAlchemyError) -> str:
    """Return the server's or the driver's own words, on one line and without the statement."""
    if not isinstance(error, DBAPIError) or error.orig is None:
        return one_line(str(error))
    diagnostics = getattr(error.orig, "diag", None)
    parts = [
        getattr(diagnostics, field, None)
        for field in ("message_primary", "message_detail", "message_hint")
    ]
    words = ". ".join(part.rstrip(".") for part in parts if part) or str(error.orig)
    return one_line(words).rstrip(".")


def describe_error(error: BaseException) -> str:
    """Return in one line what went wrong in a revision; for Python, with the place of it."""
    if isinstance(error, SQLAlchemyError):
        return describe_failure(error)
    if isinstance(error, CommandError):
        return one_line(str(error))
    frame = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{Path(frame.filename).name}, line {frame.lineno}"
    return f"{type(error).__name__}: {one_line(str(error))} ({place})"


def sqlstate(error: DBAPIError) -> str | None:
    """Return the five characters that name the failure (PostgreSQL manual, "Error Codes")."""
    return getattr(error.orig, "pgcode", None)


def is_not_there_yet(error: SQLAlchemyError) -> bool:
    """Whether the server may answer in a moment: it is starting, or is not started yet."""
    return any(phrase in str(error) for phrase in NOT_THERE_YET)


def one_line(text: str) -> str:
    """Return `text` with every run of white space as one space."""
    return " ".join(text.split())
