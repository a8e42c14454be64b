"""A backfill lets others pass, and says how far it is."""

import os
import pty
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest
from alembic import op
from sqlalchemy import URL

from app.db.embedded.account import account_for
from app.db.embedded.disposable import fast_folder
from app.db.migrations.operations import backfill, progress
from app.db.migrations.operations.backfill import Run
from tests.chaos.harness import connected
from tests.online import apply, applying, ask, bare, execute, holding
from tests.project import Project, wait_for
from tests.servers import find_system_postgres, system_server
from tests.shell import CLEAN_ENVIRONMENT, as_text

ROWS = "CREATE TABLE t (id int PRIMARY KEY, a text);"
ROWS += "INSERT INTO t SELECT generate_series(1, 100)"
DONE = "SELECT count(a) FROM t"


@pytest.fixture
def _small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backfill, "FIRST_SIZE", 1)
    monkeypatch.setattr(backfill, "SECONDS_BETWEEN_WORDS", 0.0)
    monkeypatch.setattr(Run, "_adapt", lambda *_: None)


def until(url: URL, question: str) -> None:
    with connected(url) as connection:
        wait_for(connection, question)


def fill(max_lag: int = 2**26) -> None:
    op.batched_backfill("t", {"a": "'x'"}, "a IS NULL", pause_seconds=0, max_lag=max_lag)


@pytest.mark.usefixtures("_small_batches")
def test_it_waits_while_somebody_queues_for_a_lock_on_the_table(
    each_url: URL, caplog: pytest.LogCaptureFixture
) -> None:
    """Its next batch would come behind that one, and everybody else behind both."""
    caplog.set_level("INFO")
    execute(each_url, ROWS)

    def truncate() -> None:
        op.execute("LOCK TABLE t")

    with (
        holding(each_url, "SELECT FROM t") as reader,
        applying(each_url, truncate, lock_timeout="30s") as queueing,
    ):
        until(each_url, "SELECT count(*) > 0 FROM pg_locks WHERE NOT granted")
        with applying(each_url, fill, lock_timeout="30s") as running:
            while "Backfill of t waits: 1 queue for a lock on the table" not in caplog.messages:
                assert not running.done()
            reader.release()
            queueing.result(30)
            running.result(30)
    assert ask(each_url, DONE) == 100


@contextmanager
def standby_of(url: URL, programs: Path) -> Iterator[URL]:
    """Run a standby of a server; yields its address."""
    with tempfile.TemporaryDirectory(prefix="fde-standby-", dir=fast_folder()) as name:
        folder = Path(name)
        account = account_for(folder)
        account.own(folder)
        data = str(folder / "data")

        def call(program: str, *arguments: str) -> None:
            command = [*account.prefix(folder / "x"), str(programs / program), *arguments]
            with (folder / "words").open("a+") as words:
                done = subprocess.run(
                    command,
                    cwd="/",
                    stdout=words,
                    stderr=words,
                    stdin=subprocess.DEVNULL,
                    check=False,
                )
                words.seek(0)
                assert done.returncode == 0, words.read()

        host = str(url.query["host"])
        call("pg_basebackup", "-D", data, "-h", host, "-U", "postgres", "-R", "-c", "fast")
        options = f"-c listen_addresses= -c unix_socket_directories={folder}"
        call("pg_ctl", "start", "-w", "-D", data, "-l", f"{data}/log", "-o", options)
        try:
            yield url.set(query={"host": str(folder)})
        finally:
            call("pg_ctl", "stop", "-m", "immediate", "-D", data)


@pytest.mark.usefixtures("_small_batches")
def test_it_waits_for_a_standby_that_lags(caplog: pytest.LogCaptureFixture) -> None:
    programs = find_system_postgres()
    if programs is None or not (programs / "pg_basebackup").exists():
        pytest.skip("the system has no PostgreSQL with pg_basebackup")
    caplog.set_level("INFO")
    with system_server(programs, "wal_level=replica", "max_wal_senders=3") as url:
        execute(url, ROWS)
        with standby_of(url, programs) as standby:
            until(url, "SELECT count(*) > 0 FROM pg_stat_replication WHERE replay_lsn IS NOT NULL")
            ask(standby, "SELECT pg_wal_replay_pause()")
            until(standby, "SELECT pg_get_wal_replay_pause_state() = 'paused'")
            with applying(url, lambda: fill(max_lag=2000)) as running:
                while not any("a standby is" in each for each in caplog.messages):
                    assert not running.done()
                assert ask(url, DONE) < 100
                ask(standby, "SELECT pg_wal_replay_resume()")
                running.result(60)
            assert ask(url, DONE) == 100


def test_lines_say_how_far_it_is_and_how_long_it_will_take(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level("INFO")
    moments = iter([0.0, 1.0, 2.0, 11.0])
    monkeypatch.setattr(progress, "time", SimpleNamespace(monotonic=lambda: next(moments)))
    lines = progress.Lines("Backfill of t")
    lines.show("rows", 1_000, 10_000)
    lines.show("rows", 2_000, 10_000)
    lines.show("rows", 6_000, 10_000)
    assert caplog.messages == [
        "Backfill of t: rows: 1,000 of 10,000 (10%)",
        "Backfill of t: rows: 6,000 of 10,000 (60%), 500 a second, 8 s left",
    ]


BACKFILL = """op.batched_backfill("t", {"a": "'x'"}, "a IS NULL", pause_seconds=0)"""
SMALL = "from app.db.migrations.operations import backfill\nbackfill.FIRST_SIZE = 10\n"


def on_a_terminal(project: Project, url: URL, **environment: str) -> str:
    """Run `alembic upgrade head` on a terminal and return its screen."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [Path(sys.executable).parent / "alembic", "-c", project.ini, "upgrade", "head"],
        env={**CLEAN_ENVIRONMENT, "DATABASE_URL": as_text(url), "TERM": "xterm", **environment},
        stdin=slave,
        stdout=slave,
        stderr=slave,
    )
    os.close(slave)
    screen = b""
    try:
        while piece := os.read(master, 1024):
            screen += piece
    except OSError:  # it has ended
        pass
    finally:
        os.close(master)
    assert process.wait(30) == 0, screen.decode()
    return screen.decode()


def test_a_terminal_gets_a_bar_and_no_colour_where_none_is_wanted(
    project: Project, empty_url: URL, alembic: Callable[..., int]
) -> None:
    bare(project).add(f"op.execute({ROWS!r})\nop.execute('ANALYZE t')")
    project.add(SMALL + BACKFILL)
    assert alembic(empty_url, "upgrade", project.ids[1], ini=str(project.ini)) == 0
    colour = re.compile("\x1b\\[[0-9;]*3[0-9]")
    screen = on_a_terminal(project, empty_url, NO_COLOR="1")
    assert "Backfill of t: rows" in screen
    assert "━" in screen
    assert not colour.search(screen)
    assert "INFO  Backfill of t: 100 rows changed" in screen
    stamp = f"UPDATE alembic_version SET version_num = '{project.ids[1]}'"
    execute(empty_url, f"UPDATE t SET a = NULL; {stamp}")
    assert colour.search(on_a_terminal(project, empty_url))


def test_a_pipe_gets_lines(empty_url: URL, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    execute(empty_url, ROWS)
    apply(empty_url, fill)
    assert [each for each in caplog.messages if "Backfill" in each] == [
        "Backfill of t: rows: 100 of 100 (100%)",
        "Backfill of t: 100 rows changed",
    ]
