"""Create the types, sequences and schemas that models need, and drop types that no column uses.

Alembic proposes none of them. They are made by statements of their own, and the columns are
rendered with `create_type=False`: so two tables can share a type.
"""

from collections.abc import Iterable, Iterator

from alembic.operations import ops
from alembic.operations.ops import MigrateOperation
from sqlalchemy import Connection, MetaData, Sequence, Table, text
from sqlalchemy.schema import CreateSequence, DropSequence

from alembic_zero_downtime._alembic import sequences_of
from alembic_zero_downtime.autogenerate.change import (
    CHANGE_AN_ENUM,
    WRITE_MANUALLY,
    CannotWriteError,
    Change,
    Stage,
)
from alembic_zero_downtime.operations.context import DIALECT
from alembic_zero_downtime.schema.catalog import Catalog, Item
from alembic_zero_downtime.schema.comparison import ModelComparison
from alembic_zero_downtime.schema.ddl import quote, write_ddl
from alembic_zero_downtime.schema.diff import describe
from alembic_zero_downtime.sql import string_literals
from alembic_zero_downtime.verbatim import escape

TYPES = ("enum", "domain")
ColumnKey = tuple[str | None, str, str]
"""The schema, None for the current one, the table and the column."""

# The columns of a type and of its arrays, and whether something else needs it.
USES = text("""
    SELECT CASE WHEN n.nspname <> current_schema() THEN n.nspname END, c.relname, a.attname
      FROM pg_attribute AS a JOIN pg_type AS t ON t.oid = a.atttypid
      JOIN pg_class AS c ON c.oid = a.attrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
     WHERE (t.oid = to_regtype(:type) OR t.typelem = to_regtype(:type)) AND NOT a.attisdropped
       AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'c')
    UNION ALL
    SELECT NULL, '', '' FROM pg_depend AS d
     WHERE d.refclassid = 'pg_type'::regclass AND d.refobjid = to_regtype(:type)
       AND (d.classid IN ('pg_proc'::regclass, 'pg_cast'::regclass, 'pg_operator'::regclass)
            OR d.classid = 'pg_type'::regclass AND d.deptype = 'n')
""")


def create_schemas(comparison: ModelComparison) -> Iterator[Change]:
    """Yield the changes that create the schemas of models."""
    for name in comparison.new_schemas:
        yield _by_statements(
            f"CREATE SCHEMA {quote(name)}", f"DROP SCHEMA {quote(name)}", f"Creates schema {name}."
        )


def create_types(comparison: ModelComparison) -> Iterator[Change]:
    """Yield the changes that create the enums and domains of models; an enum first."""
    found = [each for each in comparison.differences() if each.item.kind in TYPES]
    for difference in sorted(found, key=lambda each: TYPES.index(each.item.kind)):
        item = difference.item
        if item.part is None and difference.expected is None:
            drop = write_ddl(item, comparison.models.catalog, comparison.database, ())
            create = _create_statement(item, comparison.models.catalog)
            yield _by_statements(create, drop, f"Creates the {describe(item)}.")


def create_sequences(
    connection: Connection, metadata: MetaData, comparison: ModelComparison
) -> Iterator[Change]:
    """Yield the changes that create the sequences of models that the database lacks."""
    of_columns = (
        column.default
        for table in comparison.models.tables.values()
        if table not in comparison.models.not_created
        for column in table.columns
        if isinstance(column.default, Sequence)
    )
    sequences = {id(each): each for each in (*sequences_of(metadata), *of_columns)}
    names = set()
    for sequence in sequences.values():
        name = _qualified(sequence.schema, sequence.name)
        exists = connection.scalar(text("SELECT to_regclass(:name) IS NOT NULL"), {"name": name})
        if exists or sequence.optional or name in names:
            continue
        names.add(name)
        create, drop = (
            str(construct.compile(dialect=DIALECT))
            for construct in (CreateSequence(sequence), DropSequence(sequence))
        )
        yield _by_statements(create, drop, f"Creates the sequence {name}.")


def dropped_columns(
    tables: Iterable[tuple[Table, ops.DropTableOp]], operations: Iterable[MigrateOperation]
) -> set[ColumnKey]:
    """Return the columns that go: those of dropped tables, and those that operations drop."""
    of_tables = {
        (drop.schema, drop.table_name, column.name) for table, drop in tables for column in table.c
    }
    return of_tables | {
        (each.schema, each.table_name, each.column_name)
        for each in operations
        if isinstance(each, ops.DropColumnOp)
    }


def drop_types(
    connection: Connection, comparison: ModelComparison, dropped: set[ColumnKey]
) -> list[tuple[MigrateOperation, MigrateOperation]]:
    """Return the operations that drop the types that only dropped columns use, and their reverse.

    Args:
        connection: to the database.
        comparison: of the models with it.
        dropped: the columns that are dropped, also those of dropped tables.
    """
    found: list[tuple[MigrateOperation, MigrateOperation]] = []
    for item in comparison.database if dropped else ():
        if item.kind not in TYPES or item.part or item in comparison.models.catalog:
            continue
        name = _qualified(item.schema, item.name)
        uses = {tuple(row) for row in connection.execute(USES, {"type": name})}
        if uses and uses <= dropped:
            create = _create_statement(item, comparison.database)
            drop = write_ddl(item, comparison.database, comparison.models.catalog, ())
            found.append((_execute(drop), _execute(create)))
    return found


def refuse_change(item: Item, new: str | None, old: str | None) -> CannotWriteError:
    """Return the refusal to change a type that exists, with the statements that do it."""
    name = _qualified(item.schema, item.name)
    reason = (
        f"the {describe(item)} is {new or 'missing'} in the models and {old or 'missing'} in the "
        "database"
    )
    before, after = string_literals(old or ""), string_literals(new or "")
    added = [each for each in after if each not in before]
    if item.kind != "enum" or [each for each in after if each in before] != before or not added:
        return CannotWriteError(
            f"{reason}, and every column of the type would be checked or rewritten",
            'Write it manually: alembic revision -m "…", then run this again for the rest',
            CHANGE_AN_ENUM if item.kind == "enum" else WRITE_MANUALLY,
        )
    statements = "; ".join(
        f"ALTER TYPE {name} ADD VALUE {each}{_place_of(each, before, after)}" for each in added
    )
    return CannotWriteError(
        f"{reason}, and no downgrade removes a value of an enum",
        f'Add it in a revision of its own, alembic revision -m "…": '
        f"op.execute({escape(statements)!r}), "
        "with a downgrade that raises an error",
        CHANGE_AN_ENUM,
    )


def _place_of(value: str, before: list[str], after: list[str]) -> str:
    """Return the clause that gives a new value of an enum its place; values are added in order."""
    number = after.index(value)
    if not set(after[number:]) & set(before):
        return ""  # at the end
    return f" AFTER {after[number - 1]}" if number else f" BEFORE {before[0]}"


def _create_statement(item: Item, catalog: Catalog) -> str:
    """Return the statement that creates a type, a domain with its constraints."""
    if item.kind == "enum":
        return f"CREATE TYPE {_qualified(item.schema, item.name)} AS ENUM ({catalog[item]})"
    clauses = [f"CREATE DOMAIN {_qualified(item.schema, item.name)} AS {catalog[item]}"]
    for part in (each for each in catalog if each.part and each.without_part == item):
        match (part.part or "").partition(" "):
            case "default", _, _:
                clauses.append(f"DEFAULT {catalog[part]}")
            case "nullability", _, _:
                clauses.append("NOT NULL")
            case "constraint", _, name:
                clauses.append(f"CONSTRAINT {name} {catalog[part]}")
    return " ".join(clauses)


def _by_statements(create: str, drop: str, description: str) -> Change:
    return Change(Stage.EXPAND, (_execute(create),), (_execute(drop),), description)


def _execute(statement: str) -> ops.ExecuteSQLOp:
    return ops.ExecuteSQLOp(escape(statement.rstrip(";")))


def _qualified(schema: str | None, name: str) -> str:
    return f"{quote(schema)}.{quote(name)}" if schema else quote(name)
