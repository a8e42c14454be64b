"""Run an online operation as a sequence of transactions, each of them idempotent."""

import hashlib
import logging
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

from alembic.operations import Operations
from psycopg2.extensions import TRANSACTION_STATUS_INERROR
from sqlalchemy import (
    ClauseElement,
    Column,
    Connection,
    Constraint,
    Index,
    Row,
    text,
)
from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.types import NullType

from alembic_zero_downtime._alembic import format_constraint, is_in_external_transaction
from alembic_zero_downtime.errors import MigrationError, describe_failure, sqlstate
from alembic_zero_downtime.verbatim import use_verbatim_compiler

# psycopg2's own dialect doubles percent signs, as if DDL had parameters.
DIALECT: Any = PGDialect(paramstyle="named")  # type: ignore[no-untyped-call]
use_verbatim_compiler(DIALECT)
WAIT_FOR_VACUUM = "LOCK TABLE {} IN SHARE UPDATE EXCLUSIVE MODE; "
"""The prefix of a statement that has to wait for VACUUM first."""
IN_ONLINE_OPERATION = "online operation"
"""The key in `Connection.info` that is set while an online operation runs."""
DRY_RUN = "is_dry_run"
"""The option of a migration context that keeps everything in one transaction."""
INTEGRITY_VIOLATION = "23"  # SQLSTATE class: existing rows violate the constraint
LOCK_TIMEOUT = "5s"  # if the session has none: readers and writers queue behind a waiting DDL

# cmin: a row's command number in the transaction that wrote it (PostgreSQL manual, "System
# Columns").
STAMP_COMMAND = """
    SELECT max(cmin::text::bigint) FROM {}
     WHERE xmin::text = pg_current_xact_id_if_assigned()::xid::text
"""
NEXT_COMMAND = "UPDATE {} SET version_num = version_num RETURNING cmin::text::bigint"

logger = logging.getLogger(__name__)


class OnlineOperationError(MigrationError):
    """An online operation cannot be done; the message gives the reason and the fix."""


class Replacing:
    """A mixin for operations that can replace an index or a constraint of the same name."""

    def __init__(self, *arguments: Any, replace: bool = False, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.replace = replace


class OnlineContext:
    """Runs the statements of an online operation and reads the catalog.

    Attributes:
        context: Alembic's migration context.
        is_offline: whether Alembic writes a script (`--sql`): there is no catalog to read.
        is_dry_run: whether only the loss of data counts, in a transaction that is rolled back.
        is_transactional: whether everything has to stay in the current transaction: of a dry run,
            or of a program that has passed its connection to Alembic.
    """

    def __init__(self, operations: Operations) -> None:
        self.context = operations.migration_context
        self.is_offline = self.context.as_sql
        self.is_dry_run = bool(self.context.opts.get(DRY_RUN))
        self.is_transactional = self.is_dry_run or is_in_external_transaction(self.context)
        self._preparer = DIALECT.identifier_preparer

    @property
    def connection(self) -> Connection:
        """The connection that migrates."""
        if self.context.connection is None:
            raise OnlineOperationError("an online operation needs a database connection")
        return self.context.connection

    def run(self, statement: str) -> None:
        """Run a statement verbatim: colons and percent signs are not parameters."""
        if self.is_offline:
            self.context.impl.static_output(statement + self.context.impl.command_terminator)
        else:
            self.connection.exec_driver_sql(statement, execution_options={"no_parameters": True})

    def run_locking(self, table: str, statement: str) -> None:
        """Run a statement that briefly blocks writers, or readers and writers, of `table`.

        Take SHARE UPDATE EXCLUSIVE first, so that waiting for VACUUM blocks no reader or writer:
        autovacuum is canceled only after `deadlock_timeout` (one second), and until then all other
        sessions would queue behind the statement.
        """
        self.run(statement if self.is_offline else WAIT_FOR_VACUUM.format(table) + statement)

    def compile(self, element: ClauseElement) -> str:
        """Return the SQL of a construct; `:name` in its texts is no parameter."""
        return str(element.compile(dialect=DIALECT))

    def fetch_row(self, query: str, **values: object) -> Row[Any] | None:
        """Return the first row of the result."""
        return self.connection.execute(text(query), values).first()

    def quote(self, *names: str) -> str:
        """Return quoted identifiers, separated by commas."""
        return ", ".join(self._preparer.quote(name) for name in names)

    def literal(self, value: str) -> str:
        """Return a string literal."""
        return "'" + value.replace("'", "''") + "'"

    def table(self, name: str, schema: str | None) -> str:
        """Return the quoted name of a table, with its schema if there is one."""
        return f"{self.quote(schema)}.{self.quote(name)}" if schema else self.quote(name)

    def name_of(self, item: Constraint | Index) -> str:
        """Return the unquoted name of a constraint or an index in the database.

        Raises:
            OnlineOperationError: It has no name.
        """
        name = format_constraint(self._preparer, item)
        if not name:
            raise OnlineOperationError("the constraint or index needs a name, to be found again")
        return name

    def table_of(self, item: Constraint | Index) -> str:
        """Return the quoted table name of a constraint or an index."""
        assert item.table is not None  # noqa: S101 Alembic sets it
        return self.table(item.table.name, item.table.schema)

    def add_included_columns(self, item: Constraint | Index) -> None:
        """Add the INCLUDE columns to the stub table that Alembic builds from column names."""
        assert item.table is not None  # noqa: S101 Alembic sets it
        for name in item.dialect_options["postgresql"]["include"] or ():
            if name not in item.table.c:
                item.table.append_column(Column(name, NullType))

    @contextmanager
    def setting(self, name: str, value: str) -> Iterator[None]:
        """Change a parameter of the session while the block runs."""
        if self.is_offline:
            self.run(f"SET {name} = {value}")
            yield
            self.run(f"RESET {name}")
            return
        previous = self.fetch_row(
            "SELECT current_setting(:name), set_config(:name, :value, false)",
            name=name,
            value=value,
        )
        try:
            yield
        finally:
            if previous and not self._has_failed():  # the rollback restores it too
                self.fetch_row(
                    "SELECT set_config(:name, :value, false)", name=name, value=previous[0]
                )

    def _has_failed(self) -> bool:
        """Whether the session is lost, or its transaction can only be rolled back."""
        if self.connection.invalidated:
            return True
        driver: Any = self.connection.connection.dbapi_connection
        return bool(driver.info.transaction_status == TRANSACTION_STATUS_INERROR)


@contextmanager
def online_context(operations: Operations) -> Iterator[OnlineContext]:
    """Yield the context of an online operation, outside the revision's transaction.

    In a transaction that cannot be left, an operation runs its plain equivalent.

    Raises:
        OnlineOperationError: The revision has already changed something, which would be committed
            here and might not be safe to repeat.
    """
    online = OnlineContext(operations)
    if online.is_transactional:
        if not online.is_dry_run:
            logger.warning(
                "An online operation runs in the transaction of the program that passed the "
                "connection to Alembic: its locks are held until that transaction ends"
            )
        yield online
        return
    if online.is_offline:
        with online.context.autocommit_block():
            yield online
        return
    if _has_written(online):
        raise OnlineOperationError(
            "an online operation commits, but this revision has already changed something else: "
            "move the operation to a separate revision"
        )
    info = online.connection.info
    info[IN_ONLINE_OPERATION] = True
    try:
        with online.context.autocommit_block(), _default_lock_timeout(online):
            yield online
    finally:
        info.pop(IN_ONLINE_OPERATION, None)


def _has_written(online: OnlineContext) -> bool:
    """Whether the revision has changed something before its online operation.

    If all revisions share one transaction (Alembic's default), earlier revisions have written too.
    They may be committed: each ends by stamping the version, so the stamp is then the last command.
    """
    has_xid = online.fetch_row("SELECT pg_current_xact_id_if_assigned() IS NOT NULL")
    if not (has_xid and has_xid[0]):
        return False
    if online.context.opts.get("transaction_per_migration"):
        return True
    versions = online.table(online.context.version_table, online.context.version_table_schema)
    stamp = online.fetch_row(STAMP_COMMAND.format(versions))
    next_command = online.fetch_row(NEXT_COMMAND.format(versions))
    return stamp is None or next_command is None or next_command[0] - 1 != stamp[0]


@contextmanager
def _default_lock_timeout(online: OnlineContext) -> Iterator[None]:
    """Limit the waits for locks, unless the session does so already."""
    row = online.fetch_row("SELECT current_setting('lock_timeout')")
    with online.setting("lock_timeout", LOCK_TIMEOUT) if row and row[0] == "0" else nullcontext():
        yield


@contextmanager
def dropped_if_violated(online: OnlineContext, drop: str) -> Iterator[None]:
    """Run the statement `drop` if existing rows violate the new constraint.

    Otherwise the constraint of a revision that is not applied would reject writes.
    """
    try:
        yield
    except DBAPIError as error:
        if (sqlstate(error) or "").startswith(INTEGRITY_VIOLATION) and not online.is_transactional:
            run_cleanup(online, drop)
        raise


def run_cleanup(online: OnlineContext, statement: str) -> None:
    """Run a cleanup statement after a failure; log its error, so that the first one is raised."""
    try:
        online.run(statement)
    except DBAPIError as error:
        logger.warning("Cleanup failed (%s). Run: %s", describe_failure(error), statement)


def temporary_name(purpose: str, *names: str) -> str:
    """Return a short, deterministic name for a temporary object."""
    digest = hashlib.sha256(".".join(names).encode()).hexdigest()[:16]
    return f"online_{purpose}_{digest}"


def is_in_online_operation(connection: Connection) -> bool:
    """Whether the connection is in an online operation, whose transactions are idempotent."""
    return bool(connection.info.get(IN_ONLINE_OPERATION))
