"""Other sessions block a migration."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
from sqlalchemy import text

from alembic_zero_downtime.runtime import executor, lock_monitor
from alembic_zero_downtime.runtime.migration_lock import WORKER_KEY
from support.databases import stopped_sessions
from support.faults.case import (
    BLOCK,
    BLOCKED_BY,
    FAULTY,
    IS_BLOCKED,
    IS_FREE,
    READ,
    REPEATABLE_BLOCK,
    REST,
    Case,
)
from support.faults.registry import fault
from support.migration_locks import IS_WAITED_FOR, held
from support.project import HEAD
from support.shell import Done


@contextmanager
def another_process_migrates_to(case: Case, revision: str) -> Iterator[None]:
    """Hold the migration lock, and migrate to `revision` when the block waits for it."""
    script = case.alembic("upgrade", f"{HEAD}:{revision}", "--sql").stdout

    def migrate() -> None:
        case.sql(script)
        holder.execute(text("SELECT pg_advisory_unlock_all()"))

    with held(case.engine) as holder, case.when(IS_WAITED_FOR, migrate):
        yield


@fault("Another process migrates, and `MIGRATION_LOCK_WAIT` is over")
def lock_wait_is_over(case: Case) -> Iterator[Done]:
    with held(case.engine):
        yield case.upgrade(MIGRATION_LOCK_WAIT="0")


@fault("Another process migrates, and this one waits")
def another_process_is_waited_for(case: Case) -> Iterator[Done]:
    with another_process_migrates_to(case, "head"):
        done = case.upgrade()
    yield done


@fault("A killed process has left its statement running", is_slow=True)
def statement_of_a_killed_process(case: Case) -> Iterator[Done]:
    def go_on() -> None:
        until_it_waits.close()
        reader.rollback()

    with case.blocked() as reader, ExitStack() as until_it_waits:
        # Not by a worker of autovacuum.
        blocked = BLOCKED_BY.format(reader.scalar(text("SELECT pg_backend_pid()")))
        with case.start(MIGRATION_LOCK_TIMEOUT="1min") as command:
            case.wait_for(blocked)
            # Else the server ends the statement within a second, perhaps before the next process.
            until_it_waits.enter_context(stopped_sessions(case.url, text(blocked)))
            command.kill()
        yield case.upgrade_that_waits(go_on)


@fault("The process that migrates is stopped, or cannot be reached")
def holder_is_frozen(case: Case) -> Iterator[Done]:
    with held(case.engine), held(case.engine, WORKER_KEY) as worker:
        worker.execute(text("SELECT 1"))  # and then its process stops
        yield case.upgrade(MIGRATION_LOCK_WAIT="0")


@fault("Another process has changed the revision meanwhile")
def another_process_changes_the_revision(case: Case) -> Iterator[Done]:
    with another_process_migrates_to(case, FAULTY):
        done = case.alembic("upgrade", "+1")
    yield done


@fault("A transaction blocks the revision briefly")
def lock_timeout(case: Case) -> Iterator[Done]:
    def release() -> None:
        case.wait_for(IS_FREE)
        reader.rollback()

    with case.blocked() as reader, case.when(IS_BLOCKED, release):
        yield case.upgrade(MIGRATION_LOCK_TIMEOUT="100ms")


@fault("A transaction keeps blocking the revision")
def lock_timeouts(case: Case) -> Iterator[Done]:
    with case.blocked(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(executor, "FIRST_PAUSE", 0.0)
        patch.setattr(lock_monitor, "SHORTEST_PAUSE", 0.005)
        yield case.upgrade(MIGRATION_LOCK_TIMEOUT="40ms")


@fault("A transaction blocks a revision with an autocommit block")
def lock_timeout_after_an_autocommit_block(case: Case) -> Iterator[Done]:
    case.rewrite(BLOCK + REST)
    with case.blocked():
        yield case.upgrade(MIGRATION_LOCK_TIMEOUT="100ms")
    case.rewrite(REPEATABLE_BLOCK + REST, "repeatable = True")


@fault("A deadlock")
def deadlock(case: Case) -> Iterator[Done]:
    def close_the_circle() -> None:
        reader.execute(text("LOCK TABLE before"))
        reader.rollback()

    case.url = case.url.update_query_dict({"options": "-c deadlock_timeout=300ms"})
    patient = f"SET deadlock_timeout = '10s'; {READ}"
    with case.blocked(patient) as reader, case.when(IS_BLOCKED, close_the_circle):
        yield case.upgrade()
