"""Others are in the way of a migration."""

import signal
from collections.abc import Iterator
from functools import partial

import pytest
from sqlalchemy import text

from app.db.migrations import execution
from tests.faults.case import (
    BLOCK,
    FAULTY,
    IS_BLOCKED,
    IS_FREE,
    READ,
    REPEATABLE_BLOCK,
    REST,
    Case,
    fault,
)
from tests.project import end
from tests.revisions import HEAD
from tests.shell import Done, psql
from tests.test_mutex import IS_WAITED_FOR, held


@fault("Another process migrates, and `MIGRATION_LOCK_WAIT` is over")
def another_process_migrates(case: Case) -> Iterator[Done]:
    with held(case.engine):
        yield case.upgrade(MIGRATION_LOCK_WAIT="0")


@fault("Another process migrates, and this one waits")
def another_process_is_waited_for(case: Case) -> Iterator[Done]:
    with case.in_the_way() as reader:
        wait = partial(case.upgrade_that_waits, reader.rollback)
        with case.when(IS_BLOCKED, wait) as waiting:
            assert case.upgrade().returncode == 0
    yield waiting.result()


@fault("A killed process has left its statement running")
def killed_process_is_waited_for(case: Case) -> Iterator[Done]:
    url = case.url  # the server looks for its client each second, unless it is told not to
    case.url = url.update_query_dict({"options": "-c client_connection_check_interval=0"})
    with case.in_the_way() as reader:
        process = case.start(MIGRATION_LOCK_TIMEOUT="1min")
        case.wait_for(IS_BLOCKED)
        end(process, signal.SIGKILL)
        case.url = url
        yield case.upgrade_that_waits(reader.rollback)


@fault("Another process has moved the database meanwhile")
def another_process_moved_the_database(case: Case) -> Iterator[Done]:
    script = case.alembic("upgrade", f"{HEAD}:{FAULTY}", "--sql").stdout
    with held(case.engine) as holder:

        def migrate() -> None:
            psql(case.engine.url, script)
            holder.execute(text("SELECT pg_advisory_unlock_all()"))

        with case.when(IS_WAITED_FOR, migrate):
            done = case.alembic("upgrade", "+1")
    yield done


@fault("A transaction is in the way for a while")
def lock_timeout(case: Case) -> Iterator[Done]:
    def finish() -> None:
        case.wait_for(IS_FREE)
        reader.rollback()

    with case.in_the_way() as reader, case.when(IS_BLOCKED, finish):
        yield case.upgrade(MIGRATION_LOCK_TIMEOUT="300ms")


@fault("A transaction stays in the way")
def lock_timeouts(case: Case) -> Iterator[Done]:
    with case.in_the_way(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(execution, "FIRST_PAUSE", 0.0)
        yield case.upgrade(MIGRATION_LOCK_TIMEOUT="50ms")


@fault("A transaction is in the way of a revision with an autocommit block")
def lock_timeout_of_half_a_revision(case: Case) -> Iterator[Done]:
    case.rewrite(BLOCK + REST)
    with case.in_the_way():
        yield case.upgrade(MIGRATION_LOCK_TIMEOUT="300ms")
    case.rewrite(REPEATABLE_BLOCK + REST, "repeatable = True")


@fault("A deadlock")
def deadlock(case: Case) -> Iterator[Done]:
    def close_the_circle() -> None:
        reader.execute(text("LOCK TABLE before"))
        reader.rollback()

    case.url = case.url.update_query_dict({"options": "-c deadlock_timeout=500ms"})
    patient = f"SET deadlock_timeout = '10s'; {READ}"
    with case.in_the_way(patient) as reader, case.when(IS_BLOCKED, close_the_circle):
        yield case.upgrade()
