"""A migration is interrupted from outside."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from alembic_zero_downtime.runtime.migration_lock import LOCK_KEY, WORKER_KEY
from support.databases import stopped_sessions
from support.faults.case import (
    BEFORE,
    HOLDER,
    IS_BLOCKED,
    IS_COMMITTING,
    IS_FREE,
    READ,
    REPEATABLE_BLOCK,
    REST,
    Case,
)
from support.faults.registry import fault
from support.network import through_the_cable
from support.shell import Done

WRITE = "LOCK TABLE before IN ROW EXCLUSIVE MODE"  # blocks CREATE INDEX CONCURRENTLY
TERMINATE = f"SELECT pg_terminate_backend(pid) {HOLDER}"


def interrupted(case: Case, number: signal.Signals, blocker: str = READ) -> Done:
    """Return the output of an upgrade that gets a signal during a statement."""
    send = partial(os.kill, os.getpid(), number)
    with case.blocked(blocker):
        with case.when(IS_BLOCKED, send):
            done = case.upgrade()
        case.wait_for(IS_FREE)
    return done


def killed(case: Case, blocker: str = READ) -> Done:
    """Return the output of a process that is killed during a statement."""
    with case.blocked(blocker), case.start() as command:
        case.wait_for(IS_BLOCKED)
        command.kill()
        case.wait_for(IS_FREE)
        ended = command.wait()
    return Done(128 - ended.code, ended.output, "")  # as a shell reports a signal


def build_concurrently(case: Case) -> None:
    """Let the pending revision build its index concurrently."""
    case.rewrite(REPEATABLE_BLOCK + REST)
    assert case.alembic("upgrade", BEFORE).returncode == 0


@fault("Ctrl-C")
def ctrl_c(case: Case) -> Iterator[Done]:
    yield interrupted(case, signal.SIGINT)


@fault("SIGTERM, as from an orchestrator")
def sigterm(case: Case) -> Iterator[Done]:
    yield interrupted(case, signal.SIGTERM)


def interrupted_without_answer(case: Case, seconds_between: float, times: int) -> Done:
    """Return the output of an upgrade that gets signals while its server process is stopped."""
    with case.blocked(), case.start() as command:
        case.wait_for(IS_BLOCKED)
        with stopped_sessions(case.url):
            for _ in range(times):
                command.send(signal.SIGTERM)
                command.ends_within(seconds_between)
            ended = command.wait()
        case.wait_for(IS_FREE)
    return Done(ended.code, ended.output, "")


@fault("A second Ctrl-C or SIGTERM, since the first one has no effect", is_slow=True)
def second_signal(case: Case) -> Iterator[Done]:
    yield interrupted_without_answer(case, 0.5, times=2)


@fault("SIGTERM while the server does not answer", is_slow=True)
def signal_without_answer(case: Case) -> Iterator[Done]:
    yield interrupted_without_answer(case, 0, times=1)


@fault("SIGKILL, as from the out-of-memory killer", is_slow=True)
def sigkill(case: Case) -> Iterator[Done]:
    yield killed(case)


@fault("SIGKILL while an index is built concurrently", is_slow=True)
def sigkill_of_an_index(case: Case) -> Iterator[Done]:
    build_concurrently(case)
    yield killed(case, WRITE)


@fault("Ctrl-C while an index is built concurrently")
def ctrl_c_of_an_index(case: Case) -> Iterator[Done]:
    build_concurrently(case)
    yield interrupted(case, signal.SIGINT, WRITE)


@fault("The connection is lost")
def connection_is_terminated(case: Case) -> Iterator[Done]:
    terminate = partial(case.sql, f"{TERMINATE} {WORKER_KEY}")
    with case.blocked(), case.when(IS_BLOCKED, terminate):
        yield case.upgrade()


@fault("The network is interrupted", is_slow=True)
def cable_is_cut(case: Case) -> Iterator[Done]:
    cable = case.move_behind_a_cable()
    local = case.url
    with case.blocked():
        case.url, case.network = through_the_cable(local, 2), cable.client
        with case.start() as command:
            case.wait_for(IS_BLOCKED)
            with cable.cut():
                case.wait_for(IS_FREE)
                ended = command.wait()
    case.url = local
    yield Done(ended.code, ended.output, "")


@contextmanager
def commits_wait_for_a_standby(case: Case) -> Iterator[None]:
    """Let each commit of the block wait for a standby, which does not exist."""

    def require(standby: str) -> None:
        case.sql(f"ALTER SYSTEM SET synchronous_standby_names = '{standby}'")
        case.sql("SELECT pg_reload_conf()")
        case.wait_for(f"SELECT current_setting('synchronous_standby_names') = '{standby}'")
        case.sql("CHECKPOINT")  # the checkpointer notifies all sessions

    require("missing")
    try:
        yield
    finally:
        require("")


@fault("The connection is lost during a commit", is_slow=True)
def commit_is_terminated(case: Case) -> Iterator[Done]:
    case.move_to_own_server()
    assert case.alembic("upgrade", BEFORE).returncode == 0
    terminate = partial(case.sql, f"{TERMINATE} {WORKER_KEY}")
    with commits_wait_for_a_standby(case), case.when(IS_COMMITTING, terminate):
        done = case.upgrade()
    yield done


@fault("The connection that holds the migration lock is lost")
def lock_session_is_terminated(case: Case) -> Iterator[Done]:
    def terminate() -> None:
        case.sql(f"{TERMINATE} {LOCK_KEY}")
        reader.rollback()

    with case.blocked() as reader, case.when(IS_BLOCKED, terminate):
        yield case.upgrade()


@fault("An administrator cancels the statement")
def statement_is_cancelled(case: Case) -> Iterator[Done]:
    cancel = partial(case.sql, f"SELECT pg_cancel_backend(pid) {HOLDER} {WORKER_KEY}")
    with case.blocked(), case.when(IS_BLOCKED, cancel):
        yield case.upgrade()
