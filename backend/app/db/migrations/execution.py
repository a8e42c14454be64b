"""Run a plan: each revision in a transaction, tried again where others were in the way."""

import logging
import random
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from alembic.runtime.migration import MigrationContext, RevisionStep
from alembic.util import CommandError
from sqlalchemy import Connection, event
from sqlalchemy.exc import DBAPIError, PendingRollbackError

from app.db.migrations.failure import describe_error, describe_failure, sqlstate
from app.db.migrations.ledger import Effort
from app.db.migrations.mutex import Mutex, MutexLostError
from app.db.migrations.operations.steps import is_underway
from app.db.migrations.plan import Plan, Step
from app.db.migrations.watcher import Watcher

ATTEMPTS = 12
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0  # seconds before another attempt
IDLE = 0  # libpq's PQTRANS_IDLE: there is no transaction
IN_THE_WAY = {"55P03": "lock_not_available", "40P01": "deadlock_detected"}

logger = logging.getLogger(__name__)


class RevisionFailedError(CommandError):
    """A revision failed for good; the message says which one and why."""


class Execution:
    """One run of a plan on the worker's connection.

    Attributes:
        heads: where the last revision has left the database, as Alembic sees it.
        is_complete: whether the running revision has come to its final commit.
    """

    def __init__(self, worker: Connection, plan: Plan, mutex: Mutex, watcher: Watcher) -> None:
        self.plan = plan
        self.heads: set[str] = set()
        self.is_complete = False
        self._worker = worker
        self._mutex = mutex
        self._watcher = watcher
        self._step: Step | None = None
        self._failures = 0
        self._began = 0.0
        self._commits = 0
        self._unsafe_commits = 0
        event.listen(worker, "commit", self._count_commit)
        event.listen(worker, "after_cursor_execute", self._require_transaction)

    def run(self, run_migrations: Callable[[], None]) -> None:
        """Call `run_migrations`, Alembic's own loop, until nothing is left.

        Raises:
            RevisionFailedError: A revision failed, and another attempt would not help.
        """
        while True:
            try:
                run_migrations()
            except PendingRollbackError as error:  # hides what has ended an autocommit block
                self._settle(error.__context__ or error)
            except Exception as error:  # noqa: BLE001 whatever a revision's own code raises
                self._settle(error)
            else:
                return
            self._worker.rollback()  # what Alembic does before the first revision is in no block

    def _settle(self, error: BaseException) -> None:
        """Return where another attempt may help, or raise what there is to say."""
        if isinstance(error, MutexLostError | RevisionFailedError | KeyboardInterrupt):
            raise error
        if isinstance(error, DBAPIError):
            self._require_another_attempt(error)
        else:
            raise RevisionFailedError(f"{self._what_failed} {describe_error(error)}") from error

    def steps(self, _: tuple[str, ...], __: MigrationContext) -> Iterator[Step]:
        """Yield what is left to do: Alembic's `fn`, which runs each step in a transaction."""
        while self.plan:
            step = self.plan.steps[0]
            self._mutex.announce(step.short_log)
            self._begin(step)
            yield step
            self.plan.finish(step)

    def note_heads(self, *, heads: set[str], **_: Any) -> None:
        """Remember where a step leaves the database (Alembic's `on_version_apply`)."""
        self.heads = heads
        self.is_complete = True

    def effort(self) -> Effort:
        """Return what the running revision has taken so far."""
        return Effort(
            duration=timedelta(seconds=time.monotonic() - self._began),
            lock_wait=timedelta(seconds=self._watcher.lock_wait),
            attempts=self._failures + 1,
        )

    def _begin(self, step: Step) -> None:
        if step is not self._step:
            self._step = step
            self._failures = 0
            self._watcher.reset()
        self._watcher.blockers = ()
        self._commits = self._unsafe_commits = 0
        self.is_complete = False
        self._began = time.monotonic()

    def _count_commit(self, worker: Connection) -> None:
        if not self.is_complete:
            self._commits += 1
            self._unsafe_commits += not is_underway(worker)

    def _require_transaction(self, worker: Connection, *_: object) -> None:
        """Refuse a revision that has ended its transaction behind Alembic's back."""
        driver: Any = worker.connection.driver_connection
        if not driver.autocommit and driver.info.transaction_status == IDLE:
            self._commits += 1
            self._unsafe_commits += 1
            raise RevisionFailedError(
                f"{self._what_failed} it ends its transaction by itself: leave COMMIT and "
                "ROLLBACK to Alembic, or use an autocommit_block()"
            )

    @property
    def _what_failed(self) -> str:
        return f"{self._step.short_log}:" if self._step else "before the first revision:"

    @property
    def is_half_applied(self) -> bool:
        """Whether a part of the failed revision was committed, by an autocommit block."""
        return self._commits > 0

    @property
    def _is_repeatable(self) -> bool:
        """Whether running the revision again is safe.

        It says so; or nothing of it stays but steps of online operations, which look for
        themselves what is done.
        """
        if isinstance(self._step, RevisionStep):
            declared = getattr(self._step.revision.module, "repeatable", None)
            if declared is not None:
                return bool(declared)
        return not self._unsafe_commits

    def _require_another_attempt(self, error: DBAPIError) -> None:
        """Wait for another attempt, or raise what there is to say."""
        reason = f"{self._what_failed} {describe_failure(error)}"
        if sqlstate(error) not in IN_THE_WAY:
            raise RevisionFailedError(reason) from error
        blockers = "; ".join(map(str, self._watcher.blockers)) or "nobody seen"
        reason += f"; blocked by {blockers}"
        if not self._is_repeatable:
            raise RevisionFailedError(f"{reason}. It is not safe to run again by itself") from error
        self._failures += 1  # also of what comes before a revision, such as the version table
        if self._failures >= ATTEMPTS:
            raise RevisionFailedError(f"{reason}. Gave up after {ATTEMPTS} attempts") from error
        pause = min(FIRST_PAUSE * 2 ** (self._failures - 1), LONGEST_PAUSE)
        pause *= random.uniform(0.5, 1)  # noqa: S311 jitter
        logger.warning(
            "%s (attempt %d of %d). %s; trying again in %.1f s",
            *(reason, self._failures, ATTEMPTS),
            *("Its autocommit step stays" if self.is_half_applied else "Rolled back", pause),
        )
        time.sleep(pause)
