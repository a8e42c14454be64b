"""Find what the server does besides a statement: actions of foreign keys, and triggers of rows.

On the copy they do nothing, as there are no rows.
"""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from psycopg2 import extensions

from alembic_zero_downtime.plan.effect import Effect, Work, WorkKind
from alembic_zero_downtime.plan.lock_modes import Lock
from alembic_zero_downtime.plan.row_estimates import Estimate
from alembic_zero_downtime.plan.statistics import Rows
from alembic_zero_downtime.sql import without_quoted

MANY = 10_000  # rows; fewer take no time that matters
# The foreign keys that refer to a table; whether an index finds the rows that refer to one.
REFERENCES = """
    SELECT f.conrelid, f.confdeltype::text,
           EXISTS (SELECT FROM pg_catalog.pg_index AS i
                    WHERE i.indrelid = f.conrelid AND i.indpred IS NULL
                      AND i.indkey[0] = ANY (f.conkey))
      FROM pg_catalog.pg_constraint AS f
     WHERE f.contype = 'f' AND f.confrelid = %s AND f.conparentid = 0::oid
"""
# The bits of `pg_trigger.tgtype`: for each row, INSERT, DELETE, UPDATE. A function that only sets
# values of its row, as one of updated_at does, takes no time that matters.
TRIGGERS = """
    SELECT t.tgname::text, l.lanname::text, p.prosrc
      FROM pg_catalog.pg_trigger AS t JOIN pg_catalog.pg_proc AS p ON p.oid = t.tgfoid
      JOIN pg_catalog.pg_language AS l ON l.oid = p.prolang
     WHERE t.tgrelid = %s AND NOT t.tgisinternal AND t.tgenabled <> 'D'
       AND (t.tgtype & 1::int2) <> 0::int2 AND (t.tgtype & %s::int2) <> 0::int2
     ORDER BY t.tgname
"""
USES_TABLES = re.compile(
    r"\b(?:SELECT|INSERT|UPDATE|DELETE|MERGE|PERFORM|EXECUTE|CALL|FROM)\b", re.IGNORECASE
)
# Functions of the target that a statement may call, by their names; those in C use no tables.
FUNCTIONS = """
    SELECT DISTINCT p.proname::text, l.lanname::text, p.prosrc
      FROM pg_catalog.pg_proc AS p JOIN pg_catalog.pg_language AS l ON l.oid = p.prolang
     WHERE p.proname = ANY (%s::name[]) AND p.oid >= '16384'
       AND l.lanname <> ALL ('{c,internal}'::name[])
     ORDER BY 1
"""
CALLED = re.compile(r'([\w$]+)"?\(')
LANGUAGES = ("plpgsql", "sql")
EVENTS = {"Insert": 4, "Delete": 8, "Update": 16, "Merge": 28}
NO_ACTION = ("a", "r")


class Consequences(NamedTuple):
    """The consequences of a statement.

    Attributes:
        effects: that are known.
        unknown: what is not known.
    """

    effects: tuple[Effect, ...] = ()
    unknown: tuple[str, ...] = ()


def find_consequences(driver: Any, estimate: Estimate, rows: Rows) -> Consequences:
    """Return the consequences of a statement that writes rows."""
    effects: list[Effect] = []
    unknown: list[str] = []
    with driver.cursor(cursor_factory=extensions.cursor) as cursor:
        for oid, number in (*estimate.changed.items(), *estimate.added.items()):
            table = rows.tables.get(oid)
            if table is None or not number:
                continue
            if estimate.operation == "Delete":
                effects += _lookups(cursor, oid, number, rows)
                unknown += _actions(cursor, oid, rows)
            if number >= MANY:
                cursor.execute(TRIGGERS, [oid, EVENTS.get(estimate.operation, 0)])
                names = _with_tables(cursor)
                unknown += [f"trigger {name} of {table.name} runs for each row" for name in names]
        if any(rows.tables[oid].rows >= MANY for oid in estimate.reads & rows.tables.keys()):
            called = {name for text in estimate.expressions for name in CALLED.findall(text)}
            cursor.execute(FUNCTIONS, [list(called)])
            unknown += [f"function {name} runs for each row" for name in _with_tables(cursor)]
    return Consequences(tuple(effects), tuple(unknown))


def _with_tables(cursor: Any) -> list[str]:
    """Return the names of the functions, with language and source, that may use tables."""
    return [
        name
        for name, language, source in cursor.fetchall()
        if language not in LANGUAGES or USES_TABLES.search(without_quoted(source))
    ]


def _lookups(cursor: Any, oid: int, number: int, rows: Rows) -> Iterator[Effect]:
    """Yield the tables that are scanned for each deleted row, for lack of an index."""
    cursor.execute(REFERENCES, [oid])
    for child, _, has_index in cursor.fetchall():
        if not has_index and rows.is_large(child):
            table = rows.tables[child]
            work = Work(WorkKind.LOOKUP, table.rows, number)
            yield Effect(table, None, Lock.ROW_SHARE, (work,), frozenset())


def _actions(cursor: Any, oid: int, rows: Rows) -> Iterator[str]:
    """Yield the tables whose rows are changed with those that they refer to."""
    cursor.execute(REFERENCES, [oid])
    for child, action, _ in cursor.fetchall():
        table = rows.tables.get(child)
        if action not in NO_ACTION and table and table.rows >= MANY:
            does = "deletes" if action == "c" else "changes"
            yield f"it {does} the rows of {table.name} (~{table.rows:,}) that refer to them"
