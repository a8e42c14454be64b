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

from alembic_zero_downtime.plan.target import Table
from alembic_zero_downtime.sql import without_quoted

WRITES = re.compile(r"\s*(?:WITH|INSERT|UPDATE|DELETE|MERGE)\b", re.IGNORECASE)
MAX_PAGES = 131_071  # of one data file; with one more page, the table has a second file
PAGE_SIZE = 8_192  # bytes, of the embedded server
SAVEPOINT = "before_the_estimate"
# In a session with code of the target: each name is qualified.
FILES = """
    SELECT c.oid, n.nspname, c.relname, pg_catalog.pg_relation_filepath(c.oid)
      FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
     WHERE c.oid = ANY (%s::oid[]) AND c.relkind IN ('r', 'm')
"""
SET_SIZE = """
    SELECT pg_catalog.pg_restore_relation_stats(
        'schemaname', %s::text, 'relname', %s::text,
        'relpages', %s::int4, 'reltuples', %s::float4)
"""
FILE = re.compile(r"base/\d+/\d+")


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


def estimate_rows(
    driver: Any, statement: str, tables: Mapping[int, Table], data_directory: Path
) -> Estimate | None:
    """Return the planner's estimate of a single INSERT, UPDATE, DELETE or MERGE, else None.

    Args:
        driver: the connection of psycopg2, in a transaction.
        statement: with its values.
        tables: the tables of the target, by their oid in the copy.
        data_directory: the folder of the copy's server.
    """
    bare = without_quoted(statement)
    if not WRITES.match(bare) or ";" in bare.rstrip().rstrip(";"):
        return None
    with driver.cursor() as cursor:
        cursor.execute(f"SAVEPOINT {SAVEPOINT}")
        try:
            with _with_target_sizes(cursor, tables, data_directory):
                cursor.execute(f"EXPLAIN (FORMAT JSON, VERBOSE) {statement}")
                ((answer,),) = cursor.fetchone()
            return _read_plan(cursor, answer["Plan"])
        except psycopg2.Error:
            return None  # the statement itself will fail with the same error
        finally:
            cursor.execute(f"ROLLBACK TO SAVEPOINT {SAVEPOINT}")
            cursor.execute(f"RELEASE SAVEPOINT {SAVEPOINT}")


@contextmanager
def _with_target_sizes(
    cursor: Any, tables: Mapping[int, Table], data_directory: Path
) -> Iterator[None]:
    """Give the tables the sizes of the target; beyond one file, more rows per page instead."""
    cursor.execute(FILES, [[oid for oid, table in tables.items() if table.pages]])
    sizes: dict[Path, int] = {}
    for oid, schema, name, path in cursor.fetchall():
        if not FILE.fullmatch(path):
            continue
        pages = min(tables[oid].pages, MAX_PAGES)
        cursor.execute(SET_SIZE, [schema, name, pages, tables[oid].rows])
        sizes[data_directory / path] = pages * PAGE_SIZE
    before = {path: path.stat().st_size for path in sizes}
    try:
        for path, size in sizes.items():
            os.truncate(path, max(before[path], size))
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
