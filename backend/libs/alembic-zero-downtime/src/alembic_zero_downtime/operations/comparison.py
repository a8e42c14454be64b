"""Compare an existing definition with the one of an operation, as PostgreSQL prints both."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

from sqlalchemy import Column, Constraint, ForeignKeyConstraint, Index
from sqlalchemy.schema import AddConstraint, CreateColumn, CreateIndex

from alembic_zero_downtime.operations.context import OnlineContext, OnlineOperationError

# The index is in the schema of its table: those of temporary tables are in the session's own.
INDEX_DEFINITION = """
    SELECT i.indisunique, substring(pg_get_indexdef(i.indexrelid) FROM ' USING .*')
      FROM pg_index AS i
     WHERE i.indrelid = to_regclass(:table)
       AND i.indexrelid = (SELECT oid FROM pg_class WHERE relname = :name
                              AND relnamespace = (SELECT relnamespace FROM pg_class
                                                   WHERE oid = to_regclass(:table)))
"""
# The copy's foreign key references a copy too: remove that name, and compare the table separately.
CONSTRAINT_DEFINITION = """
    SELECT contype::text, confrelid = coalesce(to_regclass(:referent), 0),
           regexp_replace(regexp_replace(pg_get_constraintdef(oid), ' NOT VALID$', ''),
                          ' REFERENCES ("[^"]*"|[^"(])+', ' REFERENCES ')
      FROM pg_constraint WHERE conrelid = to_regclass(:table) AND conname = :name
"""
COLUMN_DEFINITION = """
    SELECT format_type(a.atttypid, a.atttypmod), a.attcollation, pg_get_expr(d.adbin, d.adrelid)
      FROM pg_attribute AS a
      LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
     WHERE a.attrelid = to_regclass(:table) AND a.attname = :name AND NOT a.attisdropped
"""
TABLE_COPY, REFERENT_COPY = "pg_temp.table_copy", "pg_temp.referent_copy"


def is_same_index(online: OnlineContext, index: Index) -> bool:
    """Whether the existing index of that name has the same definition."""
    table, name = online.table_of(index), online.name_of(index)
    index.dialect_options["postgresql"]["concurrently"] = False  # the copy is in a transaction
    # Only the name of the table differs, and it follows the first ON.
    create = online.compile(CreateIndex(index)).replace(f" ON {table} ", f" ON {TABLE_COPY} ", 1)
    existing = online.fetch_row(INDEX_DEFINITION, table=table, name=name)
    with _temporary_tables(online, f"CREATE TEMPORARY TABLE table_copy (LIKE {table})", create):
        return existing == online.fetch_row(INDEX_DEFINITION, table=TABLE_COPY, name=name)


def is_same_constraint(online: OnlineContext, constraint: Constraint) -> bool:
    """Whether the existing constraint of that name has the same definition, validated or not."""
    table, name = online.table_of(constraint), online.name_of(constraint)
    copies = [f"CREATE TEMPORARY TABLE table_copy (LIKE {table})"]
    create = online.compile(AddConstraint(constraint))
    create = create.replace(f"ALTER TABLE {table} ", f"ALTER TABLE {TABLE_COPY} ", 1)
    referent = REFERENT_COPY
    if isinstance(constraint, ForeignKeyConstraint):
        referred = constraint.referred_table
        referent = online.table(referred.name, referred.schema)
        copies.append(f"CREATE TEMPORARY TABLE referent_copy (LIKE {referent} INCLUDING INDEXES)")
        create = create.replace(f" REFERENCES {referent} (", f" REFERENCES {REFERENT_COPY} (", 1)
    existing = online.fetch_row(CONSTRAINT_DEFINITION, table=table, name=name, referent=referent)
    with _temporary_tables(online, *copies, create):
        return existing == online.fetch_row(
            CONSTRAINT_DEFINITION, table=TABLE_COPY, name=name, referent=REFERENT_COPY
        )


def is_same_column(online: OnlineContext, table: str, column: Column[Any]) -> bool:
    """Whether the existing column of that name has the same definition, except for NOT NULL."""
    existing = online.fetch_row(COLUMN_DEFINITION, table=table, name=column.name)
    definition = online.compile(CreateColumn(column))
    with _temporary_tables(online, f"CREATE TEMPORARY TABLE table_copy ({definition})"):
        return existing == online.fetch_row(COLUMN_DEFINITION, table=TABLE_COPY, name=column.name)


def refuse_to_replace(online: OnlineContext, kind: str, item: Constraint | Index) -> NoReturn:
    """Refuse an operation, since an object of that name with another definition exists.

    Raises:
        OnlineOperationError: Always.
    """
    raise OnlineOperationError(
        f"{kind} {online.name_of(item)} of {online.table_of(item)} already exists with a different "
        "definition: pass replace=True, or drop or rename it first"
    )


@contextmanager
def _temporary_tables(online: OnlineContext, *statements: str) -> Iterator[None]:
    """Create temporary tables, with their indexes and constraints, and roll them back."""
    begin, roll_back = "BEGIN", "ROLLBACK"
    if online.is_transactional:
        begin, roll_back = "SAVEPOINT table_copy", "ROLLBACK TO SAVEPOINT table_copy"
    online.run(begin)
    try:
        for statement in statements:
            online.run(statement)
        yield
    finally:
        if not online.connection.invalidated:
            online.run(roll_back)
