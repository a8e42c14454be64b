"""Try the work on a table of the target with some rows like its own.

The rows are made of the target's statistics of each column: its most common values, the bounds of
its histogram, and its share of NULL. The table of the sample is rolled back.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from math import log
from typing import Any, NamedTuple

import psycopg2
from psycopg2 import extensions

from alembic_zero_downtime.plan.statistics import ColumnStatistics, Rows
from alembic_zero_downtime.plan.throughput import time_often, time_statement

SIZE = 20_000
LEAST = 10_000  # rows of a table; the work on fewer takes no time that matters
ANALYZED = 30_000  # rows that ANALYZE samples of a table, by default
SORTED = 0.9  # correlation of the values with the order of the rows
MOSTLY_UNIQUE = -0.5  # of `n_distinct`
NAME = "sample_of_the_plan"
SAVEPOINT = "before_the_sample"
# The methods that sort or descend a tree, whose builds take n log n.
GROWING = ("btree", "gin", "gist", "hash", "spgist")
# In a session with code of the target: each name is qualified.
TABLE = """
    SELECT pg_catalog.format('%%I.%%I', n.nspname, c.relname),
           pg_catalog.format('%%I.%%I', n.nspname, %s)
      FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
     WHERE c.oid = %s
"""
COLUMNS = """
    SELECT a.attnum, a.attname::text, pg_catalog.quote_ident(a.attname),
           pg_catalog.format_type(a.atttypid, a.atttypmod), t.typcategory::text
      FROM pg_catalog.pg_attribute AS a JOIN pg_catalog.pg_type AS t ON t.oid = a.atttypid
     WHERE a.attrelid = %s AND a.attnum > 0 AND NOT a.attisdropped
     ORDER BY a.attnum
"""
CATEGORY = """
    SELECT typcategory::text FROM pg_catalog.pg_type WHERE oid = %s::pg_catalog.regtype::oid
"""
INDEX = """
    SELECT pg_catalog.pg_get_indexdef(i.indexrelid),
           pg_catalog.pg_get_expr(i.indpred, i.indrelid)
      FROM pg_catalog.pg_index AS i WHERE i.indexrelid = %s
"""
# A value of a column without statistics, by its type or the category of its type; of others, NULL.
OF_TYPES: Mapping[str, str] = {
    "uuid": "pg_catalog.md5(({number})::text)",
    "bytea": "pg_catalog.md5(({number})::text)",
    "json": "pg_catalog.json_build_object('number', {number})",
    "jsonb": "pg_catalog.json_build_object('number', {number})",
}
OF_CATEGORIES: Mapping[str, str] = {
    "B": "({number}) % 2 = 0",
    "D": "'2000-01-01'::timestamp + ({number}) * '1 minute'::interval",
    "N": "{number}",
    "S": "pg_catalog.md5(({number})::text)",
}
# A value whose digits are others is another one of the same kind, such as a key or a document.
DIGITS = "123456789"
ORDERS = 200
DIGITS_IN_OTHER_ORDERS = [
    "".join(random.Random(seed).sample(DIGITS, len(DIGITS)))  # noqa: S311 no secret
    for seed in range(ORDERS)
]
ASCENDING, SCATTERED = "n", "n * 7919 % 1000003"


class SampleColumn(NamedTuple):
    """A column of the sample."""

    number: int
    name: str
    quoted: str
    type: str
    category: str


@contextmanager
def undone(driver: Any) -> Iterator[Any]:
    """Yield a cursor of psycopg2, and undo what is executed in the block."""
    is_open = driver.info.transaction_status == extensions.TRANSACTION_STATUS_INTRANS
    with driver.cursor(cursor_factory=extensions.cursor) as cursor:
        cursor.execute(f"SAVEPOINT {SAVEPOINT}" if is_open else "BEGIN")
        try:
            yield cursor
        finally:
            if is_open:
                cursor.execute(f"ROLLBACK TO SAVEPOINT {SAVEPOINT}")
                cursor.execute(f"RELEASE SAVEPOINT {SAVEPOINT}")
            else:
                cursor.execute("ROLLBACK")


class Sampler:
    """Measures on samples how much work a table's rows are.

    Args:
        driver: the connection of psycopg2.
        rows: the rows of the target.
    """

    def __init__(self, driver: Any, rows: Rows) -> None:
        self._driver = driver
        self._rows = rows
        self._columns: list[SampleColumn] = []

    def time_build(self, table: int, index: int, method: str) -> float | None:
        """Return how many seconds the build of an index takes for each row of a table.

        None if the table is small, or the index cannot be built on the sample.
        """
        size = self._size(table)
        if not size:
            return None
        try:
            with undone(self._driver) as cursor:
                cursor.execute(INDEX, [index])
                definition, predicate = cursor.fetchone()
                name, sample = self._names(cursor, table)
                columns = definition.rpartition(f" {name} USING ")[2]
                columns = columns.removesuffix(f" WHERE {predicate}")
                build = f"CREATE INDEX {NAME}_index ON {sample} USING {columns}"
                self._create(cursor, table, [columns], {})
                drop = f"DROP INDEX {sample}_index"
                alone = time_often(cursor, build, drop)
                self._fill(cursor, table, size)
                seconds = max(time_often(cursor, build, drop) - alone, 0.0)
        except psycopg2.Error:
            return None
        growth = log(self._rows.tables[table].rows) / log(size) if method in GROWING else 1.0
        return seconds / size * growth

    def time_expressions(
        self, table: int, expressions: Sequence[str], types: Mapping[int, str], alias: str = NAME
    ) -> float:
        """Return how many seconds the expressions take for each row of a table.

        0 if the table is small, or they cannot be computed for the sample.

        Args:
            table: the table.
            expressions: over its columns.
            types: of columns that had another type before, by number.
            alias: the name of the table in the expressions.
        """
        size = self._size(table)
        if not size or not expressions:
            return 0.0
        counts = ", ".join(f"pg_catalog.count({each})" for each in expressions)
        try:
            with undone(self._driver) as cursor:
                _, sample = self._names(cursor, table)
                self._create(cursor, table, expressions, types)
                self._fill(cursor, table, size)
                sample = f"{sample} AS {extensions.quote_ident(alias, cursor)}"
                alone = time_often(cursor, f"SELECT pg_catalog.count(*) FROM {sample}")  # noqa: S608
                seconds = time_often(cursor, f"SELECT {counts} FROM {sample}")  # noqa: S608
        except psycopg2.Error:
            return 0.0
        return max(seconds - alone, 0.0) / size

    def time_analyze(self, table: int) -> float:
        """Return how many seconds ANALYZE takes for a table; 0 if it is small."""
        size = self._size(table)
        if not size:
            return 0.0
        try:
            with undone(self._driver) as cursor:
                _, sample = self._names(cursor, table)
                self._create(cursor, table, None, {})
                self._fill(cursor, table, size)
                seconds = time_statement(cursor, f"ANALYZE {sample}")
        except psycopg2.Error:
            return 0.0
        return seconds * min(self._rows.tables[table].rows, ANALYZED) / size

    def _size(self, table: int) -> int:
        known = self._rows.tables[table].rows if table in self._rows.tables else 0
        return min(known, SIZE) if known >= LEAST and not self._rows.is_blind else 0

    def _names(self, cursor: Any, table: int) -> tuple[str, str]:
        cursor.execute(TABLE, [NAME, table])
        name, sample = cursor.fetchone()
        return name, sample

    def _create(
        self,
        cursor: Any,
        table: int,
        expressions: Sequence[str] | None,
        types: Mapping[int, str],
    ) -> None:
        """Create the sample, with the columns that the expressions name; None for all."""
        name, sample = self._names(cursor, table)
        cursor.execute(COLUMNS, [table])
        found = list(map(SampleColumn._make, cursor.fetchall()))
        if expressions is not None:
            found = [column for column in found if any(column.name in each for each in expressions)]
        self._columns = [_with_former_type(cursor, each, types) for each in found]
        selected = ", ".join(
            f"NULL::{each.type} AS {each.quoted}" if each.number in types else each.quoted
            for each in self._columns
        )
        cursor.execute(f"CREATE TABLE {sample} AS SELECT {selected} FROM {name} WITH NO DATA")  # noqa: S608

    def _fill(self, cursor: Any, table: int, size: int) -> None:
        """Insert the rows of the sample."""
        _, sample = self._names(cursor, table)
        values = ", ".join(
            _value(cursor, each, self._rows.statistics.get((table, each.number)), size)
            for each in self._columns
        )
        cursor.execute(
            f"INSERT INTO {sample} SELECT {values}"  # noqa: S608
            f" FROM pg_catalog.generate_series(1, {size}) AS n"
        )


def _with_former_type(cursor: Any, column: SampleColumn, types: Mapping[int, str]) -> SampleColumn:
    """Return a column with the type that it had before."""
    if column.number not in types:
        return column
    name = types[column.number]
    cursor.execute(CATEGORY, [name])
    (category,) = cursor.fetchone()
    return column._replace(type=name, category=category)


def _value(
    cursor: Any, column: SampleColumn, statistics: ColumnStatistics | None, size: int
) -> str:
    """Return the expression of a value in the n-th row."""
    is_sorted = statistics is not None and abs(statistics.correlation or 0.0) >= SORTED
    value = _other_value(column, ASCENDING if is_sorted else SCATTERED)
    if statistics is None:
        return value
    place = f"(n - 1) / {size}.0" if is_sorted else "pg_catalog.random()"
    is_varied = statistics.distinct < MOSTLY_UNIQUE and (
        column.category == "S" or column.type in OF_TYPES
    )
    common, bounds = (
        _element(cursor, array, place, column.type, is_varied=is_varied)
        for array in (statistics.common, statistics.bounds)
    )
    if statistics.distinct >= MOSTLY_UNIQUE or column.category not in "ND":
        value = common or bounds or value
        if common and bounds and statistics.shares:
            share = sum(map(float, statistics.shares.strip("{}").split(",")))
            value = f"CASE WHEN pg_catalog.random() < {share} THEN {common} ELSE {bounds} END"
    if statistics.null_share == 0:
        return value
    return f"CASE WHEN pg_catalog.random() >= {statistics.null_share} THEN {value} END"


def _other_value(column: SampleColumn, number: str) -> str:
    known = OF_TYPES.get(column.type) or OF_CATEGORIES.get(column.category, "NULL")
    return f"({known.format(number=number)})::{column.type}"


def _element(
    cursor: Any, array: str | None, place: str, type_name: str, *, is_varied: bool
) -> str | None:
    """Return the element of an array, given as text, at a place from 0 to 1."""
    if array is None:
        return None
    text = f"({_quote(cursor, array)}::text[])"
    number = f"(1 + pg_catalog.floor(pg_catalog.cardinality{text} * {place}))::int"
    value = f"{text}[{number}]"
    if is_varied:  # it has at most some hundred elements
        orders = f"({_quote(cursor, DIGITS_IN_OTHER_ORDERS)}::text[])[1 + n % {ORDERS}]"
        value = f"pg_catalog.translate({value}, '{DIGITS}', {orders})"
    return f"({value})::{type_name}"


def _quote(cursor: Any, value: Any) -> str:
    quoted: str = cursor.mogrify("%s", [value]).decode()
    return quoted
