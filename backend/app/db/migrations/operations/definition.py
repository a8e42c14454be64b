"""Compare what is in the database with what an operation would make, as PostgreSQL prints both."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import CheckConstraint, Index, Row
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


def require_same_index(steps: Steps, index: Index) -> None:
    """Refuse to take an index of the same name for another one.

    Raises:
        OnlineOperationError: The index in the database is defined otherwise.
    """
    table = steps.table_of(index)

    def build(twin: str) -> None:
        create = steps.compile(CreateIndex(index))
        # The name of the table is all that differs, and it comes right after the first ON.
        steps.run(create.replace(f" ON {table} ", f" ON {twin} ", 1))

    _require_same(steps, "index", table, steps.name_of(index), INDEX, build)


def require_same_check(steps: Steps, check: CheckConstraint) -> None:
    """Refuse to take a CHECK of the same name for another one.

    Raises:
        OnlineOperationError: The CHECK in the database is defined otherwise.
    """
    table = steps.table_of(check)

    def build(twin: str) -> None:
        create = steps.compile(AddConstraint(check))
        steps.run(create.replace(f"ALTER TABLE {table} ", f"ALTER TABLE {twin} ", 1))

    _require_same(steps, "constraint", table, steps.name_of(check), CHECK, build)


def _require_same(
    steps: Steps, what: str, table: str, name: str, question: str, build: Callable[[str], None]
) -> None:
    there = steps.ask(question, table=table, name=name)
    with _twin_of(steps, table) as twin:
        build(twin)
        wanted = steps.ask(question, table=twin, name=name)
    if there != wanted:
        raise OnlineOperationError(
            f"{what} {name} of {table} is there already and is another one: "
            f"{_words(there)} instead of {_words(wanted)}. Drop or rename it first"
        )


def _words(definition: Row[Any] | None) -> str:
    return " ".join(str(each) for each in definition or ("nothing",)).strip()


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
