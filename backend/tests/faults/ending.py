"""A migration is ended from outside."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from app.db.migrations.mutex import GUARD, WORKER
from tests.faults.case import (
    BEFORE,
    HOLDER,
    IS_BLOCKED,
    IS_COMMITTING,
    IS_FREE,
    READ,
    REPEATABLE_BLOCK,
    REST,
    Case,
    fault,
)
from tests.project import end
from tests.shell import Done


def ended_by(case: Case, number: signal.Signals, in_the_way: str = READ) -> Done:
    """Return what an upgrade says that gets a signal in the middle of a statement."""
    with case.in_the_way(in_the_way):
        process = case.start()
        case.wait_for(IS_BLOCKED)
        said = end(process, number)
        case.wait_for(IS_FREE)
    code = process.returncode
    return Done(128 - code if code < 0 else code, said, "")  # as a shell has it


@fault("Ctrl-C")
def ctrl_c(case: Case) -> Iterator[Done]:
    yield ended_by(case, signal.SIGINT)


@fault("SIGTERM, as from an orchestrator")
def sigterm(case: Case) -> Iterator[Done]:
    yield ended_by(case, signal.SIGTERM)


@fault("SIGKILL, as for want of memory")
def sigkill(case: Case) -> Iterator[Done]:
    yield ended_by(case, signal.SIGKILL)


@fault("SIGKILL while an index is built concurrently")
def sigkill_of_an_index(case: Case) -> Iterator[Done]:
    case.rewrite(REPEATABLE_BLOCK + REST)
    assert case.alembic("upgrade", BEFORE).returncode == 0
    yield ended_by(case, signal.SIGKILL, "LOCK TABLE before IN ROW EXCLUSIVE MODE")


@fault("Ctrl-C while an index is built concurrently")
def ctrl_c_of_an_index(case: Case) -> Iterator[Done]:
    case.rewrite(REPEATABLE_BLOCK + REST)
    assert case.alembic("upgrade", BEFORE).returncode == 0
    yield ended_by(case, signal.SIGINT, "LOCK TABLE before IN ROW EXCLUSIVE MODE")


@fault("The connection is cut")
def connection_is_cut(case: Case) -> Iterator[Done]:
    cut = partial(case.sql, f"SELECT pg_terminate_backend(pid) {HOLDER} {WORKER}")
    with case.in_the_way(), case.when(IS_BLOCKED, cut):
        yield case.upgrade()


@contextmanager
def commits_wait_for_a_standby(case: Case) -> Iterator[None]:
    """Let each commit of the block wait for a standby, which does not exist."""

    def demand(standby: str) -> None:
        case.sql(f"ALTER SYSTEM SET synchronous_standby_names = '{standby}'")
        case.sql("SELECT pg_reload_conf()")
        case.wait_for(f"SELECT current_setting('synchronous_standby_names') = '{standby}'")
        case.sql("CHECKPOINT")  # the process that does it is the one that tells all sessions

    demand("nobody")
    try:
        yield
    finally:
        demand("")


@fault("The connection is cut in the middle of a commit")
def commit_is_cut(case: Case) -> Iterator[Done]:
    case.move_to_own_server()
    assert case.alembic("upgrade", BEFORE).returncode == 0
    cut = partial(case.sql, f"SELECT pg_terminate_backend(pid) {HOLDER} {WORKER}")
    with commits_wait_for_a_standby(case), case.when(IS_COMMITTING, cut):
        done = case.upgrade()
    yield done


@fault("The connection that keeps others away is cut")
def guard_is_cut(case: Case) -> Iterator[Done]:
    def cut() -> None:
        case.sql(f"SELECT pg_terminate_backend(pid) {HOLDER} {GUARD}")
        reader.rollback()

    with case.in_the_way() as reader, case.when(IS_BLOCKED, cut):
        yield case.upgrade()


@fault("An administrator cancels the statement")
def statement_is_cancelled(case: Case) -> Iterator[Done]:
    cancel = partial(case.sql, f"SELECT pg_cancel_backend(pid) {HOLDER} {WORKER}")
    with case.in_the_way(), case.when(IS_BLOCKED, cancel):
        yield case.upgrade()
