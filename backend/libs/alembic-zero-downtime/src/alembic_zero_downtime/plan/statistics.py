"""The rows and the statistics of the target's tables, as the statements of the plan change them.

The copy has the statistics of the target, which the server keeps where a column or a table is
renamed. They say nothing about a column that the plan has just added, and it drops those of a
column whose type is changed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from sqlalchemy import Engine

from alembic_zero_downtime.plan.target import Table

FIRST_WITH_STATISTICS = 18
"""The first major version that can take over the statistics of another server."""
PAGE_SIZE = 8_192
ROW_OVERHEAD = 28  # bytes: the header of a row and its line pointer

NAMES = """
    SELECT c.oid, CASE n.nspname WHEN pg_catalog.current_schema() THEN c.relname::text
                       ELSE n.nspname::text OPERATOR(pg_catalog.||) '.'
                            OPERATOR(pg_catalog.||) c.relname::text END
      FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p', 'm', 'v', 'f')
"""
COLUMNS = """
    SELECT a.attnum, a.attname::text,
           EXISTS (SELECT FROM pg_catalog.pg_index AS i
                    WHERE i.indrelid = a.attrelid AND i.indisunique AND i.indnkeyatts = 1
                      AND i.indkey[0] = a.attnum AND i.indpred IS NULL)
      FROM pg_catalog.pg_attribute AS a
     WHERE a.attrelid = %s AND a.attnum > 0 AND NOT a.attisdropped
     ORDER BY a.attnum
"""
# The same for all tables, since the server drops those of a column whose type changes.
STATISTICS = """
    SELECT c.oid, a.attnum, s.null_frac, s.n_distinct, s.avg_width,
           s.most_common_vals::text, s.most_common_freqs::text, s.histogram_bounds::text,
           s.correlation
      FROM pg_catalog.pg_stats AS s JOIN pg_catalog.pg_namespace AS n ON n.nspname = s.schemaname
      JOIN pg_catalog.pg_class AS c ON c.relnamespace = n.oid AND c.relname = s.tablename
      JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid AND a.attname = s.attname
     WHERE c.oid >= '16384'
"""
RESTORE = """
    SELECT pg_catalog.pg_restore_attribute_stats(
        'schemaname', n.nspname::text, 'relname', c.relname::text, 'attnum', %(number)s::int2,
        'inherited', false, 'null_frac', %(null_share)s::float4, 'avg_width', %(width)s::int4,
        'n_distinct', %(distinct)s::float4, 'most_common_vals', %(common)s::text,
        'most_common_freqs', %(shares)s::float4[], 'histogram_bounds', %(bounds)s::text,
        'correlation', %(correlation)s::float4)
      FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
     WHERE c.oid = %(table)s
"""


class ColumnStatistics(NamedTuple):
    """The statistics of a column, as in `pg_stats`.

    Attributes:
        null_share: the share of NULL.
        distinct: the number of distinct values, or minus its share of the rows; 0 if unknown.
        width: the average bytes of a value.
        common: the most common values, as the text of an array.
        shares: their shares of the rows, as the text of an array.
        bounds: the bounds of the histogram, as the text of an array.
        correlation: of the values with the order of the rows.
        is_known: whether they describe the values, beyond what is NULL.
    """

    null_share: float
    distinct: float
    width: int
    common: str | None = None
    shares: str | None = None
    bounds: str | None = None
    correlation: float | None = None
    is_known: bool = True


ALL_NULL = ColumnStatistics(1.0, 0.0, 4)


class UsedColumn(NamedTuple):
    """A column of a table that the statement uses, by its number."""

    number: int
    is_unique: bool


@dataclass
class Rows:
    """The rows of the target that the copy has not.

    Attributes:
        tables: with their rows in the target, by their oid in the copy. With those that the plan
            creates.
        statistics: of the columns, by the oid of the table and the number of the column; None if
            their values are not known any more.
        altered: the columns whose statistics differ from those in the copy's catalog.
        uncounted: the tables whose rows depend on what is not known.
        is_blind: whether the copy's server cannot take over statistics.
    """

    tables: dict[int, Table]
    statistics: dict[tuple[int, int], ColumnStatistics | None] = field(default_factory=dict)
    altered: set[tuple[int, int]] = field(default_factory=set)
    uncounted: set[int] = field(default_factory=set)
    is_blind: bool = False
    _columns: dict[int, dict[str, UsedColumn]] = field(default_factory=dict)

    def copy(self) -> "Rows":
        """Return a copy, to return to."""
        return replace(
            self,
            tables=dict(self.tables),
            statistics=dict(self.statistics),
            altered=set(self.altered),
            uncounted=set(self.uncounted),
        )

    def is_large(self, oid: int) -> bool:
        """Whether the table has rows in the target that the copy has not."""
        return oid in self.tables and self.tables[oid].rows > 0

    def lacks_rows(self, oid: int) -> bool:
        """Whether the copy has not all rows of a table."""
        return self.is_large(oid) or oid in self.uncounted

    def knows_values(self, table: int, column: str) -> bool:
        """Whether there are statistics of the values of a column."""
        used = self._columns.get(table, {}).get(column)
        if used is None:
            return not self.is_large(table)
        statistics = self.statistics.get((table, used.number))
        return statistics is not None and statistics.is_known

    def is_unique(self, table: int, column: str) -> bool:
        """Whether each value of a column is in one row only."""
        used = self._columns.get(table, {}).get(column)
        return used is not None and used.is_unique

    def knows_nulls(self, table: int, column: str) -> bool:
        """Whether the share of NULL in a column is known."""
        used = self._columns.get(table, {}).get(column)
        return self.knows_values(table, column) or (
            used is not None and self.statistics.get((table, used.number)) is not None
        )

    def prepare(self, cursor: Any, oid: int) -> None:
        """Write the altered statistics of a table into the catalog; it is to be rolled back."""
        cursor.execute(COLUMNS, [oid])
        self._columns[oid] = {name: UsedColumn(n, unique) for n, name, unique in cursor.fetchall()}
        for each in self._columns[oid].values():
            key = (oid, each.number)
            statistics = self.statistics.get(key)
            if key in self.altered and statistics is not None:
                values = {"table": oid, "number": each.number, **statistics._asdict()}
                cursor.execute(RESTORE, values)

    def numbers(self, table: int, names: Sequence[str]) -> list[int]:
        """Return the numbers of columns in their order in a table that the statement uses."""
        columns = self._columns.get(table, {})
        return sorted(columns[name].number for name in names if name in columns)

    def name_of(self, key: tuple[int, int]) -> str:
        """Return the name of a column of a table that the statement uses."""
        columns = self._columns.get(key[0], {}).items()
        return next((name for name, each in columns if each.number == key[1]), "")

    def find(self, table: int, column: str) -> ColumnStatistics | None:
        """Return the statistics of a column of a table that the statement uses."""
        used = self._columns.get(table, {}).get(column)
        return self.statistics.get((table, used.number)) if used else None

    def set_statistics(self, key: tuple[int, int], statistics: ColumnStatistics | None) -> None:
        """Set the statistics of a column; None if its values are not known any more."""
        self.statistics[key] = statistics
        self.altered.add(key)

    def forget_values(self, table: int) -> None:
        """Forget the values of the columns that the plan has altered."""
        for key in self.altered:
            if key[0] == table:
                self.statistics[key] = None

    def add_table(self, oid: int, name: str) -> None:
        """Add a table that the plan has created."""
        self.tables[oid] = Table(name, rows=0, pages=0, size=0, dead_rows=0, is_new=True)

    def add_rows(self, oid: int, rows: int, width: int) -> None:
        """Add rows of an average width to a table."""
        table = self.tables[oid]
        self.set_rows(oid, table.rows + rows, table.size + rows * (width + ROW_OVERHEAD))

    def leave_dead(self, oid: int, rows: int, *, is_deletion: bool) -> None:
        """Let as many rows be dead: those that are updated are written once more."""
        table = self.tables[oid]
        written = 0 if is_deletion else table.size * rows // max(table.rows, 1)
        self.set_rows(oid, table.rows - rows * is_deletion, table.size + written)
        self.tables[oid] = replace(self.tables[oid], dead_rows=table.dead_rows + rows)

    def set_rows(self, oid: int, rows: int, size: int) -> None:
        """Set the rows and the bytes of a table."""
        pages = -(-size // PAGE_SIZE)
        self.tables[oid] = replace(self.tables[oid], rows=max(rows, 0), size=size, pages=pages)


def read_rows(copy: Engine, tables: Mapping[str, Table], version: int) -> Rows:
    """Return the rows of the target.

    Args:
        copy: the copy, which has the target's statistics.
        tables: of the target, by name.
        version: the major version of the copy's server.
    """
    with copy.connect() as connection:
        names: dict[int, str] = dict(map(tuple, connection.exec_driver_sql(NAMES)))
        statistics: dict[tuple[int, int], ColumnStatistics | None] = {
            (oid, number): ColumnStatistics(*values)
            for oid, number, *values in connection.exec_driver_sql(STATISTICS)
        }
    known = {oid: tables[name] for oid, name in names.items() if name in tables}
    return Rows(known, statistics, is_blind=version < FIRST_WITH_STATISTICS)
