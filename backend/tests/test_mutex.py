"""One process migrates a database at a time; the others say whom they wait for."""

import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from subprocess import Popen

import pytest
from sqlalchemy import Connection, Engine, text

from app.db.migrations.mutex import GUARD, SPACE, WORKER
from tests.project import Project, end, wait_for
from tests.revisions import AT_HEAD, HEAD, IDS

Alembic = Callable[..., int]
SLOW = 'op.execute("SELECT pg_sleep(60)")'
RUNNING = """SELECT count(*) {} 0 FROM pg_stat_activity
              WHERE query LIKE '%pg_sleep(60)%' AND state = 'active'
                AND pid <> pg_backend_pid() AND datname = current_database()"""
WAITING = """WHERE application_name = 'alembic' AND query LIKE '%advisory%'
               AND datname = current_database()"""
IS_WAITED_FOR = f"SELECT count(*) > 0 FROM pg_stat_activity {WAITING}"
IS_SLOW, HAS_ENDED = RUNNING.format(">"), RUNNING.format("=")


@contextmanager
def held(engine: Engine, part: int = GUARD) -> Iterator[Connection]:
    """Hold a part of the mutex, as another process would."""
    with engine.connect() as connection:
        connection.execute(text(f"SELECT pg_advisory_lock({SPACE}, {part})"))
        connection.commit()
        yield connection


@contextmanager
def released_when_waited_for(
    engine: Engine, part: int = GUARD, before: str = "SELECT 1"
) -> Iterator[None]:
    """Hold a part of the mutex until somebody waits for it; then run `before` and let it go."""

    def release() -> None:
        with engine.connect() as looking:
            wait_for(looking, IS_WAITED_FOR)
        time.sleep(0.3)  # it looks several times
        holder.execute(text(before))
        holder.execute(text(f"SELECT pg_advisory_unlock({SPACE}, {part})"))
        holder.commit()

    with held(engine, part) as holder:
        thread = threading.Thread(target=release)
        thread.start()
        yield
        thread.join()


def test_a_second_process_fails_at_once_when_it_may_not_wait(
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
    with empty.connect() as connection:
        assert connection.scalar(text("SELECT to_regclass('alembic_version')")) is None


@pytest.mark.parametrize("part", [GUARD, WORKER])
def test_a_second_process_waits_says_so_once_and_goes_on(
    part: int, alembic: Alembic, empty: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    with released_when_waited_for(empty, part):
        assert alembic(empty.url, "upgrade", "head") == 0
    said = capsys.readouterr().err
    assert said.count("Waiting for another migration: pid") == 1
    assert ("left behind by a process that was killed" in said) is (part == WORKER)
    assert f"Now at {AT_HEAD}" in said


def test_a_wait_that_is_cut_changes_nothing(
    alembic: Alembic, empty: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    cut = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity {WAITING}"
    with released_when_waited_for(empty, before=cut):
        assert alembic(empty.url, "upgrade", "head") != 0
    error = capsys.readouterr().err
    assert "cannot wait any more: " in error
    assert "Nothing was changed" in error


def test_at_head_nothing_waits(
    alembic: Alembic,
    migrated: Engine,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("MIGRATION_LOCK_WAIT", "0")
    with held(migrated):
        assert alembic(migrated.url, "upgrade", "head") == 0
    said = capsys.readouterr().err
    assert f"Nothing to do: at {AT_HEAD}" in said
    assert "another process" not in said, "it does not even try"


def test_what_another_process_has_done_meanwhile_is_not_done_again(
    alembic: Alembic, migrated: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    """The other one's commit shows when the lock is free; `-1` must not go one further."""
    assert alembic(migrated.url, "downgrade", "002") == 0
    by_another = "UPDATE alembic_version SET version_num = '001'"
    with released_when_waited_for(migrated, before=by_another):
        assert alembic(migrated.url, "downgrade", "-1") == 0
    assert "another process has migrated to 001" in capsys.readouterr().err
    with migrated.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM companies")) == 6, "not taken back"


def test_a_database_that_moved_elsewhere_meanwhile_is_left_alone(
    alembic: Alembic, migrated: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    with released_when_waited_for(migrated, before="DELETE FROM alembic_version"):
        assert alembic(migrated.url, "downgrade", "-1") != 0
    assert "another process has moved the database" in capsys.readouterr().err


def test_many_processes_at_once_all_succeed_and_one_migrates(
    project: Project, empty: Engine
) -> None:
    with ThreadPoolExecutor() as pool:
        started = [project.start(empty.url, "upgrade", "head") for _ in range(6)]
        said = list(pool.map(lambda process: process.communicate(timeout=60)[0], started))
    assert [process.returncode for process in started] == [0] * 6, said
    assert sum("Running upgrade" in each for each in said) == 1
    with empty.connect() as connection:
        rows = connection.execute(text("SELECT action, revision FROM migration_ledger")).all()
    assert [tuple(row) for row in rows] == [("upgrade", each) for each in IDS]


@pytest.fixture
def slow(project: Project, migrated: Engine) -> Iterator[Popen[str]]:
    """Start a migration that has got to its long statement."""
    project.add(f'op.execute("CREATE TABLE half (n int)")\n{SLOW}')
    process = project.start(migrated.url, "upgrade", "head")
    with migrated.connect() as connection:
        wait_for(connection, IS_SLOW)
    yield process
    process.kill()
    process.wait()
    if process.stdout:
        process.stdout.close()


def test_the_holder_is_named_with_what_it_runs(
    slow: Popen[str],
    project: Project,
    alembic: Alembic,
    migrated: Engine,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert slow.poll() is None
    monkeypatch.setenv("MIGRATION_LOCK_WAIT", "0")
    assert alembic(migrated.url, "upgrade", "head", ini=str(project.ini)) != 0
    error = capsys.readouterr().err
    assert f"alembic: upgrade {HEAD} -> {project.head}" in error
    assert "active: SELECT pg_sleep(60)" in error


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["Ctrl-C", "SIGTERM"]
)
def test_an_interrupted_revision_is_rolled_back_at_once(
    number: signal.Signals, code: int, slow: Popen[str], migrated: Engine
) -> None:
    said = end(slow, number)
    assert slow.returncode == code, said
    assert "Interrupted." in said
    assert "Traceback" not in said
    with migrated.connect() as connection:
        assert connection.scalar(text("SELECT to_regclass('half')")) is None
        assert connection.scalar(text("SELECT version_num FROM alembic_version")) == HEAD
        wait_for(connection, HAS_ENDED, 3)


def test_ctrl_c_ends_the_wait(project: Project, migrated: Engine) -> None:
    project.add("pass")
    with held(migrated), migrated.connect() as connection:
        process = project.start(migrated.url, "upgrade", "head")
        wait_for(connection, IS_WAITED_FOR)
        said = end(process, signal.SIGINT)
    assert process.returncode == 130, said
    assert "Traceback" not in said


def test_a_killed_process_leaves_no_statement_behind(slow: Popen[str], migrated: Engine) -> None:
    """The server looks after its client each second."""
    end(slow, signal.SIGKILL)
    with migrated.connect() as connection:
        wait_for(connection, HAS_ENDED, 5)


def test_without_its_lock_a_process_stops_before_the_next_revision(
    project: Project, alembic: Alembic, migrated: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    first = project.add(
        'op.execute("SELECT pg_terminate_backend(pid) FROM pg_locks'
        f" WHERE classid = {SPACE} AND objid = {GUARD} AND granted"
        ' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())")'
    )
    second = project.add('op.execute("CREATE TABLE never (n int)")')
    assert alembic(migrated.url, "upgrade", "head", ini=str(project.ini)) != 0
    error = capsys.readouterr().err
    assert f"stopped before upgrade {first} -> {second}" in error
    with migrated.connect() as connection:
        assert connection.scalar(text("SELECT version_num FROM alembic_version")) == first
        assert connection.scalar(text("SELECT to_regclass('never')")) is None
