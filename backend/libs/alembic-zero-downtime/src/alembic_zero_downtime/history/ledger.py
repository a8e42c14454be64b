"""The ledger of applied migrations, written in the transaction of each migration.

It is a migration table like Alembic's own, created on first use. Rows are only ever inserted.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Connection,
    Identity,
    Insert,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    func,
    insert,
    inspect,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY, INTERVAL, TIMESTAMP, array
from sqlalchemy.schema import CreateTable
from sqlalchemy.sql import cast

from alembic_zero_downtime.history.provenance import Provenance
from alembic_zero_downtime.tables import LEDGER_TABLE

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
    PrimaryKeyConstraint("id", name="pk_migration_ledger"),
    CheckConstraint(
        "action IN ('upgrade', 'downgrade', 'stamp', 'adopt', 'accept', 'environment')",
        name="ck_migration_ledger_action_known",
    ),
)
APPLYING_ACTIONS = ("upgrade", "stamp", "adopt", "accept")
"""The actions after which a revision is applied, with the checksum in the entry."""


@dataclass(frozen=True)
class Entry:
    """A ledger entry; unknown values are None."""

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

    def __str__(self) -> str:
        """Return the time, the role, the host and the version of the code."""
        description = f"{self.recorded_at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC by {self.role}"
        description += f" from {self.host}" if self.host else ""
        description += f", version {self.application_version}" if self.application_version else ""
        if self.git_commit:
            commit, is_dirty, _ = self.git_commit.partition("-dirty")
            description += f", commit {commit[:12]}{is_dirty}"
        return description


@dataclass(frozen=True)
class StepMetrics:
    """The duration of a step's last attempt, its lock waits and its attempts."""

    duration: timedelta
    lock_wait: timedelta
    attempts: int


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
        for entry in reversed(self.entries):
            if entry.revision == revision:
                return entry if entry.action in APPLYING_ACTIONS else None
        return None

    def origin(self, revision: str) -> Entry | None:
        """Return the entry that applied `revision`; an `accept` only updates the checksum."""
        for entry in reversed(self.entries):
            if entry.revision == revision and entry.action != "accept":
                return entry if entry.action in APPLYING_ACTIONS else None
        return None


def read_ledger(connection: Connection) -> Ledger:
    """Return the ledger of a database, empty if the table does not exist."""
    if not inspect(connection).has_table(LEDGER_TABLE):
        return Ledger(exists=False)
    rows = connection.execute(select(LEDGER).order_by(LEDGER.c.id)).all()
    heads = [row.heads for row in rows if row.heads is not None]
    environments = [row.environment for row in rows if row.action == "environment"]
    names = Entry.__dataclass_fields__
    return Ledger(
        exists=True,
        entries=tuple(Entry(**{name: getattr(row, name) for name in names}) for row in rows),
        heads=frozenset(heads[-1]) if heads else None,
        environment=environments[-1] if environments else None,
    )


def recorded_revisions(connection: Connection) -> set[str] | None:
    """Return the revisions with an entry in the ledger; None if there is no ledger."""
    if not inspect(connection).has_table(LEDGER_TABLE):
        return None
    return set(connection.scalars(select(LEDGER.c.revision).distinct()))


def create_ledger() -> CreateTable:
    """Return the statement that creates the table if it does not exist."""
    return CreateTable(LEDGER, if_not_exists=True)


class EntryFactory:
    """Creates the ledger entries of one run."""

    def __init__(self, provenance: Provenance) -> None:
        self._provenance = provenance

    def entry(
        self,
        action: str,
        revision: str | None = None,
        *,
        checksum: str | None = None,
        heads: Collection[str] | None = None,
        metrics: StepMetrics | None = None,
    ) -> Insert:
        """Return the statement that inserts an entry."""
        values: dict[str, object] = {
            "action": action,
            "revision": revision,
            "checksum": checksum,
            "heads": None if heads is None else _text_array(sorted(heads)),
            "host": self._provenance.host,
            "application_version": self._provenance.application_version,
            "git_commit": self._provenance.git_commit,
        }
        if metrics:
            values |= vars(metrics)
        known = {name: value for name, value in values.items() if value is not None}
        return insert(LEDGER).values(known).inline()

    def environment(self, name: str) -> Insert:
        """Return the statement that records the environment, e.g. `production`."""
        return self.entry("environment").values(environment=name)


def offline(statement: Insert) -> Insert:
    """Return the entry for an offline script: no host, and the duration by the server's clock."""
    elapsed = func.clock_timestamp() - func.transaction_timestamp()
    return statement.values(host=None, duration=elapsed, attempts=1)


def _text_array(values: Sequence[str]) -> object:
    return cast(array(list(values), type_=Text), ARRAY(Text))
