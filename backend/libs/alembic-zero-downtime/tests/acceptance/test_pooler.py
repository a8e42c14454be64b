"""Behind a real PgBouncer: refused where transactions share sessions, usable where not."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.pool import NullPool

from alembic_zero_downtime.history.ledger import read_ledger
from support.databases import exists, scalar
from support.pooler import needs_pgbouncer, pooler
from support.project import AT_HEAD, HEAD, IDS, ProjectCopy
from support.shell import as_text

Alembic = Callable[..., int]
pytestmark = needs_pgbouncer
HELD_LOCKS = """
    SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'
       AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


@pytest.mark.parametrize("options", ["", "server_round_robin = 1"], ids=["lifo", "round robin"])
def test_transaction_mode_is_refused_with_advice(
    options: str, alembic: Alembic, empty: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    with pooler(empty.url, "transaction", options) as url:
        assert alembic(url, "upgrade", "head") != 0
    error = capsys.readouterr().err
    assert "a pooler that shares sessions between transactions" in error
    assert "MIGRATION_DATABASE_URL" in error
    assert not exists(empty, "alembic_version")
    assert scalar(empty, HELD_LOCKS) == 0


def test_transaction_mode_is_detected_while_other_clients_use_the_pool(
    alembic: Alembic, empty: Engine
) -> None:
    """Their transactions decide which server session a client gets: it is detected anyway."""
    with pooler(empty.url, "transaction") as url, ThreadPoolExecutor(4) as pool:
        is_over = False

        def work() -> None:
            engine = create_engine(url, poolclass=NullPool)
            with engine.connect() as connection:
                while not is_over:
                    connection.scalar(text("SELECT 1"))
                    connection.commit()

        clients = [pool.submit(work) for _ in range(4)]
        codes = [alembic(url, "upgrade", "head") for _ in range(5)]
        is_over = True
        for client in clients:
            client.result()
    assert 0 not in codes


def test_statement_mode_is_refused(
    alembic: Alembic, empty: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    with pooler(empty.url, "statement") as url:
        assert alembic(url, "upgrade", "head") != 0
    error = capsys.readouterr().err
    assert "cannot connect to" in error, "PgBouncer closes the session at the first BEGIN"
    assert "Traceback" not in error
    assert not exists(empty, "alembic_version")


@pytest.mark.parametrize(
    "options", ["", "ignore_startup_parameters = options"], ids=["refuses", "ignores"]
)
def test_session_mode_works_with_every_timeout(
    options: str,
    project: ProjectCopy,
    alembic: Alembic,
    empty: Engine,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """PgBouncer applies no startup options: timeouts are set once the session is exclusive."""
    monkeypatch.setenv("MIGRATION_LOCK_TIMEOUT", "1234ms")
    project.add("op.execute(\"CREATE TABLE seen AS SELECT current_setting('lock_timeout') AS it\")")
    with pooler(empty.url, "session", options) as url:
        assert alembic(url, "upgrade", "head", ini=project.ini) == 0
    assert f"Now at {project.head} (head)" in capsys.readouterr().err
    assert scalar(empty, "SELECT it FROM seen") == "1234ms"
    with empty.connect() as connection:
        recorded = [entry.revision for entry in read_ledger(connection).entries]
    assert recorded == [*IDS, project.head]


def test_session_mode_serializes_processes(project: ProjectCopy, empty: Engine) -> None:
    with pooler(empty.url, "session", "default_pool_size = 20") as url:
        started = [project.start(url, "upgrade", "head") for _ in range(3)]
        outputs = [process.communicate(timeout=60)[0] for process in started]
    assert [process.returncode for process in started] == [0, 0, 0], outputs
    assert sum("Running upgrade" in each for each in outputs) == 1


def test_a_direct_address_for_migrations_bypasses_the_pooler(
    alembic: Alembic,
    empty: Engine,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("MIGRATION_DATABASE_URL", as_text(empty.url))
    with pooler(empty.url, "transaction") as url:
        assert alembic(url, "upgrade", "head") == 0
    log = capsys.readouterr().err
    assert "(from MIGRATION_DATABASE_URL)" in log
    assert f"Now at {AT_HEAD}" in log


def test_at_head_a_pooler_does_not_matter(
    alembic: Alembic, migrated: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    with pooler(migrated.url, "transaction") as url:
        assert alembic(url, "upgrade", "head") == 0
    assert f"Nothing to do: at {HEAD}" in capsys.readouterr().err
