"""Find differences between the models and the database that Alembic does not detect.

Alembic compares a CHECK by name, an index by its columns, and many properties not at all. Here the
server prints both sides: the database and the models (`schema/metadata.py`).
"""

from collections.abc import Collection, Iterator, Sequence
from itertools import chain

from alembic.operations import ops
from alembic.operations.ops import MigrateOperation
from alembic.runtime.migration import MigrationContext
from sqlalchemy import CheckConstraint, Constraint, Index, MetaData, Table
from sqlalchemy.sql.elements import conv

from alembic_zero_downtime._alembic import format_constraint
from alembic_zero_downtime.autogenerate.change import (
    WRITE_MANUALLY,
    CannotWriteError,
    Change,
    Stage,
)
from alembic_zero_downtime.autogenerate.rewriter import (
    BRIEF_LOCK,
    ConstraintOp,
    OnlineRewriter,
    replace_constraint,
    replace_index,
)
from alembic_zero_downtime.operations.context import DIALECT
from alembic_zero_downtime.schema.catalog import Item, read_catalog
from alembic_zero_downtime.schema.metadata import catalog_of_models, read_models


def find_undetected(
    context: MigrationContext,
    rewriter: OnlineRewriter,
    changes: Sequence[Change],
    tables: Collection[str],
) -> list[Change]:
    """Return the changes that Alembic's proposals do not cover.

    Args:
        context: the migration context of the database.
        rewriter: has the models.
        changes: the rewritten proposals of Alembic.
        tables: the tables that are created or dropped.

    Raises:
        CannotWriteError: The user has to write the revision for a difference.
    """
    assert context.connection is not None  # noqa: S101 autogenerate needs a database
    metadata = rewriter.metadata
    wanted = read_models(context.connection, metadata)
    actual = catalog_of_models(read_catalog(context.connection))
    covered = {each for change in changes for each in _covered(change)}
    found = [
        (item, wanted.get(item), actual.get(item))
        for item in sorted({*wanted, *actual}, key=repr)
        if wanted.get(item) != actual.get(item)
        and item.table not in tables
        and not (item.table is None and item.name in tables)
        and (item.kind, item.table, item.name) not in covered
        and _is_included(context, item, metadata)
    ]
    reflected = MetaData()
    result = []
    for item, new, old in found:
        if item.table is None or new is None:
            raise _cannot_write(item, new, old)
        model = metadata.tables[item.table]
        table = reflected.tables.get(item.table)
        if table is None:
            table = Table(item.table, reflected, autoload_with=context.connection)
        create = _create_operation(item, model)
        if old is None and create is not None:
            result += rewriter.rewrite(create)
        elif old is not None and (change := _replacement(item, model, table, create)):
            result.append(change)
        else:
            raise _cannot_write(item, new, old)
    return result


def _is_included(context: MigrationContext, item: Item, metadata: MetaData) -> bool:
    """Whether autogenerate compares an item: `include_name` and `include_object` of the project."""
    name = item.table or item.name
    if name == context.version_table:
        return False
    include_name = context.opts.get("include_name")
    include_object = context.opts.get("include_object")
    parents: dict[str, str | None] = {"schema_name": None}
    if include_name and not include_name(name, "table", parents):
        return False
    model = metadata.tables.get(name)
    if include_object and model is not None:
        if not include_object(model, name, "table", False, None):  # noqa: FBT003 Alembic's signature
            return False
        column = model.c.get(item.name) if item.kind == "column" else None
        if column is not None and not include_object(column, item.name, "column", False, None):  # noqa: FBT003
            return False
    parents |= {"table_name": name, "schema_qualified_table_name": name}
    if include_name is None or item.kind not in ("column", "index"):
        return True
    return bool(include_name(item.name, item.kind, parents))


def column_checks(table: Table) -> list[ops.CreateCheckConstraintOp]:
    """Return the operations that add the CHECKs of columns, which Alembic does not propose."""
    return [
        ops.CreateCheckConstraintOp(conv(str(_name(each))), table.name, each.sqltext)
        for column in table.columns
        for each in column.constraints
        if isinstance(each, CheckConstraint)
    ]


def _create_operation(item: Item, model: Table) -> ops.CreateIndexOp | ConstraintOp | None:
    """Return the operation that creates an index or a constraint of the model."""
    if item.kind == "index" and (index := _index(model, item.name)) is not None:
        return ops.CreateIndexOp.from_index(index)
    if item.kind != "constraint":
        return None
    if (constraint := _constraint(model, item.name)) is not None:
        create = ops.AddConstraintOp.from_constraint(constraint)
        return create if isinstance(create, ConstraintOp) else None
    return next((each for each in column_checks(model) if each.constraint_name == item.name), None)


def _replacement(
    item: Item, model: Table, table: Table, create: ops.CreateIndexOp | ConstraintOp | None
) -> Change | None:
    """Return the change from the reflected `table` to `model`; `create` creates the new part."""
    if isinstance(create, ops.CreateIndexOp) and (index := _index(table, item.name)) is not None:
        return replace_index(ops.DropIndexOp.from_index(index), create)
    if (
        isinstance(create, ConstraintOp)
        and (constraint := _constraint(table, item.name)) is not None
    ):
        drop = ops.DropConstraintOp.from_constraint(constraint)
        if isinstance(drop.reverse(), type(create)):
            return replace_constraint(drop, create)
    if item.kind == "column" and item.part == "default":
        column = model.c[item.name]
        alter = ops.AlterColumnOp(
            model.name,
            item.name,
            modify_server_default=column.server_default,
            existing_server_default=table.c[item.name].server_default,
            existing_type=column.type,
            existing_nullable=column.nullable,
        )
        description = (
            f"Changes the default of {model.name}.{item.name}: {BRIEF_LOCK.format(model.name)}."
        )
        return Change(Stage.EXPAND, (alter,), (alter.reverse(),), description)
    return None


def _covered(change: Change) -> Iterator[tuple[str, str | None, str]]:
    """Yield the kind, table and name of each object that a change covers."""
    for operation in chain(change.upgrade, change.downgrade):
        table = getattr(operation, "table_name", None) or getattr(operation, "source_table", None)
        if isinstance(operation, ops.CreateTableCommentOp | ops.DropTableCommentOp):
            yield "table", None, operation.table_name
        for kind, name in _names(operation):
            yield kind, table, name


def _names(operation: MigrateOperation) -> Iterator[tuple[str, str]]:
    if isinstance(operation, ops.AddColumnOp):
        yield "column", operation.column.name
    for kind in ("column", "constraint", "index"):
        if name := getattr(operation, f"{kind}_name", None):
            yield kind, str(name)


def _index(table: Table, name: str) -> Index | None:
    return next((each for each in table.indexes if _name(each) == name), None)


def _constraint(table: Table, name: str) -> Constraint | None:
    found = next((each for each in table.constraints if _name(each) == name), None)
    if found is not None:
        found.name = conv(name)  # the naming convention is already applied
    return found


def _name(item: Index | Constraint) -> str | None:
    return format_constraint(DIALECT.identifier_preparer, item)


def _cannot_write(item: Item, new: str | None, old: str | None) -> CannotWriteError:
    place = f"{item.table}.{item.name}" if item.table else item.name
    part = f" {item.part}" if item.part else ""
    return CannotWriteError(
        f"the {item.kind} {place}{part} is {new or 'missing'} in the models and "
        f"{old or 'missing'} in the database, and autogenerate cannot write this change",
        'Write it manually: alembic revision -m "…", then run this again for the rest',
        WRITE_MANUALLY,
    )
