"""Forbid NULL in a column that has rows already, without a long lock."""

from typing import Any

from alembic.operations import Operations
from alembic.operations.ops import AlterColumnOp, MigrateOperation
from sqlalchemy import Row

from app.db.migrations.operations.steps import (
    OnlineOperationError,
    Steps,
    helper_of,
    taken_back_if_violated,
    taking_steps,
)

NOT_VALID_SINCE = 18  # the major version in which a NOT NULL may wait for its validation

# Whether NULL is forbidden, and by what: `n` is a NOT NULL with a name, since PostgreSQL 18.
STATE = """
    SELECT a.attnotnull,
           (SELECT n.conname FROM pg_constraint AS n WHERE n.conrelid = a.attrelid
               AND n.contype = 'n' AND a.attnum = ANY (n.conkey) AND NOT n.convalidated) AS waiting,
           (SELECT c.convalidated FROM pg_constraint AS c
             WHERE c.conrelid = a.attrelid AND c.contype = 'c' AND c.conname = :helper) AS helped
      FROM pg_attribute AS a
     WHERE a.attrelid = to_regclass(:table) AND a.attname = :column AND NOT a.attisdropped
"""


@Operations.register_operation("set_not_null_online")
class SetNotNullOnlineOp(MigrateOperation):
    """Forbid NULL in steps; see `op.set_not_null_online`."""

    def __init__(self, table_name: str, column_name: str, *, schema: str | None = None) -> None:
        self.table_name = table_name
        self.column_name = column_name
        self.schema = schema

    def reverse(self) -> AlterColumnOp:
        """Return the operation that takes this one back: a lock for a moment."""
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
        """Forbid NULL in a column while the table is read and written.

        On PostgreSQL 18 a NOT NULL that is NOT VALID, then its validation. Before that a CHECK
        stands in for it: PostgreSQL does not read the table again where a valid one proves that
        there is no NULL (manual, "ALTER TABLE"). No step holds ACCESS EXCLUSIVE for more than a
        moment. Where a row has NULL, all of it is taken back.

        Args:
            operations: given by Alembic.
            table_name: the table.
            column_name: the column.
            schema: of the table.

        Raises:
            OnlineOperationError: There is no such column, or the revision has changed something
                before.
        """
        operations.invoke(cls(table_name, column_name, schema=schema))


@Operations.implementation_for(SetNotNullOnlineOp)
def set_not_null_online(operations: Operations, operation: SetNotNullOnlineOp) -> None:
    """Take the steps."""
    with taking_steps(operations) as steps:
        forbid_null(
            steps, steps.table(operation.table_name, operation.schema), operation.column_name
        )


def forbid_null(steps: Steps, table: str, column: str) -> None:
    """Take the steps that are left, as this server knows them."""
    if steps.is_rehearsal:
        return  # loses nothing
    if steps.is_offline:
        _by_check(steps, table, column)
        return
    state = _look(steps, table, column)
    if not state.attnotnull and _has_not_valid(steps):
        forbid = f"ALTER TABLE {table} ADD NOT NULL {steps.quote(column)} NOT VALID"
        steps.run_gently(table, forbid)
        state = _look(steps, table, column)
    if state.waiting:
        _validate(steps, table, state.waiting)
    elif not state.attnotnull:
        _by_check(steps, table, column, is_valid=state.helped)
        return
    if state.helped is not None:  # of a run that was ended just before its end
        helper = helper_of("not_null", table, column)
        steps.run_gently(table, f"ALTER TABLE {table} DROP CONSTRAINT {helper}")


def _look(steps: Steps, table: str, column: str) -> Row[Any]:
    helper = helper_of("not_null", table, column)
    state = steps.ask(STATE, table=table, column=column, helper=helper)
    if state is None:
        raise OnlineOperationError(f"there is no column {column} in {table}")
    return state


def _has_not_valid(steps: Steps) -> bool:
    """Whether the server's NOT NULL may wait for its validation."""
    server: Any = steps.context.dialect.server_version_info
    return bool(server[0] >= NOT_VALID_SINCE)


def _validate(steps: Steps, table: str, name: str) -> None:
    undo = f"ALTER TABLE {table} DROP CONSTRAINT {steps.quote(name)}"
    with taken_back_if_violated(steps, undo):
        steps.run(f"ALTER TABLE {table} VALIDATE CONSTRAINT {steps.quote(name)}")


def _by_check(steps: Steps, table: str, column: str, *, is_valid: bool | None = None) -> None:
    """Let a valid CHECK prove that there is no NULL; it goes when the NOT NULL is there."""
    helper = helper_of("not_null", table, column)
    if is_valid is None:
        steps.run_gently(
            table,
            f"ALTER TABLE {table} ADD CONSTRAINT {helper}"
            f" CHECK ({steps.quote(column)} IS NOT NULL) NOT VALID",
        )
    if not is_valid:
        _validate(steps, table, helper)
    forbid = f"ALTER TABLE {table} ALTER COLUMN {steps.quote(column)} SET NOT NULL"
    steps.run_gently(table, forbid)
    steps.run_gently(table, f"ALTER TABLE {table} DROP CONSTRAINT {helper}")
