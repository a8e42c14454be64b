"""One process migrates a database at a time; the others wait for it and log which one it is."""

import os
import re
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from subprocess import Popen

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError

from alembic_zero_downtime import DatabaseURL
from alembic_zero_downtime.database.connection import MigrationDatabase
from alembic_zero_downtime.errors import MigrationError
from alembic_zero_downtime.runtime.migration_lock import (
    LOCK_KEY,
    NAMESPACE,
    WORKER_KEY,
    MigrationLock,
    SharedSessionError,
)
from support.databases import connected, exists, read_version, scalar
from support.migration_locks import IS_WAITED_FOR, WAITING, held
from support.project import AT_HEAD, HEAD, IDS, ProjectCopy, end, wait_for
from support.servers import find_system_postgres, system_server

Alembic = Callable[..., int]
LONG = "SELECT pg_sleep(60)"
LONG_STATEMENTS = f"""SELECT count(*) {{}} 0 FROM pg_stat_activity
    WHERE query LIKE '%{LONG}%' AND state = 'active'
      AND pid <> pg_backend_pid() AND datname = current_database()"""
IS_RUNNING, HAS_ENDED = LONG_STATEMENTS.format(">"), LONG_STATEMENTS.format("=")
INTERRUPTS = pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["Ctrl-C", "SIGTERM"]
)


@contextmanager
def released_when_waited_for(
    engine: Engine, key: int = LOCK_KEY, before: str = "SELECT 1"
) -> Iterator[None]:
    """Hold one key until another process waits for it; then run `before` and release the key."""

    def release() -> None:
        with engine.connect() as connection:
            wait_for(connection, IS_WAITED_FOR)
        time.sleep(0.3)  # for several attempts
        holder.execute(text(before))
        holder.execute(text(f"SELECT pg_advisory_unlock({NAMESPACE}, {key})"))
        holder.commit()

    with held(engine, key) as holder:
        thread = threading.Thread(target=release)
        thread.start()
        yield
        thread.join()


@contextmanager
def signal_when(engine: Engine, query: str, number: signal.Signals) -> Iterator[None]:
    """Send a signal to this process as soon as `query` returns true."""

    def send() -> None:
        with engine.connect() as connection:
            wait_for(connection, query)
        os.kill(os.getpid(), number)

    thread = threading.Thread(target=send)
    thread.start()
    yield
    thread.join()


def test_a_second_process_fails_at_once_if_it_must_not_wait(
    alembic: Alembic,
    empty: Engine,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("MIGRATION_LOCK_WAIT", "0")
    with held(empty) as holder:
        pid = holder.scalar(text("SELECT pg_backend_pid()"))
        holder.commit()
        assert alembic(empty.url, "upgrade", "head") != 0
        error = capsys.readouterr().err
    assert f"another process is migrating this database: pid {pid}" in error
    assert "this machine" in error
    assert " since 20" in error
    assert not exists(empty, "alembic_version")


@pytest.mark.parametrize("key", [LOCK_KEY, WORKER_KEY])
def test_a_second_process_waits_with_one_line_and_continues(
    key: int, alembic: Alembic, empty: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    with released_when_waited_for(empty, key):
        assert alembic(empty.url, "upgrade", "head") == 0
    log = capsys.readouterr().err
    assert log.count("Waiting for another migration: pid") == 1
    assert ("left behind by a process that was killed" in log) is (key == WORKER_KEY)
    assert f"Now at {AT_HEAD}" in log


def test_a_session_that_holds_the_lock_for_another_process_is_refused(empty: Engine) -> None:
    """As a pooler shares it: PostgreSQL would grant the lock to its own session again."""
    database = MigrationDatabase(DatabaseURL(empty.url, "DATABASE_URL"))
    engine = empty.execution_options(isolation_level="AUTOCOMMIT")
    with engine.connect() as shared, engine.connect() as first, engine.connect() as second:
        MigrationLock(database, shared, first).acquire(0)
        with pytest.raises(SharedSessionError):
            MigrationLock(database, shared, second).acquire(0)
        with pytest.raises(MigrationError, match="another process is migrating"):
            MigrationLock(database, second, first).acquire(0)


def test_a_terminated_wait_changes_nothing(
    alembic: Alembic, empty: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    terminate = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity {WAITING}"
    with released_when_waited_for(empty, before=terminate):
        assert alembic(empty.url, "upgrade", "head") != 0
    error = capsys.readouterr().err
    assert "waiting for the migration lock failed: " in error
    assert "Nothing was changed" in error


def test_a_database_at_head_needs_no_lock(
    alembic: Alembic,
    migrated: Engine,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("MIGRATION_LOCK_WAIT", "0")
    with held(migrated):
        assert alembic(migrated.url, "upgrade", "head") == 0
    log = capsys.readouterr().err
    assert f"Nothing to do: at {AT_HEAD}" in log
    assert "another process" not in log, "no attempt is made"


def test_steps_that_another_process_has_run_meanwhile_are_not_repeated(
    alembic: Alembic, migrated: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its commit is visible when the lock is free; `-1` must not revert one revision more."""
    by_another = "UPDATE alembic_version SET version_num = '001'"
    with released_when_waited_for(migrated, before=by_another):
        assert alembic(migrated.url, "downgrade", "-1") == 0
    assert "another process has migrated to 001" in capsys.readouterr().err
    assert scalar(migrated, "SELECT count(*) FROM companies") == 6, "not reverted"


def test_a_database_that_was_moved_elsewhere_meanwhile_is_not_changed(
    alembic: Alembic, migrated: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    with released_when_waited_for(migrated, before="DELETE FROM alembic_version"):
        assert alembic(migrated.url, "downgrade", "-1") != 0
    assert "another process has moved the database" in capsys.readouterr().err


def test_without_its_lock_a_process_stops_before_the_next_revision(
    project: ProjectCopy, alembic: Alembic, migrated: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    first = project.add(
        'op.execute("SELECT pg_terminate_backend(pid) FROM pg_locks'
        f" WHERE classid = {NAMESPACE} AND objid = {LOCK_KEY} AND granted"
        ' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())")'
    )
    second = project.add('op.execute("CREATE TABLE never (n int)")')
    assert alembic(migrated.url, "upgrade", "head", ini=project.ini) != 0
    assert f"stopped before upgrade {first} -> {second}" in capsys.readouterr().err
    assert read_version(migrated) == first
    assert not exists(migrated, "never")


def test_the_holder_is_named_with_its_statement(
    alembic: Alembic,
    empty: Engine,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("MIGRATION_LOCK_WAIT", "0")

    def run_statement() -> None:
        with held(empty, WORKER_KEY) as worker:
            worker.execute(text("SET application_name = 'alembic: upgrade 002 -> 003'"))
            with pytest.raises(OperationalError):
                worker.execute(text(LONG))

    thread = threading.Thread(target=run_statement)
    with held(empty) as session:
        thread.start()
        wait_for(session, IS_RUNNING)
        assert alembic(empty.url, "upgrade", "head") != 0
        cancel = f"pg_cancel_backend(pid) FROM pg_stat_activity WHERE query = '{LONG}'"
        session.execute(text(f"SELECT {cancel} AND datname = current_database()"))
        thread.join()
    error = capsys.readouterr().err
    assert "alembic: upgrade 002 -> 003" in error
    assert f"active: {LONG}" in error


def test_a_frozen_holder_is_named_with_the_time_since_its_last_statement(
    alembic: Alembic,
    empty: Engine,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("MIGRATION_LOCK_WAIT", "0")
    with held(empty), held(empty, WORKER_KEY) as worker:
        worker.execute(text("SELECT 42"))
        time.sleep(0.6)
        assert alembic(empty.url, "upgrade", "head") != 0
    error = capsys.readouterr().err
    assert re.search(r"idle in transaction for [1-9]\d* s: SELECT 42", error), error


@pytest.mark.slow
def test_a_prepared_transaction_that_holds_the_lock_is_named(
    alembic: Alembic, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    programs = find_system_postgres()
    if programs is None:
        pytest.skip("the system has no PostgreSQL")
    monkeypatch.setenv("MIGRATION_LOCK_WAIT", "0")
    with system_server(programs, "max_prepared_transactions=1") as url:
        with connected(url) as connection:
            take = f"pg_advisory_xact_lock({NAMESPACE}, {WORKER_KEY})"
            for statement in ("BEGIN", f"SELECT {take}", "PREPARE TRANSACTION 'left'"):
                connection.exec_driver_sql(statement)
        assert alembic(url, "upgrade", "head") != 0
    assert "a prepared transaction, see pg_prepared_xacts" in capsys.readouterr().err


@INTERRUPTS
def test_an_interrupted_revision_is_rolled_back_at_once(
    number: signal.Signals,
    code: int,
    project: ProjectCopy,
    alembic: Alembic,
    migrated: Engine,
    capsys: pytest.CaptureFixture[str],
) -> None:
    project.add(f'op.execute("CREATE TABLE half (n int)")\nop.execute("{LONG}")')
    started = time.monotonic()
    with signal_when(migrated, IS_RUNNING, number):
        assert alembic(migrated.url, "upgrade", "head", ini=project.ini) == code
    assert time.monotonic() - started < 45, "the statement is cancelled"
    error = capsys.readouterr().err
    assert "Interrupted." in error
    assert "Traceback" not in error
    assert not exists(migrated, "half")
    assert read_version(migrated) == HEAD
    with migrated.connect() as connection:
        wait_for(connection, HAS_ENDED)


def test_ctrl_c_interrupts_the_wait(
    alembic: Alembic, empty: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    with held(empty), signal_when(empty, IS_WAITED_FOR, signal.SIGINT):
        assert alembic(empty.url, "upgrade", "head") == 130
    assert "Traceback" not in capsys.readouterr().err


@pytest.fixture
def running(project: ProjectCopy, migrated: Engine) -> Iterator[Popen[str]]:
    """Start a migration in a process; it has reached a long statement."""
    project.add(f'op.execute("CREATE TABLE half (n int)")\nop.execute("{LONG}")')
    process = project.start(migrated.url, "upgrade", "head")
    with migrated.connect() as connection:
        wait_for(connection, IS_RUNNING)
    yield process
    process.kill()
    process.wait()
    if process.stdout:
        process.stdout.close()


@pytest.mark.slow
def test_a_process_that_migrates_is_named_with_its_step_and_statement(
    running: Popen[str],
    project: ProjectCopy,
    alembic: Alembic,
    migrated: Engine,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert running.poll() is None
    monkeypatch.setenv("MIGRATION_LOCK_WAIT", "0")
    assert alembic(migrated.url, "upgrade", "head", ini=project.ini) != 0
    error = capsys.readouterr().err
    assert f"alembic: upgrade {HEAD} -> {project.head}" in error
    assert f"active: {LONG}" in error


@pytest.mark.slow
@INTERRUPTS
def test_an_interrupted_process_rolls_back_and_returns_the_conventional_code(
    number: signal.Signals, code: int, running: Popen[str], migrated: Engine
) -> None:
    output = end(running, number)
    assert running.returncode == code, output
    assert "Interrupted." in output
    assert "Traceback" not in output
    assert not exists(migrated, "half")
    assert read_version(migrated) == HEAD
    with migrated.connect() as connection:
        wait_for(connection, HAS_ENDED)


@pytest.mark.slow
def test_a_waiting_process_is_interrupted_by_ctrl_c(project: ProjectCopy, migrated: Engine) -> None:
    project.add("pass")
    with held(migrated), migrated.connect() as connection:
        process = project.start(migrated.url, "upgrade", "head")
        wait_for(connection, IS_WAITED_FOR)
        output = end(process, signal.SIGINT)
    assert process.returncode == 130, output
    assert "Traceback" not in output


@pytest.mark.slow
def test_the_statement_of_a_killed_process_is_terminated(
    running: Popen[str], migrated: Engine
) -> None:
    """The server checks the connection every second (client_connection_check_interval)."""
    end(running, signal.SIGKILL)
    with migrated.connect() as connection:
        wait_for(connection, HAS_ENDED)


@pytest.mark.slow
def test_of_many_concurrent_processes_one_migrates_and_all_succeed(
    project: ProjectCopy, empty: Engine
) -> None:
    with ThreadPoolExecutor() as pool:
        started = [project.start(empty.url, "upgrade", "head") for _ in range(6)]
        outputs = list(pool.map(lambda process: process.communicate(timeout=60)[0], started))
    assert [process.returncode for process in started] == [0] * 6, outputs
    assert sum("Running upgrade" in each for each in outputs) == 1
    with empty.connect() as connection:
        rows = connection.execute(text("SELECT action, revision FROM migration_ledger")).all()
    assert [tuple(row) for row in rows] == [("upgrade", each) for each in IDS]
