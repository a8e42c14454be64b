"""Behind a real PgBouncer: refused where transactions share sessions, usable where not."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest
from sqlalchemy import URL, Engine, create_engine, text
from sqlalchemy.pool import NullPool

from alembic_zero_downtime.history.ledger import read_ledger
from alembic_zero_downtime.runtime import migration_lock
from alembic_zero_downtime.runtime.migration_lock import MigrationLock
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


ROUND_ROBIN = "server_round_robin = 1\ndefault_pool_size = {}"
NEWEST_FIRST = "server_round_robin = 0\ndefault_pool_size = {}"
ORDERS = pytest.mark.parametrize("order", [NEWEST_FIRST, ROUND_ROBIN], ids=["lifo", "round robin"])


def fill(url: URL, size: int) -> None:
    """Let a pool open all of its server sessions, with transactions at the same time."""
    engine = create_engine(url, poolclass=NullPool)
    with ExitStack() as clients:
        for _ in range(size):
            clients.enter_context(engine.connect()).execute(text("SELECT 1"))


@ORDERS
@pytest.mark.parametrize("size", [1, 2, 3, 5, 20])
def test_transaction_mode_is_refused_with_advice(
    order: str, size: int, alembic: Alembic, empty: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    with pooler(empty.url, "transaction", order.format(size)) as url:
        codes = [alembic(url, "upgrade", "head")]
        fill(url, size)
        codes += [alembic(url, "upgrade", "head") for _ in range(3)]
    assert 0 not in codes
    error = capsys.readouterr().err
    assert error.count("a pooler that shares sessions between transactions") == 4
    assert error.count("Nothing was changed. Set MIGRATION_DATABASE_URL") == 4
    assert not exists(empty, "alembic_version")
    assert scalar(empty, HELD_LOCKS) == 0


@pytest.mark.parametrize("size", [2, 3, 5])
def test_without_the_first_look_no_revision_runs_in_another_session_than_the_lock(
    size: int,
    alembic: Alembic,
    empty: Engine,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The first look can be deceived by other clients; each transaction is checked."""
    monkeypatch.setattr(migration_lock, "_refuse_transaction_pooling", lambda *_: None)
    monkeypatch.setattr(MigrationLock, "require_held", lambda *_: None)
    with pooler(empty.url, "transaction", ROUND_ROBIN.format(size)) as url:
        fill(url, size)
        assert alembic(url, "upgrade", "head") != 0
    assert "a pooler that shares sessions between transactions" in capsys.readouterr().err
    assert not exists(empty, "companies")


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


@ORDERS
@pytest.mark.parametrize("size", [3, 5, 20])
def test_session_mode_works_with_every_pool(
    order: str, size: int, alembic: Alembic, empty: Engine
) -> None:
    with pooler(empty.url, "session", order.format(size)) as url:
        fill(url, size)
        for revision in ("head", "base", "head"):
            command = "downgrade" if revision == "base" else "upgrade"
            assert alembic(url, command, revision) == 0


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
