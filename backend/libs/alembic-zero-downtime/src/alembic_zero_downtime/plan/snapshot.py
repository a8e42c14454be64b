"""Take a snapshot of the copy's catalogs and of a session's locks."""

from dataclasses import dataclass
from typing import Any, NamedTuple

# System objects have oids below 16384 (PostgreSQL manual, "System Catalog Initial Data"). These
# queries run in a session whose search path finds functions and operators of the target: names are
# qualified, and the types of each comparison are those of an operator of the server.
# The counters are those of the running transaction: an index build, the validation of a constraint
# and a table rewrite each count as one scan, also of an empty table.
RELATIONS = """
    SELECT c.oid, c.relkind::text, coalesce(i.indrelid, c.oid),
           pg_catalog.pg_relation_filenode(c.oid), pg_catalog.pg_stat_get_xact_numscans(c.oid)
      FROM pg_catalog.pg_class AS c LEFT JOIN pg_catalog.pg_index AS i ON i.indexrelid = c.oid
     WHERE c.relkind IN ('r', 'p', 'm', 'v', 'f', 'i', 'I') AND c.oid >= '16384'
"""
COLUMNS = """
    SELECT attrelid, attnum, atttypid, atttypmod, attnotnull, atthasdef
      FROM pg_catalog.pg_attribute WHERE attnum > 0 AND NOT attisdropped AND attrelid >= '16384'
"""
CONSTRAINTS = """
    SELECT oid, conrelid, contype::text FROM pg_catalog.pg_constraint WHERE conrelid >= '16384'
"""
LOCKS = """
    SELECT relation, mode FROM pg_catalog.pg_locks
     WHERE pid = %s AND locktype = 'relation' AND relation >= '16384' AND mode <> 'SIReadLock'
"""
TRANSACTION = """
    SELECT virtualtransaction FROM pg_catalog.pg_locks
     WHERE pid = pg_catalog.pg_backend_pid() LIMIT 1
"""


class RelationSnapshot(NamedTuple):
    """The state of a table or an index.

    Attributes:
        kind: as in `pg_class.relkind`.
        table: the oid of an index's table; of a table, its own.
        file: the number of the data file, which a rewrite changes.
        scans: the number of scans in the transaction.
    """

    oid: int
    kind: str
    table: int
    file: int | None
    scans: int

    @property
    def is_index(self) -> bool:
        """Whether it is an index."""
        return self.kind in ("i", "I")


class ColumnSnapshot(NamedTuple):
    """The state of a column: its type, and whether it is NOT NULL and has a default."""

    type: int
    modifier: int
    is_not_null: bool
    has_default: bool


@dataclass(frozen=True)
class Snapshot:
    """The state of the copy, as seen by the worker session.

    Attributes:
        relations: by oid.
        columns: by the oid of the table and the number of the column.
        constraints: the table and the type (`pg_constraint.contype`), by oid.
        locks: the relations and modes that the session holds.
        transaction: the virtual id of the running transaction.
    """

    relations: dict[int, RelationSnapshot]
    columns: dict[tuple[int, int], ColumnSnapshot]
    constraints: dict[int, tuple[int, str]]
    locks: frozenset[tuple[int, str]]
    transaction: str


def take_snapshot(driver: Any) -> Snapshot:
    """Read the state in a session of psycopg2, without a lock on any table."""
    with driver.cursor() as cursor:
        cursor.execute(LOCKS, [driver.info.backend_pid])
        locks = frozenset(cursor.fetchall())
        cursor.execute(TRANSACTION)
        (transaction,) = cursor.fetchone()
        cursor.execute(RELATIONS)
        relations = {row[0]: RelationSnapshot(*row) for row in cursor}
        cursor.execute(COLUMNS)
        columns = {(row[0], row[1]): ColumnSnapshot(*row[2:]) for row in cursor}
        cursor.execute(CONSTRAINTS)
        constraints = {oid: (table, kind) for oid, table, kind in cursor}
    return Snapshot(relations, columns, constraints, locks, transaction)
