"""Tell from two pictures and the planner's estimate what a statement has done to which tables."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from app.db.impact.catalog import Picture
from app.db.impact.locks import Lock
from app.db.impact.rows import Estimate
from app.db.impact.target import Table


class Kind(StrEnum):
    """A way to work on a table, in a word for people."""

    REWRITE = "rewrites"
    INDEX = "builds an index over"
    SCAN = "reads"
    CHANGE = "updates or deletes"
    ADD = "inserts"
    DROP = "drops the table with"
    EMPTY = "removes"


class Change(StrEnum):
    """What a statement has changed in the definition of a table."""

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
    "c": Change.CHECK,
    "f": Change.FOREIGN_KEY,
    "u": Change.UNIQUE,
    "p": Change.PRIMARY_KEY,
    "x": Change.EXCLUSION,
    "n": Change.NOT_NULL,
}


@dataclass(frozen=True)
class Work:
    """Work on a table.

    Attributes:
        kind: of work.
        rows: which it is about.
        count: how often it is read, or how many indexes are built.
        is_limit: whether only some of the rows may be meant, and nobody knows how many.
    """

    kind: Kind
    rows: int
    count: int = 1
    is_limit: bool = False


@dataclass(frozen=True)
class Effect:
    """What a statement does to a table that others use.

    Attributes:
        table: as it is in the target.
        lock: the strongest lock that the statement took; None where it needed no other one.
        held: the strongest lock that its transaction held on the table when it was done.
        work: what it did there.
        changes: what is different in the definition.
    """

    table: Table
    lock: Lock | None
    held: Lock
    work: tuple[Work, ...]
    changes: frozenset[Change]


@dataclass(frozen=True)
class Difference:
    """The copy before and after one statement.

    Attributes:
        before, after: the pictures.
        tables: those that the target has, by oid.
        seen: locks that were seen meanwhile, of a statement in no transaction.
        estimate: of the rows, where the planner could be asked.
    """

    before: Picture
    after: Picture
    tables: Mapping[int, Table]
    seen: Collection[tuple[int, str]] = ()
    estimate: Estimate | None = None
    is_transactional: bool = True

    def effects(self) -> Iterator[Effect]:
        """Yield what was done to each table, in the order of their names."""
        # What is dropped concurrently is locked at its end too, when nobody uses it any more.
        seen = {(relation, mode) for relation, mode in self.seen if relation in self.tables}
        held = self._locks({*self.before.locks, *self.after.locks, *seen})
        taken = self._locks({*self.after.locks, *seen} - self.before.locks)
        for oid, table in sorted(self.tables.items(), key=lambda item: item[1].name):
            if oid not in self.before.relations:
                continue
            work = tuple(self._work(oid, table, taken.get(oid)))
            lock = taken.get(oid)
            changes = frozenset(self._changes(oid))
            if work or changes or (lock and lock > Lock.ACCESS_SHARE):
                yield Effect(table, lock, held.get(oid, Lock.ACCESS_SHARE), work, changes)

    def _locks(self, locks: Collection[tuple[int, str]]) -> dict[int, Lock]:
        """Return the strongest lock on each table; of an index counts what keeps readers out."""
        strongest: dict[int, Lock] = {}
        for relation, mode in locks:
            known, lock = self.before.relations.get(relation), Lock.of(mode)
            if known and (lock is Lock.ACCESS_EXCLUSIVE or not known.is_index):
                strongest[known.table] = max(lock, strongest.get(known.table, lock))
        return strongest

    def _work(self, oid: int, table: Table, lock: Lock | None) -> Iterator[Work]:
        before, after = self.before.relations[oid], self.after.relations.get(oid)
        if after is None:
            yield Work(Kind.DROP, table.rows)
            return
        new, rebuilt = len(self._new_indexes(oid)), len(self._rebuilt_indexes(oid))
        # Outside of a transaction the counters may have been put away meanwhile.
        scans = max(after.scans - before.scans, 0) if self.is_transactional else new + rebuilt
        if after.file != before.file:
            is_read = scans > rebuilt or not self.is_transactional or after.kind == "m"
            if not is_read:  # but for the indexes of a table without rows
                yield Work(Kind.EMPTY, table.rows)
                return
            yield Work(Kind.REWRITE, table.rows)
            if new + rebuilt:
                yield Work(Kind.INDEX, table.rows, new + rebuilt)
            return
        if new + rebuilt:
            yield Work(Kind.INDEX, table.rows, new + rebuilt)
        scans -= new + rebuilt
        if self.estimate:
            scans = self.estimate.scans.get(oid, 0)
        if scans > 0:
            yield Work(Kind.SCAN, table.rows, scans)
        yield from self._rows(oid, table, lock if scans > 0 else None)

    def _rows(self, oid: int, table: Table, lock: Lock | None) -> Iterator[Work]:
        """Yield how many rows are written: at most all, where the planner cannot be asked."""
        if self.estimate:
            if changed := self.estimate.changed.get(oid, 0):
                yield Work(Kind.CHANGE, changed)
            if added := self.estimate.added.get(oid, 0):
                yield Work(Kind.ADD, added)
        elif lock is Lock.ROW_EXCLUSIVE:
            yield Work(Kind.CHANGE, table.rows, is_limit=True)

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

    def _changes(self, table: int) -> Iterator[Change]:
        before, after = self.before.columns, self.after.columns
        for place in (place for place in after if place[0] == table):
            column, was = after[place], before.get(place)
            if was is None:
                yield Change.COLUMN_ADDED
                continue
            if (column.type, column.modifier) != (was.type, was.modifier):
                yield Change.COLUMN_TYPE
            if column.has_default != was.has_default:
                yield Change.COLUMN_DEFAULT
            if column.is_not_null and not was.is_not_null:
                yield Change.NOT_NULL
        for oid in self.after.constraints.keys() - self.before.constraints.keys():
            owner, kind = self.after.constraints[oid]
            if owner == table and kind in CONSTRAINTS:
                yield CONSTRAINTS[kind]
        if self._rebuilt_indexes(table):
            yield Change.REINDEX
