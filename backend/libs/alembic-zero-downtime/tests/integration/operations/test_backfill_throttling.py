"""A backfill gives way to other sessions and to standbys, and reports its progress."""

import io
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

from alembic_zero_downtime.embedded.account import account_for
from alembic_zero_downtime.embedded.disposable import fast_folder
from alembic_zero_downtime.operations import backfill, progress
from alembic_zero_downtime.operations.backfill import BackfillRunner
from support.bare import CopyBare, bare
from support.blocking import IS_WAITING, apply, applying, execute, fetch, holding, wait_until
from support.project import ProjectCopy
from support.servers import find_system_postgres, system_server
from support.shell import CLEAN_ENVIRONMENT, as_text

ROWS = "CREATE TABLE t (id int PRIMARY KEY, a text);"
ROWS += "INSERT INTO t SELECT generate_series(1, 100)"
DONE = "SELECT count(a) FROM t"


@pytest.fixture
def _small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backfill, "FIRST_SIZE", 1)
    monkeypatch.setattr(backfill, "SECONDS_BETWEEN_MESSAGES", 0.0)
    monkeypatch.setattr(BackfillRunner, "_adapt", lambda *_: None)


def fill(max_lag: int = 2**26) -> None:
    op.batched_backfill("t", {"a": "'x'"}, "a IS NULL", pause_seconds=0, max_lag=max_lag)


@pytest.mark.usefixtures("_small_batches")
def test_it_waits_while_another_session_waits_for_a_lock_on_the_table(
    each_url: URL, caplog: pytest.LogCaptureFixture
) -> None:
    """Its next batch would queue behind that session, and all others behind both."""
    caplog.set_level("INFO")
    execute(each_url, ROWS)
    paused = "Backfill of t paused: 1 session(s) waiting for a lock on the table"

    def lock() -> None:
        op.execute("LOCK TABLE t")

    with (
        holding(each_url, "SELECT FROM t") as reader,
        applying(each_url, lock, lock_timeout="30s") as queueing,
    ):
        wait_until(each_url, IS_WAITING)
        with applying(each_url, fill, lock_timeout="30s") as running:
            while paused not in caplog.messages:
                assert not running.done()
            reader.release()
            queueing.result(30)
            running.result(30)
    assert fetch(each_url, DONE) == 100


def test_lock_waits_in_another_database_do_not_pause_it(
    copy_bare: CopyBare, caplog: pytest.LogCaptureFixture
) -> None:
    """The tables of copies of one database have the same oid."""
    caplog.set_level("INFO")
    url, copy = copy_bare(), copy_bare()
    lock = "LOCK TABLE things"
    with holding(copy, lock) as holder, applying(copy, lambda: op.execute(lock)) as waiting:
        wait_until(copy, IS_WAITING)
        apply(url, lambda: op.batched_backfill("things", {"note": "'x'"}, "note = ''"))
        holder.release()
        waiting.result(30)
    assert "paused" not in caplog.text


@pytest.mark.usefixtures("_small_batches")
def test_it_waits_while_a_standby_lags(
    empty_database: URL, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The view of standbys is replaced; below, the standby is real."""
    caplog.set_level("INFO")
    execute(empty_database, ROWS)
    execute(
        empty_database,
        "CREATE SEQUENCE reads;"
        "CREATE VIEW standbys AS SELECT pg_current_wal_lsn() -"
        " CASE WHEN nextval('reads') <= 3 THEN 5242880 ELSE 0 END AS replay_lsn",
    )
    query = backfill.LAG_AND_LOCK_QUEUE.replace("pg_stat_replication", "standbys")
    monkeypatch.setattr(backfill, "LAG_AND_LOCK_QUEUE", query)
    apply(empty_database, lambda: fill(max_lag=2**20))
    paused = [each for each in caplog.messages if "paused" in each]
    assert paused == 3 * ["Backfill of t paused: a standby is 5 MB behind"]
    assert fetch(empty_database, DONE) == 100


@contextmanager
def standby_of(url: URL, programs: Path) -> Iterator[URL]:
    """Run a standby of a server; yields its address."""
    with tempfile.TemporaryDirectory(prefix="migration-standby-", dir=fast_folder()) as name:
        folder = Path(name)
        host = Path(str(url.query["host"]))
        account = account_for(host).with_name()  # that of the server
        account.chown(folder)
        data = str(folder / "data")

        def call(program: str, *arguments: str) -> None:
            with (folder / "output").open("a+") as output:
                done = subprocess.run(
                    [str(programs / program), *arguments],
                    cwd="/",
                    stdout=output,
                    stderr=output,
                    stdin=subprocess.DEVNULL,
                    check=False,
                    **account.credentials,
                )
                output.seek(0)
                assert done.returncode == 0, output.read()

        call("pg_basebackup", "-D", data, "-h", str(host), "-U", "postgres", "-R", "-c", "fast")
        options = f"-c listen_addresses= -c unix_socket_directories={folder}"
        call("pg_ctl", "start", "-w", "-D", data, "-l", f"{data}/log", "-o", options)
        try:
            yield url.set(query={"host": str(folder)})
        finally:
            call("pg_ctl", "stop", "-m", "immediate", "-D", data)


@pytest.mark.slow
@pytest.mark.usefixtures("_small_batches")
def test_it_waits_for_a_real_standby_that_lags(caplog: pytest.LogCaptureFixture) -> None:
    programs = find_system_postgres()
    if programs is None or not (programs / "pg_basebackup").exists():
        pytest.skip("the system has no PostgreSQL with pg_basebackup")
    caplog.set_level("INFO")
    with system_server(programs, "wal_level=replica", "max_wal_senders=3") as url:
        execute(url, ROWS)
        with standby_of(url, programs) as standby:
            has_standby = "SELECT count(replay_lsn) > 0 FROM pg_stat_replication"
            wait_until(url, has_standby)
            fetch(standby, "SELECT pg_wal_replay_pause()")
            wait_until(standby, "SELECT pg_get_wal_replay_pause_state() = 'paused'")
            with applying(url, lambda: fill(max_lag=2000)) as running:
                while not any("a standby is" in each for each in caplog.messages):
                    assert not running.done()
                assert fetch(url, DONE) < 100
                fetch(standby, "SELECT pg_wal_replay_resume()")
                running.result(60)
            assert fetch(url, DONE) == 100


def test_log_lines_show_the_rate_and_the_time_left(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level("INFO")
    timestamps = iter([0.0, 1.0, 2.0, 11.0])
    monkeypatch.setattr(progress, "time", SimpleNamespace(monotonic=lambda: next(timestamps)))
    lines = progress.LogProgress("Backfill of t")
    lines.show("rows", 1_000, 10_000)
    lines.show("rows", 2_000, 10_000)
    lines.show("rows", 6_000, 10_000)
    assert caplog.messages == [
        "Backfill of t: rows: 1,000 of 10,000 (10%)",
        "Backfill of t: rows: 6,000 of 10,000 (60%), 500 a second, 8 s left",
    ]


def test_without_a_terminal_progress_is_logged(
    empty_database: URL, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    execute(empty_database, ROWS)
    apply(empty_database, fill)
    assert [each for each in caplog.messages if "Backfill" in each] == [
        "Backfill of t: rows: 100 of 100 (100%)",
        "Backfill of t: 100 rows changed",
    ]


COLOUR = re.compile("\x1b\\[[0-9;]*3[0-9]")


class Terminal(io.StringIO):
    """A text stream that reports itself as a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("no_colour", [None, "1"])
def test_a_terminal_shows_a_bar_in_colour_unless_no_color_is_set(
    no_colour: str | None,
    empty_database: URL,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")
    execute(empty_database, ROWS)
    execute(empty_database, "ANALYZE t")
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stderr", terminal := Terminal())
        patch.setenv("TERM", "xterm")
        if no_colour:
            patch.setenv("NO_COLOR", no_colour)
        apply(empty_database, fill)
    screen = terminal.getvalue()
    assert "Backfill of t: rows" in screen
    assert "━" in screen
    assert bool(COLOUR.search(screen)) is (no_colour is None)
    assert caplog.messages[-1] == "Backfill of t: 100 rows changed"
    assert "Backfill of t: rows" not in caplog.text


BACKFILL = """op.batched_backfill("t", {"a": "'x'"}, "a IS NULL", pause_seconds=0)"""
SMALL = "from alembic_zero_downtime.operations import backfill\nbackfill.FIRST_SIZE = 10\n"


def run_on_terminal(project: ProjectCopy, url: URL, **environment: str) -> str:
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


@pytest.mark.slow
def test_alembic_on_a_terminal_shows_a_bar_in_colour_unless_no_color_is_set(
    project: ProjectCopy, empty_database: URL, alembic: Callable[..., int]
) -> None:
    bare(project).add(f"op.execute({ROWS!r})\nop.execute('ANALYZE t')")
    project.add(SMALL + BACKFILL)
    assert alembic(empty_database, "upgrade", project.ids[1], ini=project.ini) == 0
    screen = run_on_terminal(project, empty_database, NO_COLOR="1")
    assert "Backfill of t: rows" in screen
    assert "━" in screen
    assert not COLOUR.search(screen)
    assert "INFO  Backfill of t: 100 rows changed" in screen
    version = f"UPDATE alembic_version SET version_num = '{project.ids[1]}'"
    execute(empty_database, f"UPDATE t SET a = NULL; {version}")
    assert COLOUR.search(run_on_terminal(project, empty_database))
