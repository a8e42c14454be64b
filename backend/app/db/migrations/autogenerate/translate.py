"""Turn one operation that Alembic proposes into changes that are safe on a live table."""

from copy import copy
from functools import singledispatchmethod
from typing import Any

from alembic.operations import ops
from alembic.operations.ops import MigrateOperation
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Column, Computed, Identity, MetaData

from app.db.migrations.autogenerate.change import (
    BY_HAND,
    RECIPES,
    CannotWriteError,
    Change,
    Remark,
    Stage,
)
from app.db.migrations.autogenerate.probe import Effect, Probe
from app.db.migrations.operations.column import AddColumnOnlineOp
from app.db.migrations.operations.constraint import (
    CreateCheckConstraintOnlineOp,
    CreateForeignKeyOnlineOp,
    CreateUniqueConstraintOnlineOp,
)
from app.db.migrations.operations.index import CreateIndexOnlineOp, DropIndexOnlineOp
from app.db.migrations.operations.not_null import SetNotNullOnlineOp

MOMENT = "ACCESS EXCLUSIVE on {} for a moment"
BESIDE = "{} is read and written meanwhile"
READ = "reads {} while it is read and written"

Added = ops.CreateForeignKeyOp | ops.CreateCheckConstraintOp | ops.CreateUniqueConstraintOp
ONLINE: dict[type[MigrateOperation], type[Any]] = {
    ops.CreateForeignKeyOp: CreateForeignKeyOnlineOp,
    ops.CreateCheckConstraintOp: CreateCheckConstraintOnlineOp,
    ops.CreateUniqueConstraintOp: CreateUniqueConstraintOnlineOp,
}


class Translator:
    """Translates the operations on tables that are there before and afterwards.

    Attributes:
        metadata: the models.
    """

    def __init__(self, context: MigrationContext, metadata: MetaData) -> None:
        self._probe = Probe(context)
        self._impl = context.impl
        self.metadata = metadata

    @singledispatchmethod
    def translate(self, operation: MigrateOperation) -> list[Change]:
        """Return the changes that together do what `operation` does.

        Raises:
            CannotWriteError: It cannot be done safely in revisions alone.
        """
        raise CannotWriteError(
            f"nobody has said how {type(operation).__name__} is safe on a live table",
            'Write it by hand: alembic revision -m "…"',
            BY_HAND,
        )

    @translate.register
    def _(self, operation: ops.AddColumnOp) -> list[Change]:
        table, column = operation.table_name, operation.column
        name = f"{table}.{column.name}"
        if not column.nullable and column.server_default is None and not _is_given(column):
            raise CannotWriteError(
                f"{name} is NOT NULL without a server_default, so that rows that are there have no "
                "value, and code that runs now cannot insert any",
                "Make it nullable and run this again (expand), fill it with op.batched_backfill "
                "once the code writes it (backfill), then make it NOT NULL (contract)",
                f"{RECIPES}#add-a-column",
            )
        effect = self._probe.effect_of(table, lambda twin, schema: self._add(twin, column, schema))
        drop = ops.DropColumnOp(table, column.name)
        back = (Remark(f"Loses every value of {name}."), drop)
        if effect is Effect.NONE:
            words = f"Adds {name}: {MOMENT.format(table)}."
            return [Change(Stage.EXPAND, (operation,), back, words)]
        if _is_given(column):
            raise CannotWriteError(
                f"{name} gets its values from the server, which {effect.value} of {table} while "
                "nobody can read it",
                "Add a plain column, fill it with op.batched_backfill, and switch over",
                f"{RECIPES}#add-a-column",
            )
        online = AddColumnOnlineOp(table, column, key=self._key_of(table))
        words = (
            f"Adds {name}, whose default differs from row to row: {MOMENT.format(table)}, then "
            f"fills it in batches; {BESIDE.format(table)}."
        )
        return [Change(Stage.COLUMN, (online,), back, words, is_alone=True)]

    @translate.register
    def _(self, operation: ops.DropColumnOp) -> list[Change]:
        table, name = operation.table_name, f"{operation.table_name}.{operation.column_name}"
        back = operation.reverse()
        column = back.column
        back.column = column._copy()  # noqa: SLF001 for want of a public way
        remark = f"Brings the column of {name} back; what was in it is gone."
        if not column.nullable and column.server_default is None and not _is_given(column):
            back.column.nullable = True
            remark = f"Brings {name} back without NOT NULL: what was in it is gone."
        words = (
            f"Drops {name}: {MOMENT.format(table)}. No code that runs may read or write it any "
            "more, not even in a SELECT of all columns."
        )
        upgrade = (Remark(f"Loses every value of {name}."), operation)
        return [Change(Stage.CONTRACT, upgrade, (Remark(remark), back), words)]

    @translate.register
    def _(self, operation: ops.AlterColumnOp) -> list[Change]:
        table, column = operation.table_name, operation.column_name
        rest = copy(operation)
        changes = []
        if operation.modify_nullable is False:
            rest.modify_nullable = None
            online = SetNotNullOnlineOp(table, column)
            words = f"Forbids NULL in {table}.{column}: {MOMENT.format(table)}, "
            words += f"then {READ.format(table)}."
            changes = [
                Change(Stage.CONSTRAINT, (online,), (online.reverse(),), words, is_alone=True)
            ]
        if not rest.has_changes():
            return changes
        if rest.modify_type is not None:
            self._require_instant(rest)
        given = (rest.modify_server_default, rest.existing_server_default)
        if rest.modify_server_default is not False and any(map(_is_served, given)):
            raise CannotWriteError(
                f"how the server gives {table}.{column} its values cannot be changed by one "
                "operation that has a way back",
                'Write the ALTER TABLE and its reverse by hand: alembic revision -m "…"',
                BY_HAND,
            )
        back = rest.reverse()
        words = f"Changes {_parts(rest)} of {table}.{column}: {MOMENT.format(table)}."
        return [Change(Stage.EXPAND, (rest,), (back,), words), *changes]

    @translate.register
    def _(self, operation: ops.CreateIndexOp) -> list[Change]:
        index = operation.to_index()
        create = CreateIndexOnlineOp.from_index(index)
        words = (
            f"Builds {operation.index_name} concurrently; {BESIDE.format(operation.table_name)}."
        )
        drop = DropIndexOnlineOp.from_index(index)
        return [Change(Stage.INDEX, (create,), (drop,), words, is_alone=True)]

    @translate.register
    def _(self, operation: ops.DropIndexOp) -> list[Change]:
        index = operation.to_index()
        drop = DropIndexOnlineOp.from_index(index)
        drop._reverse = operation._reverse  # noqa: SLF001 the columns are in there only
        remark = Remark(f"Queries that used {operation.index_name} read the table from now on.")
        words = f"Drops {operation.index_name} concurrently; {BESIDE.format(operation.table_name)}."
        back = CreateIndexOnlineOp.from_index(operation.reverse().to_index())
        return [Change(Stage.RELEASE, (remark, drop), (back,), words, is_alone=True)]

    @translate.register(ops.CreateForeignKeyOp)
    @translate.register(ops.CreateCheckConstraintOp)
    @translate.register(ops.CreateUniqueConstraintOp)
    def _(self, operation: Added) -> list[Change]:
        online = online_of(operation)
        drop = ops.DropConstraintOp.from_constraint(operation.to_constraint())
        stage = _stage_of(operation)
        return [Change(stage, (online,), (drop,), _words_of(operation), is_alone=True)]

    @translate.register
    def _(self, operation: ops.DropConstraintOp) -> list[Change]:
        table, name = operation.table_name, operation.constraint_name
        back = operation.reverse()
        if type(back) not in ONLINE:
            raise CannotWriteError(
                f"dropping {name} of {table} has no safe way back",
                'Write it by hand: alembic revision -m "…"',
                BY_HAND,
            )
        remark = Remark(f"From now on nothing checks {name}.")
        words = f"Drops {name}: {MOMENT.format(table)}."
        return [
            Change(Stage.RELEASE, (remark, operation), (online_of(back),), words, is_alone=True)
        ]

    @translate.register(ops.CreateTableCommentOp)
    @translate.register(ops.DropTableCommentOp)
    def _(self, operation: ops.CreateTableCommentOp | ops.DropTableCommentOp) -> list[Change]:
        words = f"Changes the comment of {operation.table_name}, which locks no reader or writer."
        return [Change(Stage.EXPAND, (operation,), (operation.reverse(),), words)]

    def _add(self, table: str, column: Column[Any], schema: str) -> None:
        copied = column._copy()  # noqa: SLF001 for want of a public way
        copied.constraints.clear()  # they are added afterwards, in steps
        self._impl.add_column(table, copied, schema=schema)

    def _key_of(self, table: str) -> tuple[str, ...]:
        return tuple(column.name for column in self.metadata.tables[table].primary_key.columns)

    def _require_instant(self, operation: ops.AlterColumnOp) -> None:
        """Refuse a change of type that reads or writes every row while nobody else can."""
        table, column = operation.table_name, operation.column_name

        def change(twin: str, schema: str) -> None:
            self._impl.alter_column(twin, column, type_=operation.modify_type, schema=schema)

        effect = self._probe.effect_of(table, change)
        if effect is not Effect.NONE:
            raise CannotWriteError(
                f"the new type of {table}.{column} ({operation.modify_type!r}) {effect.value} "
                f"while nobody can use {table}",
                "Add a column of the new type, keep both true, backfill, and switch over",
                f"{RECIPES}#change-a-type",
            )


def online_of(operation: MigrateOperation, *, replace: bool = False) -> MigrateOperation:
    """Return the operation that adds a constraint in steps."""
    online = copy(operation)
    online.__class__ = ONLINE[type(operation)]
    online.replace = replace  # type: ignore[attr-defined]
    return online


def replace_index(drop: ops.DropIndexOp, create: ops.CreateIndexOp) -> Change:
    """Return the change that puts an index in the place of one of the same name."""
    new = CreateIndexOnlineOp.from_index(create.to_index())
    old = CreateIndexOnlineOp.from_index(drop.reverse().to_index())
    new.replace = old.replace = True  # type: ignore[attr-defined]
    words = f"Builds {create.index_name} anew beside the old one; "
    words += f"{BESIDE.format(create.table_name)}."
    return Change(Stage.INDEX, (new,), (old,), words, is_alone=True)


def replace_constraint(drop: ops.DropConstraintOp, create: Added) -> Change:
    """Return the change that puts a constraint in the place of one of the same name."""
    new, old = online_of(create, replace=True), online_of(drop.reverse(), replace=True)
    words = f"{_words_of(create)} It takes the place of the old one once it is proved."
    return Change(_stage_of(create), (new,), (old,), words, is_alone=True)


def _stage_of(operation: Added) -> Stage:
    is_reference = isinstance(operation, ops.CreateForeignKeyOp)
    return Stage.REFERENCE if is_reference else Stage.CONSTRAINT


def _is_given(column: Column[Any]) -> bool:
    """Whether the server gives the values: an identity or a generated column."""
    return _is_served(column.server_default)


def _is_served(default: object) -> bool:
    return isinstance(default, Computed | Identity)


def _parts(operation: ops.AlterColumnOp) -> str:
    said = {
        "the type": operation.modify_type is not None,
        "the default": operation.modify_server_default is not False,
        "NOT NULL": operation.modify_nullable is not None,
        "the comment": operation.modify_comment is not False,
    }
    return " and ".join(name for name, is_changed in said.items() if is_changed) or "the name"


def _words_of(operation: Added) -> str:
    name = operation.constraint_name
    if isinstance(operation, ops.CreateForeignKeyOp):
        tables = f"{operation.source_table} and {operation.referent_table}"
        return (
            f"Adds {name}: SHARE ROW EXCLUSIVE on {tables} for a moment, then "
            f"{READ.format(operation.source_table)}."
        )
    table = operation.table_name
    if isinstance(operation, ops.CreateUniqueConstraintOp):
        return (
            f"Adds {name} on an index that is built concurrently; {BESIDE.format(table)}, but for "
            f"{MOMENT.format(table)} at the end."
        )
    return f"Adds {name}: {MOMENT.format(table)}, then {READ.format(table)}."
