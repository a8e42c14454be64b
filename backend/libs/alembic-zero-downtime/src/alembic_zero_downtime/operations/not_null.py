"""Set a column NOT NULL without blocking reads or writes."""

from typing import Any

from alembic.operations import Operations
from alembic.operations.ops import AlterColumnOp, MigrateOperation
from sqlalchemy import Row

from alembic_zero_downtime.operations.context import (
    OnlineContext,
    OnlineOperationError,
    dropped_if_violated,
    online_context,
    temporary_name,
)

NOT_VALID_SINCE = 18  # the first major version with NOT NULL … NOT VALID

# Whether the column is NOT NULL, the name of its NOT NULL … NOT VALID (contype `n`, PostgreSQL 18),
# and whether the temporary CHECK is validated; NULL if there is none.
NOT_NULL_STATE = """
    SELECT a.attnotnull,
           (SELECT n.conname FROM pg_constraint AS n WHERE n.conrelid = a.attrelid
               AND n.contype = 'n' AND a.attnum = ANY (n.conkey) AND NOT n.convalidated) AS pending,
           (SELECT c.convalidated FROM pg_constraint AS c
             WHERE c.conrelid = a.attrelid AND c.contype = 'c' AND c.conname = :check) AS is_proven
      FROM pg_attribute AS a
     WHERE a.attrelid = to_regclass(:table) AND a.attname = :column AND NOT a.attisdropped
"""


@Operations.register_operation("set_not_null_online")
class SetNotNullOnlineOp(MigrateOperation):
    """Set a column NOT NULL; see `op.set_not_null_online`."""

    def __init__(self, table_name: str, column_name: str, *, schema: str | None = None) -> None:
        self.table_name = table_name
        self.column_name = column_name
        self.schema = schema

    def reverse(self) -> AlterColumnOp:
        """Return the operation that reverts this one, under a brief lock."""
        return AlterColumnOp(
            self.table_name, self.column_name, schema=self.schema, modify_nullable=True
        )

    @classmethod
    def set_not_null_online(
        cls,
        operations: Operations,
        table_name: str,
        column_name: str,
        *,
        schema: str | None = None,
    ) -> None:
        """Set a column NOT NULL without blocking reads or writes.

        PostgreSQL 18 adds the NOT NULL as NOT VALID and validates it. Older versions use a
        temporary CHECK: if a valid one proves that there is no NULL, SET NOT NULL does not scan the
        table (PostgreSQL manual, "ALTER TABLE"). Each ACCESS EXCLUSIVE lock is brief. If a row has
        NULL, the constraint is dropped.

        Args:
            operations: given by Alembic.
            table_name: the table.
            column_name: the column.
            schema: of the table.

        Raises:
            OnlineOperationError: The column does not exist, or the revision has changed something
                before.
        """
        operations.invoke(cls(table_name, column_name, schema=schema))


@Operations.implementation_for(SetNotNullOnlineOp)
def set_not_null_online(operations: Operations, operation: SetNotNullOnlineOp) -> None:
    """Run the operation."""
    with online_context(operations) as online:
        set_not_null(
            online, online.table(operation.table_name, operation.schema), operation.column_name
        )


def set_not_null(online: OnlineContext, table: str, column: str) -> None:
    """Run the remaining transactions, as the server version supports."""
    if online.is_dry_run:
        return  # it loses no data
    if online.is_transactional:
        statement = f"ALTER TABLE {table} ALTER COLUMN {online.quote(column)} SET NOT NULL"
        online.run_locking(table, statement)
        return
    if online.is_offline:
        _set_not_null_by_check(online, table, column)
        return
    state = _read_state(online, table, column)
    if not state.attnotnull and _supports_not_valid(online):
        statement = f"ALTER TABLE {table} ADD NOT NULL {online.quote(column)} NOT VALID"
        online.run_locking(table, statement)
        state = _read_state(online, table, column)
    if state.pending:
        _validate(online, table, state.pending)
    elif not state.attnotnull:
        _set_not_null_by_check(online, table, column, is_valid=state.is_proven)
        return
    if state.is_proven is not None:  # left by an interrupted run
        check = temporary_name("not_null", table, column)
        online.run_locking(table, f"ALTER TABLE {table} DROP CONSTRAINT {check}")


def _read_state(online: OnlineContext, table: str, column: str) -> Row[Any]:
    check = temporary_name("not_null", table, column)
    state = online.fetch_row(NOT_NULL_STATE, table=table, column=column, check=check)
    if state is None:
        raise OnlineOperationError(f"column {column} of {table} does not exist")
    return state


def _supports_not_valid(online: OnlineContext) -> bool:
    """Whether the server supports NOT NULL … NOT VALID."""
    server: Any = online.context.dialect.server_version_info
    return bool(server[0] >= NOT_VALID_SINCE)


def _validate(online: OnlineContext, table: str, name: str) -> None:
    drop = f"ALTER TABLE {table} DROP CONSTRAINT {online.quote(name)}"
    with dropped_if_violated(online, drop):
        online.run(f"ALTER TABLE {table} VALIDATE CONSTRAINT {online.quote(name)}")


def _set_not_null_by_check(
    online: OnlineContext, table: str, column: str, *, is_valid: bool | None = None
) -> None:
    """Prove with a valid CHECK that there is no NULL, set NOT NULL, and drop the CHECK."""
    check = temporary_name("not_null", table, column)
    if is_valid is None:
        online.run_locking(
            table,
            f"ALTER TABLE {table} ADD CONSTRAINT {check}"
            f" CHECK ({online.quote(column)} IS NOT NULL) NOT VALID",
        )
    if not is_valid:
        _validate(online, table, check)
    statement = f"ALTER TABLE {table} ALTER COLUMN {online.quote(column)} SET NOT NULL"
    online.run_locking(table, statement)
    online.run_locking(table, f"ALTER TABLE {table} DROP CONSTRAINT {check}")
