"""Record what was done to a database, in the database, in the transaction that did it.

The table belongs to the migrations like Alembic's own: it is made when it is first needed. Rows
are added and never changed.
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

from app.db.migrations import LEDGER_TABLE
from app.db.migrations.provenance import Provenance

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
PUTS_IN = ("upgrade", "stamp", "adopt", "accept")
"""The actions after which a revision counts as applied, with the code of that moment."""


@dataclass(frozen=True)
class Entry:
    """What the ledger says of one action; None where it is not known."""

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
        """Say when it was done, by whom, and with which code."""
        words = f"{self.recorded_at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC by {self.role}"
        words += f" from {self.host}" if self.host else ""
        words += f", version {self.application_version}" if self.application_version else ""
        if self.git_commit:
            commit, is_dirty, _ = self.git_commit.partition("-dirty")
            words += f", commit {commit[:12]}{is_dirty}"
        return words


@dataclass(frozen=True)
class Effort:
    """What one revision took: the time of its last attempt, and what it waited for locks."""

    duration: timedelta
    lock_wait: timedelta
    attempts: int


@dataclass(frozen=True)
class Ledger:
    """All entries of a database, oldest first.

    Attributes:
        exists: whether the database has a ledger at all.
        entries: what was done.
        heads: where the last migration left the database; None if none was recorded.
        environment: what the database was declared to be, e.g. `production`.
    """

    exists: bool
    entries: tuple[Entry, ...] = ()
    heads: frozenset[str] | None = None
    environment: str | None = None

    @property
    def applied(self) -> set[str]:
        """The revisions that are in, as far as was recorded; a stamp begins anew."""
        applied: set[str] = set()
        previous = None
        for entry in self.entries:
            if entry.action == "stamp" and (entry.action, entry.heads) != previous:
                applied.clear()
            if entry.revision and entry.action in PUTS_IN:
                applied.add(entry.revision)
            elif entry.action == "downgrade":
                applied.discard(str(entry.revision))
            previous = entry.action, entry.heads
        return applied

    def last(self, revision: str) -> Entry | None:
        """Return the entry that put `revision` in; None where it was taken back since."""
        for entry in reversed(self.entries):
            if entry.revision == revision:
                return entry if entry.action in PUTS_IN else None
        return None

    def origin(self, revision: str) -> Entry | None:
        """Return how `revision` came in: an `accept` says only that its code is right."""
        for entry in reversed(self.entries):
            if entry.revision == revision and entry.action != "accept":
                return entry if entry.action in PUTS_IN else None
        return None


def read_ledger(connection: Connection) -> Ledger:
    """Return the ledger of a database, which may have none."""
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
    """Return the revisions that the ledger knows of; None where there is no ledger."""
    if not inspect(connection).has_table(LEDGER_TABLE):
        return None
    return set(connection.scalars(select(LEDGER.c.revision).distinct()))


def create_ledger() -> CreateTable:
    """Return the statement that makes the table, unless it is there."""
    return CreateTable(LEDGER, if_not_exists=True)


class Recorder:
    """Writes the entries of one run."""

    def __init__(self, provenance: Provenance) -> None:
        self._provenance = provenance

    def entry(
        self,
        action: str,
        revision: str | None = None,
        *,
        checksum: str | None = None,
        heads: Collection[str] | None = None,
        effort: Effort | None = None,
    ) -> Insert:
        """Return the statement that adds an entry."""
        values: dict[str, object] = {
            "action": action,
            "revision": revision,
            "checksum": checksum,
            "heads": None if heads is None else _text_array(sorted(heads)),
            "host": self._provenance.host,
            "application_version": self._provenance.application_version,
            "git_commit": self._provenance.git_commit,
        }
        if effort:
            values |= vars(effort)
        known = {name: value for name, value in values.items() if value is not None}
        return insert(LEDGER).values(known).inline()

    def environment(self, name: str) -> Insert:
        """Return the statement that declares what the database is, e.g. `production`."""
        return self.entry("environment").values(environment=name)


def offline(statement: Insert) -> Insert:
    """Return the entry for a script: who runs it is not known, and the server has the clock."""
    elapsed = func.clock_timestamp() - func.transaction_timestamp()
    return statement.values(host=None, duration=elapsed, attempts=1)


def _text_array(values: Sequence[str]) -> object:
    return cast(array(list(values), type_=Text), ARRAY(Text))
