"""Dry-run steps in a transaction, and roll it back."""

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from math import ceil
from typing import Any

import sqlalchemy as sa
from alembic.script import ScriptDirectory
from psycopg2.extensions import TRANSACTION_STATUS_IDLE, TRANSACTION_STATUS_INTRANS
from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import DBAPIError

from alembic_zero_downtime._alembic import make_upgrade_steps
from alembic_zero_downtime.errors import TRANSIENT, MigrationError, describe_failure, sqlstate
from alembic_zero_downtime.migration_environment import MigrationEnvironment
from alembic_zero_downtime.operations.context import DRY_RUN
from alembic_zero_downtime.sql import ends_transaction, without_quoted
from alembic_zero_downtime.steps import StepsFunction

# The time limit of the dry run, beside the transient errors.
QUERY_CANCELED = "57014"
# Statements that cannot run in a transaction or would lift its timeouts. None of them loses data.
SKIPPED_STATEMENT = re.compile(
    r"""\s* (?: (?:CREATE|DROP) \s+ (?:UNIQUE\s+)? INDEX \s+ CONCURRENTLY
              | REINDEX | VACUUM
              | ALTER \s+ TABLE \b [^;]* \b DETACH \s+ PARTITION \b [^;]* \b CONCURRENTLY
              | SET \s+ (?:LOCAL\s+|SESSION\s+)? (?:lock|statement|transaction)_timeout
            ) \b [^;]* ;? \s*""",
    re.IGNORECASE | re.VERBOSE,
)
EMPTY_STATEMENT = "SELECT"
SAVEPOINT = "dry_run"

LAST_VALUES = sa.text("""
    SELECT seqrelid, sign(seqincrement)::int,
           CASE WHEN has_schema_privilege(relnamespace, 'USAGE')
                 AND has_sequence_privilege(seqrelid, 'USAGE, SELECT')
                THEN pg_sequence_last_value(seqrelid) END
      FROM pg_sequence JOIN pg_class ON pg_class.oid = seqrelid
     WHERE NOT pg_is_other_temp_schema(relnamespace)
""")
SET_VALUE = sa.text("SELECT setval(CAST(:oid AS regclass), :value)")


class DryRunError(MigrationError):
    """The steps cannot be dry-run, so that their data loss is unknown."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"the data loss cannot be estimated: {reason}")


@contextmanager
def rolled_back(
    connection: Connection, *, lock_timeout: float, statement_timeout: float
) -> Iterator[None]:
    """Begin a REPEATABLE READ transaction with timeouts, and roll it back when the block ends.

    Sequences never return to lower values: `nextval()` and `setval()` are not rolled back.

    Raises:
        DryRunError: A lock or a statement has timed out, or there was another transient error.
    """
    with connection.begin():
        values = _last_values(connection)
    connection.begin()
    try:
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{lock_timeout:.3f}s'")
        connection.exec_driver_sql(f"SET LOCAL statement_timeout = '{statement_timeout:.3f}s'")
        yield
    except DBAPIError as error:
        if sqlstate(error) not in {*TRANSIENT, QUERY_CANCELED}:
            raise
        raise DryRunError(
            f"{describe_failure(error)}. Try again when no other transaction uses these tables"
        ) from error
    finally:
        connection.rollback()
        if not connection.invalidated:  # after a refused commit SQLAlchemy has no transaction
            connection.connection.rollback()
            _raise_sequences(connection, values)


def _last_values(connection: Connection) -> dict[int, tuple[int, int]]:
    """Return the direction and the last value of each sequence that has one."""
    rows = connection.execute(LAST_VALUES)
    return {oid: (direction, value) for oid, direction, value in rows if value is not None}


def _raise_sequences(connection: Connection, values: Mapping[int, tuple[int, int]]) -> None:
    """Undo a `setval()` that has set a sequence back, which no rollback does."""
    with connection.begin():
        now = _last_values(connection)
        for oid, (direction, value) in values.items():
            if oid in now and (value - now[oid][1]) * direction > 0:
                connection.execute(SET_VALUE, {"oid": oid, "value": value})


@contextmanager
def rolled_back_to_savepoint(connection: Connection, time_limit: float) -> Iterator[None]:
    """Roll back to a savepoint when the block ends; the transaction stays open.

    Statements that would outlive the transaction are refused; those that cannot run in one are
    skipped. All statements of the block together get `time_limit` seconds. After the block there
    is no time limit, since its locks are released.
    """
    deadline = time.monotonic() + time_limit

    def check(_: Connection, cursor: Any, statement: str, parameters: Any, *__: Any) -> Any:
        remaining = deadline - time.monotonic()
        if remaining <= 0:
            raise DryRunError(f"it takes longer than {time_limit:g} s")
        bare = without_quoted(statement)
        status = cursor.connection.info.transaction_status
        if ends_transaction(statement) or status == TRANSACTION_STATUS_IDLE:
            refuse_transaction_end()
        if status == TRANSACTION_STATUS_INTRANS:
            with cursor.connection.cursor() as another:
                another.execute(f"SET LOCAL statement_timeout = {ceil(remaining * 1000)}")
        is_skipped = SKIPPED_STATEMENT.fullmatch(bare)
        return (EMPTY_STATEMENT, {}) if is_skipped else (statement, parameters)

    def refuse_transaction_end(*_: object) -> None:
        raise DryRunError("a revision commits or rolls back by itself")

    def refuse_connection(*_: object) -> None:
        raise DryRunError("a revision opens a separate connection")

    connection.exec_driver_sql(f"SAVEPOINT {SAVEPOINT}")
    listeners: list[tuple[object, str, Callable[..., Any]]] = [
        (connection, "before_cursor_execute", check),
        (connection, "commit", refuse_transaction_end),
        (connection, "rollback", refuse_transaction_end),
        (Engine, "do_connect", refuse_connection),
    ]
    for source, name, listener in listeners:
        event.listen(source, name, listener, retval=listener is check)
    try:
        yield
    finally:
        for registered in listeners:
            event.remove(*registered)
    transaction = connection.get_transaction()
    if transaction and not transaction.is_active:  # a refused commit: reset SQLAlchemy's state
        transaction.rollback()
    connection.exec_driver_sql(f"ROLLBACK TO SAVEPOINT {SAVEPOINT}")
    connection.exec_driver_sql("SET LOCAL statement_timeout TO DEFAULT")


def run_steps(
    environment: MigrationEnvironment, connection: Connection, steps: StepsFunction
) -> None:
    """Run the steps for the current heads in the open transaction; autocommit blocks stay in it.

    Raises:
        Exception: Any error of a revision.
    """
    options: dict[str, Any] = {"autocommit_block": nullcontext, DRY_RUN: True}
    with environment.open(connection, steps=steps, **options) as opened:
        environment.run(opened)


def upgrade_steps(scripts: ScriptDirectory, heads: Sequence[str]) -> StepsFunction:
    """Return the function that returns the steps of an upgrade to `heads`."""
    return lambda current, _: make_upgrade_steps(scripts, heads, current)
