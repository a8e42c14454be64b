"""Create and drop tables in the order of their foreign keys, also if these form a cycle."""

from collections.abc import Sequence
from typing import Any

from alembic.operations import ops
from alembic.operations.ops import MigrateOperation
from sqlalchemy import Column, ForeignKeyConstraint, Table
from sqlalchemy import Sequence as DatabaseSequence
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.schema import SchemaItem, sort_tables_and_constraints
from sqlalchemy.sql.elements import conv

from alembic_zero_downtime._alembic import copy_column
from alembic_zero_downtime.autogenerate.change import Change, Comment, Stage
from alembic_zero_downtime.autogenerate.checks import column_checks
from alembic_zero_downtime.autogenerate.proposals import key_columns
from alembic_zero_downtime.autogenerate.rewriter import OnlineRewriter
from alembic_zero_downtime.schema.metadata import Models
from alembic_zero_downtime.schema.names import server_name


def create_tables(
    creations: Sequence[tuple[Table, Sequence[MigrateOperation]]], models: Models
) -> list[Change]:
    """Return the changes that create tables, each with its indexes, and then late foreign keys.

    A foreign key of a cycle, or with `use_alter`, is added when both tables exist.

    Args:
        creations: the model of each table, and the operations that create it and its indexes.
        models: all of them, as the server has created them.
    """
    operations = dict(creations)
    order, late = _sorted(list(operations))
    changes = [_create(table, operations[table], late) for table in order]
    names = _names_of(late, models)
    return changes + [_add_late_key(key, names[key]) for key in late]


def drop_tables(
    rewriter: OnlineRewriter, drops: Sequence[tuple[Table, ops.DropTableOp]]
) -> list[Change]:
    """Return the changes that drop tables, those that refer to others first.

    The foreign keys of a cycle are dropped before.

    Args:
        rewriter: for operations on tables in use.
        drops: the reflected table and the operation that drops it.
    """
    operations = dict(drops)
    order, late = _sorted(list(operations))
    changes = []
    for key in late:
        changes += rewriter.rewrite(ops.DropConstraintOp.from_constraint(key))
    return changes + [_drop(table, operations[table], late) for table in reversed(order)]


def _sorted(tables: list[Table]) -> tuple[list[Table], list[ForeignKeyConstraint]]:
    """Return tables in the order of their creation, and the foreign keys to add afterwards."""
    try:
        found: Any = sort_tables_and_constraints(tables)  # type: ignore[no-untyped-call]
    except SQLAlchemyError:  # a foreign key to no table, which is left out
        return tables, []
    order = [table for table, _ in found if table is not None]
    late = [
        key
        for table, keys in found
        if table is None
        for key in keys
        if key in key.table.constraints
    ]
    return order, sorted(late, key=lambda key: (key.table.fullname, str(key.name)))


def _create(
    table: Table, operations: Sequence[MigrateOperation], late: Sequence[ForeignKeyConstraint]
) -> Change:
    """Return the change that creates a table with its indexes; a new table is not in use."""
    (create,) = (each for each in operations if isinstance(each, ops.CreateTableOp))
    create.columns = [
        _without_serial(each) for each in create.columns if not _is_one_of(each, late)
    ]
    keys = [each for each in create.columns if isinstance(each, ForeignKeyConstraint)]
    referenced = {key.referred_table.fullname for key in keys} - {table.fullname}
    description = f"Creates {table.fullname}"
    if referenced:
        description += f": brief SHARE ROW EXCLUSIVE lock on {', '.join(sorted(referenced))}"
    drop = ops.DropTableOp(table.name, schema=table.schema)
    downgrade = (Comment(f"Loses every row of {table.fullname}."), drop)
    upgrade = (*operations, *column_checks(table))
    return Change(Stage.EXPAND, upgrade, downgrade, f"{description}.")


def _without_serial(part: SchemaItem) -> SchemaItem:
    """Keep a key whose values come from a sequence of the models from becoming a SERIAL."""
    if not (isinstance(part, Column) and isinstance(part.default, DatabaseSequence)):
        return part
    column = copy_column(part)
    column.autoincrement = False
    return column


def _names_of(
    keys: Sequence[ForeignKeyConstraint], models: Models
) -> dict[ForeignKeyConstraint, str]:
    """Return the names of foreign keys, also those that the server chooses."""
    names: dict[ForeignKeyConstraint, str] = {}
    places = {table: place for place, table in models.tables.items()}
    for key in sorted(keys, key=lambda each: server_name(each) is None):
        schema, table = places[key.table]
        columns = [server_name(each) for each in key.columns]
        chosen = (
            item.name
            for item, definition in models.catalog.items()
            if (item.kind, item.table, item.schema) == ("constraint", table, schema)
            and key_columns(definition, "FOREIGN KEY") == columns
            and item.name not in names.values()
        )
        names[key] = server_name(key) or next(chosen)
    return names


def _add_late_key(key: ForeignKeyConstraint, name: str) -> Change:
    """Return the change that adds a foreign key between new tables."""
    add = ops.CreateForeignKeyOp.from_constraint(key)
    add.kw.pop("use_alter", None)
    add.constraint_name = conv(name)
    drop = ops.DropConstraintOp(
        conv(name), key.table.name, type_="foreignkey", schema=key.table.schema
    )
    return Change(Stage.EXPAND, (add,), (drop,), f"Adds {name}.")


def _drop(table: Table, drop: ops.DropTableOp, late: Sequence[ForeignKeyConstraint]) -> Change:
    """Return the change that drops a table with its indexes and constraints."""
    create = ops.CreateTableOp.from_table(table)
    create.columns = [each for each in create.columns if not _is_one_of(each, late)]
    indexes = sorted(table.indexes, key=lambda each: str(each.name))
    downgrade = (create, *(ops.CreateIndexOp.from_index(index) for index in indexes))
    description = (
        f"Drops {table.fullname} with all of its rows: brief ACCESS EXCLUSIVE lock on it and on "
        "the tables that it references. The running code must no longer use it."
    )
    upgrade = (Comment(f"Loses every row of {table.fullname}."), drop)
    return Change(Stage.CONTRACT, upgrade, downgrade, description)


def _is_one_of(item: SchemaItem, items: Sequence[SchemaItem]) -> bool:
    """Whether an item is among others; a column has no `==` of its own."""
    return any(item is each for each in items)
