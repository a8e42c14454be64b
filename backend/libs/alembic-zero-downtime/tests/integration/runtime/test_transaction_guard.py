"""A revision ends only by returning, and only Alembic ends its transaction."""

from collections.abc import Callable

import pytest
from alembic import command
from alembic.util import CommandError
from sqlalchemy import Engine, text

from alembic_zero_downtime.history.ledger import read_ledger
from support.databases import execute, exists, read_version, scalar
from support.project import HEAD, ProjectCopy

Alembic = Callable[..., int]

ENDINGS = {
    "commit": "op.get_bind().commit()",
    "rollback": "op.get_bind().rollback()",
    "commit of the transaction": "op.get_bind().get_transaction().commit()",
    "caught": "try: op.get_bind().commit()\nexcept Exception: pass",
    "rollback of a Session": (
        "from sqlalchemy.orm import Session\n"
        "session = Session(op.get_bind())\nsession.execute(sa.text('SELECT 1'))\nsession.rollback()"
    ),
    "COMMIT": "op.execute('COMMIT')",
    "after a comment": "op.execute('/* done */ commit work ;')",
    "END": "op.execute('END TRANSACTION')",
    "ROLLBACK": "op.execute('ROLLBACK')",
    "ABORT": "op.execute('ABORT')",
    "AND CHAIN": "op.execute('COMMIT AND CHAIN')",
    "among statements": "op.execute('SELECT 1; COMMIT; BEGIN')",
    "PREPARE TRANSACTION": "op.execute(\"PREPARE TRANSACTION 'later'\")",
}
DRIVER_ENDINGS = {
    "driver": "op.get_bind().connection.commit()",
    "DBAPI connection": "op.get_bind().connection.dbapi_connection.commit()",
    "rollback of the driver": "op.get_bind().connection.rollback()",
    "cursor": "op.get_bind().connection.cursor().execute('COMMIT; BEGIN')",
    "isolation level": "op.get_bind().connection.dbapi_connection.set_isolation_level(0)",
}
WITHIN = {
    "savepoint": "with op.get_bind().begin_nested(): op.execute('SELECT 1')",
    "rollback to a savepoint": (
        "op.execute('SAVEPOINT a')\nop.execute('ROLLBACK TO a')\n"
        "op.execute('ROLLBACK WORK TO SAVEPOINT a')\nop.execute('RELEASE a')"
    ),
    "Session": (
        "from sqlalchemy.orm import Session\n"
        "with Session(op.get_bind()) as session:\n"
        "    session.execute(sa.text('SELECT 1'))\n    session.commit()"
    ),
    "words": 'op.execute("SELECT \'a; COMMIT\', 1 AS \\"; END\\" -- ; ROLLBACK")',
    "block": "op.execute('DO $$ BEGIN PERFORM 1; END $$')",
    "function": "op.execute('CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; END')",
    "autocommit block": (
        "with op.get_context().autocommit_block():\n"
        "    op.execute('SELECT 1')\n    op.execute('BEGIN')\n    op.execute('COMMIT')"
    ),
    "failed autocommit block": (
        "try:\n"
        "    with op.get_context().autocommit_block(): op.execute('SELECT 1/0')\n"
        "except Exception: pass"
    ),
}
TIMEOUTS = """
    SELECT array_agg(name) FROM pg_settings WHERE name ~ '(session|transaction|statement)_timeout'
"""  # transaction_timeout is from PostgreSQL 17
EXITS = {
    "sys.exit": "import sys; sys.exit(0)",
    "exit": "exit()",
    "SystemExit": "raise SystemExit",
    "os._exit": "import os; os._exit(0)",
    "os.exec": "import os; os.execlp('true', 'true')",
    "cancelled": "import asyncio; raise asyncio.CancelledError",
    "generator": "yield",
}
INTERRUPTED = "ends its transaction by itself"


def sql(statement: str) -> str:
    return f"op.execute({statement!r})"


@pytest.mark.parametrize("ending", [*ENDINGS.values()], ids=[*ENDINGS])
def test_a_revision_that_ends_its_transaction_is_refused_as_a_whole(
    ending: str,
    project: ProjectCopy,
    alembic: Alembic,
    migrated: Engine,
    capsys: pytest.CaptureFixture[str],
) -> None:
    project.add(f"{sql('CREATE TABLE first (n int)')}\n{ending}\n{sql('CREATE TABLE second ()')}")
    project.add(sql("CREATE TABLE third ()"))
    assert alembic(migrated.url, "upgrade", "head", ini=project.ini) != 0
    error = capsys.readouterr().err
    assert INTERRUPTED in error
    assert "It was rolled back, and nothing else was changed" in error
    assert not any(exists(migrated, name) for name in ("first", "second", "third"))
    assert read_version(migrated) == HEAD


@pytest.mark.parametrize("ending", [*DRIVER_ENDINGS.values()], ids=[*DRIVER_ENDINGS])
def test_an_end_that_only_the_driver_sees_is_found_when_the_revision_returns(
    ending: str,
    project: ProjectCopy,
    alembic: Alembic,
    migrated: Engine,
    capsys: pytest.CaptureFixture[str],
) -> None:
    project.add(f"{sql('CREATE TABLE first (n int)')}\n{ending}")
    project.add(sql("CREATE TABLE second ()"))
    assert alembic(migrated.url, "upgrade", "head", ini=project.ini) != 0
    error = capsys.readouterr().err
    assert INTERRUPTED in error
    assert "The changes that it has committed stay" in error
    assert not exists(migrated, "second")
    assert read_version(migrated) == HEAD


def test_statements_within_a_transaction_are_allowed(
    project: ProjectCopy, alembic: Alembic, migrated: Engine
) -> None:
    for statements in WITHIN.values():
        project.add(statements)
    assert alembic(migrated.url, "upgrade", "head", ini=project.ini) == 0
    assert read_version(migrated) == project.head


def test_a_refused_commit_leaves_a_programs_connection_without_a_transaction(
    project: ProjectCopy, migrated: Engine
) -> None:
    """SQLAlchemy believes that the commit has ended the transaction."""
    project.add(f"{sql('CREATE TABLE first (n int)')}\nop.get_bind().commit()")
    config = project.config
    with migrated.connect() as connection:
        config.attributes["connection"] = connection
        with pytest.raises(CommandError, match=INTERRUPTED):
            command.upgrade(config, "head")
        connection.execute(text("SELECT 1"))
        connection.commit()
    assert not exists(migrated, "first")


@pytest.mark.parametrize("code", [*EXITS.values()], ids=[*EXITS])
def test_a_revision_that_does_not_return_has_failed(
    code: str,
    project: ProjectCopy,
    alembic: Alembic,
    migrated: Engine,
    capsys: pytest.CaptureFixture[str],
) -> None:
    project.add(f"{sql('CREATE TABLE first (n int)')}\n{code}")
    assert alembic(migrated.url, "upgrade", "head", ini=project.ini) != 0
    error = capsys.readouterr().err
    assert f"upgrade {HEAD} -> {project.head}: it " in error
    assert "Traceback" not in error
    assert not exists(migrated, "first")
    assert read_version(migrated) == HEAD


def test_a_coroutine_function_has_failed(
    project: ProjectCopy,
    alembic: Alembic,
    migrated: Engine,
    capsys: pytest.CaptureFixture[str],
) -> None:
    project.add("pass")
    path = project.path_of(project.head)
    path.write_text(path.read_text().replace("def upgrade", "async def upgrade"))
    assert alembic(migrated.url, "upgrade", "head", ini=project.ini) != 0
    assert "it is a coroutine or a generator" in capsys.readouterr().err
    assert read_version(migrated) == HEAD


@pytest.mark.parametrize("code", ["import sys; sys.exit(0)", "import os; os._exit(0)"])
@pytest.mark.parametrize("command", ["upgrade head", "current", "check", "upgrade head --sql"])
def test_a_revision_that_exits_while_it_is_imported_has_failed(
    command: str,
    code: str,
    project: ProjectCopy,
    alembic: Alembic,
    migrated: Engine,
    capsys: pytest.CaptureFixture[str],
) -> None:
    project.add("pass", declarations=code)
    assert alembic(migrated.url, *command.split(), ini=project.ini) != 0
    assert "a revision must not exit" in capsys.readouterr().err


def test_a_child_process_of_a_revision_may_exit(
    project: ProjectCopy, alembic: Alembic, migrated: Engine
) -> None:
    project.add("import os\nchild = os.fork()\nif not child: os._exit(7)\nos.waitpid(child, 0)")
    assert alembic(migrated.url, "upgrade", "head", ini=project.ini) == 0


ANOTHER_ROW = "INSERT INTO alembic_version VALUES ('001')"


@pytest.mark.parametrize("later", [0, 1], ids=["last", "followed by another"])
def test_a_version_table_that_is_not_as_alembic_left_it_is_a_failure(
    later: int,
    project: ProjectCopy,
    alembic: Alembic,
    migrated: Engine,
    capsys: pytest.CaptureFixture[str],
) -> None:
    changing = project.add(sql(ANOTHER_ROW))
    for _ in range(later):
        project.add(sql("CREATE TABLE second ()"))
    assert alembic(migrated.url, "upgrade", "head", ini=project.ini) != 0
    output = capsys.readouterr()
    assert f"the database is at 001, {changing}" in output.err
    assert "Now at" not in output.err
    assert not exists(migrated, "second")


def test_a_retry_requires_the_heads_that_the_run_has_left(
    project: ProjectCopy,
    alembic: Alembic,
    migrated: Engine,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Another session changes the version table while a revision waits for its next attempt."""
    execute(migrated, "CREATE SEQUENCE attempts")
    url = migrated.url.render_as_string(hide_password=False)
    project.add(
        "if op.get_bind().scalar(sa.text(\"SELECT nextval('attempts')\")) == 1:\n"
        f"    other = sa.create_engine({url!r}.replace('+embedded', ''))\n"
        f"    with other.begin() as connection: connection.execute(sa.text({ANOTHER_ROW!r}))\n"
        "    op.execute(\"DO $$ BEGIN RAISE SQLSTATE '55P03'; END $$\")",
        declarations="repeatable = True",
    )
    assert alembic(migrated.url, "upgrade", "head", ini=project.ini) != 0
    assert f"the database is at 001, {HEAD}, and not at {HEAD}" in capsys.readouterr().err
    assert scalar(migrated, "SELECT last_value FROM attempts") == 1


def test_a_revision_that_commits_in_a_separate_connection_is_not_retried(
    project: ProjectCopy,
    alembic: Alembic,
    migrated: Engine,
    capsys: pytest.CaptureFixture[str],
) -> None:
    url = migrated.url.render_as_string(hide_password=False)
    project.add(
        f"with sa.create_engine({url!r}).begin() as connection:\n"
        "    connection.execute(sa.text('CREATE TABLE once ()'))\n"
        "op.execute(\"DO $$ BEGIN RAISE SQLSTATE '55P03'; END $$\")"
    )
    assert alembic(migrated.url, "upgrade", "head", ini=project.ini) != 0
    assert "It is not safe to retry automatically" in capsys.readouterr().err


def test_a_revision_leaves_no_setting_of_the_session_behind(
    project: ProjectCopy, alembic: Alembic, migrated: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIGRATION_LOCK_TIMEOUT", "4s")
    names = "'lock_timeout', 'search_path', 'TimeZone', 'session_replication_role', 'work_mem'"
    names += ", 'idle_session_timeout'"
    look = (
        "CREATE TABLE public.{} AS SELECT current_setting('role') AS role, "
        f"(SELECT jsonb_object_agg(name, setting) FROM pg_settings WHERE name IN ({names})) AS it"
    )
    execute(migrated, "CREATE SCHEMA other; GRANT CREATE ON SCHEMA public TO pg_monitor")
    project.add(sql(look.format("before")))
    project.add(
        "\n".join(
            [
                sql("SET lock_timeout = 0"),
                "op.get_bind().connection.cursor().execute('SET idle_session_timeout = 9')",
                sql("SET search_path = other"),
                sql("SET TIME ZONE 'Asia/Tokyo'"),
                sql("SELECT set_config('work_mem', '123kB', false)"),
                sql("SET session_replication_role = replica"),
                sql("SET ROLE pg_monitor"),
                sql("SET LOCAL ROLE postgres"),
            ]
        )
    )
    project.add(
        "with op.get_context().autocommit_block():\n    "
        + sql("SET lock_timeout = 0")
        + "\n    "
        + sql("SET search_path = other")
    )
    project.add(sql(look.format("after")))
    assert alembic(migrated.url, "upgrade", "head", ini=project.ini) == 0
    with migrated.connect() as connection:
        before, after = (
            connection.execute(text(f"SELECT * FROM {name}")).one() for name in ("before", "after")
        )
    assert before == after
    assert before.it["lock_timeout"] == "4000"


def test_timeouts_of_the_database_end_neither_a_long_revision_nor_a_waiting_process(
    project: ProjectCopy, alembic: Alembic, migrated: Engine
) -> None:
    for timeout in scalar(migrated, TIMEOUTS):
        execute(migrated, f"ALTER DATABASE {migrated.url.database} SET {timeout} = '200ms'")
    project.add(sql("SELECT pg_sleep(1.2)"))
    project.add("import time; time.sleep(0.5)\n" + sql("SELECT pg_sleep(0.4)"))
    with project.start(migrated.url, "upgrade", "head") as first:
        assert alembic(migrated.url, "upgrade", "head", ini=project.ini) == 0
        output = first.communicate(timeout=30)[0]
        assert first.returncode == 0, output
    assert read_version(migrated) == project.head


def test_a_legacy_revision_may_commit(
    project: ProjectCopy,
    alembic: Alembic,
    migrated: Engine,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """As revisions did before autocommit_block existed; the next ones are guarded again."""
    execute(migrated, "ALTER TABLE migration_ledger DROP COLUMN transactional")  # an older one
    for ending in (*ENDINGS.values(), *DRIVER_ENDINGS.values()):
        if "PREPARE" not in ending:
            project.add(f"{ending}\n{sql('CREATE TABLE IF NOT EXISTS made ()')}")
    last = project.add(
        f"{sql('COMMIT')}\n{sql('CREATE INDEX CONCURRENTLY made_url ON documents (url)')}"
    )
    project.set_option("legacy_until", last)
    assert alembic(migrated.url, "upgrade", "head", ini=project.ini) == 0
    assert f"-> {last}, " in (error := capsys.readouterr().err)
    assert "it ends its transaction by itself, which legacy_until allows" in error
    with migrated.connect() as connection:
        by_itself = read_ledger(connection).origin(last)
    assert by_itself is not None
    assert by_itself.transactional is False
    assert exists(migrated, "made_url")
    project.add(ENDINGS["commit"])
    assert alembic(migrated.url, "upgrade", "head", ini=project.ini) != 0
    assert read_version(migrated) == last
