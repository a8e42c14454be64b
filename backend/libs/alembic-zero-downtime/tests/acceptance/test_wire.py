"""A server that does not answer, or a wire that is cut: a command ends in bounded time."""

import signal

import pytest
from sqlalchemy import URL, Engine, create_engine
from sqlalchemy.pool import NullPool

from alembic_zero_downtime.signals import GRACE_SECONDS
from support.databases import exists, new_database, read_version, stopped_sessions
from support.migration_locks import IS_WAITED_FOR, held
from support.network import Cable, through_the_cable
from support.processes import Command
from support.project import HEAD, ProjectCopy, wait_for

LONG = "SELECT pg_sleep(60)"
IS_RUNNING = f"""SELECT count(*) > 0 FROM pg_stat_activity
                  WHERE query LIKE '%{LONG}%' AND state = 'active'
                    AND pid <> pg_backend_pid() AND datname = current_database()"""
SIGNALS = pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["Ctrl-C", "SIGTERM"]
)
LOAD_SECONDS = 5.0  # of other tests on the same cores


@pytest.fixture
def long_project(project: ProjectCopy) -> ProjectCopy:
    project.add(f'op.execute("CREATE TABLE half (n int)")\nop.execute("{LONG}")')
    return project


@SIGNALS
def test_a_second_signal_ends_a_command_whose_server_does_not_answer(
    number: signal.Signals, code: int, long_project: ProjectCopy, migrated: Engine
) -> None:
    with Command(long_project.ini, migrated.url, "upgrade", "head") as command:
        with migrated.connect() as connection:
            wait_for(connection, IS_RUNNING)
        with stopped_sessions(migrated.url):
            command.send(number)
            command.send(number)  # at once, as `timeout` does: it is the same one
            assert not command.ends_within(1)
            command.send(number)
            assert command.ends_within(LOAD_SECONDS)
        ended = command.wait()
    assert ended.code == code, ended.output
    assert ended.output.count("ERROR Interrupted again: ended without waiting. ") == 1
    assert "Traceback" not in ended.output
    with migrated.connect() as connection:
        wait_for(connection, f"SELECT NOT ({IS_RUNNING})")
    assert read_version(migrated) == HEAD
    assert not exists(migrated, "half")


def test_one_signal_ends_a_command_whose_server_does_not_answer(
    long_project: ProjectCopy, migrated: Engine
) -> None:
    with Command(long_project.ini, migrated.url, "upgrade", "head") as command:
        with migrated.connect() as connection:
            wait_for(connection, IS_RUNNING)
        with stopped_sessions(migrated.url):
            command.send(signal.SIGTERM)
            assert command.ends_within(GRACE_SECONDS + LOAD_SECONDS)
        ended = command.wait()
    assert ended.code == 143, ended.output
    assert "ERROR The server does not answer: ended without waiting. " in ended.output


@pytest.mark.parametrize("times", [1, 2])
def test_signals_that_arrive_together_are_one(
    times: int, long_project: ProjectCopy, migrated: Engine
) -> None:
    with Command(long_project.ini, migrated.url, "upgrade", "head") as command:
        with migrated.connect() as connection:
            wait_for(connection, IS_RUNNING)
        for _ in range(times):
            command.send(signal.SIGTERM)
            command.send(signal.SIGINT)
        ended = command.wait()
    assert ended.code in (130, 143), ended.output
    assert ended.output.count("ERROR Interrupted. The running revision is rolled back") == 1
    assert "Traceback" not in ended.output


def test_a_cut_wire_ends_the_wait_for_the_migration_lock(
    long_project: ProjectCopy, cabled: tuple[URL, Cable]
) -> None:
    local, cable = cabled
    with new_database(local) as url, held(create_engine(url, poolclass=NullPool)) as holder:
        address = through_the_cable(url, 3)
        with Command(long_project.ini, address, "upgrade", "head", network=cable.client) as command:
            wait_for(holder, IS_WAITED_FOR)
            with cable.cut():
                assert command.ends_within(5 + LOAD_SECONDS)
                wait_for(holder, f"SELECT NOT ({IS_WAITED_FOR})", 3 + LOAD_SECONDS)
            ended = command.wait()
    assert ended.code == 255, ended.output
    assert "FAILED: waiting for the migration lock failed: " in ended.output
    assert "Nothing was changed" in ended.output


@pytest.mark.parametrize(("times", "limit"), [(1, GRACE_SECONDS), (2, 1)])
def test_signals_end_a_command_whose_wire_is_cut(
    times: int, limit: float, long_project: ProjectCopy, cabled: tuple[URL, Cable]
) -> None:
    """Long before TCP gives up: psycopg2's own cancel would connect, and block every thread."""
    local, cable = cabled
    with new_database(local) as url:
        address = through_the_cable(url, 60)
        with Command(long_project.ini, address, "upgrade", "head", network=cable.client) as command:
            with create_engine(url, poolclass=NullPool).connect() as connection:
                wait_for(connection, IS_RUNNING)
            with cable.cut():
                for _ in range(times):
                    assert not command.ends_within(0.5)
                    command.send(signal.SIGTERM)
                assert command.ends_within(limit + LOAD_SECONDS)
            assert command.wait().code == 143


def test_a_second_signal_ends_an_attempt_to_connect(
    long_project: ProjectCopy, cabled: tuple[URL, Cable]
) -> None:
    local, cable = cabled
    address = through_the_cable(local, 3).update_query_dict({"connect_timeout": "60"})
    with (
        cable.cut(),
        Command(long_project.ini, address, "upgrade", "head", network=cable.client) as command,
    ):
        assert command.has_said("INFO  Database: ")
        for _ in range(2):
            assert not command.ends_within(0.5)
            command.send(signal.SIGTERM)
        ended = command.wait()
    assert ended.code == 143, ended.output
    assert "ERROR Interrupted again: ended without waiting. " in ended.output
