"""Put changes into revisions: together what is one transaction, alone what commits by itself."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, permutations

from alembic.operations import ops
from alembic.operations.ops import MigrateOperation, MigrationScript
from alembic.runtime.migration import MigrationContext
from sqlalchemy import MetaData, Table

import app.db.migrations.autogenerate.render  # noqa: F401 teaches Alembic to write the operations
from app.db.migrations.autogenerate.blind_spots import checks_of_columns, find_blind_spots
from app.db.migrations.autogenerate.change import Change, Remark, Stage
from app.db.migrations.autogenerate.translate import (
    Added,
    Translator,
    replace_constraint,
    replace_index,
)

Leaf = tuple[str, MigrateOperation]
"""A table's name and an operation on it."""


def find_changes(
    context: MigrationContext, metadata: MetaData, proposed: Sequence[MigrateOperation]
) -> list[Change]:
    """Return safe changes for what Alembic proposes and for what it does not see, in order.

    Raises:
        CannotWriteError: One of them cannot be made safely in revisions alone.
    """
    leaves = list(_leaves(proposed))
    created = {leaf[0] for leaf in leaves if isinstance(leaf[1], ops.CreateTableOp)}
    dropped = {leaf[0] for leaf in leaves if isinstance(leaf[1], ops.DropTableOp)}
    whole = created | dropped
    translator = Translator(context, metadata)
    changes = [_create(leaves, metadata.tables[name]) for name in _in_order(leaves, created)]
    remaining = [operation for table, operation in leaves if table not in whole]
    done = set()
    for drop, create in permutations(remaining, 2):
        if change := _replacement(drop, create):
            changes.append(change)
            done |= {id(drop), id(create)}
    for operation in remaining:
        if id(operation) not in done:
            changes += translator.translate(operation)
    changes += [_drop(leaves, table) for table in _in_order(leaves, dropped)]
    changes += find_blind_spots(context, translator, changes, whole)
    return sorted(changes, key=lambda change: change.stage)


def write_scripts(
    first: MigrationScript, changes: Sequence[Change]
) -> tuple[list[MigrationScript], list[str]]:
    """Return a script for each group of changes that go together, and what each one says."""
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
        descriptions.append("\n".join(change.words for change in group))
    return scripts, descriptions


def _leaves(proposed: Iterable[MigrateOperation]) -> Iterator[Leaf]:
    for operation in proposed:
        if isinstance(operation, ops.ModifyTableOps):
            yield from ((operation.table_name, each) for each in operation.ops)
        else:
            yield str(getattr(operation, "table_name", "")), operation


def _in_order(leaves: Sequence[Leaf], tables: set[str]) -> list[str]:
    return [name for name in dict.fromkeys(leaf[0] for leaf in leaves) if name in tables]


def _create(leaves: Sequence[Leaf], model: Table) -> Change:
    """Return the change that makes a table with its indexes: nobody uses it yet."""
    table = model.name
    operations = [operation for name, operation in leaves if name == table]
    (create,) = (each for each in operations if isinstance(each, ops.CreateTableOp))
    operations += checks_of_columns(model)
    referred = {key.column.table.name for key in create.to_table().foreign_keys} - {table}
    words = f"Creates {table}"
    if referred:
        words += f": SHARE ROW EXCLUSIVE on {', '.join(sorted(referred))} for a moment"
    back = (Remark(f"Loses every row of {table}."), ops.DropTableOp.from_table(create.to_table()))
    return Change(Stage.EXPAND, tuple(operations), back, f"{words}.")


def _drop(leaves: Sequence[Leaf], table: str) -> Change:
    """Return the change that drops a table with all that belongs to it."""
    operations = tuple(operation for name, operation in leaves if name == table)
    back = tuple(operation.reverse() for operation in reversed(operations))
    words = (
        f"Drops {table} with all of its rows: ACCESS EXCLUSIVE on it and on what it refers to for "
        "a moment. No code that runs may use it any more."
    )
    upgrade = (Remark(f"Loses every row of {table}."), *operations)
    return Change(Stage.CONTRACT, upgrade, back, words)


def _replacement(drop: MigrateOperation, create: MigrateOperation) -> Change | None:
    """Return the change where one drops what the other makes anew under the same name."""
    match drop, create:
        case ops.DropIndexOp(), ops.CreateIndexOp() if drop.index_name == create.index_name:
            return replace_index(drop, create)
        case ops.DropConstraintOp(), _ if isinstance(create, Added):
            if drop.constraint_name == create.constraint_name:
                return replace_constraint(drop, create)
    return None


def _group(changes: Sequence[Change]) -> Iterator[list[Change]]:
    """Yield together what goes into one revision, which locks one table that is in use."""
    for (_, is_alone, _), several in groupby(
        changes, lambda each: (each.stage, each.is_alone, _table_of(each))
    ):
        if is_alone:
            yield from ([change] for change in several)
        else:
            yield list(several)


def _table_of(change: Change) -> str | None:
    """Return the table in use that a change locks; none for one that it makes."""
    if any(isinstance(each, ops.CreateTableOp) for each in change.upgrade):
        return None
    return next((each.table_name for each in change.upgrade if hasattr(each, "table_name")), None)
