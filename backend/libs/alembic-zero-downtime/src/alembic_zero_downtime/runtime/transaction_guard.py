"""Let only Alembic end the transaction of a revision, and only its return complete a revision."""

import inspect
import logging
import secrets
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from typing import Any, Self

from alembic.runtime.migration import MigrationContext, RevisionStep
from psycopg2.extensions import TRANSACTION_STATUS_IDLE
from sqlalchemy import Connection, Engine, event, table

from alembic_zero_downtime.database.session import (
    SessionState,
    may_change_settings,
    run_outside_transaction,
)
from alembic_zero_downtime.errors import MigrationError, describe_error
from alembic_zero_downtime.operations.context import is_in_online_operation
from alembic_zero_downtime.runtime.migration_lock import (
    LOCK_KEY,
    NAMESPACE,
    MigrationLock,
    MigrationLockLostError,
    read_process,
)
from alembic_zero_downtime.settings import MAX_NAME_BYTES, MigrationSettings
from alembic_zero_downtime.sql import ends_transaction
from alembic_zero_downtime.tables import MARK, quoted_name

# Another session holds the lock: if this one gets it, that one has lost it.
BEGIN = """
    SELECT pg_backend_pid(), pg_try_advisory_xact_lock({namespace}, {lock_key}), {heads}, {mark}
"""
QUALIFY = """
    SELECT format('%%s.%%I', relnamespace::regnamespace, relname)
      FROM pg_class WHERE oid = to_regclass(%s)::oid
"""
HEADS = "ARRAY(SELECT version_num::text FROM {})"
SET_MARK = f"set_config('{MARK}', %s, true)"
SET_PARAMETER = "set_config('{}', %s, {})"
READ_MARK = f"SELECT current_setting('{MARK}', true)"
LEGACY_WARNING = (
    "%s: it ends its transaction by itself, which legacy_until allows: if it fails, it is neither "
    "rolled back as a whole nor retried"
)

logger = logging.getLogger(__name__)


class UnfinishedRevisionError(MigrationError):
    """A revision has ended its transaction, or has left its function before the end."""


class VersionTableError(MigrationError):
    """The version table is not as this run has left it."""


class TransactionGuard:
    """Watches the worker session while a revision runs.

    Alembic ends the transaction of a revision, and those of its autocommit blocks. A commit or a
    rollback of the revision itself is refused: its other changes would share a transaction with
    the next revision, and a retry would not repeat them.

    Args:
        migrations: Alembic's context, with the worker session.
        lock: the migration lock.
        settings: the settings of the migration, with which each revision begins.
        legacy: the revisions that may end their transactions.
        is_nested: whether the revisions run in a transaction of the calling program.

    Attributes:
        is_nested: whether the revisions run in a transaction of the calling program.
        commits: how often the running revision has committed.
        unsafe_commits: those of them that may not be safe to repeat.
        has_ended_transaction: whether the running revision, a legacy one, has ended its
            transaction.
    """

    def __init__(
        self,
        migrations: MigrationContext,
        lock: MigrationLock,
        settings: MigrationSettings,
        *,
        legacy: Collection[str] = (),
        is_nested: bool = False,
    ) -> None:
        assert migrations.connection is not None  # noqa: S101 not in offline mode
        worker = migrations.connection
        self.is_nested = is_nested
        self.commits = self.unsafe_commits = 0
        self.has_ended_transaction = False
        self._legacy = legacy
        self._worker = worker
        self._lock = lock
        self._migrations = migrations
        self._autocommit_block = migrations.autocommit_block
        self._session_state = SessionState.read(worker)
        self._may_have_changed_settings = False
        parameters = {**settings.server_parameters, "application_name": settings.application_name}
        known = self._session_state.settings  # an older server lacks some
        self._parameters = {name: value for name, value in parameters.items() if name in known} | {
            "search_path": self._session_state.search_path
        }
        self._name = settings.application_name
        self._thread = threading.get_ident()
        self._mark = ""
        self._step_name = ""
        self._versions = ""
        self._expected_heads: Collection[str] | None = None
        self._step: RevisionStep | None = None
        self._is_in_revision = self._is_in_block = False
        self._violation: UnfinishedRevisionError | None = None
        self._listeners: list[tuple[object, str, Callable[..., None]]] = [
            (worker, "before_cursor_execute", self._check_statement),
            (worker, "after_cursor_execute", self._require_transaction),
            (worker, "commit", self._check_commit),
            (worker, "rollback", self._check_rollback),
            (Engine, "do_connect", self._count_connection),
        ]

    def __enter__(self) -> Self:
        """Listen to the session, and to the autocommit blocks of Alembic's context."""
        for listener in self._listeners:
            event.listen(*listener)
        self._lock.begin = self._begin
        self._migrations.autocommit_block = self._guarded_block  # type: ignore[method-assign]
        return self

    def __exit__(self, *_: object) -> None:
        """Remove the listeners: the calling program may continue with the connection."""
        self._lock.begin = read_process
        self._migrations.autocommit_block = self._autocommit_block  # type: ignore[method-assign]
        for listener in self._listeners:
            event.remove(*listener)

    def expect(self, step: str, heads: Collection[str] | None) -> None:
        """Prepare for an attempt of a step.

        Args:
            step: its name.
            heads: the revisions that the version table must have; None if that was just checked.
        """
        self._step_name = step
        self._expected_heads = None if self.is_nested else heads
        self.commits = self.unsafe_commits = 0
        self.has_ended_transaction = False
        if self._worker.in_transaction() and not self.is_nested:
            # Alembic has begun it to read the version table, and the first step continues with it.
            self._versions = self._qualify_version_table()
            self._begin(self._worker.connection.dbapi_connection)

    def require_heads(self, expected: Collection[str], heads: Collection[str]) -> None:
        """Require that the version table has the revisions that this run has left in it.

        Raises:
            VersionTableError: A step was not committed, or another session has changed it.
        """
        if set(heads) != set(expected):
            raise VersionTableError(
                f"the database is at {_list(heads)}, and not at {_list(expected)}, where this run "
                "has left it: a commit was lost, or another session has changed the version table"
            )

    def require_mark(self, mark: str | None) -> None:
        """Require that the transaction is still the one that was marked.

        A commit through the driver's own connection fires no event.

        Args:
            mark: as read in the transaction.

        Raises:
            UnfinishedRevisionError: The revision has ended the transaction.
        """
        if mark != self._mark:
            self._handle_end(is_done=True)

    def watch(self, step: RevisionStep) -> None:
        """Replace the function of a step by one that runs it guarded.

        That raises UnfinishedRevisionError if the revision ends the transaction which Alembic has
        begun for it, or does not return. A legacy revision may end it.
        """
        run_revision = step.migration_fn

        @wraps(run_revision)
        def run(**arguments: Any) -> None:
            self._step, self._violation = step, None
            if self.is_nested:
                expressions, values = self._mark_transaction(self._parameters)
                self._execute(f"SELECT {expressions}", *values)
            self._is_in_revision = True
            try:
                _require_no_coroutine(run_revision(**arguments))
                self._raise_violation()
                self._complete()
            except (Exception, KeyboardInterrupt):
                self._raise_violation()
                raise
            except BaseException as error:  # SystemExit, or asyncio's CancelledError
                raise UnfinishedRevisionError(
                    f"it ends with {describe_error(error)}, and does not return"
                ) from error
            finally:
                self._is_in_revision = False

        step.migration_fn = run

    def finish(self) -> None:
        """Commit the rest of a legacy revision, which Alembic has not begun."""
        if self.has_ended_transaction:
            self._worker.commit()

    @contextmanager
    def _guarded_block(self) -> Iterator[None]:
        """Let Alembic commit before the block, and mark the transaction that it begins after it."""
        self._is_in_revision, self._is_in_block = False, True
        try:
            with self._autocommit_block():
                yield
        finally:
            self._is_in_revision, self._is_in_block = True, False

    def _begin(self, driver: Any) -> int:
        """Mark the transaction that begins; return its server process.

        A step has one round trip more than with Alembic alone. It also checks the lock and the
        version table, sets the timeouts, and shows the step in pg_stat_activity.

        Raises:
            MigrationError: The lock is lost, or the version table has changed.
        """
        is_step = not (self._is_in_revision or self._is_in_block)
        if driver.autocommit or not self._step_name:
            return read_process(driver)
        name = f"{self._name}: {self._step_name}".encode("ascii", "replace")[:MAX_NAME_BYTES]
        parameters = {**self._parameters, "application_name": name.decode()} if is_step else {}
        expected = self._expected_heads if is_step else None
        heads = "NULL" if expected is None else HEADS.format(self._versions.replace("%", "%%"))
        keys = {"namespace": NAMESPACE, "lock_key": LOCK_KEY}
        with driver.cursor() as cursor:
            mark, values = self._mark_transaction(parameters)
            cursor.execute(BEGIN.format(heads=heads, mark=mark, **keys), values)
            process, is_lost, found, *_ = cursor.fetchone()
        if is_lost:
            raise MigrationLockLostError.before(self._step_name)
        if expected is not None:
            self.require_heads(expected, found)
        return int(process)

    def _qualify_version_table(self) -> str:
        """Return the version table with its schema: the search_path may be another one later."""
        context = self._migrations
        versions = table(context.version_table, schema=context.version_table_schema)
        return str(self._execute(QUALIFY, quoted_name(self._worker, versions))[0])

    def _mark_transaction(self, parameters: Mapping[str, str]) -> tuple[str, list[str]]:
        """Return the expressions that mark the transaction and set parameters, and their values."""
        self._mark = secrets.token_hex(8)
        is_local = "true" if self.is_nested else "false"
        setters = (SET_PARAMETER.format(name, is_local) for name in parameters)
        return ", ".join((SET_MARK, *setters)), [self._mark, *parameters.values()]

    def _complete(self) -> None:
        """Check the transaction of a revision that has returned, and reset the settings.

        Before Alembic writes the version table, which may not be in the search_path of the
        revision. In a transaction, the mark is read when the ledger is written.
        """
        driver: Any = self._worker.connection.dbapi_connection
        is_idle = driver.info.transaction_status == TRANSACTION_STATUS_IDLE
        if self._is_legacy or (is_idle and self._worker.in_transaction()):
            self.require_mark(self._execute(READ_MARK)[0])
            if self.has_ended_transaction:
                self._begin_again(driver)
        if self._may_have_changed_settings:
            self._session_state.restore(self._worker, is_local=self.is_nested)
            self._may_have_changed_settings = False

    def _begin_again(self, driver: Any) -> None:
        """Begin a transaction for the version table and the ledger of a legacy revision."""
        if driver.autocommit:
            driver.autocommit = False
        if self._worker.in_transaction():  # the driver believes that its transaction is open
            if driver.info.transaction_status == TRANSACTION_STATUS_IDLE:
                with driver.cursor() as cursor:
                    cursor.execute("BEGIN")
            expressions, values = self._mark_transaction({})
            self._execute(f"SELECT {expressions}", *values)

    def _execute(self, statement: str, *values: object) -> Any:
        return run_outside_transaction(self._worker, statement, *values)

    @property
    def _is_legacy(self) -> bool:
        return self._step is not None and self._step.revision.revision in self._legacy

    def _check_statement(self, _: Connection, __: object, statement: str, *___: object) -> None:
        if self._is_in_revision or self._is_in_block:
            self._may_have_changed_settings |= may_change_settings(statement)
        if self._is_in_revision and ends_transaction(statement):
            self._handle_end(is_done=False)

    def _require_transaction(self, worker: Connection, *_: object) -> None:
        driver: Any = worker.connection.dbapi_connection
        is_idle = driver.info.transaction_status == TRANSACTION_STATUS_IDLE
        if self._is_in_revision and is_idle:
            self._handle_end(is_done=True)

    def _check_commit(self, worker: Connection) -> None:
        if self._is_in_revision:
            self._handle_end(is_done=False)
        elif self._is_in_block:
            self.commits += 1
            self.unsafe_commits += not is_in_online_operation(worker)

    def _check_rollback(self, _: Connection) -> None:
        if self._is_in_revision:
            self._handle_end(is_done=False)

    def _count_connection(self, *_: object) -> None:
        """Count a separate connection, whose commits are not seen."""
        if self._is_in_revision and threading.get_ident() == self._thread:
            self._count_unsafe_commit()

    def _count_unsafe_commit(self) -> None:
        self.commits += 1
        self.unsafe_commits += 1

    def _handle_end(self, *, is_done: bool) -> None:
        """Handle the end of a transaction by the revision itself, before or after it.

        Raises:
            UnfinishedRevisionError: It is not a legacy revision, which may do so. The revision may
                catch the error: it is raised again when it returns.
        """
        if self._is_legacy:
            if not self.has_ended_transaction:
                logger.warning(LEGACY_WARNING, self._step_name)
            self.has_ended_transaction = True
            self._count_unsafe_commit()
            return
        if is_done:
            self._count_unsafe_commit()
        self._violation = UnfinishedRevisionError(
            "it ends its transaction by itself: leave COMMIT and ROLLBACK to Alembic, or use an "
            "autocommit_block()"
        )
        raise self._violation

    def _raise_violation(self) -> None:
        """Raise the violation, if there is one, and end the transaction.

        SQLAlchemy believes that a refused commit or rollback has ended it.
        """
        if self._violation:
            driver: Any = self._worker.connection.dbapi_connection
            driver.rollback()
            raise self._violation from None


def _require_no_coroutine(result: object) -> None:
    """Refuse a function whose code has not run, although it was called.

    Raises:
        UnfinishedRevisionError: It is a coroutine or a generator function.
    """
    if inspect.iscoroutine(result):
        result.close()  # else Python warns that it was never awaited
    if inspect.isawaitable(result) or inspect.isgenerator(result) or inspect.isasyncgen(result):
        raise UnfinishedRevisionError(
            "it is a coroutine or a generator, which Alembic calls and does not run: remove async, "
            "await and yield from it"
        )


def _list(heads: Collection[str]) -> str:
    return ", ".join(sorted(heads)) or "base"
