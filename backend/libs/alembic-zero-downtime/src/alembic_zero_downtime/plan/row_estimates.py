"""Estimate with PostgreSQL's planner how many rows a statement reads and writes in the target.

The planner takes the rows per page from the catalog, and the number of pages from the size of the
data file. Therefore, during an EXPLAIN, the data files of the copy's empty tables are extended to
the size of the target's: they are sparse, use no disk space, and are truncated again before a
statement reads them.
"""

import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2
from psycopg2.extensions import quote_ident
from psycopg2.extras import execute_values

from alembic_zero_downtime.plan.target import Table
from alembic_zero_downtime.sql import without_quoted

WRITES = re.compile(r"\s*(?:WITH|INSERT|UPDATE|DELETE|MERGE)\b", re.IGNORECASE)
MAX_PAGES = 131_071  # of one data file; with one more page, the table has a second file
PAGE_SIZE = 8_192  # bytes, of the embedded server
SAVEPOINT = "before_the_estimate"
SIZES = """
    UPDATE pg_class SET relpages = sized.pages, reltuples = sized.rows
      FROM (VALUES %s) AS sized (oid, pages, rows) WHERE pg_class.oid = sized.oid
"""


@dataclass(frozen=True)
class Estimate:
    """The planner's estimate for a statement, by the oid of the table.

    Attributes:
        scans: the number of sequential scans.
        changed: the rows that are updated or deleted.
        added: the rows that are inserted.
    """

    scans: Mapping[int, int]
    changed: Mapping[int, int]
    added: Mapping[int, int]

    def repeated(self, times: int) -> "Estimate":
        """Return the estimate of as many executions."""
        return Estimate(
            *(
                {oid: number * times for oid, number in numbers.items()}
                for numbers in (self.scans, self.changed, self.added)
            )
        )


def estimate_rows(driver: Any, statement: str, tables: Mapping[int, Table]) -> Estimate | None:
    """Return the planner's estimate of a single INSERT, UPDATE, DELETE or MERGE, else None.

    Args:
        driver: the connection of psycopg2, in a transaction.
        statement: with its values.
        tables: the tables of the target, by their oid in the copy.
    """
    bare = without_quoted(statement)
    if not WRITES.match(bare) or ";" in bare.rstrip().rstrip(";"):
        return None
    with driver.cursor() as cursor:
        cursor.execute(f"SAVEPOINT {SAVEPOINT}")
        try:
            with _with_target_sizes(cursor, tables):
                cursor.execute(f"EXPLAIN (FORMAT JSON, VERBOSE) {statement}")
                ((answer,),) = cursor.fetchone()
            return _read_plan(cursor, answer["Plan"])
        except psycopg2.Error:
            return None  # the statement itself will fail with the same error
        finally:
            cursor.execute(f"ROLLBACK TO SAVEPOINT {SAVEPOINT}")
            cursor.execute(f"RELEASE SAVEPOINT {SAVEPOINT}")


@contextmanager
def _with_target_sizes(cursor: Any, tables: Mapping[int, Table]) -> Iterator[None]:
    """Give the tables the sizes of the target; beyond one file, more rows per page instead."""
    cursor.execute("SHOW data_directory")
    folder = Path(cursor.fetchone()[0])
    cursor.execute(
        "SELECT oid, pg_relation_filepath(oid) FROM pg_class"
        " WHERE oid = ANY (%s::oid[]) AND relkind IN ('r', 'm')",
        [[oid for oid, table in tables.items() if table.pages]],
    )
    paths = {oid: folder / path for oid, path in cursor.fetchall()}
    pages = {oid: min(tables[oid].pages, MAX_PAGES) for oid in paths}
    before = {path: path.stat().st_size for path in paths.values()}
    if paths:
        sizes = [(oid, pages[oid], tables[oid].rows) for oid in paths]
        execute_values(cursor, SIZES, sizes, template="(%s::oid, %s::int, %s::real)")
    try:
        for oid, path in paths.items():
            os.truncate(path, max(before[path], pages[oid] * PAGE_SIZE))
        yield
    finally:
        for path, size in before.items():
            os.truncate(path, size)


def _read_plan(cursor: Any, plan: Any) -> Estimate:
    scans: Counter[int] = Counter()
    changed: Counter[int] = Counter()
    added: Counter[int] = Counter()
    for node in _nodes(plan):
        if node["Node Type"] not in ("Seq Scan", "ModifyTable"):
            continue
        names = (quote_ident(node[each], cursor) for each in ("Schema", "Relation Name"))
        cursor.execute("SELECT %s::regclass::oid", [".".join(names)])
        (oid,) = cursor.fetchone()
        if node["Node Type"] == "Seq Scan":
            scans[oid] += 1
        else:
            rows = added if node["Operation"] == "Insert" else changed
            rows[oid] += int(node["Plans"][0]["Plan Rows"])
    return Estimate(scans, changed, added)


def _nodes(plan: Any) -> Iterator[Any]:
    yield plan
    for each in plan.get("Plans", ()):
        yield from _nodes(each)
