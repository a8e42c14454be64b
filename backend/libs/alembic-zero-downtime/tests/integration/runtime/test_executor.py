"""Each revision is one transaction, retried after a transient error, and verified."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, MetaData, text

from alembic_zero_downtime.runtime import executor
from alembic_zero_downtime.runtime.context import configure
from alembic_zero_downtime.runtime.executor import ATTEMPTS
from project.definition import PROJECT
from support.databases import execute, exists, read_version, scalar
from support.project import HEAD, ProjectCopy, wait_for

Alembic = Callable[..., int]
# A rollback does not reset a sequence.
FAIL = """
DO $$ BEGIN
    IF nextval('attempts') < {} THEN
        RAISE SQLSTATE '{}' USING MESSAGE = 'raised by the test';
    END IF;
END $$"""


@pytest.fixture
def counted(migrated: Engine) -> Engine:
    """Return a database with a sequence that counts attempts."""
    execute(migrated, "CREATE SEQUENCE attempts")
    return migrated


@pytest.fixture
def _without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(executor, "FIRST_PAUSE", 0.0)


def attempts(engine: Engine) -> int:
    return int(scalar(engine, "SELECT last_value FROM attempts"))


def sql(statement: str) -> str:
    return f"op.execute({statement!r})"


@contextmanager
def table_in_use(engine: Engine, until: str) -> Iterator[int]:
    """Read a table in a transaction that ends shortly after `until` is true; yield its pid."""

    def finish() -> None:
        with engine.connect() as connection:
            wait_for(connection, until)
        time.sleep(0.4)
        reader.rollback()

    with engine.connect() as reader:
        pid = reader.scalar(text("SELECT pg_backend_pid() FROM companies LIMIT 1")) or 0
        thread = threading.Thread(target=finish)
        thread.start()
        yield pid
        thread.join()


@pytest.mark.usefixtures("_without_pauses")
@pytest.mark.parametrize("code", ["55P03", "40P01"])
def test_a_transient_error_is_retried(
    code: str, project: ProjectCopy, alembic: Alembic, counted: Engine
) -> None:
    project.add(sql("CREATE TABLE made (n int)") + "\n" + sql(FAIL.format(3, code)))
    assert alembic(counted.url, "upgrade", "head", ini=project.ini) == 0
    assert (attempts(counted), read_version(counted)) == (3, project.head)
    with counted.connect() as connection:
        recorded = connection.execute(
            text("SELECT action, attempts FROM migration_ledger WHERE revision = :id"),
            {"id": project.head},
        ).all()
    assert [tuple(row) for row in recorded] == [("upgrade", 3)]


@pytest.mark.usefixtures("_without_pauses")
def test_the_number_of_attempts_is_bounded(
    project: ProjectCopy,
    alembic: Alembic,
    counted: Engine,
    capsys: pytest.CaptureFixture[str],
) -> None:
    project.add(sql(FAIL.format(99, "55P03")))
    assert alembic(counted.url, "upgrade", "head", ini=project.ini) != 0
    assert attempts(counted) == ATTEMPTS == 12
    error = capsys.readouterr().err
    assert f"Gave up after {ATTEMPTS} attempts" in error
    assert f"The database is at {HEAD} (behind, 1 pending: {project.head})" in error


@pytest.mark.usefixtures("_without_pauses")
def test_the_creation_of_the_version_table_is_retried_too(
    alembic: Alembic,
    empty: Engine,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Another session creates the version table in a transaction that stays open."""
    monkeypatch.setenv("MIGRATION_LOCK_TIMEOUT", "50ms")
    with empty.begin() as connection:
        connection.execute(text("CREATE TABLE alembic_version (version_num text)"))
        assert alembic(empty.url, "upgrade", "head") != 0
    error = capsys.readouterr().err
    assert "before the first revision: canceling statement due to lock timeout" in error
    assert f"Gave up after {ATTEMPTS} attempts" in error


@pytest.mark.usefixtures("_without_pauses")
@pytest.mark.parametrize(
    ("declarations", "expected"), [("", 1), ("repeatable = True", 3), ("repeatable = False", 1)]
)
def test_a_partially_applied_revision_is_retried_only_if_repeatable(
    declarations: str,
    expected: int,
    project: ProjectCopy,
    alembic: Alembic,
    counted: Engine,
    capsys: pytest.CaptureFixture[str],
) -> None:
    project.add(
        "with op.get_context().autocommit_block():\n"
        f"    {sql('CREATE TABLE IF NOT EXISTS half (n int)')}\n"
        f"    {sql(FAIL.format(3, '55P03'))}",
        declarations=declarations,
    )
    code = alembic(counted.url, "upgrade", "head", ini=project.ini)
    assert attempts(counted) == expected
    assert (code == 0) is (expected == 3)
    if code:
        error = capsys.readouterr().err
        assert "It is not safe to retry automatically" in error
        assert "The changes that it has committed stay" in error


@pytest.mark.usefixtures("_without_pauses")
def test_an_autocommit_block_affects_only_its_own_revision(
    project: ProjectCopy, alembic: Alembic, counted: Engine
) -> None:
    project.add(
        f"with op.get_context().autocommit_block():\n    {sql('CREATE TABLE whole (n int)')}"
    )
    project.add(sql(FAIL.format(2, "55P03")))
    assert alembic(counted.url, "upgrade", "head", ini=project.ini) == 0
    assert attempts(counted) == 2


@pytest.mark.usefixtures("_without_pauses")
def test_a_revision_declared_not_repeatable_is_not_retried(
    project: ProjectCopy, alembic: Alembic, counted: Engine
) -> None:
    project.add(sql(FAIL.format(3, "40P01")), declarations="repeatable = False")
    assert alembic(counted.url, "upgrade", "head", ini=project.ini) != 0
    assert attempts(counted) == 1


@pytest.mark.usefixtures("_without_pauses")
def test_a_retry_of_relative_steps_keeps_their_destination(
    project: ProjectCopy, alembic: Alembic, counted: Engine
) -> None:
    """The second attempt starts from the revision that the first one reached."""
    first = project.add("pass")
    project.add(sql(FAIL.format(2, "55P03")))
    project.add(sql("CREATE TABLE too_far (n int)"))
    assert alembic(counted.url, "upgrade", "+2", ini=project.ini) == 0
    assert read_version(counted) == f"{int(first) + 1:03d}"


def test_the_blocker_is_named_and_the_lock_wait_recorded(
    project: ProjectCopy,
    alembic: Alembic,
    migrated: Engine,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("MIGRATION_LOCK_TIMEOUT", "200ms")
    project.add(sql("ALTER TABLE companies ADD COLUMN sector text"))
    project.add("pass")
    is_waiting = "SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    is_waiting += " AND datname = current_database()"
    with table_in_use(migrated, is_waiting) as pid:
        assert alembic(migrated.url, "upgrade", "head", ini=project.ini) == 0
    log = capsys.readouterr().err
    assert "attempt 1 of 12" in log
    assert f"blocked by pid {pid} (postgres" in log
    assert "idle in transaction" in log
    assert "transaction open for" in log
    assert "query since" in log
    with migrated.connect() as connection:
        waited = connection.scalars(
            text("SELECT lock_wait > interval '0' FROM migration_ledger ORDER BY id DESC LIMIT 2")
        ).all()
    assert waited == [False, True], "each revision has its own lock wait"


def test_a_failure_names_the_revision_the_applied_ones_and_the_state(
    project: ProjectCopy,
    alembic: Alembic,
    migrated: Engine,
    capsys: pytest.CaptureFixture[str],
) -> None:
    fine = project.add(sql("CREATE TABLE fine (n int)"))
    bad = project.add(sql("CREATE TABLE half (n int)") + "\n" + sql("SELECT 1/0"))
    project.add(sql("CREATE TABLE never (n int)"))
    assert alembic(migrated.url, "upgrade", "head", ini=project.ini) != 0
    error = capsys.readouterr().err
    assert f"upgrade {fine} -> {bad}: division by zero" in error
    assert f"applied before it: {fine}." in error
    assert f"The database is at {fine} (behind, 2 pending: {bad}, {project.head})" in error
    assert "Traceback" not in error
    assert not exists(migrated, "half")


def test_a_failed_commit_rolls_the_whole_revision_back(
    project: ProjectCopy,
    alembic: Alembic,
    migrated: Engine,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A deferred constraint is checked at the commit."""
    project.add(
        sql(
            "CREATE TABLE node (id int PRIMARY KEY,"
            " parent int REFERENCES node DEFERRABLE INITIALLY DEFERRED)"
        )
        + "\n"
        + sql("INSERT INTO node VALUES (1, 2)")
    )
    assert alembic(migrated.url, "upgrade", "head", ini=project.ini) != 0
    error = capsys.readouterr().err
    assert "violates foreign key constraint" in error
    assert "It was rolled back, and nothing else was changed" in error
    assert read_version(migrated) == HEAD


def test_a_python_error_is_one_line_with_file_and_line(
    project: ProjectCopy,
    alembic: Alembic,
    migrated: Engine,
    capsys: pytest.CaptureFixture[str],
) -> None:
    revision = project.add("raise NotImplementedError('this is\\nirreversible')")
    assert alembic(migrated.url, "upgrade", "head", ini=project.ini) != 0
    error = capsys.readouterr().err
    assert f"NotImplementedError: this is irreversible ({revision}_of_a_test.py, line " in error


def test_sessions_have_the_configured_timeouts(
    project: ProjectCopy, alembic: Alembic, migrated: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIGRATION_STATEMENT_TIMEOUT", "7min")
    monkeypatch.setenv("MIGRATION_APPLICATION_NAME", "deploy 42")
    monkeypatch.setenv("PGOPTIONS", "-c work_mem=12345kB")
    project.add(
        sql(
            "CREATE TABLE seen AS SELECT name, setting || coalesce(unit, '') AS setting"
            "  FROM pg_settings WHERE name IN ('lock_timeout', 'statement_timeout', 'work_mem',"
            "  'idle_in_transaction_session_timeout', 'application_name',"
            "  'client_connection_check_interval')"
        )
    )
    assert alembic(migrated.url, "upgrade", "head", ini=project.ini) == 0
    with migrated.connect() as connection:
        seen = {row.name: row.setting for row in connection.execute(text("SELECT * FROM seen"))}
    assert seen == {
        "application_name": f"deploy 42: upgrade {HEAD} -> {project.head}",
        "client_connection_check_interval": "1000ms",
        "idle_in_transaction_session_timeout": "600000ms",
        "lock_timeout": "5000ms",
        "statement_timeout": "420000ms",
        "work_mem": "12345kB",
    }


def test_a_connection_in_a_transaction_is_refused(migrated: Engine) -> None:
    """Alembic would never commit it, and report success."""
    with migrated.connect() as connection:
        connection.execute(text("SELECT 1"))
        with pytest.raises(CommandError, match="already in a transaction"):
            configure(connection, PROJECT, MetaData())


def test_a_lost_commit_is_an_error(
    project: ProjectCopy,
    alembic: Alembic,
    migrated: Engine,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The heads are read again on another connection."""
    project.add(sql("CREATE TABLE made (n int)"))

    def begin_before(connection: Connection, *arguments: object) -> object:
        migrations = configure(connection, *arguments)  # type: ignore[arg-type]
        monkeypatch.setattr(migrations, "_in_external_transaction", True)
        return migrations

    monkeypatch.setattr("alembic_zero_downtime.runtime.command.configure", begin_before)
    assert alembic(migrated.url, "upgrade", "head", ini=project.ini) != 0
    error = capsys.readouterr().err
    assert f"the database is at {HEAD}" in error
    assert f"and not at {project.head} where this run has left it" in error
