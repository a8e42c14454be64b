"""Group changes into revisions; a change that commits gets a revision of its own."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby, permutations

from alembic.operations import ops
from alembic.operations.ops import MigrateOperation, MigrationScript
from alembic.runtime.migration import MigrationContext
from sqlalchemy import MetaData, Table

import alembic_zero_downtime.autogenerate.render  # noqa: F401 registers the renderers
from alembic_zero_downtime.autogenerate.change import LEFT_OUT, Change
from alembic_zero_downtime.autogenerate.proposals import log_differences, propose_operations
from alembic_zero_downtime.autogenerate.rewriter import (
    ConstraintOp,
    OnlineRewriter,
    replace_constraint,
    replace_index,
    without_validation,
)
from alembic_zero_downtime.autogenerate.tables import create_tables, drop_tables
from alembic_zero_downtime.autogenerate.types import (
    create_schemas,
    create_sequences,
    create_types,
    drop_types,
    dropped_columns,
)
from alembic_zero_downtime.schema.comparison import ModelComparison, compare_models
from alembic_zero_downtime.verbatim import unescape

TableKey = tuple[str | None, str]
"""The schema, as the model or the database has it, and the name of a table."""
Loss = ops.DropTableOp | ops.DropColumnOp
TableOperation = tuple[TableKey, MigrateOperation]


def find_changes(
    context: MigrationContext, metadata: MetaData, proposed: Sequence[MigrateOperation]
) -> list[Change]:
    """Return safe changes, in order, that make the database match the models.

    Args:
        context: the migration context of the database.
        metadata: the models.
        proposed: the operations of other extensions of autogenerate.

    Raises:
        CannotWriteError: A change is not safe in revisions alone.
    """
    assert context.connection is not None  # noqa: S101 autogenerate needs a database
    connection = context.connection
    comparison = compare_models(context, metadata)
    context.opts[LEFT_OUT] = comparison.left_out
    log_differences(comparison)
    operations = list(_flatten([*propose_operations(comparison, metadata), *proposed]))
    created = {key for key, each in operations if isinstance(each, ops.CreateTableOp)}
    drops = {key: each for key, each in operations if isinstance(each, ops.DropTableOp)}
    needed = [
        *create_schemas(comparison),
        *create_types(comparison),
        *create_sequences(connection, metadata, comparison),
    ]
    statements = [
        unescape(str(each.sqltext))
        for change in needed
        for each in change.upgrade
        if isinstance(each, ops.ExecuteSQLOp)
    ]
    rewriter = OnlineRewriter(context, metadata, statements)
    changes = [
        *needed,
        *create_tables(list(_creations(operations, metadata, created)), comparison.models),
    ]
    remaining = [each for key, each in operations if key not in created | drops.keys()]
    done = set()
    for drop, create in permutations(remaining, 2):
        if change := _replacement(drop, create):
            changes.append(change)
            done |= {id(drop), id(create)}
    remaining.sort(key=lambda each: not _is_foreign_key(each))  # they need a unique index
    lost: list[Loss] = [*drops.values()]
    lost += (each for each in remaining if isinstance(each, ops.DropColumnOp))
    for operation in remaining:
        if id(operation) not in done:
            found = rewriter.rewrite(operation)
            changes += map(without_validation, found) if _is_orphaned(operation, lost) else found
    dropped = [(_reflected(drop, comparison), drop) for drop in drops.values()]
    changes += drop_tables(rewriter, dropped)
    changes.sort(key=lambda change: change.stage)
    if types := drop_types(connection, comparison, dropped_columns(dropped, remaining)):
        changes[-1] = _with_types(changes[-1], types)
    return changes


def _creations(
    operations: Sequence[TableOperation], metadata: MetaData, created: Collection[TableKey]
) -> Iterator[tuple[Table, list[MigrateOperation]]]:
    """Yield the model of each new table, and its operations."""
    for schema, name in dict.fromkeys(key for key, _ in operations if key in created):
        model = metadata.tables[f"{schema}.{name}" if schema else name]
        yield model, [each for key, each in operations if key == (schema, name)]


def _reflected(drop: ops.DropTableOp, comparison: ModelComparison) -> Table:
    table = comparison.reflection.table((drop.schema, drop.table_name))
    return drop.to_table() if table is None else table


def _is_foreign_key(operation: MigrateOperation) -> bool:
    """Whether an operation drops a foreign key."""
    return isinstance(operation, ops.DropConstraintOp) and isinstance(
        operation.reverse(), ops.CreateForeignKeyOp
    )


def _is_orphaned(operation: MigrateOperation, lost: Sequence[Loss]) -> bool:
    """Whether a foreign key goes with the table or a column that it refers to."""
    key = operation.reverse() if isinstance(operation, ops.DropConstraintOp) else None
    return isinstance(key, ops.CreateForeignKeyOp) and any(
        (each.schema, each.table_name) == (key.kw.get("referent_schema"), key.referent_table)
        and (isinstance(each, ops.DropTableOp) or each.column_name in key.remote_cols)
        for each in lost
    )


def _with_types(
    change: Change, types: Sequence[tuple[MigrateOperation, MigrateOperation]]
) -> Change:
    """Return a change that also drops the types that only its columns use."""
    return replace(
        change,
        upgrade=(*change.upgrade, *(drop for drop, _ in types)),
        downgrade=(*(create for _, create in types), *change.downgrade),
    )


def compose_revisions(
    first: MigrationScript, changes: Sequence[Change]
) -> tuple[list[MigrationScript], list[str]]:
    """Return a script for each group of changes, and the description of each."""
    groups = list(_group(changes))
    scripts, descriptions = [], []
    for number, group in enumerate(groups, 1):
        upgrade = [operation for change in group for operation in change.upgrade]
        downgrade = [operation for change in reversed(group) for operation in change.downgrade]
        message = first.message or ""
        scripts.append(
            MigrationScript(
                None,
                ops.UpgradeOps(upgrade),
                ops.DowngradeOps(downgrade),
                message=f"{message} ({number} of {len(groups)})" if len(groups) > 1 else message,
                imports=first.imports,
                head=first.head,
                splice=first.splice,
                branch_label=first.branch_label if number == 1 else None,
                version_path=first.version_path,
                depends_on=first.depends_on if number == 1 else None,
            )
        )
        descriptions.append("\n".join(change.description for change in group))
    return scripts, descriptions


def _flatten(proposed: Iterable[MigrateOperation]) -> Iterator[TableOperation]:
    for operation in proposed:
        if isinstance(operation, ops.ModifyTableOps):
            key = (operation.schema, operation.table_name)
            yield from ((key, each) for each in operation.ops)
        else:
            schema: str | None = getattr(operation, "schema", None)
            yield (schema, str(getattr(operation, "table_name", ""))), operation


def _replacement(drop: MigrateOperation, create: MigrateOperation) -> Change | None:
    """Return the change if `create` replaces the object of the same name that `drop` drops."""
    match drop, create:
        case ops.DropIndexOp(), ops.CreateIndexOp() if drop.index_name == create.index_name:
            return replace_index(drop, create)
        case ops.DropConstraintOp(), _ if isinstance(create, ConstraintOp):
            if drop.constraint_name == create.constraint_name:
                return replace_constraint(drop, create)
    return None


def _group(changes: Sequence[Change]) -> Iterator[list[Change]]:
    """Yield the changes of each revision, which locks at most one table in use."""
    for (_, needs_own_revision, _), several in groupby(
        changes, lambda each: (each.stage, each.needs_own_revision, _table_of(each))
    ):
        if needs_own_revision:
            yield from ([change] for change in several)
        else:
            yield list(several)


def _table_of(change: Change) -> TableKey | None:
    """Return the table in use that a change locks; None if it creates the table."""
    if any(isinstance(each, ops.CreateTableOp) for each in change.upgrade):
        return None
    keys = (
        (getattr(each, "schema", None), each.table_name)
        for each in change.upgrade
        if hasattr(each, "table_name")
    )
    return next(keys, None)
