"""The base class of all errors, and one-line messages for database errors."""

import re
import sysconfig
import traceback
from pathlib import Path
from types import FrameType

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

LIBRARIES = tuple(sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib"))
MAX_STATEMENT_LENGTH = 80  # characters of a statement in a message

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
    message = ". ".join(part.rstrip(".") for part in parts if part) or _join_lines(str(error.orig))
    return one_line(message).rstrip(".")


def _join_lines(text: str) -> str:
    """Return libpq's message, whose further lines begin with a tab, as sentences.

    With several attempts there is a message for each, which are often the same.
    """
    messages = dict.fromkeys(re.split(r"\n(?!\t)", text.strip()))
    sentences = (re.sub(r"(?<![.:?!])\n\t(?=[A-Z])", ". ", each) for each in messages)
    return "; ".join(sentences)


def describe_error(error: BaseException) -> str:
    """Return the error of a revision on one line, with its file and line in the revision.

    For an SQL error, the statement is part of it.
    """
    if isinstance(error, CommandError):
        return one_line(str(error))
    if isinstance(error, SyntaxError) and error.filename:
        place = f"{Path(error.filename).name}, line {error.lineno}"
        return f"{type(error).__name__}: {error.msg} ({place})"
    frames = list(traceback.walk_tb(error.__traceback__))
    found = [(frame, line) for frame, line in frames if is_of_revision(frame)][-1:]
    if isinstance(error, SQLAlchemyError):
        message, statement = describe_failure(error), getattr(error, "statement", None)
        # Outside of a revision, the statement is one of Alembic or of this library.
        return f"{message} ({_place(*found[0], statement)})" if found else message
    found = found or [each for each in frames if not _is_of_library(each[0])][-1:] or frames[-1:]
    place = f" ({_place(*found[0])})" if found else ""
    return f"{type(error).__name__}: {one_line(str(error))}".removesuffix(": ") + place


def shorten(statement: str) -> str:
    """Return the beginning of a statement on one line, without a password in it."""
    beginning = re.split("password", one_line(statement), maxsplit=1, flags=re.IGNORECASE)[0]
    return beginning[:MAX_STATEMENT_LENGTH]


def is_of_revision(frame: FrameType) -> bool:
    """Whether a frame runs code of a revision file; Alembic derives the module's name from it."""
    name = Path(frame.f_code.co_filename).name
    return name != "env.py" and frame.f_globals.get("__name__") == re.sub(r"\W", "_", name)


def _is_of_library(frame: FrameType) -> bool:
    name = frame.f_code.co_filename
    return name.startswith((*LIBRARIES, "<frozen")) or "site-packages" in name


def _place(frame: FrameType, line: int, statement: str | None = None) -> str:
    place = f"{Path(frame.f_code.co_filename).name}, line {line}"
    return f"{place}: {shorten(statement)}" if statement else place


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
