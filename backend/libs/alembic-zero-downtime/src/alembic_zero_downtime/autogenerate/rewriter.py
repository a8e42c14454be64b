"""Rewrite an operation that Alembic proposes into changes that are safe on a table in use."""

import dataclasses
from collections.abc import Sequence
from copy import copy
from functools import singledispatchmethod
from typing import Any

from alembic.operations import ops
from alembic.operations.ops import MigrateOperation
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Column, Computed, Identity, MetaData

from alembic_zero_downtime._alembic import copy_column, keep_reverse
from alembic_zero_downtime.autogenerate.change import (
    ADD_A_COLUMN,
    CHANGE_A_TYPE,
    WRITE_MANUALLY,
    CannotWriteError,
    Change,
    Comment,
    Stage,
    StatementsOp,
)
from alembic_zero_downtime.autogenerate.rewrite_check import RewriteCheck, RowEffect
from alembic_zero_downtime.operations.column import AddColumnOnlineOp
from alembic_zero_downtime.operations.constraint import (
    CreateCheckConstraintOnlineOp,
    CreateForeignKeyOnlineOp,
    CreateUniqueConstraintOnlineOp,
)
from alembic_zero_downtime.operations.index import CreateIndexOnlineOp, DropIndexOnlineOp
from alembic_zero_downtime.operations.not_null import SetNotNullOnlineOp

BRIEF_LOCK = "brief ACCESS EXCLUSIVE lock on {}"
IN_USE = "{} stays readable and writable"
NOT_VALID = "postgresql_not_valid"
SCAN = "scans {} without blocking reads or writes"

ConstraintOp = ops.CreateForeignKeyOp | ops.CreateCheckConstraintOp | ops.CreateUniqueConstraintOp
ONLINE: dict[type[MigrateOperation], type[Any]] = {
    ops.CreateForeignKeyOp: CreateForeignKeyOnlineOp,
    ops.CreateCheckConstraintOp: CreateCheckConstraintOnlineOp,
    ops.CreateUniqueConstraintOp: CreateUniqueConstraintOnlineOp,
}


class OnlineRewriter:
    """Rewrites operations on tables that exist before and after the revision.

    Attributes:
        metadata: the models.
    """

    def __init__(
        self, context: MigrationContext, metadata: MetaData, prepare: Sequence[str] = ()
    ) -> None:
        """Prepare the rewriter.

        Args:
            context: with a connection.
            metadata: the models.
            prepare: the statements that create the types and sequences of new columns.
        """
        self._check = RewriteCheck(context, prepare)
        self._impl = context.impl
        self.metadata = metadata

    @singledispatchmethod
    def rewrite(self, operation: MigrateOperation) -> list[Change]:
        """Return the changes that together are equivalent to `operation`.

        Raises:
            CannotWriteError: No sequence of revisions alone is safe.
        """
        if not type(operation).__module__.startswith("alembic."):
            return [_of_an_extension(operation)]
        raise CannotWriteError(
            f"autogenerate has no safe form of {type(operation).__name__} for a table in use",
            'Write the revision manually: alembic revision -m "…"',
            WRITE_MANUALLY,
        )

    @rewrite.register
    def _(self, operation: StatementsOp) -> list[Change]:
        return [
            Change(
                *(operation.stage, (operation,), (operation.reverse(),), operation.description),
                needs_own_revision=operation.needs_own_revision,
            )
        ]

    @rewrite.register
    def _(self, operation: ops.AddColumnOp) -> list[Change]:
        table, column = operation.table_name, operation.column
        name = f"{table}.{column.name}"
        if not column.nullable and column.server_default is None and not _is_generated(column):
            raise CannotWriteError(
                f"{name} is NOT NULL without a server_default: existing rows have no value, and "
                "the previous release cannot INSERT",
                "Make it nullable and run this again (expand), fill it with op.batched_backfill "
                "once the code writes it (backfill), then make it NOT NULL (contract)",
                ADD_A_COLUMN,
            )
        effect = self._effect_of_adding(operation, column)
        drop = ops.DropColumnOp(table, column.name, schema=operation.schema)
        downgrade = (Comment(f"Loses every value of {name}."), drop)
        if effect is RowEffect.NONE:
            description = f"Adds {name}: {BRIEF_LOCK.format(table)}."
            return [Change(Stage.EXPAND, (operation,), downgrade, description)]
        if _is_generated(column):
            raise CannotWriteError(
                f"{name} is an identity or generated column: adding it {effect.value}",
                "Add a plain column, fill it with op.batched_backfill, and switch over",
                ADD_A_COLUMN,
            )
        plain = copy_column(column)
        plain.server_default, plain.nullable = None, True
        if self._effect_of_adding(operation, plain) is not RowEffect.NONE:
            raise CannotWriteError(
                f"{name} is of a domain with constraints: adding it {effect.value}",
                "Give it the type of the domain, and the CHECKs of the domain as its own",
                ADD_A_COLUMN,
            )
        online = AddColumnOnlineOp(
            table, column, key=self._key_of(table, operation.schema), schema=operation.schema
        )
        description = (
            f"Adds {name} with a volatile default: {BRIEF_LOCK.format(table)}, then a backfill in "
            f"batches; {IN_USE.format(table)}."
        )
        return [Change(Stage.COLUMN, (online,), downgrade, description, needs_own_revision=True)]

    @rewrite.register
    def _(self, operation: ops.DropColumnOp) -> list[Change]:
        table, name = operation.table_name, f"{operation.table_name}.{operation.column_name}"
        downgrade = operation.reverse()
        column = downgrade.column
        downgrade.column = copy_column(column)
        comment = f"Restores {name}, but not its values."
        if not column.nullable and column.server_default is None and not _is_generated(column):
            downgrade.column.nullable = True
            comment = f"Restores {name} without NOT NULL, since its values are lost."
        description = (
            f"Drops {name}: {BRIEF_LOCK.format(table)}. The running code must no longer "
            "use it, not even in SELECT *."
        )
        upgrade = (Comment(f"Loses every value of {name}."), operation)
        return [Change(Stage.CONTRACT, upgrade, (Comment(comment), downgrade), description)]

    @rewrite.register
    def _(self, operation: ops.AlterColumnOp) -> list[Change]:
        table, column = operation.table_name, operation.column_name
        rest = copy(operation)
        changes = []
        if operation.modify_nullable is False:
            rest.modify_nullable = None
            online = SetNotNullOnlineOp(table, column, schema=operation.schema)
            description = f"Sets NOT NULL on {table}.{column}: {BRIEF_LOCK.format(table)}, "
            description += f"then {SCAN.format(table)}."
            changes = [
                Change(
                    Stage.CONSTRAINT,
                    (online,),
                    (online.reverse(),),
                    description,
                    needs_own_revision=True,
                )
            ]
        if not rest.has_changes():
            return changes
        if rest.modify_type is not None:
            self._require_no_scan(rest)
        defaults = (rest.modify_server_default, rest.existing_server_default)
        if rest.modify_server_default is not False and any(map(_is_generated_default, defaults)):
            raise CannotWriteError(
                f"{table}.{column} is an identity or generated column, which no single operation "
                "can change and revert",
                'Write the ALTER TABLE and its reverse manually: alembic revision -m "…"',
                WRITE_MANUALLY,
            )
        downgrade = rest.reverse()
        parts = _describe_parts(rest)
        description = f"Changes {parts} of {table}.{column}: {BRIEF_LOCK.format(table)}."
        return [Change(Stage.EXPAND, (rest,), (downgrade,), description), *changes]

    @rewrite.register
    def _(self, operation: ops.CreateIndexOp) -> list[Change]:
        index = operation.to_index()
        create = CreateIndexOnlineOp.from_index(index)
        description = (
            f"Builds {operation.index_name} concurrently; {IN_USE.format(operation.table_name)}."
        )
        drop = DropIndexOnlineOp.from_index(index)
        return [Change(Stage.INDEX, (create,), (drop,), description, needs_own_revision=True)]

    @rewrite.register
    def _(self, operation: ops.DropIndexOp) -> list[Change]:
        index = operation.to_index()
        drop = DropIndexOnlineOp.from_index(index)
        keep_reverse(drop, operation)
        comment = Comment(f"Queries can no longer use {operation.index_name}.")
        description = (
            f"Drops {operation.index_name} concurrently; {IN_USE.format(operation.table_name)}."
        )
        downgrade = CreateIndexOnlineOp.from_index(operation.reverse().to_index())
        return [
            Change(Stage.RELAX, (comment, drop), (downgrade,), description, needs_own_revision=True)
        ]

    @rewrite.register(ops.CreateForeignKeyOp)
    @rewrite.register(ops.CreateCheckConstraintOp)
    @rewrite.register(ops.CreateUniqueConstraintOp)
    def _(self, operation: ConstraintOp) -> list[Change]:
        online = to_online(operation)
        drop = ops.DropConstraintOp.from_constraint(operation.to_constraint())
        stage = _stage_of(operation)
        return [Change(stage, (online,), (drop,), _describe(operation), needs_own_revision=True)]

    @rewrite.register
    def _(self, operation: ops.DropConstraintOp) -> list[Change]:
        table, name = operation.table_name, operation.constraint_name
        downgrade = operation.reverse()
        if type(downgrade) not in ONLINE:
            raise CannotWriteError(
                f"dropping {name} of {table} has no safe downgrade",
                'Write the revision manually: alembic revision -m "…"',
                WRITE_MANUALLY,
            )
        comment = Comment(f"{name} is no longer enforced.")
        description = f"Drops {name}: {BRIEF_LOCK.format(table)}."
        return [
            Change(
                Stage.RELAX,
                (comment, operation),
                (to_online(downgrade),),
                description,
                needs_own_revision=True,
            )
        ]

    @rewrite.register(ops.CreateTableCommentOp)
    @rewrite.register(ops.DropTableCommentOp)
    def _(self, operation: ops.CreateTableCommentOp | ops.DropTableCommentOp) -> list[Change]:
        description = (
            f"Changes the comment of {operation.table_name} without blocking reads or writes."
        )
        return [Change(Stage.EXPAND, (operation,), (operation.reverse(),), description)]

    def _effect_of_adding(self, operation: ops.AddColumnOp, column: Column[Any]) -> RowEffect:
        def add(table: str, schema: str) -> None:
            copied = copy_column(column)
            copied.constraints.clear()  # they are added afterwards, by online operations
            self._impl.add_column(table, copied, schema=schema)

        return self._check.effect_of(operation.table_name, operation.schema, add)

    def _key_of(self, table: str, schema: str | None) -> tuple[str, ...]:
        model = self.metadata.tables[f"{schema}.{table}" if schema else table]
        return tuple(column.name for column in model.primary_key.columns)

    def _require_no_scan(self, operation: ops.AlterColumnOp) -> None:
        """Refuse a change of type that scans or rewrites the table under ACCESS EXCLUSIVE."""
        table, column = operation.table_name, operation.column_name

        def change(copy_: str, schema: str) -> None:
            self._impl.alter_column(copy_, column, type_=operation.modify_type, schema=schema)

        effect = self._check.effect_of(table, operation.schema, change)
        if effect is not RowEffect.NONE:
            raise CannotWriteError(
                f"changing the type of {table}.{column} to {operation.modify_type!r} "
                f"{effect.value}",
                "Add a column of the new type, keep both in sync, backfill, and switch over",
                CHANGE_A_TYPE,
            )


def _of_an_extension(operation: MigrateOperation) -> Change:
    """Return the change by an operation of the project or of an extension, in its own revision.

    Raises:
        CannotWriteError: It does not say how to revert it.
    """
    name = type(operation).__name__
    try:
        undo = operation.reverse()
    except NotImplementedError as error:
        raise CannotWriteError(
            f"{name}, an operation of an extension of autogenerate, has no reverse() for the "
            "downgrade",
            'Add one, or write the revision manually: alembic revision -m "…"',
            WRITE_MANUALLY,
        ) from error
    description = f"Runs {name}, an operation of an extension of autogenerate."
    return Change(Stage.EXPAND, (operation,), (undo,), description, needs_own_revision=True)


def to_online(operation: Any, *, replace: bool = False) -> Any:
    """Return the online operation that adds the same constraint."""
    online: Any = copy(operation)
    online.kw = {name: each for name, each in operation.kw.items() if name != "use_alter"}
    online.__class__ = ONLINE[type(operation)]
    online.replace = replace
    return online


def replace_index(drop: ops.DropIndexOp, create: ops.CreateIndexOp) -> Change:
    """Return the change that replaces an index with another one of the same name."""
    new = CreateIndexOnlineOp.from_index(create.to_index())
    old = CreateIndexOnlineOp.from_index(drop.reverse().to_index())
    new.replace = old.replace = True  # type: ignore[attr-defined]
    description = f"Rebuilds {create.index_name} concurrently and drops the old one; "
    description += f"{IN_USE.format(create.table_name)}."
    return Change(Stage.INDEX, (new,), (old,), description, needs_own_revision=True)


def replace_constraint(drop: ops.DropConstraintOp, create: ConstraintOp) -> Change:
    """Return the change that replaces a constraint with another one of the same name."""
    new, old = to_online(create, replace=True), to_online(drop.reverse(), replace=True)
    description = f"{_describe(create)} The old one is dropped once the new one is valid."
    return Change(_stage_of(create), (new,), (old,), description, needs_own_revision=True)


def without_validation(change: Change) -> Change:
    """Return the drop of a foreign key, with a downgrade for rows that refer to lost ones.

    Args:
        change: the drop of a foreign key to a table or a column that is dropped as well.
    """
    (online,) = change.downgrade
    key: Any = copy(online)
    key.kw = {**key.kw, NOT_VALID: True}
    comment = Comment(
        f"NOT VALID, since values of {key.referent_table} are lost: VALIDATE it when they are "
        "restored."
    )
    return dataclasses.replace(change, downgrade=(comment, key))


def _stage_of(operation: ConstraintOp) -> Stage:
    is_foreign_key = isinstance(operation, ops.CreateForeignKeyOp)
    return Stage.FOREIGN_KEY if is_foreign_key else Stage.CONSTRAINT


def _is_generated(column: Column[Any]) -> bool:
    """Whether the server generates the values: an identity or a generated column."""
    return _is_generated_default(column.server_default)


def _is_generated_default(default: object) -> bool:
    return isinstance(default, Computed | Identity)


def _describe_parts(operation: ops.AlterColumnOp) -> str:
    parts = {
        "the type": operation.modify_type is not None,
        "the default": operation.modify_server_default is not False,
        "NOT NULL": operation.modify_nullable is not None,
        "the comment": operation.modify_comment is not False,
    }
    return " and ".join(name for name, is_changed in parts.items() if is_changed) or "the name"


def _describe(operation: ConstraintOp) -> str:
    name = operation.constraint_name
    if isinstance(operation, ops.CreateForeignKeyOp):
        tables = f"{operation.source_table} and {operation.referent_table}"
        return (
            f"Adds {name}: brief SHARE ROW EXCLUSIVE lock on {tables}, then "
            f"{SCAN.format(operation.source_table)}."
        )
    table = operation.table_name
    if isinstance(operation, ops.CreateUniqueConstraintOp):
        return (
            f"Adds {name} on an index that is built concurrently; {IN_USE.format(table)}, except "
            f"for a {BRIEF_LOCK.format(table)} at the end."
        )
    return f"Adds {name}: {BRIEF_LOCK.format(table)}, then {SCAN.format(table)}."
