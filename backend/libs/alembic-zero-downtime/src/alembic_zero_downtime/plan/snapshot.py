"""Take a snapshot of the copy's catalogs and of a session's locks."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from psycopg2 import extensions

# System objects have oids below 16384 (PostgreSQL manual, "System Catalog Initial Data"). These
# queries run in a session whose search path finds functions and operators of the target: names are
# qualified, and the types of each comparison are those of an operator of the server.
RELATIONS = """
    SELECT c.oid, c.relkind::text, coalesce(i.indrelid, c.oid),
           pg_catalog.pg_relation_filenode(c.oid), coalesce(a.amname::text, ''),
           coalesce(i.indcollation::text, ''), pg_catalog.pg_get_expr(i.indpred, i.indrelid)
      FROM pg_catalog.pg_class AS c LEFT JOIN pg_catalog.pg_index AS i ON i.indexrelid = c.oid
      LEFT JOIN pg_catalog.pg_am AS a ON a.oid = c.relam
     WHERE c.relkind IN ('r', 'p', 'm', 'v', 'f', 'i', 'I') AND c.oid >= '16384'
       AND (%(tables)s::oid[] IS NULL OR coalesce(i.indrelid, c.oid) = ANY (%(tables)s::oid[]))
"""
# The counters are those that are not flushed yet, as they are at the end of some transactions: an
# index build, the validation of a constraint and a table rewrite each count as one scan, also of an
# empty table.
SCANS = """
    SELECT oid, pg_catalog.pg_stat_get_xact_numscans(oid) FROM pg_catalog.pg_class
     WHERE relkind IN ('r', 'm', 'i') AND oid >= '16384'
       AND pg_catalog.pg_stat_get_xact_numscans(oid) > 0::int8
"""
COLUMNS = """
    SELECT attrelid, attnum, atttypid, atttypmod, attnotnull, atthasdef
      FROM pg_catalog.pg_attribute WHERE attnum > 0 AND NOT attisdropped AND attrelid >= '16384'
       AND (%(tables)s::oid[] IS NULL OR attrelid = ANY (%(tables)s::oid[]))
"""
CONSTRAINTS = """
    SELECT oid, conrelid, contype::text, convalidated
      FROM pg_catalog.pg_constraint WHERE conrelid >= '16384'
       AND (%(tables)s::oid[] IS NULL OR conrelid = ANY (%(tables)s::oid[]))
"""
# The lock on its own virtual id, without a relation, is always there.
LOCKS = """
    SELECT relation, mode, virtualtransaction FROM pg_catalog.pg_locks
     WHERE pid = %s AND mode <> 'SIReadLock'
       AND (locktype = 'relation' AND relation >= '16384' OR locktype = 'virtualxid')
"""
# The same with the scans of each relation, in one request.
LOCKS_AND_SCANS = f"""
    SELECT relation, mode, virtualtransaction,
           CASE WHEN relation IS NOT NULL
                THEN pg_catalog.pg_stat_get_xact_numscans(relation) END
      FROM ({LOCKS}) AS held
"""  # noqa: S608 constants
READS = ("AccessShareLock", "RowShareLock")
DATA_LOCKS = (*READS, "RowExclusiveLock")


class RelationSnapshot(NamedTuple):
    """The state of a table or an index.

    Attributes:
        kind: as in `pg_class.relkind`.
        table: the oid of an index's table; of a table, its own.
        file: the number of the data file, which a rewrite changes.
        method: the access method.
        collations: of the columns of an index, by oid; 0 for none.
        predicate: of a partial index.
    """

    oid: int
    kind: str
    table: int
    file: int | None
    method: str
    collations: str
    predicate: str | None

    @property
    def is_index(self) -> bool:
        """Whether it is an index."""
        return self.kind in ("i", "I")

    @property
    def is_text(self) -> bool:
        """Whether a column of an index has a collation."""
        return any(each != "0" for each in self.collations.split())


class ColumnSnapshot(NamedTuple):
    """The state of a column: its type, and whether it is NOT NULL and has a default."""

    type: int
    modifier: int
    is_not_null: bool
    has_default: bool


class ConstraintSnapshot(NamedTuple):
    """The state of a constraint.

    Attributes:
        table: the oid of its table.
        kind: as in `pg_constraint.contype`.
        is_valid: whether all rows fulfil it.
    """

    table: int
    kind: str
    is_valid: bool


@dataclass(frozen=True)
class Snapshot:
    """The state of the copy, as seen by the worker session.

    Attributes:
        relations: by oid.
        columns: by the oid of the table and the number of the column.
        constraints: by oid.
        scans: the number of scans of each relation, if there are any.
        locks: the relations and modes that the session holds.
        transaction: the virtual id of the running transaction.
    """

    relations: dict[int, RelationSnapshot]
    columns: dict[tuple[int, int], ColumnSnapshot]
    constraints: dict[int, ConstraintSnapshot]
    scans: dict[int, int]
    locks: frozenset[tuple[int, str]]
    transaction: str

    def reads_until(self, after: "Snapshot") -> frozenset[int]:
        """Return the tables that were read meanwhile, or that a new lock permits to read."""
        reads = {oid for oid, mode in after.locks - self.locks if mode in READS}
        for oid, scans in after.scans.items():
            known, relation = self.relations.get(oid), after.relations.get(oid)
            if known and known == relation and scans > self.scans.get(oid, 0):
                reads.add(known.table)
        return frozenset(reads)

    def validated_until(self, after: "Snapshot", table: int) -> list[int]:
        """Return the constraints of a table that all its rows were checked against meanwhile."""
        return [
            oid
            for oid, each in after.constraints.items()
            if each.table == table and each.is_valid
            if (known := self.constraints.get(oid)) is None or not known.is_valid
        ]


def take_snapshot(driver: Any, before: Snapshot | None = None) -> Snapshot:
    """Read the state in a session of psycopg2, without a lock on any table.

    Args:
        driver: the connection.
        before: an earlier snapshot in the same transaction. A statement that changes or scans a
            table keeps a lock on it until the end, so that only those tables are read again.
    """
    with driver.cursor(cursor_factory=extensions.cursor) as cursor:
        locks, scans, transaction = _read_session(cursor)
        if before is None:
            schema = _read_schema(cursor, None)
            return Snapshot(*schema, read_scans(cursor), locks, transaction)
        now = replace(before, scans=before.scans | scans, locks=locks, transaction=transaction)
        changed = {relation for relation, mode in locks if mode not in DATA_LOCKS}
        if not changed:
            return now
        known = before.relations
        tables = changed | {known[oid].table for oid in changed if oid in known}
        relations, columns, constraints = _read_schema(cursor, tables)
        return replace(
            now,
            relations={oid: each for oid, each in known.items() if each.table not in tables}
            | relations,
            columns={key: each for key, each in before.columns.items() if key[0] not in tables}
            | columns,
            constraints={
                oid: each for oid, each in before.constraints.items() if each.table not in tables
            }
            | constraints,
        )


def renew_snapshot(driver: Any, last: Snapshot) -> Snapshot:
    """Return the state at the beginning of a transaction that follows a committed one."""
    with driver.cursor(cursor_factory=extensions.cursor) as cursor:
        locks, _, transaction = _read_session(cursor)
        return replace(last, scans=read_scans(cursor), locks=locks, transaction=transaction)


def read_scans(cursor: Any) -> dict[int, int]:
    """Return the number of scans of each relation since the last flush."""
    cursor.execute(SCANS)
    return dict(cursor.fetchall())


def _read_session(cursor: Any) -> tuple[frozenset[tuple[int, str]], dict[int, int], str]:
    """Return the locks on relations, their scans, and the virtual transaction id."""
    cursor.execute(LOCKS_AND_SCANS, [cursor.connection.info.backend_pid])
    rows = cursor.fetchall()
    found = [row for row in rows if row[0] is not None]
    locks = frozenset((relation, mode) for relation, mode, *_ in found)
    return locks, {relation: scans for relation, *_, scans in found if scans}, rows[0][2]


def _read_schema(cursor: Any, tables: Collection[int] | None) -> tuple[Any, Any, Any]:
    """Return the relations, the columns and the constraints of some tables, or of all."""
    values = {"tables": None if tables is None else list(tables)}
    cursor.execute(RELATIONS, values)
    relations = {row[0]: RelationSnapshot(*row) for row in cursor}
    cursor.execute(COLUMNS, values)
    columns = {(row[0], row[1]): ColumnSnapshot(*row[2:]) for row in cursor}
    cursor.execute(CONSTRAINTS, values)
    constraints = {oid: ConstraintSnapshot(*state) for oid, *state in cursor}
    return relations, columns, constraints


class SessionSnapshots:
    """The snapshots before and after each statement of a session.

    Those of all tables are read once, and once more after what is not known to keep locks.

    Args:
        driver: the connection of psycopg2.
    """

    def __init__(self, driver: Any) -> None:
        self._driver = driver
        self._last: Snapshot | None = None

    def take_before(self) -> Snapshot:
        """Return the state before a statement."""
        if self._last is None:
            self._last = take_snapshot(self._driver)
        elif self._driver.info.transaction_status != extensions.TRANSACTION_STATUS_INTRANS:
            self.renew()
        return self._last

    def take_after(self, before: Snapshot, *, is_transactional: bool) -> Snapshot:
        """Return the state after a statement, which is the one before the next."""
        self._last = take_snapshot(self._driver, before if is_transactional else None)
        return self._last

    def take_after_failure(self, before: Snapshot) -> Snapshot:
        """Return the state after a statement that failed: its scans count, its locks are gone."""
        with self._driver.cursor(cursor_factory=extensions.cursor) as cursor:
            return replace(before, scans=read_scans(cursor))

    def renew(self) -> None:
        """Begin a transaction after a committed one."""
        self._last = self._last and renew_snapshot(self._driver, self._last)

    def forget(self) -> None:
        """Read all tables again: changes and locks may have been rolled back."""
        self._last = None
