"""Add a column whose default differs from row to row, without rewriting the table at once."""

from typing import Any

from alembic.operations import Operations
from alembic.operations.ops import AddColumnOp
from sqlalchemy import Column
from sqlalchemy.schema import CreateColumn

from app.db.migrations.operations.backfill import fill
from app.db.migrations.operations.batch import Backfill
from app.db.migrations.operations.definition import is_same_column
from app.db.migrations.operations.not_null import forbid_null
from app.db.migrations.operations.steps import PLAIN, OnlineOperationError, Steps, taking_steps

THERE = """
    SELECT FROM pg_attribute
     WHERE attrelid = to_regclass(:table) AND attname = :column AND NOT attisdropped
"""


@Operations.register_operation("add_column_online")
class AddColumnOnlineOp(AddColumnOp):
    """Add a column with a volatile default; see `op.add_column_online`."""

    def __init__(
        self,
        table_name: str,
        column: Column[Any],
        *,
        key: tuple[str, ...] = ("id",),
        schema: str | None = None,
    ) -> None:
        super().__init__(table_name, column, schema=schema)
        self.key = key

    @classmethod
    def add_column_online(
        cls,
        operations: Operations,
        table_name: str,
        column: Column[Any],
        *,
        key: tuple[str, ...] = ("id",),
        schema: str | None = None,
    ) -> None:
        """Add a column with a default such as `gen_random_uuid()`.

        `op.add_column` would rewrite the table under ACCESS EXCLUSIVE, since each row has a value
        of its own. Here the column comes in empty with its default for new rows, which locks the
        table for a moment; old rows are filled in batches (see `op.batched_backfill`); then NULL
        is forbidden if the column says so (see `op.set_not_null_online`).

        A default that is the same for all rows, such as `now()` or `0`, needs none of this.

        Args:
            operations: given by Alembic.
            table_name: the table.
            column: with a `server_default`; without constraints and references of its own.
            key: of the table, for the batches.
            schema: of the table.

        Raises:
            OnlineOperationError: There is no default, or more than the column itself is to be
                made, or another column of that name is there, or the revision has changed
                something before.
        """
        operations.invoke(cls(table_name, column, key=key, schema=schema))


@Operations.implementation_for(AddColumnOnlineOp)
def add_column_online(operations: Operations, operation: AddColumnOnlineOp) -> None:
    """Take the steps."""
    name = f"{operation.table_name}.{operation.column.name}"
    column = operation.column._copy()  # noqa: SLF001 as Alembic does, for want of a public way
    default = PLAIN.ddl_compiler(PLAIN, None).get_column_default_string(column)
    if default is None:
        raise OnlineOperationError(
            f"{name} has no server_default: op.add_column adds it at once, and "
            "op.batched_backfill fills it"
        )
    if column.foreign_keys or column.constraints or column.unique or column.index:
        raise OnlineOperationError(
            f"{name} is to be more than a column: add its keys and indexes afterwards, online too"
        )
    is_nullable, column.nullable = column.nullable, True
    with taking_steps(operations) as steps:
        table = steps.table(operation.table_name, operation.schema)
        _add(steps, table, column, default)
        backfill = Backfill(
            operation.table_name,
            {column.name: default},
            f"{steps.quote(column.name)} IS NULL",
            key=operation.key,
            schema=operation.schema,
        )
        fill(steps, backfill)
        if not is_nullable:
            forbid_null(steps, table, column.name)


def _add(steps: Steps, table: str, column: Column[Any], default: str) -> None:
    """Add the column: empty, and with its default for rows that come from now on."""
    name = steps.quote(column.name)
    if steps.is_offline or steps.ask(THERE, table=table, column=column.name) is None:
        own_default, column.server_default = column.server_default, None
        definition = steps.compile(CreateColumn(column), getattr(own_default, "arg", None))
        column.server_default = own_default
        steps.run_gently(
            table,
            f"ALTER TABLE {table} ADD COLUMN {definition},"
            f" ALTER COLUMN {name} SET DEFAULT {default}",
        )
    elif not steps.is_rehearsal and not is_same_column(steps, table, column):
        raise OnlineOperationError(
            f"column {column.name} of {table} is there already and is defined otherwise: drop or "
            "rename it first"
        )
    if column.comment:
        steps.run(f"COMMENT ON COLUMN {table}.{name} IS {steps.literal(column.comment)}")
