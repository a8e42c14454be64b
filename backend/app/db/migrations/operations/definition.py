"""Compare what is in the database with what an operation would make, as PostgreSQL prints both."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NoReturn

from sqlalchemy import CheckConstraint, Constraint, ForeignKeyConstraint, Index
from sqlalchemy.schema import AddConstraint, CreateIndex

from app.db.migrations.operations.steps import OnlineOperationError, Steps

# Indexes of the session's temporary tables come in a schema of their own.
INDEX = """
    SELECT i.indisunique, substring(pg_get_indexdef(i.indexrelid) FROM ' USING .*')
      FROM pg_index AS i
     WHERE i.indrelid = to_regclass(:table)
       AND i.indexrelid = (SELECT oid FROM pg_class WHERE relname = :name
                              AND relnamespace = (SELECT relnamespace FROM pg_class
                                                   WHERE oid = to_regclass(:table)))
"""
CHECK = """
    SELECT regexp_replace(pg_get_constraintdef(oid), ' NOT VALID$', '')
      FROM pg_constraint WHERE conrelid = to_regclass(:table) AND conname = :name
"""

# How the catalog writes what happens to a row whose counterpart goes.
ACTIONS = {"NO ACTION": "a", "RESTRICT": "r", "CASCADE": "c", "SET NULL": "n", "SET DEFAULT": "d"}
FOREIGN_KEY = """
    SELECT f.confrelid = to_regclass(:referent),
           (SELECT array_agg(a.attname::text ORDER BY k.n)
              FROM unnest(f.conkey) WITH ORDINALITY AS k (attnum, n)
              JOIN pg_attribute AS a ON a.attrelid = f.conrelid AND a.attnum = k.attnum),
           (SELECT array_agg(a.attname::text ORDER BY k.n)
              FROM unnest(f.confkey) WITH ORDINALITY AS k (attnum, n)
              JOIN pg_attribute AS a ON a.attrelid = f.confrelid AND a.attnum = k.attnum),
           f.confupdtype::text, f.confdeltype::text, f.condeferrable, f.condeferred
      FROM pg_constraint AS f
     WHERE f.conrelid = to_regclass(:table) AND f.conname = :name
"""


def is_same_index(steps: Steps, index: Index) -> bool:
    """Whether the index of that name is the one that would be built."""
    table = steps.table_of(index)

    def build(twin: str) -> None:
        create = steps.compile(CreateIndex(index))
        # The name of the table is all that differs, and it comes right after the first ON.
        steps.run(create.replace(f" ON {table} ", f" ON {twin} ", 1))

    return _is_same(steps, INDEX, table, steps.name_of(index), build)


def is_same_check(steps: Steps, check: CheckConstraint) -> bool:
    """Whether the CHECK of that name is the one that would be added."""
    table = steps.table_of(check)

    def build(twin: str) -> None:
        create = steps.compile(AddConstraint(check))
        steps.run(create.replace(f"ALTER TABLE {table} ", f"ALTER TABLE {twin} ", 1))

    return _is_same(steps, CHECK, table, steps.name_of(check), build)


def is_same_foreign_key(steps: Steps, key: ForeignKeyConstraint) -> bool:
    """Whether the foreign key of that name is the one that would be added."""
    referred = key.referred_table
    there = steps.ask(
        FOREIGN_KEY,
        table=steps.table_of(key),
        name=steps.name_of(key),
        referent=steps.table(referred.name, referred.schema),
    )
    wanted = (
        True,
        [column.name for column in key.columns],
        [element.column.name for element in key.elements],
        ACTIONS[(key.onupdate or "NO ACTION").upper()],
        ACTIONS[(key.ondelete or "NO ACTION").upper()],
        bool(key.deferrable or key.initially),
        (key.initially or "").upper() == "DEFERRED",
    )
    return there is not None and tuple(there) == wanted


def refuse(steps: Steps, what: str, item: Constraint | Index) -> NoReturn:
    """Refuse to take what is there for what would be made.

    Raises:
        OnlineOperationError: Always.
    """
    raise OnlineOperationError(
        f"{what} {steps.name_of(item)} of {steps.table_of(item)} is there already and is defined "
        "otherwise: say replace=True, or drop or rename it first"
    )


def _is_same(
    steps: Steps, question: str, table: str, name: str, build: Callable[[str], None]
) -> bool:
    there = steps.ask(question, table=table, name=name)
    with _twin_of(steps, table) as twin:
        build(twin)
        wanted = steps.ask(question, table=twin, name=name)
    return there == wanted


@contextmanager
def _twin_of(steps: Steps, table: str) -> Iterator[str]:
    """Yield the name of an empty temporary copy, of which nothing stays."""
    steps.run("BEGIN")
    try:
        steps.run(f"CREATE TEMPORARY TABLE twin (LIKE {table})")
        yield "pg_temp.twin"
    finally:
        if not steps.connection.invalidated:
            steps.run("ROLLBACK")
