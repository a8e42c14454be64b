"""Compare what is in the database with what an operation would make, as PostgreSQL prints both."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

from sqlalchemy import Column, Constraint, ForeignKeyConstraint, Index
from sqlalchemy.schema import AddConstraint, CreateColumn, CreateIndex

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
# A foreign key of the twin refers to a twin too: its name is left out, and looked at by itself.
CONSTRAINT = """
    SELECT contype::text, confrelid = coalesce(to_regclass(:referent), 0),
           regexp_replace(regexp_replace(pg_get_constraintdef(oid), ' NOT VALID$', ''),
                          ' REFERENCES ("[^"]*"|[^"(])+', ' REFERENCES ')
      FROM pg_constraint WHERE conrelid = to_regclass(:table) AND conname = :name
"""
COLUMN = """
    SELECT format_type(a.atttypid, a.atttypmod), a.attcollation, pg_get_expr(d.adbin, d.adrelid)
      FROM pg_attribute AS a
      LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
     WHERE a.attrelid = to_regclass(:table) AND a.attname = :name AND NOT a.attisdropped
"""
TWIN, REFERENT = "pg_temp.twin", "pg_temp.referent"


def is_same_index(steps: Steps, index: Index) -> bool:
    """Whether the index of that name is the one that would be built."""
    table, name = steps.table_of(index), steps.name_of(index)
    index.dialect_options["postgresql"]["concurrently"] = False  # the twin is in a transaction
    # The name of the table is all that differs, and it comes right after the first ON.
    create = steps.compile(CreateIndex(index)).replace(f" ON {table} ", f" ON {TWIN} ", 1)
    there = steps.ask(INDEX, table=table, name=name)
    with _made(steps, f"CREATE TEMPORARY TABLE twin (LIKE {table})", create):
        return there == steps.ask(INDEX, table=TWIN, name=name)


def is_same_constraint(steps: Steps, constraint: Constraint) -> bool:
    """Whether the constraint of that name is the one that would be added, proved or not."""
    table, name = steps.table_of(constraint), steps.name_of(constraint)
    twins = [f"CREATE TEMPORARY TABLE twin (LIKE {table})"]
    create = steps.compile(AddConstraint(constraint))
    create = create.replace(f"ALTER TABLE {table} ", f"ALTER TABLE {TWIN} ", 1)
    referent = REFERENT
    if isinstance(constraint, ForeignKeyConstraint):
        referred = constraint.referred_table
        referent = steps.table(referred.name, referred.schema)
        twins.append(f"CREATE TEMPORARY TABLE referent (LIKE {referent} INCLUDING INDEXES)")
        create = create.replace(f" REFERENCES {referent} (", f" REFERENCES {REFERENT} (", 1)
    there = steps.ask(CONSTRAINT, table=table, name=name, referent=referent)
    with _made(steps, *twins, create):
        return there == steps.ask(CONSTRAINT, table=TWIN, name=name, referent=REFERENT)


def is_same_column(steps: Steps, table: str, column: Column[Any]) -> bool:
    """Whether the column of that name is the one that would be added, but for NOT NULL."""
    there = steps.ask(COLUMN, table=table, name=column.name)
    with _made(steps, f"CREATE TEMPORARY TABLE twin ({steps.compile(CreateColumn(column))})"):
        return there == steps.ask(COLUMN, table=TWIN, name=column.name)


def refuse(steps: Steps, what: str, item: Constraint | Index) -> NoReturn:
    """Refuse to take what is there for what would be made.

    Raises:
        OnlineOperationError: Always.
    """
    raise OnlineOperationError(
        f"{what} {steps.name_of(item)} of {steps.table_of(item)} is there already and is defined "
        "otherwise: say replace=True, or drop or rename it first"
    )


@contextmanager
def _made(steps: Steps, *statements: str) -> Iterator[None]:
    """Make temporary tables and what belongs to them, of which nothing stays."""
    steps.run("BEGIN")
    try:
        for statement in statements:
            steps.run(statement)
        yield
    finally:
        if not steps.connection.invalidated:
            steps.run("ROLLBACK")
