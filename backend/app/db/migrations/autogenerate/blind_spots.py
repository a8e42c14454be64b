"""Find what the models say otherwise than the database, and Alembic does not see.

Alembic compares a CHECK by its name, an index by its columns, and much not at all. Here the server
prints both sides: what is in the database, and what the models would make (`drift/models.py`).
"""

from collections.abc import Collection, Iterator, Sequence
from itertools import chain

from alembic.operations import ops
from alembic.operations.ops import MigrateOperation
from alembic.runtime.migration import MigrationContext
from sqlalchemy import CheckConstraint, Constraint, Index, MetaData, Table
from sqlalchemy.sql.elements import conv

from app.db.migrations.autogenerate.change import BY_HAND, CannotWriteError, Change, Stage
from app.db.migrations.autogenerate.translate import (
    MOMENT,
    Added,
    Translator,
    replace_constraint,
    replace_index,
)
from app.db.migrations.drift.catalog import Item, read_catalog
from app.db.migrations.drift.models import catalog_of_models, read_models
from app.db.migrations.operations.steps import PLAIN


def find_blind_spots(
    context: MigrationContext,
    translator: Translator,
    changes: Sequence[Change],
    tables: Collection[str],
) -> list[Change]:
    """Return the changes that Alembic's proposals leave out.

    Args:
        context: of the database.
        translator: knows the models.
        changes: made of what Alembic proposes.
        tables: that are created or dropped.

    Raises:
        CannotWriteError: There is a difference that nobody can write but the author.
    """
    assert context.connection is not None  # noqa: S101 autogenerate needs a database
    metadata = translator.metadata
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
        made = _make(item, model)
        if old is None and made is not None:
            result += translator.translate(made)
        elif old is not None and (change := _change(item, model, table, made)):
            result.append(change)
        else:
            raise _cannot_write(item, new, old)
    return result


def checks_of_columns(table: Table) -> list[ops.CreateCheckConstraintOp]:
    """Return what adds the CHECKs inside of a model's columns, which Alembic leaves out."""
    return [
        ops.CreateCheckConstraintOp(conv(str(_name(each))), table.name, each.sqltext)
        for column in table.columns
        for each in column.constraints
        if isinstance(each, CheckConstraint)
    ]


def _make(item: Item, model: Table) -> ops.CreateIndexOp | Added | None:
    """Return what makes an index or a constraint as the model says it."""
    if item.kind == "index" and (index := _index(model, item.name)) is not None:
        return ops.CreateIndexOp.from_index(index)
    if item.kind != "constraint":
        return None
    if (constraint := _constraint(model, item.name)) is not None:
        made = ops.AddConstraintOp.from_constraint(constraint)
        return made if isinstance(made, Added) else None
    return next(
        (each for each in checks_of_columns(model) if each.constraint_name == item.name), None
    )


def _change(
    item: Item, model: Table, table: Table, made: ops.CreateIndexOp | Added | None
) -> Change | None:
    """Return the change from `table`, as it is, to `model`, of which `made` is the new part."""
    if isinstance(made, ops.CreateIndexOp) and (index := _index(table, item.name)) is not None:
        return replace_index(ops.DropIndexOp.from_index(index), made)
    if isinstance(made, Added) and (constraint := _constraint(table, item.name)) is not None:
        drop = ops.DropConstraintOp.from_constraint(constraint)
        if isinstance(drop.reverse(), type(made)):
            return replace_constraint(drop, made)
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
        words = f"Changes the default of {model.name}.{item.name}: {MOMENT.format(model.name)}."
        return Change(Stage.EXPAND, (alter,), (alter.reverse(),), words)
    return None


def _covered(change: Change) -> Iterator[tuple[str, str | None, str]]:
    """Yield kind, table and name of what a change is about."""
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
        found.name = conv(name)  # the naming convention has had its turn
    return found


def _name(item: Index | Constraint) -> str | None:
    name: str | None = PLAIN.identifier_preparer.format_constraint(item, _alembic_quote=False)
    return name


def _cannot_write(item: Item, new: str | None, old: str | None) -> CannotWriteError:
    place = f"{item.table}.{item.name}" if item.table else item.name
    part = f" {item.part}" if item.part else ""
    return CannotWriteError(
        f"the {item.kind} {place}{part} is {new or 'nothing'} in the models and "
        f"{old or 'nothing'} in the database",
        'Nobody but you can say how: alembic revision -m "…", and then this again for the rest',
        BY_HAND,
    )
