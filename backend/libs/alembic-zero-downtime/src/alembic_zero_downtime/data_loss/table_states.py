"""Read the state of the tables and sequences at one point of a transaction."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import ColumnElement, Connection, Select

from alembic_zero_downtime.tables import (
    BACKFILL_TABLE,
    LEDGER_TABLE,
    quoted_name,
    version_table_of,
)

# The migration tables are those that the search path finds, if they have these columns: a table of
# a user may have the same name.
VERSION_COLUMNS = ["version_num"]
OWN_COLUMNS = {
    LEDGER_TABLE: ["action", "heads", "checksum"],
    BACKFILL_TABLE: ["backfill", "position", "rows_read"],
}
# The relations that hold data, in all schemas but those of the server and of temporary tables, and
# the catalog of large objects. A composite type holds none, but its attributes are parts of values.
# The server assigns identity and generated columns, and defaults whose stored expression calls a
# function that is not immutable, such as nextval() or now().
TABLE_STATES = sa.text(r"""
    SELECT c.oid, n.nspname, c.relname, c.relkind::text,
           CASE WHEN c.oid = 'pg_largeobject_metadata'::regclass THEN 'large objects'
                WHEN c.oid = 'pg_largeobject'::regclass THEN 'contents of large objects'
                WHEN n.nspname = current_schema() THEN c.relname
                ELSE n.nspname || '.' || c.relname END,
           CASE WHEN c.relkind = 'c' THEN 'the values of a composite type are not counted'
                WHEN c.oid = 'pg_largeobject'::regclass THEN 'they are not compared'
                WHEN c.relkind = 'f' OR c.relkind = 'p' AND EXISTS (
                     SELECT FROM pg_partition_tree(c.oid) AS part
                       JOIN pg_class AS leaf ON leaf.oid = part.relid AND leaf.relkind = 'f')
                THEN 'the rows of a foreign table are not counted'
                WHEN NOT has_schema_privilege(n.oid, 'USAGE')
                  OR NOT has_table_privilege(c.oid, 'SELECT')
                THEN 'the role has no privilege to read them'
                WHEN row_security_active(c.oid) THEN 'row-level security hides them' END,
           (SELECT inhparent FROM pg_inherits WHERE inhrelid = c.oid AND c.relispartition),
           pg_relation_filenode(c.oid), c.relispopulated,
           pg_stat_get_xact_tuples_inserted(c.oid), pg_stat_get_xact_tuples_updated(c.oid),
           pg_stat_get_xact_tuples_deleted(c.oid),
           c.relkind = 'f' AND EXISTS (
               SELECT FROM pg_locks AS l
                WHERE l.pid = pg_backend_pid() AND l.relation = c.oid
                  AND l.mode = 'RowExclusiveLock'),
           (SELECT coalesce(jsonb_agg(jsonb_build_array(
                       a.attnum, a.attname, a.attgenerated <> '',
                       a.attgenerated <> '' OR a.attidentity <> ''
                           OR coalesce(d.adbin::text LIKE '%SQLVALUEFUNCTION%', false)
                           OR EXISTS (
                              SELECT FROM regexp_matches(d.adbin::text, 'funcid (\d+)', 'g')
                                       AS called (ids)
                                JOIN pg_proc AS p ON p.oid = called.ids[1]::oid
                               WHERE p.provolatile <> 'i'))), '[]')
              FROM pg_attribute AS a
              LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
             WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)
      FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
     WHERE (c.relkind IN ('r', 'p', 'm', 'f', 'c')
            AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
            AND NOT EXISTS (
                SELECT FROM jsonb_each(CAST(:migration_tables AS jsonb)) AS own (name, columns)
                 WHERE c.oid = to_regclass(own.name)
                   AND own.columns <@ (SELECT jsonb_agg(attname) FROM pg_attribute
                                        WHERE attrelid = c.oid AND attnum > 0))
            OR c.oid IN ('pg_largeobject_metadata'::regclass, 'pg_largeobject'::regclass))
     ORDER BY 5
""")
# The sequences without an owning column, whose values are data, such as the last invoice number.
SEQUENCES = sa.text("""
    SELECT c.oid, n.nspname, c.relname,
           CASE WHEN n.nspname = current_schema() THEN '' ELSE n.nspname || '.' END || c.relname,
           sign(s.seqincrement)::int, s.seqstart - s.seqincrement,
           CASE WHEN has_schema_privilege(n.oid, 'USAGE')
                 AND has_sequence_privilege(c.oid, 'USAGE, SELECT')
                THEN coalesce(pg_sequence_last_value(c.oid), s.seqstart - s.seqincrement) END
      FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
      JOIN pg_sequence AS s ON s.seqrelid = c.oid
     WHERE c.relkind = 'S' AND n.nspname !~ '^pg_'
       AND NOT EXISTS (SELECT FROM pg_depend AS d
                        WHERE d.classid = c.tableoid AND d.objid = c.oid
                          AND d.deptype IN ('a', 'i') AND d.refobjsubid > 0)
     ORDER BY 4
""")

WRITTEN_HERE = sa.func.age(sa.column("xmin")) <= 0
"""The condition on a row that this transaction has written."""


class ColumnState(NamedTuple):
    """A column; `is_server_assigned` if the server can assign a new value to each row."""

    number: int
    name: str
    is_generated: bool
    is_server_assigned: bool


class TableState(NamedTuple):
    """A table, or another relation that holds data, at one point of a transaction.

    Attributes:
        kind: the `relkind`: `r`, `p`artitioned, `m`aterialized view, `f`oreign table, or
            `c`omposite type.
        label: its name in messages, with the schema unless it is the current one.
        uncounted_because: why its rows cannot be counted; None if they can.
        parent: the oid of the partitioned table that it is a partition of.
        file: the relfilenode, which changes when the table is truncated or rewritten.
        is_populated: false for a materialized view WITH NO DATA.
        inserted: the session's counter of rows, including those rolled back to a savepoint.
        updated: the same.
        deleted: the same.
        is_foreign_written: whether the transaction has written to this foreign table.
    """

    oid: int
    schema: str
    name: str
    kind: str
    label: str
    uncounted_because: str | None
    parent: int | None
    file: int | None
    is_populated: bool
    inserted: int
    updated: int
    deleted: int
    is_foreign_written: bool
    columns: tuple[ColumnState, ...]

    @property
    def is_partitioned(self) -> bool:
        """Whether its rows are those of its partitions."""
        return self.kind == "p"

    @property
    def column_names(self) -> set[str]:
        """The names of all columns."""
        return {each.name for each in self.columns}

    @property
    def is_of_large_objects(self) -> bool:
        """Whether it is the catalog of large objects: only its deleted rows are data."""
        return self.schema == "pg_catalog"

    def was_changed(self, before: "TableState") -> bool:
        """Whether the transaction has updated its rows or rewritten it since `before`."""
        return self.updated > before.updated or self.file != before.file

    def was_written(self, before: "TableState") -> bool:
        """Whether the transaction may have written to it since `before`, or to its partitions."""
        is_counted = self.kind == "r" and self.inserted == before.inserted
        return not is_counted or self.was_changed(before) or self.was_reduced(before)

    def was_reduced(self, before: "TableState") -> bool:
        """Whether the transaction may have deleted its rows, or truncated it, since `before`."""
        return self.deleted > before.deleted or self.file != before.file


class SequenceState(NamedTuple):
    """A sequence without an owning column.

    Attributes:
        direction: 1 if it is ascending, else -1.
        unused: the value before the first one.
        value: the last value handed out, or `unused`; None if the role must not read it.
    """

    oid: int
    schema: str
    name: str
    label: str
    direction: int
    unused: int
    value: int | None


def read_tables(connection: Connection) -> list[TableState]:
    """Return the tables of all schemas except the system's, sorted by label."""
    versions = quoted_name(connection, version_table_of(connection))
    own = {versions: VERSION_COLUMNS, **OWN_COLUMNS}
    rows = connection.execute(TABLE_STATES, {"migration_tables": json.dumps(own)})
    return [
        TableState._make((*row[:-1], tuple(ColumnState(*each) for each in row[-1]))) for row in rows
    ]


def read_sequences(connection: Connection) -> list[SequenceState]:
    """Return the sequences without an owning column, sorted by label."""
    return [SequenceState._make(row) for row in connection.execute(SEQUENCES)]


def find_dropped(
    before: Sequence[TableState], after: Mapping[int, TableState]
) -> Iterator[tuple[TableState, str | None]]:
    """Yield the dropped tables, each with None, and the dropped columns by name.

    A partition is left out if its parent loses the same. A partitioned table is left out if one of
    its partitions remains as a table. Generated columns hold no data. A materialized view that is
    refreshed WITH NO DATA counts as dropped.
    """
    tables = {each.oid: each for each in before}
    dropped = {each.oid: _dropped_columns(each, after.get(each.oid)) for each in before}
    divided: set[int | None] = set()
    for each in before:
        parent = each.parent if each.oid in after else None
        while parent and parent not in after and parent in tables:
            divided.add(parent)
            parent = tables[parent].parent
    for each in before:
        is_part = each.parent is not None and each.parent not in divided
        inherited = dropped.get(each.parent or 0, []) if is_part else []
        if each.oid not in divided:
            yield from ((each, name) for name in dropped[each.oid] if name not in inherited)


def _dropped_columns(before: TableState, after: TableState | None) -> list[str | None]:
    """Return the names of the dropped columns, or None for the table."""
    if after is None:
        return [] if before.kind == "c" else [None]  # the columns of a dropped type go with it
    if before.is_populated and not after.is_populated:
        return [None]
    remaining = {each.number for each in after.columns}
    return [e.name for e in before.columns if e.number not in remaining and not e.is_generated]


def select_from(table: TableState, *columns: ColumnElement[Any]) -> Select[Any]:
    """Select from a table and its partitions, but not from tables that inherit from it."""
    source = sa.table(table.name, schema=table.schema)
    statement = sa.select(*columns).select_from(source)
    return statement if table.kind != "r" else statement.with_hint(source, "ONLY", "postgresql")


def count_rows(connection: Connection, table: TableState, *conditions: ColumnElement[bool]) -> int:
    """Count the rows of a table that fulfil all conditions."""
    if not table.is_populated:
        return 0
    return connection.scalar(select_from(table, sa.func.count()).where(*conditions)) or 0
