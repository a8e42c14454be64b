"""Derive the effects of a statement from two snapshots and the planner's row estimates."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from alembic_zero_downtime.plan.lock_modes import Lock
from alembic_zero_downtime.plan.row_estimates import Estimate
from alembic_zero_downtime.plan.snapshot import Snapshot
from alembic_zero_downtime.plan.target import Table


class WorkKind(StrEnum):
    """A kind of work on a table; the value is its description."""

    REWRITE = "rewrites"
    INDEX = "builds an index over"
    SCAN = "scans"
    CHANGE = "updates or deletes"
    ADD = "inserts"
    DROP = "drops the table with"
    EMPTY = "removes"


class DefinitionChange(StrEnum):
    """A change of the definition of a table."""

    COLUMN_ADDED = "column added"
    COLUMN_TYPE = "column type"
    COLUMN_DEFAULT = "column default"
    NOT_NULL = "not null"
    CHECK = "check"
    FOREIGN_KEY = "foreign key"
    UNIQUE = "unique constraint"
    PRIMARY_KEY = "primary key"
    EXCLUSION = "exclusion constraint"
    REINDEX = "reindex"


CONSTRAINTS = {
    "c": DefinitionChange.CHECK,
    "f": DefinitionChange.FOREIGN_KEY,
    "u": DefinitionChange.UNIQUE,
    "p": DefinitionChange.PRIMARY_KEY,
    "x": DefinitionChange.EXCLUSION,
    "n": DefinitionChange.NOT_NULL,
}


@dataclass(frozen=True)
class Work:
    """Work on a table.

    Attributes:
        kind: the kind of work.
        rows: the number of rows that are affected.
        count: the number of scans or of index builds.
        is_limit: whether `rows` is an upper limit.
    """

    kind: WorkKind
    rows: int
    count: int = 1
    is_limit: bool = False


@dataclass(frozen=True)
class Effect:
    """The effect of a statement on a table of the target.

    Attributes:
        table: the table in the target.
        lock: the strongest lock that the statement took; None if it took no new lock.
        held_lock: the strongest lock that its transaction holds on the table after the statement.
        work: on the rows of the table.
        changes: of the definition of the table.
    """

    table: Table
    lock: Lock | None
    held_lock: Lock
    work: tuple[Work, ...]
    changes: frozenset[DefinitionChange]


@dataclass(frozen=True)
class SnapshotDiff:
    """The difference between the snapshots before and after a statement.

    Attributes:
        before, after: the snapshots.
        tables: the tables of the target, by oid.
        sampled_locks: of a statement outside a transaction, sampled while it ran.
        estimate: of the rows, if the planner can estimate the statement.
        is_transactional: whether the statement ran in a transaction.
    """

    before: Snapshot
    after: Snapshot
    tables: Mapping[int, Table]
    sampled_locks: Collection[tuple[int, str]] = ()
    estimate: Estimate | None = None
    is_transactional: bool = True

    def effects(self) -> Iterator[Effect]:
        """Yield the effect on each table, sorted by name."""
        # A concurrent drop also locks the index itself at the end, when no session uses it.
        sampled = {(oid, mode) for oid, mode in self.sampled_locks if oid in self.tables}
        held = self._locks({*self.before.locks, *self.after.locks, *sampled})
        taken = self._locks({*self.after.locks, *sampled} - self.before.locks)
        for oid, table in sorted(self.tables.items(), key=lambda item: item[1].name):
            if oid not in self.before.relations:
                continue
            work = tuple(self._work(oid, table, taken.get(oid)))
            lock = taken.get(oid)
            changes = frozenset(self._changes(oid))
            if work or changes or (lock and lock > Lock.ACCESS_SHARE):
                yield Effect(table, lock, held.get(oid, Lock.ACCESS_SHARE), work, changes)

    def _locks(self, locks: Collection[tuple[int, str]]) -> dict[int, Lock]:
        """Return the strongest lock on each table; ACCESS EXCLUSIVE on an index blocks it too."""
        strongest: dict[int, Lock] = {}
        for relation, mode in locks:
            known, lock = self.before.relations.get(relation), Lock.of(mode)
            if known and (lock is Lock.ACCESS_EXCLUSIVE or not known.is_index):
                strongest[known.table] = max(lock, strongest.get(known.table, lock))
        return strongest

    def _work(self, oid: int, table: Table, lock: Lock | None) -> Iterator[Work]:
        before, after = self.before.relations[oid], self.after.relations.get(oid)
        if after is None:
            yield Work(WorkKind.DROP, table.rows)
            return
        new, rebuilt = len(self._new_indexes(oid)), len(self._rebuilt_indexes(oid))
        # Outside a transaction, the counters may have been flushed and reset meanwhile.
        scans = max(after.scans - before.scans, 0) if self.is_transactional else new + rebuilt
        if after.file != before.file:
            is_read = scans > rebuilt or not self.is_transactional or after.kind == "m"
            if not is_read:  # except by the rebuild of its indexes
                yield Work(WorkKind.EMPTY, table.rows)
                return
            yield Work(WorkKind.REWRITE, table.rows)
            if new + rebuilt:
                yield Work(WorkKind.INDEX, table.rows, new + rebuilt)
            return
        if new + rebuilt:
            yield Work(WorkKind.INDEX, table.rows, new + rebuilt)
        scans -= new + rebuilt
        if self.estimate:
            scans = self.estimate.scans.get(oid, 0)
        if scans > 0:
            yield Work(WorkKind.SCAN, table.rows, scans)
        yield from self._rows(oid, table, lock if scans > 0 else None)

    def _rows(self, oid: int, table: Table, lock: Lock | None) -> Iterator[Work]:
        """Yield the written rows: at most all, if there is no estimate of the planner."""
        if self.estimate:
            if changed := self.estimate.changed.get(oid, 0):
                yield Work(WorkKind.CHANGE, changed)
            if added := self.estimate.added.get(oid, 0):
                yield Work(WorkKind.ADD, added)
        elif lock is Lock.ROW_EXCLUSIVE:
            yield Work(WorkKind.CHANGE, table.rows, is_limit=True)

    def _new_indexes(self, table: int) -> list[int]:
        return [oid for oid in self._indexes(table) if oid not in self.before.relations]

    def _rebuilt_indexes(self, table: int) -> list[int]:
        known = self.before.relations
        return [
            oid
            for oid in self._indexes(table)
            if oid in known and known[oid].file != self.after.relations[oid].file
        ]

    def _indexes(self, table: int) -> list[int]:
        return [r.oid for r in self.after.relations.values() if r.is_index and r.table == table]

    def _changes(self, table: int) -> Iterator[DefinitionChange]:
        before, after = self.before.columns, self.after.columns
        for key in (key for key in after if key[0] == table):
            column, previous = after[key], before.get(key)
            if previous is None:
                yield DefinitionChange.COLUMN_ADDED
                continue
            if (column.type, column.modifier) != (previous.type, previous.modifier):
                yield DefinitionChange.COLUMN_TYPE
            if column.has_default != previous.has_default:
                yield DefinitionChange.COLUMN_DEFAULT
            if column.is_not_null and not previous.is_not_null:
                yield DefinitionChange.NOT_NULL
        for oid in self.after.constraints.keys() - self.before.constraints.keys():
            owner, kind = self.after.constraints[oid]
            if owner == table and kind in CONSTRAINTS:
                yield CONSTRAINTS[kind]
        if self._rebuilt_indexes(table):
            yield DefinitionChange.REINDEX
