"""Add a column with a volatile default without rewriting the table under a lock."""

from typing import Any

from alembic.operations import Operations
from alembic.operations.ops import AddColumnOp
from sqlalchemy import Column
from sqlalchemy.schema import CreateColumn

from alembic_zero_downtime._alembic import copy_column
from alembic_zero_downtime.operations.backfill import run_backfill
from alembic_zero_downtime.operations.backfill_sql import Backfill
from alembic_zero_downtime.operations.comparison import is_same_column
from alembic_zero_downtime.operations.context import (
    DIALECT,
    OnlineContext,
    OnlineOperationError,
    online_context,
)
from alembic_zero_downtime.operations.not_null import set_not_null

EXISTS = """
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

        `op.add_column` would rewrite the table under ACCESS EXCLUSIVE, since a volatile default is
        evaluated for each row. This operation adds the column as NULL, with its default for new
        rows, under a brief lock; fills existing rows in batches (see `op.batched_backfill`); and
        sets NOT NULL if the column requires it (see `op.set_not_null_online`).

        A default that is the same for all rows, such as `now()` or `0`, needs only `op.add_column`.

        Args:
            operations: given by Alembic.
            table_name: the table.
            column: has a `server_default`, but no constraints, references or indexes.
            key: of the table, for the batches.
            schema: of the table.

        Raises:
            OnlineOperationError: The column has no default, or has constraints or an index; a
                different column of that name exists; or the revision has changed something before.
        """
        operations.invoke(cls(table_name, column, key=key, schema=schema))


@Operations.implementation_for(AddColumnOnlineOp)
def add_column_online(operations: Operations, operation: AddColumnOnlineOp) -> None:
    """Run the operation."""
    name = f"{operation.table_name}.{operation.column.name}"
    column = copy_column(operation.column)
    default = DIALECT.ddl_compiler(DIALECT, None).get_column_default_string(column)
    if default is None:
        raise OnlineOperationError(
            f"{name} has no server_default: add it with op.add_column and fill it with "
            "op.batched_backfill"
        )
    if column.foreign_keys or column.constraints or column.unique or column.index:
        raise OnlineOperationError(
            f"{name} has constraints or an index: add them afterwards, with online operations"
        )
    is_nullable, column.nullable = column.nullable, True
    with online_context(operations) as online:
        table = online.table(operation.table_name, operation.schema)
        _add(online, table, column, default)
        backfill = Backfill(
            operation.table_name,
            {column.name: default},
            f"{online.quote(column.name)} IS NULL",
            key=operation.key,
            schema=operation.schema,
        )
        run_backfill(online, backfill)
        if not is_nullable:
            set_not_null(online, table, column.name)


def _add(online: OnlineContext, table: str, column: Column[Any], default: str) -> None:
    """Add the column as NULL in existing rows, with its default for new rows."""
    name = online.quote(column.name)
    if online.is_offline or online.fetch_row(EXISTS, table=table, column=column.name) is None:
        default_clause, column.server_default = column.server_default, None
        definition = online.compile(CreateColumn(column))
        column.server_default = default_clause
        online.run_locking(
            table,
            f"ALTER TABLE {table} ADD COLUMN {definition},"
            f" ALTER COLUMN {name} SET DEFAULT {default}",
        )
    elif not online.is_dry_run and not is_same_column(online, table, column):
        raise OnlineOperationError(
            f"column {column.name} of {table} already exists with a different definition: drop or "
            "rename it first"
        )
    if column.comment:
        online.run(f"COMMENT ON COLUMN {table}.{name} IS {online.literal(column.comment)}")
