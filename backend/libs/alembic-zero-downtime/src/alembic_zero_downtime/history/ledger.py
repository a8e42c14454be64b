"""The ledger of applied migrations, written in the transaction of each migration.

It is a migration table like Alembic's own, created on first use. Rows are only ever inserted.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Connection,
    Dialect,
    Identity,
    Insert,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Row,
    Table,
    Text,
    func,
    insert,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, INTERVAL, TIMESTAMP, array
from sqlalchemy.exc import DBAPIError
from sqlalchemy.schema import CreateTable
from sqlalchemy.sql import cast

from alembic_zero_downtime.database.session import execute_together
from alembic_zero_downtime.errors import sqlstate
from alembic_zero_downtime.history.provenance import Provenance
from alembic_zero_downtime.search_path import has_table
from alembic_zero_downtime.tables import LEDGER_TABLE, MARK

LEDGER = Table(
    LEDGER_TABLE,
    MetaData(),
    Column("id", BigInteger, Identity(always=True)),
    Column("action", Text, nullable=False),
    Column("revision", Text),
    Column("environment", Text),
    Column("heads", ARRAY(Text)),
    Column(
        "recorded_at",
        TIMESTAMP(timezone=True),
        server_default=func.clock_timestamp(),
        nullable=False,
    ),
    Column("duration", INTERVAL),
    Column("lock_wait", INTERVAL),
    Column("attempts", Integer),
    Column("checksum", Text),
    Column("role", Text, server_default=func.current_user(), nullable=False),
    Column("host", Text),
    Column("application_version", Text),
    Column("git_commit", Text),
    Column("transactional", Boolean),
    PrimaryKeyConstraint("id", name="pk_migration_ledger"),
    CheckConstraint(
        "action IN ('upgrade', 'downgrade', 'stamp', 'adopt', 'accept', 'environment')",
        name="ck_migration_ledger_action_known",
    ),
)
# The newest column, which a ledger gets when it is first needed.
TRANSACTIONAL = LEDGER.c.transactional.name
HAS_TRANSACTIONAL = text("""
    SELECT EXISTS (SELECT FROM pg_attribute
                    WHERE attrelid = to_regclass(:ledger)::oid AND attname = :name
                      AND NOT attisdropped)
""")
ADD_TRANSACTIONAL = f"ALTER TABLE {LEDGER_TABLE} ADD COLUMN IF NOT EXISTS {TRANSACTIONAL} boolean"
UNDEFINED_TABLE = "42P01"
SAVEPOINT = LEDGER_TABLE
FIND_LEDGER = f"""
    SELECT pg_relation_filenode('{LEDGER_TABLE}'::regclass), current_setting('{MARK}', true)
"""
NewEntry = dict[str, Any]
"""An entry to be written: its values by column. All have the same columns."""
APPLYING_ACTIONS = ("upgrade", "stamp", "adopt", "accept")
"""The actions after which a revision is applied, with the checksum in the entry."""


@dataclass(frozen=True)
class Entry:
    """A ledger entry; unknown values are None.

    Attributes:
        transactional: False if the revision has ended its transaction by itself.
    """

    action: str
    revision: str | None
    heads: list[str] | None
    recorded_at: datetime
    duration: timedelta | None
    lock_wait: timedelta | None
    attempts: int | None
    checksum: str | None
    role: str
    host: str | None
    application_version: str | None
    git_commit: str | None
    transactional: bool | None

    def __str__(self) -> str:
        """Return the time, the role, the host and the version of the code."""
        description = f"{self.recorded_at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC by {self.role}"
        description += f" from {self.host}" if self.host else ""
        description += f", version {self.application_version}" if self.application_version else ""
        if self.git_commit:
            commit, is_dirty, _ = self.git_commit.partition("-dirty")
            description += f", commit {commit[:12]}{is_dirty}"
        return description


class WrittenEntry(NamedTuple):
    """The circumstances under which an entry was written.

    Attributes:
        file: the number of the ledger's file, which is another one once the ledger was truncated or
            created again.
        mark: the mark of the transaction.
    """

    file: int
    mark: str | None


@dataclass(frozen=True)
class StepMetrics:
    """The duration of a step's last attempt, its lock waits and its attempts; None if unknown."""

    duration: timedelta | None = None
    lock_wait: timedelta | None = None
    attempts: int | None = None


@dataclass(frozen=True)
class Ledger:
    """All entries of a database, oldest first.

    Attributes:
        exists: whether the database has a ledger.
        entries: the entries.
        heads: the heads after the last migration; None if none was recorded.
        environment: the recorded environment, e.g. `production`.
    """

    exists: bool
    entries: tuple[Entry, ...] = ()
    heads: frozenset[str] | None = None
    environment: str | None = None

    @property
    def applied(self) -> set[str]:
        """The revisions that are applied according to the ledger; a stamp replaces them."""
        applied: set[str] = set()
        previous = None
        for entry in self.entries:
            if entry.action == "stamp" and (entry.action, entry.heads) != previous:
                applied.clear()
            if entry.revision and entry.action in APPLYING_ACTIONS:
                applied.add(entry.revision)
            elif entry.action == "downgrade":
                applied.discard(str(entry.revision))
            previous = entry.action, entry.heads
        return applied

    def last(self, revision: str) -> Entry | None:
        """Return the last entry that applied `revision`; None if it was reverted since."""
        return _if_applying(self._last_entries.get(revision))

    def origin(self, revision: str) -> Entry | None:
        """Return the entry that applied `revision`; an `accept` only updates the checksum."""
        return _if_applying(self._last_steps.get(revision))

    @cached_property
    def _last_entries(self) -> dict[str | None, Entry]:
        return {each.revision: each for each in self.entries}

    @cached_property
    def _last_steps(self) -> dict[str | None, Entry]:
        return {each.revision: each for each in self.entries if each.action != "accept"}


def _if_applying(entry: Entry | None) -> Entry | None:
    return entry if entry and entry.action in APPLYING_ACTIONS else None


def read_ledger(connection: Connection) -> Ledger:
    """Return the ledger of a database, empty if the table does not exist."""
    if not has_table(connection, LEDGER_TABLE):
        return Ledger(exists=False)
    names = {"ledger": LEDGER_TABLE, "name": TRANSACTIONAL}
    is_complete = connection.scalar(HAS_TRANSACTIONAL, names)
    columns = [each for each in LEDGER.c if is_complete or each.name != TRANSACTIONAL]
    rows = connection.execute(select(*columns).order_by(LEDGER.c.id)).all()
    heads = [row.heads for row in rows if row.heads is not None]
    environments = [row.environment for row in rows if row.action == "environment"]
    return Ledger(
        exists=True,
        entries=tuple(_entry(row) for row in rows),
        heads=frozenset(heads[-1]) if heads else None,
        environment=environments[-1] if environments else None,
    )


def _entry(row: Row[Any]) -> Entry:
    names = Entry.__dataclass_fields__
    values: dict[str, Any] = {name: getattr(row, name, None) for name in names}
    return Entry(**values)


def recorded_revisions(connection: Connection) -> set[str] | None:
    """Return the revisions with an entry in the ledger; None if there is no ledger."""
    if not has_table(connection, LEDGER_TABLE):
        return None
    return set(connection.scalars(select(LEDGER.c.revision).distinct()))


def create_ledger() -> CreateTable:
    """Return the statement that creates the table if it does not exist."""
    return CreateTable(LEDGER, if_not_exists=True)


class EntryFactory:
    """Creates the ledger entries of one run."""

    def __init__(self, provenance: Provenance) -> None:
        self._provenance = provenance

    def entry(  # noqa: PLR0913 the columns
        self,
        action: str,
        revision: str | None = None,
        *,
        checksum: str | None = None,
        heads: Collection[str] | None = None,
        environment: str | None = None,
        metrics: StepMetrics | None = None,
    ) -> NewEntry:
        """Return an entry."""
        return {
            "action": action,
            "revision": revision,
            "environment": environment,
            "heads": None if heads is None else sorted(heads),
            **vars(metrics or StepMetrics()),
            "checksum": checksum,
            **vars(self._provenance),
        }


def mark_as_not_transactional(connection: Connection, entry: NewEntry) -> NewEntry:
    """Return the entry of a revision that has ended its transaction by itself.

    Adds the column to a ledger that is older than it.
    """
    connection.exec_driver_sql(ADD_TRANSACTIONAL)
    return {**entry, TRANSACTIONAL: False}


def write_entries(connection: Connection, entries: Sequence[NewEntry]) -> None:
    """Insert entries in the open transaction, in few statements."""
    if entries:
        connection.execute(insert(LEDGER).inline(), entries)


def write_last_entry(connection: Connection, entry: NewEntry) -> WrittenEntry:
    """Insert the last entry of a step in its transaction.

    Each step of an upgrade waits for this, so it is one round trip.

    Raises:
        DBAPIError: It cannot be written. The transaction can continue from a savepoint.
    """
    statements = (
        f"SAVEPOINT {SAVEPOINT}",
        _insertion(connection.dialect, tuple(entry)),
        f"RELEASE SAVEPOINT {SAVEPOINT}",
        FIND_LEDGER,
    )
    return WrittenEntry._make(execute_together(connection, statements, entry))


def write_last_entry_if_possible(connection: Connection, entry: NewEntry) -> WrittenEntry | None:
    """Do the same; return None if there is no ledger, and leave the transaction as it was."""
    try:
        return write_last_entry(connection, entry)
    except DBAPIError as error:
        if sqlstate(error) != UNDEFINED_TABLE:
            raise
        connection.exec_driver_sql(f"ROLLBACK TO SAVEPOINT {SAVEPOINT}")
        return None


@cache
def _insertion(dialect: Dialect, columns: tuple[str, ...]) -> str:
    """Return the statement that inserts an entry, with the parameters of the driver."""
    return str(insert(LEDGER).inline().compile(dialect=dialect, column_keys=list(columns)))


def offline(entry: NewEntry) -> Insert:
    """Return the statement of an offline script: no host; the duration by the server's clock."""
    values = {name: value for name, value in entry.items() if value is not None}
    if "heads" in values:
        values["heads"] = cast(array(values["heads"], type_=Text), ARRAY(Text))
    values |= {
        "host": None,
        "duration": func.clock_timestamp() - func.transaction_timestamp(),
        "attempts": 1,
    }
    return insert(LEDGER).values(values).inline()
