"""Add a column whose default differs from row to row, without rewriting the table at once."""

from typing import Any

from alembic.operations import Operations
from alembic.operations.ops import AddColumnOp
from sqlalchemy import Column
from sqlalchemy.schema import CreateColumn

from app.db.migrations.operations.backfill import fill
from app.db.migrations.operations.batch import Backfill
from app.db.migrations.operations.not_null import forbid_null
from app.db.migrations.operations.steps import PLAIN, OnlineOperationError, Steps, taking_steps

COLUMN = """
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
            OnlineOperationError: There is no default, or the revision has changed something
                before.
        """
        operations.invoke(cls(table_name, column, key=key, schema=schema))


@Operations.implementation_for(AddColumnOnlineOp)
def add_column_online(operations: Operations, operation: AddColumnOnlineOp) -> None:
    """Take the steps."""
    column = operation.column._copy()  # noqa: SLF001 as Alembic does, for want of a public way
    is_nullable, column.nullable = column.nullable, True
    if operation.column.server_default is None:
        raise OnlineOperationError(
            f"{operation.table_name}.{column.name} has no server_default: op.add_column adds it "
            "at once, and op.batched_backfill fills it"
        )
    default = _default_of(column)
    column.server_default = None
    with taking_steps(operations) as steps:
        table = steps.table(operation.table_name, operation.schema)
        name = steps.quote(column.name)
        if not _is_there(steps, table, column.name):
            definition = steps.compile(CreateColumn(column))
            steps.run(
                f"ALTER TABLE {table} ADD COLUMN {definition},"
                f" ALTER COLUMN {name} SET DEFAULT {default}"
            )
        backfill = Backfill(
            operation.table_name,
            {column.name: default},
            f"{name} IS NULL",
            key=operation.key,
            schema=operation.schema,
        )
        fill(steps, backfill)
        if not is_nullable:
            forbid_null(steps, table, column.name)


def _default_of(column: Column[Any]) -> str:
    """Return a column's default as SQL."""
    return str(PLAIN.ddl_compiler(PLAIN, None).get_column_default_string(column))


def _is_there(steps: Steps, table: str, column: str) -> bool:
    return not steps.is_offline and steps.ask(COLUMN, table=table, column=column) is not None
