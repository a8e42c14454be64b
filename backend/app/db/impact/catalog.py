"""Take a picture of a copy's catalogs and of a session's locks, before and after a statement."""

from dataclasses import dataclass
from typing import Any, NamedTuple

# Below 16384 are the system's own objects (PostgreSQL manual, "System Catalog Initial Data").
# The counters are those of the running transaction: an index that is built, a check that is
# validated and a table that is rewritten each count as a scan, also of a table without rows.
RELATIONS = """
    SELECT c.oid, c.relkind::text, coalesce(i.indrelid, c.oid), pg_relation_filenode(c.oid),
           pg_stat_get_xact_numscans(c.oid)
      FROM pg_class AS c LEFT JOIN pg_index AS i ON i.indexrelid = c.oid
     WHERE c.relkind IN ('r', 'p', 'm', 'v', 'f', 'i', 'I') AND c.oid >= 16384
"""
COLUMNS = """
    SELECT attrelid, attnum, atttypid, atttypmod, attnotnull, atthasdef
      FROM pg_attribute WHERE attnum > 0 AND NOT attisdropped AND attrelid >= 16384
"""
CONSTRAINTS = """
    SELECT oid, conrelid, contype::text FROM pg_constraint WHERE conrelid >= 16384
"""
LOCKS = """
    SELECT relation, mode FROM pg_locks
     WHERE pid = %s AND locktype = 'relation' AND relation >= 16384 AND mode <> 'SIReadLock'
"""
TRANSACTION = "SELECT virtualtransaction FROM pg_locks WHERE pid = pg_backend_pid() LIMIT 1"


class Relation(NamedTuple):
    """A table or an index at a moment.

    Attributes:
        kind: as in `pg_class.relkind`.
        table: of an index, its table; of a table, itself.
        file: changes when it is written anew.
        scans: how often the transaction has read it from end to end.
    """

    oid: int
    kind: str
    table: int
    file: int | None
    scans: int

    @property
    def is_index(self) -> bool:
        """Whether it is an index, and no table."""
        return self.kind in ("i", "I")


class Column(NamedTuple):
    """A column's type, whether NULL is forbidden in it, and whether it has a default."""

    type: int
    modifier: int
    is_not_null: bool
    has_default: bool


@dataclass(frozen=True)
class Picture:
    """The copy at a moment, as the session sees it that migrates.

    Attributes:
        relations: by oid.
        columns: by the oid of the table, and number.
        constraints: the table and the type, as in `pg_constraint.contype`, by oid.
        locks: the relations and modes that the session holds.
        transaction: which one is running.
    """

    relations: dict[int, Relation]
    columns: dict[tuple[int, int], Column]
    constraints: dict[int, tuple[int, str]]
    locks: frozenset[tuple[int, str]]
    transaction: str


def take_picture(driver: Any) -> Picture:
    """Return what a session of psycopg2 sees; it takes no lock on any table."""
    with driver.cursor() as cursor:
        cursor.execute(LOCKS, [driver.info.backend_pid])
        locks = frozenset(cursor.fetchall())
        cursor.execute(TRANSACTION)
        (transaction,) = cursor.fetchone()
        cursor.execute(RELATIONS)
        relations = {row[0]: Relation(*row) for row in cursor}
        cursor.execute(COLUMNS)
        columns = {(row[0], row[1]): Column(*row[2:]) for row in cursor}
        cursor.execute(CONSTRAINTS)
        constraints = {oid: (table, kind) for oid, table, kind in cursor}
    return Picture(relations, columns, constraints, locks, transaction)
