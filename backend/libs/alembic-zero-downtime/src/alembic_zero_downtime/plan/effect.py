"""Derive the effects of a statement from two snapshots and the planner's row estimates."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

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
    FILL = "fills the table with"
    ANALYZE = "samples some of"
    LOOKUP = "looks for references among"
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
class IndexBuild:
    """The build of an index.

    Attributes:
        index: its oid.
        rows: in it.
        method: its access method, e.g. `btree`.
        is_text: whether a column of it has a collation.
        predicate: of a partial index.
        row_seconds: how long it takes for one row; None if that was not tried on a sample.
    """

    index: int
    rows: int
    method: str
    is_text: bool
    predicate: str | None
    row_seconds: float | None = None


@dataclass(frozen=True)
class Effect:
    """The effect of a statement on a table of the target.

    Attributes:
        table: the table in the target.
        lock: the strongest lock that the statement took; None if it took no new lock.
        held_lock: the strongest lock that its transaction holds on the table after the statement.
        work: on the rows of the table.
        changes: of the definition of the table.
        builds: the indexes that are built.
        indexes: the number of indexes after the statement.
        text_indexes: how many of them are of text.
        references: the number of foreign keys after the statement.
        is_deletion: whether the rows that it changes are deleted.
        width: the bytes of a row that it writes.
        expression_seconds: how long it takes to compute defaults, conversions and conditions for
            one row.
        analyze_seconds: how long it takes to sample the table for its statistics.
    """

    table: Table
    lock: Lock | None
    held_lock: Lock
    work: tuple[Work, ...]
    changes: frozenset[DefinitionChange]
    builds: tuple[IndexBuild, ...] = ()
    indexes: int = 0
    text_indexes: int = 0
    references: int = 0
    is_deletion: bool = False
    width: int = 0
    expression_seconds: float = 0.0
    analyze_seconds: float = 0.0


@dataclass(frozen=True)
class SnapshotDiff:
    """The difference between the snapshots before and after a statement.

    Attributes:
        before, after: the snapshots.
        tables: the tables of the target, by oid.
        sampled_locks: of a statement outside a transaction, sampled while it ran.
        estimate: of the rows, if the planner can estimate the statement.
        is_transactional: whether the statement ran in a transaction.
        maintenance: what VACUUM or ANALYZE does, which no catalog shows.
    """

    before: Snapshot
    after: Snapshot
    tables: Mapping[int, Table]
    sampled_locks: Collection[tuple[int, str]] = ()
    estimate: Estimate | None = None
    is_transactional: bool = True
    maintenance: tuple[WorkKind, ...] = ()

    def effects(self) -> Iterator[Effect]:
        """Yield the effect on each table, sorted by name."""
        # A concurrent drop also locks the index itself at the end, when no session uses it.
        sampled = {(oid, mode) for oid, mode in self.sampled_locks if oid in self.tables}
        held = self._locks({*self.before.locks, *self.after.locks, *sampled})
        taken = self._locks({*self.after.locks, *sampled} - self.before.locks)
        touched = (self._touched() | taken.keys()) & self.tables.keys()
        for oid in sorted(touched, key=lambda oid: self.tables[oid].name):
            if oid not in self.before.relations:
                continue
            table = self.tables[oid]
            work = tuple(self._work(oid, table, taken.get(oid)))
            lock = taken.get(oid)
            changes = frozenset(self._changes(oid))
            held_lock = held.get(oid, Lock.ACCESS_SHARE)
            if table.is_new:  # no other session waits for it
                lock, held_lock = None, Lock.ACCESS_SHARE
                is_shown = any(each.rows for each in work)
            else:
                is_shown = bool(work or changes or (lock and lock > Lock.ACCESS_SHARE))
            if is_shown:
                yield Effect(table, lock, held_lock, work, changes, **self._details(oid))

    def _details(self, oid: int) -> dict[str, Any]:
        """Return what the duration depends on, beside the rows."""
        new = {*self._new_indexes(oid), *self._rebuilt_indexes(oid)}
        relations = [self.after.relations[each] for each in new]
        rows = self.tables[oid].rows
        indexes = [e for e in self.after.relations.values() if e.is_index and e.table == oid]
        return {
            "builds": tuple(
                IndexBuild(each.oid, rows, each.method, each.is_text, each.predicate)
                for each in relations
            ),
            "indexes": len(indexes),
            "text_indexes": sum(each.is_text for each in indexes),
            "references": sum(
                (each.table, each.kind) == (oid, "f") for each in self.after.constraints.values()
            ),
            "is_deletion": self.estimate is not None and oid in self.estimate.deleted,
            "width": self.estimate.width if self.estimate else 0,
        }

    def _touched(self) -> set[int]:
        """Return the tables that the statement has scanned, changed or will write to."""
        before, after = self.before, self.after
        touched = set(before.reads_until(after))
        if self.estimate:
            estimate = self.estimate
            touched |= estimate.scans.keys() | estimate.changed.keys() | estimate.added.keys()
        touched |= {oid for oid in after.scans if after.scans[oid] != before.scans.get(oid, 0)}
        if after.relations is not before.relations:
            touched |= {each.table for each in _different(before.relations, after.relations)}
            columns = before.columns.keys() | after.columns.keys()
            touched |= {
                key[0] for key in columns if before.columns.get(key) != after.columns.get(key)
            }
            touched |= {each.table for each in _different(before.constraints, after.constraints)}
        return touched

    def held_locks(self) -> dict[str, Lock]:
        """Return the strongest lock that the transaction holds on each table in use, by name."""
        locks = self._locks(self.after.locks)
        return {
            self.tables[oid].name: lock
            for oid, lock in locks.items()
            if oid in self.tables and not self.tables[oid].is_new
        }

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
        scans = new + rebuilt
        if self.is_transactional:
            counted = self.after.scans.get(oid, 0) - self.before.scans.get(oid, 0)
            scans = max(counted, 0)
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
        changing_lock = lock if scans > 0 else None
        if self.estimate:
            scans = self.estimate.scans.get(oid, 0)
        if scans > 0:
            yield Work(WorkKind.SCAN, table.rows, scans)
        if before.kind in ("r", "m") and table.rows:
            yield from (Work(kind, table.rows) for kind in self.maintenance)
        yield from self._rows(oid, table, changing_lock)

    def _rows(self, oid: int, table: Table, lock: Lock | None) -> Iterator[Work]:
        """Yield the written rows: at most all, if there is no estimate of the planner."""
        changed = self.estimate.changed.get(oid, 0) if self.estimate else 0
        added = self.estimate.added.get(oid, 0) if self.estimate else 0
        if self.estimate and (changed or added):
            if changed:
                yield Work(WorkKind.CHANGE, changed, is_limit=self.estimate.is_limit)
            if added:
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
        if self.after.relations is self.before.relations:
            return []  # none is new or rebuilt
        return [r.oid for r in self.after.relations.values() if r.is_index and r.table == table]

    def _changes(self, table: int) -> Iterator[DefinitionChange]:
        before, after = self.before.columns, self.after.columns
        if before is after:
            return
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
            owner, kind, _ = self.after.constraints[oid]
            if owner == table and kind in CONSTRAINTS:
                yield CONSTRAINTS[kind]
        if self._rebuilt_indexes(table):
            yield DefinitionChange.REINDEX


def _different(before: Mapping[int, Any], after: Mapping[int, Any]) -> Iterator[Any]:
    """Yield the objects that were added, removed or changed, before and after."""
    for oid in before.keys() | after.keys():
        if before.get(oid) != after.get(oid):
            yield from (each[oid] for each in (before, after) if oid in each)
