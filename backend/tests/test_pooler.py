"""Behind a real PgBouncer: refused where sessions are shared, fine where they are not."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg2
import pytest
from sqlalchemy import URL, Engine, create_engine, text
from sqlalchemy.pool import NullPool

from app.db.embedded.account import account_for
from app.db.migrations.ledger import read_ledger
from tests.project import Project
from tests.revisions import AT_HEAD, HEAD, IDS
from tests.shell import as_text

Alembic = Callable[..., int]
PGBOUNCER = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")
pytestmark = pytest.mark.skipif(PGBOUNCER is None, reason="pgbouncer is not installed")

CONFIGURATION = """
[databases]
* = {server}
[pgbouncer]
listen_addr =
listen_port = 6432
unix_socket_dir = {folder}
auth_type = any
pool_mode = {mode}
default_pool_size = 5
{more}
"""


@contextmanager
def pooler(url: URL, mode: str, more: str = "") -> Iterator[URL]:
    """Run a PgBouncer before the server of `url`; yields its address."""
    with tempfile.TemporaryDirectory(prefix="bouncer-", dir="/tmp") as name:
        folder = Path(name)
        server = {
            "host": url.query.get("host") or url.host,
            "port": url.port or 5432,
            "user": url.username,
            "password": url.password,
        }
        written = " ".join(f"{name}={value}" for name, value in server.items() if value)
        ini = folder / "pgbouncer.ini"
        ini.write_text(CONFIGURATION.format(server=written, folder=folder, mode=mode, more=more))
        account = account_for(folder)
        for path in (folder, ini):
            account.own(path)
        command = [
            *account.prefix(folder / "x", str(PGBOUNCER)),
            str(PGBOUNCER),
            "--quiet",
            str(ini),
        ]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
            try:
                own = url.set(host=None, port=6432, query={"host": str(folder)})
                wait_until_it_answers(own, process)
                yield own
            finally:
                process.terminate()
                process.communicate(timeout=10)


def wait_until_it_answers(url: URL, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 10
    while True:
        with suppress(psycopg2.OperationalError):
            psycopg2.connect(
                host=url.query["host"], port=url.port, user=url.username, dbname=url.database
            ).close()
            return
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < deadline, "pgbouncer does not answer"
        time.sleep(0.05)


@pytest.mark.parametrize("more", ["", "server_round_robin = 1"], ids=["lifo", "round robin"])
def test_transaction_mode_is_refused_with_advice(
    more: str, alembic: Alembic, empty: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    with pooler(empty.url, "transaction", more) as url:
        assert alembic(url, "upgrade", "head") != 0
    error = capsys.readouterr().err
    assert "a pooler that shares sessions between transactions" in error
    assert "MIGRATION_DATABASE_URL" in error
    with empty.connect() as connection:
        assert connection.scalar(text("SELECT to_regclass('alembic_version')")) is None
        held = (
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database ="
            " (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
        assert connection.scalar(text(held)) == 0


def test_transaction_mode_is_noticed_while_others_use_the_pool(
    alembic: Alembic, empty: Engine
) -> None:
    """What the others do decides which server session one gets: still it is noticed."""
    with pooler(empty.url, "transaction") as url, ThreadPoolExecutor(4) as pool:
        is_over = False

        def work() -> None:
            engine = create_engine(url, poolclass=NullPool)
            with engine.connect() as connection:
                while not is_over:
                    connection.scalar(text("SELECT 1"))
                    connection.commit()

        workers = [pool.submit(work) for _ in range(4)]
        codes = [alembic(url, "upgrade", "head") for _ in range(5)]
        is_over = True
        for worker in workers:
            worker.result()
    assert 0 not in codes


def test_statement_mode_is_refused(
    alembic: Alembic, empty: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    with pooler(empty.url, "statement") as url:
        assert alembic(url, "upgrade", "head") != 0
    error = capsys.readouterr().err
    assert "cannot connect to" in error, "PgBouncer ends the session at the first BEGIN"
    assert "Traceback" not in error
    with empty.connect() as connection:
        assert connection.scalar(text("SELECT to_regclass('alembic_version')")) is None


def test_session_mode_works_with_every_timeout(
    project: Project,
    alembic: Alembic,
    empty: Engine,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """PgBouncer takes no startup options: they are set when the session is known to be ours."""
    monkeypatch.setenv("MIGRATION_LOCK_TIMEOUT", "1234ms")
    project.add("op.execute(\"CREATE TABLE seen AS SELECT current_setting('lock_timeout') AS it\")")
    with pooler(empty.url, "session") as url:
        assert alembic(url, "upgrade", "head", ini=str(project.ini)) == 0
    assert f"Now at {project.head} (head)" in capsys.readouterr().err
    with empty.connect() as connection:
        assert connection.scalar(text("SELECT it FROM seen")) == "1234ms"
        recorded = [entry.revision for entry in read_ledger(connection).entries]
    assert recorded == [*IDS, project.head]


def test_session_mode_keeps_two_processes_apart(project: Project, empty: Engine) -> None:
    with pooler(empty.url, "session", "default_pool_size = 20") as url:
        started = [project.start(url, "upgrade", "head") for _ in range(3)]
        said = [process.communicate(timeout=60)[0] for process in started]
    assert [process.returncode for process in started] == [0, 0, 0], said
    assert sum("Running upgrade" in each for each in said) == 1


def test_a_direct_address_for_migrations_leads_past_the_pooler(
    alembic: Alembic,
    empty: Engine,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("MIGRATION_DATABASE_URL", as_text(empty.url))
    with pooler(empty.url, "transaction") as url:
        assert alembic(url, "upgrade", "head") == 0
    said = capsys.readouterr().err
    assert "(from MIGRATION_DATABASE_URL)" in said
    assert f"Now at {AT_HEAD}" in said


def test_at_head_the_pooler_does_not_matter(
    alembic: Alembic, migrated: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    with pooler(migrated.url, "transaction") as url:
        assert alembic(url, "upgrade", "head") == 0
    assert f"Nothing to do: at {HEAD}" in capsys.readouterr().err
