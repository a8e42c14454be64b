"""The revision of the database, and when each migration was applied and how long it took.

Users, hosts and commits, which the ledger has too, are for the command line only.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from alembic.script import ScriptDirectory
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session

from alembic_zero_downtime.history.ledger import Entry, Ledger, read_ledger
from alembic_zero_downtime.history.state import (
    MigrationState,
    MigrationStatus,
    list_revisions,
    read_state,
)
from app.db.migrations import PROJECT, code_revisions

_NO_PRIVILEGE: Final = "42501"
"""SQLSTATE of a table that the user of the database may not read."""


@dataclass(frozen=True, slots=True)
class Revision:
    """A revision of the schema.

    Attributes:
        title: None where this code does not have it.
        applied_at: None where it is pending, or the ledger does not know.
        duration: Of applying it; None where the ledger does not know.
        attempts: How often that was tried; None where the ledger does not know.
        action: How it came to be applied; None where the ledger does not know.
        is_partial: Whether it ended its transaction by itself.
    """

    number: str
    title: str | None
    applied_at: datetime | None = None
    duration: timedelta | None = None
    attempts: int | None = None
    action: str | None = None
    is_partial: bool = False


@dataclass(frozen=True, slots=True)
class SchemaState:
    """The schema of the database compared with the one that this code expects.

    Attributes:
        current: The revisions that the database is at.
        expected: The revisions that this code expects.
        is_usable: Whether this code can use the database.
        next_step: What is to be done, with the command for it.
        has_ledger: Whether the database records its migrations; None if that may not be read.
        pending: What is to be applied, the oldest first.
        applied: What is applied, the newest first.
    """

    status: MigrationStatus
    current: tuple[str, ...]
    expected: tuple[str, ...]
    is_usable: bool
    next_step: str
    has_ledger: bool | None
    pending: tuple[Revision, ...]
    applied: tuple[Revision, ...]


class UnreadableError(Exception):
    """The user of the database may not read the tables of the migrations."""


def read_schema(session: Session) -> SchemaState:
    """Return the state of the schema.

    Raises:
        UnreadableError: The version table may not be read.
    """
    scripts = code_revisions()
    connection = session.connection()
    try:
        with connection.begin_nested():
            ledger: Ledger | None = read_ledger(connection)
    except ProgrammingError as error:
        _require_no_privilege(error)
        ledger = None
    try:
        state = read_state(connection, PROJECT, scripts)
    except ProgrammingError as error:
        _require_no_privilege(error)
        raise UnreadableError from error
    return _state(state, ledger, scripts)


def _require_no_privilege(error: ProgrammingError) -> None:
    """Raise an error again unless it is that a privilege is missing."""
    if getattr(error.orig, "pgcode", None) != _NO_PRIVILEGE:
        raise error


def _state(state: MigrationState, ledger: Ledger | None, scripts: ScriptDirectory) -> SchemaState:
    titles = {each.revision: each.doc.rstrip(".") for each in list_revisions(scripts)}
    pending = {*state.pending}
    numbers = [each for each in titles if each not in pending]
    return SchemaState(
        status=state.status,
        current=state.current,
        expected=state.heads,
        is_usable=state.is_compatible,
        next_step=state.next_step,
        has_ledger=None if ledger is None else ledger.exists,
        pending=tuple(Revision(each, titles.get(each)) for each in state.pending),
        applied=tuple(
            _applied(each, titles, None if ledger is None else ledger.origin(each))
            for each in reversed([*numbers, *state.unknown])
        ),
    )


def _applied(number: str, titles: Mapping[str, str], entry: Entry | None) -> Revision:
    if entry is None:
        return Revision(number, titles.get(number))
    return Revision(
        number,
        titles.get(number),
        applied_at=entry.recorded_at,
        duration=entry.duration,
        attempts=entry.attempts,
        action=entry.action,
        is_partial=entry.transactional is False,
    )
