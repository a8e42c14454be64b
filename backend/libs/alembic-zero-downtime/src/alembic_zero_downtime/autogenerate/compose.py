"""Group changes into revisions; a change that commits gets a revision of its own."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, permutations

from alembic.operations import ops
from alembic.operations.ops import MigrateOperation, MigrationScript
from alembic.runtime.migration import MigrationContext
from sqlalchemy import MetaData, Table

import alembic_zero_downtime.autogenerate.render  # noqa: F401 registers the renderers
from alembic_zero_downtime.autogenerate.change import Change, Comment, Stage
from alembic_zero_downtime.autogenerate.rewriter import (
    ConstraintOp,
    OnlineRewriter,
    replace_constraint,
    replace_index,
)
from alembic_zero_downtime.autogenerate.undetected import column_checks, find_undetected

TableOperation = tuple[str, MigrateOperation]
"""The name of a table and an operation on it."""


def find_changes(
    context: MigrationContext, metadata: MetaData, proposed: Sequence[MigrateOperation]
) -> list[Change]:
    """Return safe changes, in order, for Alembic's proposals and for differences it misses.

    Raises:
        CannotWriteError: A change is not safe in revisions alone.
    """
    table_operations = list(_flatten(proposed))
    created = {
        table for table, operation in table_operations if isinstance(operation, ops.CreateTableOp)
    }
    dropped = {
        table for table, operation in table_operations if isinstance(operation, ops.DropTableOp)
    }
    rewriter = OnlineRewriter(context, metadata)
    changes = [
        _create(table_operations, metadata.tables[name])
        for name in _in_order(table_operations, created)
    ]
    remaining = [
        operation for table, operation in table_operations if table not in created | dropped
    ]
    done = set()
    for drop, create in permutations(remaining, 2):
        if change := _replacement(drop, create):
            changes.append(change)
            done |= {id(drop), id(create)}
    for operation in remaining:
        if id(operation) not in done:
            changes += rewriter.rewrite(operation)
    changes += [_drop(table_operations, table) for table in _in_order(table_operations, dropped)]
    changes += find_undetected(context, rewriter, changes, created | dropped)
    return sorted(changes, key=lambda change: change.stage)


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
            yield from ((operation.table_name, each) for each in operation.ops)
        else:
            yield str(getattr(operation, "table_name", "")), operation


def _in_order(table_operations: Sequence[TableOperation], tables: set[str]) -> list[str]:
    return [name for name in dict.fromkeys(name for name, _ in table_operations) if name in tables]


def _create(table_operations: Sequence[TableOperation], model: Table) -> Change:
    """Return the change that creates a table with its indexes; a new table is not in use."""
    table = model.name
    operations = [operation for name, operation in table_operations if name == table]
    (create,) = (each for each in operations if isinstance(each, ops.CreateTableOp))
    operations += column_checks(model)
    referenced = {key.column.table.name for key in create.to_table().foreign_keys} - {table}
    description = f"Creates {table}"
    if referenced:
        description += f": brief SHARE ROW EXCLUSIVE lock on {', '.join(sorted(referenced))}"
    drop = ops.DropTableOp.from_table(create.to_table())
    downgrade = (Comment(f"Loses every row of {table}."), drop)
    return Change(Stage.EXPAND, tuple(operations), downgrade, f"{description}.")


def _drop(table_operations: Sequence[TableOperation], table: str) -> Change:
    """Return the change that drops a table with its indexes and constraints."""
    operations = tuple(operation for name, operation in table_operations if name == table)
    downgrade = tuple(operation.reverse() for operation in reversed(operations))
    description = (
        f"Drops {table} with all of its rows: brief ACCESS EXCLUSIVE lock on it and on the tables "
        "that it references. The running code must no longer use it."
    )
    upgrade = (Comment(f"Loses every row of {table}."), *operations)
    return Change(Stage.CONTRACT, upgrade, downgrade, description)


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


def _table_of(change: Change) -> str | None:
    """Return the table in use that a change locks; None if it creates the table."""
    if any(isinstance(each, ops.CreateTableOp) for each in change.upgrade):
        return None
    return next((each.table_name for each in change.upgrade if hasattr(each, "table_name")), None)
