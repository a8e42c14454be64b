"""Dry-run steps in a transaction and roll it back; read the state of the tables in between."""

import logging
import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from math import ceil
from typing import Any, NamedTuple

import sqlalchemy as sa
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from psycopg2.extensions import TRANSACTION_STATUS_IDLE, TRANSACTION_STATUS_INTRANS
from sqlalchemy import ColumnElement, Connection, Engine, Select, event
from sqlalchemy.exc import DBAPIError

from alembic_zero_downtime._alembic import make_upgrade_steps
from alembic_zero_downtime.errors import TRANSIENT, MigrationError, describe_failure, sqlstate
from alembic_zero_downtime.operations.context import DRY_RUN
from alembic_zero_downtime.sql import ends_transaction, without_quoted
from alembic_zero_downtime.steps import StepsFunction
from alembic_zero_downtime.tables import MIGRATION_TABLES, NOT_FROM_EXTENSION

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

# The server assigns identity and generated columns, and defaults whose stored expression calls a
# function that is not immutable, such as nextval() or now().
TABLE_STATES = sa.text(rf"""
    SELECT c.oid, n.nspname, c.relname,
           n.nspname = current_schema() AND c.relname <> ALL (:migration_tables)
               AND {NOT_FROM_EXTENSION},
           c.relkind = 'p',
           (SELECT inhparent FROM pg_inherits WHERE inhrelid = c.oid AND c.relispartition),
           pg_relation_filenode(c.oid),
           pg_stat_get_xact_tuples_inserted(c.oid), pg_stat_get_xact_tuples_deleted(c.oid),
           (SELECT coalesce(jsonb_agg(jsonb_build_array(
                       a.attnum, a.attname, a.attgenerated <> '',
                       a.attgenerated <> '' OR a.attidentity <> ''
                           OR coalesce(d.adbin::text LIKE '%SQLVALUEFUNCTION%', false)
                           OR EXISTS (
                              SELECT FROM regexp_matches(d.adbin::text, 'funcid (\d+)', 'g')
                                       AS called (ids)
                                JOIN pg_proc AS p ON p.oid = called.ids[1]::oid
                               WHERE p.provolatile <> 'i'))), '[]')
              FROM pg_attribute AS a
              LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
             WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)
      FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_'
     ORDER BY c.relname
""")  # noqa: S608 constants


class DryRunError(MigrationError):
    """The steps cannot be dry-run, so that their data loss is unknown."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"the data loss cannot be estimated: {reason}")


class ColumnState(NamedTuple):
    """A column; `is_server_assigned` if the server can assign a new value to each row."""

    number: int
    name: str
    is_generated: bool
    is_server_assigned: bool


class TableState(NamedTuple):
    """A table at one point of a transaction.

    Attributes:
        is_project_table: whether it is in the current schema, and neither a migration table nor
            an extension's.
        parent: the oid of the partitioned table that it is a partition of.
        file: the relfilenode, which changes when the table is truncated or rewritten.
        inserted: the session's counter of rows, including those rolled back to a savepoint.
        deleted: the same.
    """

    oid: int
    schema: str
    name: str
    is_project_table: bool
    is_partitioned: bool
    parent: int | None
    file: int | None
    inserted: int
    deleted: int
    columns: tuple[ColumnState, ...]

    @property
    def column_names(self) -> set[str]:
        """The names of all columns."""
        return {each.name for each in self.columns}


def read_tables(connection: Connection) -> list[TableState]:
    """Return the tables of all schemas except the system's, sorted by name."""
    rows = connection.execute(TABLE_STATES, {"migration_tables": list(MIGRATION_TABLES)})
    return [
        TableState._make((*row[:-1], tuple(ColumnState(*each) for each in row[-1]))) for row in rows
    ]


def select_from(table: TableState, *columns: ColumnElement[Any]) -> Select[Any]:
    """Select from a table and its partitions, but not from tables that inherit from it."""
    source = sa.table(table.name, schema=table.schema)
    statement = sa.select(*columns).select_from(source)
    return statement if table.is_partitioned else statement.with_hint(source, "ONLY", "postgresql")


def count_rows(connection: Connection, table: TableState, *conditions: ColumnElement[bool]) -> int:
    """Count the rows of a table that fulfil all conditions."""
    return connection.scalar(select_from(table, sa.func.count()).where(*conditions)) or 0


@contextmanager
def rolled_back(
    connection: Connection, *, lock_timeout: float, statement_timeout: float
) -> Iterator[None]:
    """Begin a REPEATABLE READ transaction with timeouts, and roll it back when the block ends.

    Raises:
        DryRunError: A lock or a statement has timed out, or there was another transient error.
    """
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


class _DryRunContext(MigrationContext):
    """Alembic's context, whose autocommit blocks stay in the transaction."""

    def autocommit_block(self) -> Any:
        return nullcontext()


def run_steps(connection: Connection, scripts: ScriptDirectory, steps: StepsFunction) -> None:
    """Run the steps for the current heads in the open transaction, without Alembic's log lines.

    Raises:
        Exception: Any error of a revision.
    """
    logger = logging.getLogger("alembic.runtime.migration")
    was_disabled, logger.disabled = logger.disabled, True
    try:
        options = {"script": scripts, "fn": steps, DRY_RUN: True}
        context = _DryRunContext(connection.dialect, connection, options)
        with Operations.context(context):
            context.run_migrations()
    finally:
        logger.disabled = was_disabled


def upgrade_steps(scripts: ScriptDirectory, heads: Sequence[str]) -> StepsFunction:
    """Return the function that returns the steps of an upgrade to `heads`."""
    return lambda current, _: make_upgrade_steps(scripts, heads, current)
