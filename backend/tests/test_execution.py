"""Each revision is one transaction, tried again where others were in the way, and proven."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, MetaData, text

from app.db.migrations import execution
from app.db.migrations.connection import run_outside_transaction
from app.db.migrations.execution import ATTEMPTS
from app.db.migrations.online import configure
from tests.project import Project, wait_for
from tests.revisions import HEAD

Alembic = Callable[..., int]
# A sequence goes on counting when a transaction is rolled back.
FAIL = """
DO $$ BEGIN
    IF nextval('attempts') < {} THEN
        RAISE SQLSTATE '{}' USING MESSAGE = 'made up for the test';
    END IF;
END $$"""


@pytest.fixture
def counted(migrated: Engine) -> Engine:
    """Return a database that counts attempts."""
    with migrated.begin() as connection:
        connection.execute(text("CREATE SEQUENCE attempts"))
    return migrated


@pytest.fixture
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(execution, "FIRST_PAUSE", 0.0)


def attempts(engine: Engine) -> int:
    with engine.connect() as connection:
        return connection.scalar(text("SELECT last_value FROM attempts")) or 0


def stamped(engine: Engine) -> str | None:
    with engine.connect() as connection:
        version: str | None = connection.scalar(
            text("SELECT max(version_num) FROM alembic_version")
        )
    return version


def sql(statement: str) -> str:
    return f"op.execute({statement!r})"


@contextmanager
def table_in_use(engine: Engine, until: str) -> Iterator[int]:
    """Read a table in a transaction that stays open until just after `until`; yields its pid."""

    def finish() -> None:
        with engine.connect() as looking:
            wait_for(looking, until)
        time.sleep(0.4)
        reader.rollback()

    with engine.connect() as reader:
        pid = reader.scalar(text("SELECT pg_backend_pid() FROM companies LIMIT 1")) or 0
        thread = threading.Thread(target=finish)
        thread.start()
        yield pid
        thread.join()


@pytest.mark.usefixtures("_at_once")
@pytest.mark.parametrize("code", ["55P03", "40P01"])
def test_a_revision_that_meets_others_is_tried_again(
    code: str, project: Project, alembic: Alembic, counted: Engine
) -> None:
    project.add(sql("CREATE TABLE made (n int)") + "\n" + sql(FAIL.format(3, code)))
    assert alembic(counted.url, "upgrade", "head", ini=str(project.ini)) == 0
    assert (attempts(counted), stamped(counted)) == (3, project.head)
    with counted.connect() as connection:
        recorded = connection.execute(
            text("SELECT action, attempts FROM migration_ledger WHERE revision = :id"),
            {"id": project.head},
        ).all()
    assert [tuple(row) for row in recorded] == [("upgrade", 3)]


@pytest.mark.usefixtures("_at_once")
def test_it_gives_up_after_a_bounded_number_of_attempts(
    project: Project,
    alembic: Alembic,
    counted: Engine,
    capsys: pytest.CaptureFixture[str],
) -> None:
    project.add(sql(FAIL.format(99, "55P03")))
    assert alembic(counted.url, "upgrade", "head", ini=str(project.ini)) != 0
    assert attempts(counted) == ATTEMPTS == 12
    error = capsys.readouterr().err
    assert f"Gave up after {ATTEMPTS} attempts" in error
    assert f"The database is at {HEAD} (behind, 1 pending: {project.head})" in error


@pytest.mark.usefixtures("_at_once")
def test_it_gives_up_before_the_first_revision_too(
    alembic: Alembic,
    empty: Engine,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Somebody makes the version table in a transaction that stays open."""
    monkeypatch.setenv("MIGRATION_LOCK_TIMEOUT", "50ms")
    with empty.begin() as connection:
        connection.execute(text("CREATE TABLE alembic_version (version_num text)"))
        assert alembic(empty.url, "upgrade", "head") != 0
    error = capsys.readouterr().err
    assert "before the first revision: canceling statement due to lock timeout" in error
    assert f"Gave up after {ATTEMPTS} attempts" in error


@pytest.mark.usefixtures("_at_once")
@pytest.mark.parametrize(
    ("declarations", "expected"), [("", 1), ("repeatable = True", 3), ("repeatable = False", 1)]
)
def test_half_a_revision_is_repeated_only_where_it_says_that_it_may(
    declarations: str,
    expected: int,
    project: Project,
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
    code = alembic(counted.url, "upgrade", "head", ini=str(project.ini))
    assert attempts(counted) == expected
    assert (code == 0) is (expected == 3)
    if code:
        error = capsys.readouterr().err
        assert "It is not safe to run again by itself" in error
        assert "What its autocommit block had done stays" in error


@pytest.mark.usefixtures("_at_once")
def test_an_autocommit_step_counts_for_its_own_revision_only(
    project: Project, alembic: Alembic, counted: Engine
) -> None:
    project.add(
        f"with op.get_context().autocommit_block():\n    {sql('CREATE TABLE whole (n int)')}"
    )
    project.add(sql(FAIL.format(2, "55P03")))
    assert alembic(counted.url, "upgrade", "head", ini=str(project.ini)) == 0
    assert attempts(counted) == 2


@pytest.mark.usefixtures("_at_once")
def test_a_whole_revision_that_says_it_is_not_repeatable_is_not_repeated(
    project: Project, alembic: Alembic, counted: Engine
) -> None:
    project.add(sql(FAIL.format(3, "40P01")), declarations="repeatable = False")
    assert alembic(counted.url, "upgrade", "head", ini=str(project.ini)) != 0
    assert attempts(counted) == 1


@pytest.mark.usefixtures("_at_once")
def test_steps_that_are_relative_end_where_they_were_to_end(
    project: Project, alembic: Alembic, counted: Engine
) -> None:
    """The second attempt begins where the first one has come to."""
    first = project.add("pass")
    project.add(sql(FAIL.format(2, "55P03")))
    project.add(sql("CREATE TABLE too_far (n int)"))
    assert alembic(counted.url, "upgrade", "+2", ini=str(project.ini)) == 0
    assert stamped(counted) == f"{int(first) + 1:03d}"


def test_who_is_in_the_way_is_named(
    project: Project,
    alembic: Alembic,
    migrated: Engine,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("MIGRATION_LOCK_TIMEOUT", "200ms")
    project.add(sql("ALTER TABLE companies ADD COLUMN probe int"))
    project.add("pass")
    has_waited = "SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    has_waited += " AND datname = current_database()"
    with table_in_use(migrated, has_waited) as pid:
        assert alembic(migrated.url, "upgrade", "head", ini=str(project.ini)) == 0
    said = capsys.readouterr().err
    assert "attempt 1 of 12" in said
    assert f"blocked by pid {pid} (postgres" in said
    assert "idle in transaction" in said
    assert "transaction open for" in said
    assert "query since" in said
    with migrated.connect() as connection:
        waited = connection.scalars(
            text("SELECT lock_wait > interval '0' FROM migration_ledger ORDER BY id DESC LIMIT 2")
        ).all()
    assert waited == [False, True], "each revision has its own"


def test_a_failure_says_which_revision_what_is_in_and_where_the_database_stands(
    project: Project,
    alembic: Alembic,
    migrated: Engine,
    capsys: pytest.CaptureFixture[str],
) -> None:
    fine = project.add(sql("CREATE TABLE fine (n int)"))
    bad = project.add(sql("CREATE TABLE half (n int)") + "\n" + sql("SELECT 1/0"))
    project.add(sql("CREATE TABLE never (n int)"))
    assert alembic(migrated.url, "upgrade", "head", ini=str(project.ini)) != 0
    error = capsys.readouterr().err
    assert f"upgrade {fine} -> {bad}: division by zero" in error
    assert f"applied before it: {fine}." in error
    assert f"The database is at {fine} (behind, 2 pending: {bad}, {project.head})" in error
    assert "Traceback" not in error
    with migrated.connect() as connection:
        assert connection.scalar(text("SELECT to_regclass('half')")) is None


def test_a_commit_that_fails_is_a_revision_rolled_back_whole(
    project: Project,
    alembic: Alembic,
    migrated: Engine,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A deferred constraint speaks up at the commit, when nothing of it was committed before."""
    project.add(
        sql(
            "CREATE TABLE node (id int PRIMARY KEY,"
            " parent int REFERENCES node DEFERRABLE INITIALLY DEFERRED)"
        )
        + "\n"
        + sql("INSERT INTO node VALUES (1, 2)")
    )
    assert alembic(migrated.url, "upgrade", "head", ini=str(project.ini)) != 0
    error = capsys.readouterr().err
    assert "violates foreign key constraint" in error
    assert "It was rolled back, and nothing else was changed" in error
    assert stamped(migrated) == HEAD


def test_an_error_of_the_revision_itself_is_one_line_with_its_place(
    project: Project,
    alembic: Alembic,
    migrated: Engine,
    capsys: pytest.CaptureFixture[str],
) -> None:
    revision = project.add("raise NotImplementedError('there is\\nno way back')")
    assert alembic(migrated.url, "upgrade", "head", ini=str(project.ini)) != 0
    error = capsys.readouterr().err
    assert f"NotImplementedError: there is no way back ({revision}_of_a_test.py, line " in error


def test_sessions_have_the_timeouts_that_are_set(
    project: Project, alembic: Alembic, migrated: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIGRATION_STATEMENT_TIMEOUT", "7min")
    monkeypatch.setenv("MIGRATION_APPLICATION_NAME", "deploy 42")
    monkeypatch.setenv("PGOPTIONS", "-c work_mem=12345kB")
    project.add(
        sql(
            "CREATE TABLE seen AS SELECT name, setting || coalesce(unit, '') AS setting"
            "  FROM pg_settings WHERE name IN ('lock_timeout', 'statement_timeout', 'work_mem',"
            "  'idle_in_transaction_session_timeout', 'application_name')"
        )
    )
    assert alembic(migrated.url, "upgrade", "head", ini=str(project.ini)) == 0
    with migrated.connect() as connection:
        seen = {row.name: row.setting for row in connection.execute(text("SELECT * FROM seen"))}
    assert seen == {
        "application_name": "deploy 42",
        "idle_in_transaction_session_timeout": "600000ms",
        "lock_timeout": "5000ms",
        "statement_timeout": "420000ms",
        "work_mem": "12345kB",
    }


def test_a_connection_in_a_transaction_is_refused(migrated: Engine) -> None:
    """Alembic would leave the commit to somebody else, and say that all went well."""
    with migrated.connect() as connection:
        connection.execute(text("SELECT 1"))
        with pytest.raises(CommandError, match="already in a transaction"):
            configure(connection, MetaData(), "upgrade")
        with pytest.raises(CommandError, match="already in a transaction"):
            run_outside_transaction(connection, "SELECT 1")


def test_what_was_not_committed_is_no_success(
    project: Project,
    alembic: Alembic,
    migrated: Engine,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The heads are read again on a fresh connection, whatever Alembic believes."""
    project.add(sql("CREATE TABLE made (n int)"))

    def begin_before(connection: Connection, *arguments: object) -> object:
        migrations = configure(connection, *arguments)  # type: ignore[arg-type]
        monkeypatch.setattr(migrations, "_in_external_transaction", True)
        return migrations

    monkeypatch.setattr("app.db.migrations.online.configure", begin_before)
    assert alembic(migrated.url, "upgrade", "head", ini=str(project.ini)) != 0
    error = capsys.readouterr().err
    assert f"the database is at {HEAD}" in error
    assert f"and not at {project.head} where this run has left it" in error
