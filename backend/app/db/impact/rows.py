"""Ask PostgreSQL's planner how many rows a statement would read and write in the target.

The planner believes a table's file: it takes the rows a page from the catalog, and counts the pages
itself. So for the moment of an EXPLAIN the copy's empty tables get files as long as the target's,
which hold no data and take no room, and are cut off again before anything reads them.
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

from app.db.impact.target import Table
from app.db.migrations.rehearsal import QUOTED

WRITES = re.compile(r"\s*(?:WITH|INSERT|UPDATE|DELETE|MERGE)\b", re.IGNORECASE)
LONGEST_FILE = 131_071  # pages: the next one would begin another file
PAGE = 8_192  # bytes, of the embedded server
SAVEPOINT = "before_the_estimate"
SIZES = """
    UPDATE pg_class SET relpages = sized.pages, reltuples = sized.rows
      FROM (VALUES %s) AS sized (oid, pages, rows) WHERE pg_class.oid = sized.oid
"""


@dataclass(frozen=True)
class Estimate:
    """What a statement would do to rows.

    Attributes:
        scans: how often each table is read from end to end, by its oid.
        changed: rows that are updated or deleted, by the oid of their table.
        added: rows that are inserted.
    """

    scans: Mapping[int, int]
    changed: Mapping[int, int]
    added: Mapping[int, int]

    def repeated(self, times: int) -> "Estimate":
        """Return it for as many runs of the statement."""
        return Estimate(
            *(
                {oid: number * times for oid, number in numbers.items()}
                for numbers in (self.scans, self.changed, self.added)
            )
        )


def estimate_rows(driver: Any, statement: str, tables: Mapping[int, Table]) -> Estimate | None:
    """Return what the planner expects, of a single INSERT, UPDATE, DELETE or MERGE; else nothing.

    Args:
        driver: the connection of psycopg2, in a transaction.
        statement: with its values.
        tables: of the copy, by oid, with what they are in the target.
    """
    bare = QUOTED.sub(" ", statement)
    if not WRITES.match(bare) or ";" in bare.rstrip().rstrip(";"):
        return None
    with driver.cursor() as cursor:
        cursor.execute(f"SAVEPOINT {SAVEPOINT}")
        try:
            with _as_large_as_the_target(cursor, tables):
                cursor.execute(f"EXPLAIN (FORMAT JSON, VERBOSE) {statement}")
                ((answer,),) = cursor.fetchone()
            return _read_plan(cursor, answer["Plan"])
        except psycopg2.Error:
            return None  # the statement itself will say what is wrong with it
        finally:
            cursor.execute(f"ROLLBACK TO SAVEPOINT {SAVEPOINT}")
            cursor.execute(f"RELEASE SAVEPOINT {SAVEPOINT}")


@contextmanager
def _as_large_as_the_target(cursor: Any, tables: Mapping[int, Table]) -> Iterator[None]:
    """Let the tables look as large as the target's; beyond one file, their pages are fuller."""
    cursor.execute("SHOW data_directory")
    folder = Path(cursor.fetchone()[0])
    cursor.execute(
        "SELECT oid, pg_relation_filepath(oid) FROM pg_class"
        " WHERE oid = ANY (%s::oid[]) AND relkind IN ('r', 'm')",
        [[oid for oid, table in tables.items() if table.pages]],
    )
    paths = {oid: folder / path for oid, path in cursor.fetchall()}
    pages = {oid: min(tables[oid].pages, LONGEST_FILE) for oid in paths}
    before = {path: path.stat().st_size for path in paths.values()}
    if paths:
        sizes = [(oid, pages[oid], tables[oid].rows) for oid in paths]
        execute_values(cursor, SIZES, sizes, template="(%s::oid, %s::int, %s::real)")
    try:
        for oid, path in paths.items():
            os.truncate(path, max(before[path], pages[oid] * PAGE))
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
