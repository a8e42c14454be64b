"""The base class of all errors, and one-line messages for database errors."""

import re
import sysconfig
import traceback
from collections.abc import Collection
from pathlib import Path
from types import FrameType

from alembic.util import CommandError
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

# libpq returns no SQLSTATE for a failed connection. The server writes its messages in the language
# of its lc_messages; libpq writes its own ones in English, since Python leaves LC_MESSAGES unset.
PERMANENT_PHRASES = (
    "authenti",  # of a password, a certificate, GSSAPI, …
    "password",
    "certificate",
    "does not exist",  # a database, a role, a key file
    "does not support",
    "not supported",
    "unsupported",
    "invalid",  # a value of a parameter
    "unrecognized",
    "no pg_hba.conf entry",
    "not permitted",
    "permission denied",
    "no such database",  # PgBouncer
    "no such user",
)
SERVER_MESSAGE = ":  "  # libpq writes two spaces between the server's severity and its message

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


def is_not_ready(error: Exception, names: Collection[str] = ()) -> bool:
    """Whether a failed connection may succeed later: it is not refused for a permanent reason.

    Args:
        error: of psycopg2, or SQLAlchemy's with that one as its `orig`.
        names: of the database and the user.
    """
    text = _connection_error(error).lower()
    return not (is_refused_login(error, names) or any(each in text for each in PERMANENT_PHRASES))


def is_refused_login(error: Exception, names: Collection[str]) -> bool:
    """Whether the server does not accept or does not know the user or the database.

    In every language it quotes their names then, but not while it starts or stops.
    """
    message = _connection_error(error).partition(SERVER_MESSAGE)[2]
    return any(re.search(rf"[^\w\s]\s?{re.escape(name)}\s?[^\w\s]", message) for name in names)


def is_from_server(error: Exception) -> bool:
    """Whether a failed connection has reached a server or a pooler, which has answered."""
    return SERVER_MESSAGE in _connection_error(error)


def _connection_error(error: Exception) -> str:
    return str(getattr(error, "orig", None) or error)


def one_line(text: str) -> str:
    """Return `text` with each run of white space replaced by one space."""
    return " ".join(text.split())
