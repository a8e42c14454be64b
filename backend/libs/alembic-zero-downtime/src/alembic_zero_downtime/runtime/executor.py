"""Run the migration steps, each in a transaction, and retry transient errors."""

import logging
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, Self

from alembic.runtime.migration import MigrationContext, RevisionStep
from psycopg2.extensions import TRANSACTION_STATUS_IDLE
from sqlalchemy import Connection, event
from sqlalchemy.exc import DBAPIError, PendingRollbackError

from alembic_zero_downtime._backoff import pauses
from alembic_zero_downtime.errors import (
    TRANSIENT,
    MigrationError,
    describe_error,
    describe_failure,
    sqlstate,
)
from alembic_zero_downtime.history.ledger import StepMetrics
from alembic_zero_downtime.operations.context import is_in_online_operation
from alembic_zero_downtime.runtime.lock_monitor import LockMonitor
from alembic_zero_downtime.runtime.migration_lock import MigrationLock, MigrationLockLostError
from alembic_zero_downtime.steps import MigrationSteps, Step

ATTEMPTS = 12
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0  # seconds before a retry

logger = logging.getLogger(__name__)


class RevisionFailedError(MigrationError):
    """A revision failed and is not retried; the message names it and the cause."""


class Executor:
    """Runs the migration steps in the worker session.

    Attributes:
        steps: the steps.
        heads: the heads after the last step, according to Alembic.
        is_complete: whether the running revision has only its commit left.
        is_nested: whether the steps run in a transaction of the calling program.
    """

    def __init__(
        self,
        worker: Connection,
        steps: MigrationSteps,
        lock: MigrationLock,
        monitor: LockMonitor,
        *,
        is_nested: bool = False,
    ) -> None:
        self.steps = steps
        self.is_nested = is_nested
        self.heads: set[str] = set()
        self.is_complete = False
        self._worker = worker
        self._lock = lock
        self._monitor = monitor
        self._step: Step | None = None
        self._failures = 0
        self._pauses = pauses(FIRST_PAUSE, LONGEST_PAUSE)
        self._started = 0.0
        self._commits = 0
        self._unsafe_commits = 0

    def __enter__(self) -> Self:
        """Listen to the commits and statements of the worker session."""
        event.listen(self._worker, "commit", self._count_commit)
        event.listen(self._worker, "after_cursor_execute", self._require_transaction)
        return self

    def __exit__(self, *_: object) -> None:
        """Remove the listeners: the calling program may continue with the connection."""
        event.remove(self._worker, "commit", self._count_commit)
        event.remove(self._worker, "after_cursor_execute", self._require_transaction)

    def run(self, run_migrations: Callable[[], None]) -> None:
        """Call `run_migrations`, Alembic's own loop, until no step is pending.

        Raises:
            RevisionFailedError: A revision failed, and a retry is not possible.
        """
        while True:
            try:
                run_migrations()
            except PendingRollbackError as error:  # hides the error of an autocommit block
                self._handle(error.__context__ or error)
            except Exception as error:  # noqa: BLE001 a revision's code may raise anything
                self._handle(error)
            else:
                return
            self._worker.rollback()  # Alembic creates the version table outside of its blocks

    def _handle(self, error: BaseException) -> None:
        """Wait before the retry of a transient error, else raise."""
        if isinstance(error, MigrationLockLostError | RevisionFailedError | KeyboardInterrupt):
            raise error
        if isinstance(error, DBAPIError):
            self._wait_before_retry(error)
        else:
            raise RevisionFailedError(f"{self._step_name}: {describe_error(error)}") from error

    def yield_steps(self, _: tuple[str, ...], __: MigrationContext) -> Iterator[Step]:
        """Yield the pending steps, as Alembic's `fn`; Alembic runs each in a transaction."""
        while self.steps:
            step = self.steps.pending[0]
            self._lock.require_held(step.short_log)
            self._start(step)
            yield step
            self.steps.finish(step)

    def set_heads(self, *, heads: set[str], **_: Any) -> None:
        """Store the heads after a step (Alembic's `on_version_apply`)."""
        self.heads = heads
        self.is_complete = True

    def measure(self) -> StepMetrics:
        """Return the metrics of the running step."""
        return StepMetrics(
            duration=timedelta(seconds=time.monotonic() - self._started),
            lock_wait=timedelta(seconds=self._monitor.lock_wait),
            attempts=self._failures + 1,
        )

    def _start(self, step: Step) -> None:
        if step is not self._step:
            self._step = step
            self._failures = 0
            self._pauses = pauses(FIRST_PAUSE, LONGEST_PAUSE)
            self._monitor.reset()
        self._monitor.blockers = ()
        self._commits = self._unsafe_commits = 0
        self.is_complete = False
        self._started = time.monotonic()

    def _count_commit(self, worker: Connection) -> None:
        if not self.is_complete:
            self._commits += 1
            self._unsafe_commits += not is_in_online_operation(worker)

    def _require_transaction(self, worker: Connection, *_: object) -> None:
        """Refuse a revision that has committed or rolled back Alembic's transaction."""
        driver: Any = worker.connection.dbapi_connection
        if not driver.autocommit and driver.info.transaction_status == TRANSACTION_STATUS_IDLE:
            self._commits += 1
            self._unsafe_commits += 1
            raise RevisionFailedError(
                f"{self._step_name}: it ends its transaction by itself: leave COMMIT and "
                "ROLLBACK to Alembic, or use an autocommit_block()"
            )

    @property
    def _step_name(self) -> str:
        return self._step.short_log if self._step else "before the first revision"

    @property
    def is_partially_applied(self) -> bool:
        """Whether a part of the failed revision was committed, by an autocommit block."""
        return self._commits > 0

    @property
    def _is_repeatable(self) -> bool:
        """Whether running the revision again is safe.

        Either it declares `repeatable`, or only idempotent online operations were committed.
        """
        if isinstance(self._step, RevisionStep):
            declared = getattr(self._step.revision.module, "repeatable", None)
            if declared is not None:
                return bool(declared)
        return not self._unsafe_commits

    def _wait_before_retry(self, error: DBAPIError) -> None:
        """Wait before the retry of a transient error, else raise."""
        reason = f"{self._step_name}: {describe_failure(error)}"
        if sqlstate(error) not in TRANSIENT:
            raise RevisionFailedError(reason) from error
        blockers = "; ".join(map(str, self._monitor.blockers)) or "an unknown session"
        reason += f"; blocked by {blockers}"
        if self.is_nested:
            raise RevisionFailedError(reason) from error
        if not self._is_repeatable:
            raise RevisionFailedError(f"{reason}. It is not safe to retry automatically") from error
        self._failures += 1  # also when creating the version table, before any revision
        if self._failures >= ATTEMPTS:
            raise RevisionFailedError(f"{reason}. Gave up after {ATTEMPTS} attempts") from error
        pause = next(self._pauses)
        logger.warning(
            "%s (attempt %d of %d). %s; trying again in %.1f s",
            *(reason, self._failures, ATTEMPTS),
            *("Its autocommit blocks stay" if self.is_partially_applied else "Rolled back", pause),
        )
        time.sleep(pause)
