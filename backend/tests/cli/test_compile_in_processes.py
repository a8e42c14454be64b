"""`fde compile --all` in several processes: interrupted, and with one of them killed."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psutil
import pytest
from sqlalchemy import URL, Engine

from app.cli.exit_codes import Exit
from tests.helpers.kept import keep_filings, two_reports
from tests.helpers.shell import BACKEND, CLEAN_ENVIRONMENT, as_text, run
from tests.helpers.waiting import wait_for, wait_until

pytestmark = pytest.mark.slow

COMPANIES = 12
COMMAND = ("python", "-m", "app", "compile", "--all", "--jobs", "2")
BLOCKED = """
    SELECT count(*) > 0 FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock'
"""
COMPILED = "SELECT count(digest) FROM compiled_statements"


@pytest.fixture
def many(migrated: Engine) -> Engine:
    """Return a database with companies of which everything has to be compiled."""
    for number in range(COMPANIES):
        keep_filings(migrated, two_reports(), f"C{number} plc")
    with migrated.begin() as connection:
        connection.exec_driver_sql("UPDATE compiled_statements SET data = '{}', digest = NULL")
    return migrated


@dataclass
class Stuck:
    """A command with its workers.

    Attributes:
        errors: What it wrote to standard error, after its end.
    """

    process: subprocess.Popen[str]
    workers: list[psutil.Process]
    errors: str = ""


@contextmanager
def stuck(engine: Engine, url: URL) -> Iterator[Stuck]:
    """Yield the command, of which a worker waits for a company until the end of the context."""
    env = {**CLEAN_ENVIRONMENT, "DATABASE_URL": as_text(url)}
    with engine.connect() as holder, engine.connect() as observer:
        holder.exec_driver_sql("SELECT id FROM companies WHERE name = 'C10 plc' FOR UPDATE")
        with subprocess.Popen(
            COMMAND,
            cwd=BACKEND,
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        ) as process:
            wait_for(observer, BLOCKED, 60)
            found = psutil.Process(process.pid).children(recursive=True)
            workers = [each for each in found if "spawn_main" in " ".join(each.cmdline())]
            assert len(workers) == 2
            command = Stuck(process, workers)
            yield command
            holder.rollback()
            _, command.errors = process.communicate(timeout=60)
    wait_until(lambda: not any(each.is_running() for each in workers))


def finish(url: URL, engine: Engine) -> str:
    """Run the command to its end; return what it says at last."""
    done = run(*COMMAND, env={"DATABASE_URL": as_text(url)})
    assert (done.returncode, done.stderr) == (Exit.OK, "")
    with engine.connect() as connection:
        assert connection.exec_driver_sql(COMPILED).scalar() == COMPANIES * 3
    return done.stdout.splitlines()[-1]


def test_all_are_compiled_once_by_several_processes(many: Engine, migrated_database: URL) -> None:
    assert finish(migrated_database, many) == "12 companies: statements 36 changed"
    assert finish(migrated_database, many) == "12 companies: statements 36 same"


def test_an_interrupt_is_one_line_and_what_is_done_stays(
    many: Engine, migrated_database: URL
) -> None:
    with stuck(many, migrated_database) as command:
        # As a terminal does it: to all processes of the command.
        os.killpg(command.process.pid, signal.SIGINT)
        with many.connect() as connection:
            before = connection.exec_driver_sql(COMPILED).scalar() or 0
    assert command.process.returncode == 130
    assert command.errors == "fde: interrupted\n"
    assert before % 3 == 0
    with many.connect() as connection:
        assert (connection.exec_driver_sql(COMPILED).scalar() or 0) >= before
    finish(migrated_database, many)


@pytest.mark.parametrize("which", [0, 1], ids=["first", "second"])
def test_a_worker_that_is_killed_is_said_and_the_same_command_finishes(
    which: int, many: Engine, migrated_database: URL
) -> None:
    with stuck(many, migrated_database) as command, many.connect() as connection:
        # One of the two works on the company that is locked, the other one waits for work.
        rest = f"SELECT ({COMPILED}) = {(COMPANIES - 1) * 3}"
        wait_for(connection, rest, 60)
        command.workers[which].kill()
    assert command.errors == (
        "fde: fde compile: a process that compiled companies was ended: run it again, what is done "
        "stays\n"
    )
    assert command.process.returncode == Exit.DATABASE
    with many.connect() as connection:
        assert (connection.exec_driver_sql(COMPILED).scalar() or 0) % 3 == 0
    finish(migrated_database, many)
