"""Run the migration steps, each in a transaction, and retry transient errors."""

import logging
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from alembic.runtime.migration import MigrationContext, RevisionStep
from sqlalchemy.exc import DBAPIError, PendingRollbackError

from alembic_zero_downtime._backoff import pauses
from alembic_zero_downtime.errors import (
    TRANSIENT,
    MigrationError,
    describe_error,
    sqlstate,
)
from alembic_zero_downtime.history.ledger import StepMetrics
from alembic_zero_downtime.runtime.lock_monitor import LockMonitor
from alembic_zero_downtime.runtime.migration_lock import MigrationLockLostError
from alembic_zero_downtime.runtime.transaction_guard import TransactionGuard
from alembic_zero_downtime.steps import MigrationSteps, Step

ATTEMPTS = 12
FIRST_PAUSE, LONGEST_PAUSE = 3.0, 30.0
"""Seconds before a retry: all who have queued behind this one's lock are served meanwhile, so that
none of them waits for a second attempt too."""

logger = logging.getLogger(__name__)


class RevisionFailedError(MigrationError):
    """A revision failed and is not retried; the message names it and the cause."""


class Executor:
    """Runs the migration steps in the worker session.

    Args:
        migrations: Alembic's context.
        steps: the steps.
        monitor: the monitor of the session's lock waits.
        guard: the guard of the session's transactions.

    Attributes:
        steps: the steps.
        heads: the heads after the last step that ran, according to Alembic.
        is_complete: whether the running revision has only its commit left.
        is_nested: whether the steps run in a transaction of the calling program.
    """

    def __init__(
        self,
        migrations: MigrationContext,
        steps: MigrationSteps,
        monitor: LockMonitor,
        guard: TransactionGuard,
    ) -> None:
        assert migrations.connection is not None  # noqa: S101 not in offline mode
        self.steps = steps
        self.is_nested = guard.is_nested
        self.heads = steps.heads
        self.is_complete = False
        self._worker = migrations.connection
        self._committed_heads = steps.heads
        self._monitor = monitor
        self._guard = guard
        self._step: Step | None = None
        self._failures = 0
        self._pauses = pauses(FIRST_PAUSE, LONGEST_PAUSE)
        self._started = 0.0

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

    def yield_steps(self, heads: tuple[str, ...], _: MigrationContext) -> Iterator[Step]:
        """Yield the pending steps, as Alembic's `fn`; Alembic runs each in a transaction.

        Args:
            heads: the revisions in the version table, which Alembic has just read.
        """
        self._guard.require_heads(self._committed_heads, heads)
        while self.steps:
            step = self.steps.pending[0]
            self._start(step)
            yield step
            self._finish(step)

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
            if isinstance(step, RevisionStep):
                self._guard.watch(step)
        self._monitor.blockers = ()
        self._guard.expect(step.short_log, self._committed_heads if self.steps.done else None)
        self.is_complete = False
        self._started = time.monotonic()

    def _finish(self, step: Step) -> None:
        """Move on from a step that Alembic has committed."""
        self.steps.finish(step)
        self._committed_heads = self.heads
        self._guard.finish()

    @property
    def _step_name(self) -> str:
        return self._step.short_log if self._step else "before the first revision"

    @property
    def is_partially_applied(self) -> bool:
        """Whether a part of the failed revision was committed, by an autocommit block."""
        return self._guard.commits > 0

    @property
    def _is_repeatable(self) -> bool:
        """Whether running the revision again is safe.

        Either it declares `repeatable`, or only idempotent online operations were committed.
        """
        if isinstance(self._step, RevisionStep):
            declared = getattr(self._step.revision.module, "repeatable", None)
            if declared is not None:
                return bool(declared)
        return not self._guard.unsafe_commits

    def _wait_before_retry(self, error: DBAPIError) -> None:
        """Wait before the retry of a transient error, else raise."""
        reason = f"{self._step_name}: {describe_error(error)}"
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
