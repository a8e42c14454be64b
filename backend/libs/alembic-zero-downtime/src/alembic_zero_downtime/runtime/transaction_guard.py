"""Let only Alembic end the transaction of a revision, and only its return complete a revision."""

import inspect
import json
import logging
import secrets
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from typing import Any, Self

from alembic.runtime.migration import MigrationContext, RevisionStep
from psycopg2.extensions import TRANSACTION_STATUS_IDLE
from sqlalchemy import Connection, Engine, event

from alembic_zero_downtime.database.session import (
    SET_PARAMETERS,
    SessionState,
    can_execute,
    may_change_settings,
    run_outside_transaction,
)
from alembic_zero_downtime.errors import MigrationError, describe_error
from alembic_zero_downtime.operations.context import is_in_online_operation
from alembic_zero_downtime.sql import ends_transaction

# A setting that is local to the transaction of a revision, and gone once that has ended.
MARK = "alembic_zero_downtime.transaction"
SET_MARK = f"SELECT pg_catalog.set_config('{MARK}', %s, true), ({SET_PARAMETERS})"
READ_MARK = f"SELECT pg_catalog.current_setting('{MARK}', true), ({SET_PARAMETERS})"
LEGACY_WARNING = (
    "%s: it ends its transaction by itself, which legacy_until allows: if it fails, it is neither "
    "rolled back as a whole nor retried"
)

logger = logging.getLogger(__name__)


class UnfinishedRevisionError(MigrationError):
    """A revision has ended its transaction, or has left its function before the end."""


class TransactionGuard:
    """Watches the worker session while a revision runs.

    Alembic ends the transaction of a revision, and those of its autocommit blocks. A commit or a
    rollback of the revision itself is refused: its other changes would share a transaction with
    the next revision, and a retry would not repeat them.

    Args:
        migrations: Alembic's context, with the worker session.
        parameters: the settings of a migration, with which each revision begins.
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
        parameters: Mapping[str, str],
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
        self._migrations = migrations
        self._autocommit_block = migrations.autocommit_block
        self._session_state = SessionState.read(worker)
        self._may_have_changed_settings = False
        self._parameters = {**parameters, "search_path": self._session_state.search_path}
        self._thread = threading.get_ident()
        self._mark = ""
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
        self._migrations.autocommit_block = self._guarded_block  # type: ignore[method-assign]
        return self

    def __exit__(self, *_: object) -> None:
        """Remove the listeners: the calling program may continue with the connection."""
        self._migrations.autocommit_block = self._autocommit_block  # type: ignore[method-assign]
        for listener in self._listeners:
            event.remove(*listener)

    def reset(self) -> None:
        """Forget the commits of the last attempt."""
        self.commits = self.unsafe_commits = 0
        self.has_ended_transaction = False

    def watch(self, step: RevisionStep) -> None:
        """Replace the function of a step by one that runs it guarded.

        That raises UnfinishedRevisionError if the revision ends the transaction which Alembic has
        begun for it, or does not return. A legacy revision may end it.
        """
        run_revision = step.migration_fn

        @wraps(run_revision)
        def run(**arguments: Any) -> None:
            self._step, self._violation = step, None
            self._mark_transaction(self._parameters)
            self._is_in_revision = True
            try:
                _require_no_coroutine(run_revision(**arguments))
                self._raise_violation()
                self._require_mark()
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
            if can_execute(self._worker):
                self._mark_transaction({})

    def _mark_transaction(self, parameters: Mapping[str, str]) -> None:
        """Mark the open transaction, and set parameters of the session in the same round trip."""
        self._mark = secrets.token_hex(8)
        self._execute(SET_MARK, parameters, self._mark)

    def _require_mark(self) -> None:
        """Require that the transaction is still the one that was marked, and reset the settings.

        A commit of the driver's connection fires no event. The settings are reset before Alembic
        writes the version table, which may not be in the search_path of the revision.
        """
        if self._execute(READ_MARK, self._parameters)[0] != self._mark:
            self._handle_end(is_done=True)
            self._begin_again()
        if self._may_have_changed_settings:
            self._session_state.restore(self._worker, is_local=self.is_nested)
            self._may_have_changed_settings = False

    def _begin_again(self) -> None:
        """Begin a transaction for the version table and the ledger of a legacy revision."""
        driver: Any = self._worker.connection.dbapi_connection
        if driver.autocommit:
            driver.autocommit = False
        elif self._worker.in_transaction():  # the driver believes that its transaction is open
            with driver.cursor() as cursor:
                cursor.execute("BEGIN")

    def _execute(self, statement: str, parameters: Mapping[str, str], *values: str) -> Any:
        """Execute a statement that also sets parameters; return its row."""
        return run_outside_transaction(
            self._worker, statement, *values, self.is_nested, json.dumps(dict(parameters))
        )

    def _check_statement(self, _: Connection, __: object, statement: str, *___: object) -> None:
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
        step = self._step
        if step and step.revision.revision in self._legacy:
            if not self.has_ended_transaction:
                logger.warning(LEGACY_WARNING, step.short_log)
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
