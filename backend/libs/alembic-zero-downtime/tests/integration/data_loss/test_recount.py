"""A downgrade counts again in its own transaction: what has arrived since is not destroyed."""

import threading
from collections.abc import Callable

import pytest
from sqlalchemy import Engine

from support.databases import execute, scalar
from support.project import ProjectCopy, wait_for
from support.shell import typed_on_a_terminal

pytestmark = pytest.mark.slow  # it starts or resets servers and databases of its own

Alembic = Callable[..., int]
PROMPT = "alembic_zero_downtime.data_loss.confirmation.prompt_for_database_name"
TABLE = "CREATE SCHEMA s; CREATE TABLE s.t (a int, b int)"
ROW = "INSERT INTO s.t VALUES (1, 1)"


@pytest.mark.parametrize(
    ("downgrade", "arrival", "found"),
    [
        ("DROP SCHEMA s CASCADE", ROW, "1 more row in s.t"),
        ("DROP SCHEMA s CASCADE", "CREATE TABLE s.u ()", "s.u would be dropped too"),
        ("DROP TABLE s.t CASCADE", "CREATE TABLE h () INHERITS (s.t)", "h would be dropped too"),
        ("ALTER TABLE s.t DROP b", ROW, "1 more value in s.t.b"),
        ("TRUNCATE s.t", ROW, "1 more row in s.t"),
        ("DELETE FROM s.t", ROW, "1 more row of s.t would be deleted"),
        ("UPDATE s.t SET b = 0", ROW, "1 more row of s.t would be changed"),
        ("ALTER TABLE s.t ALTER b TYPE text USING 'x'", ROW, "1 more row in s.t"),
        (
            "DELETE FROM s.t; DELETE FROM companies WHERE name = 'Mine'",
            "INSERT INTO companies (name, ir_url) VALUES ('Mine', 'u')",
            "1 more row of companies would be deleted",
        ),
    ],
)
def test_what_arrives_after_the_question_is_kept(
    downgrade: str,
    arrival: str,
    found: str,
    project: ProjectCopy,
    alembic: Alembic,
    migrated: Engine,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    project.add(f"op.execute({TABLE!r})", downgrade=f"op.execute({downgrade!r})")
    assert alembic(migrated.url, "upgrade", "head", ini=project.ini) == 0
    execute(migrated, ROW)
    answers = [lambda: execute(migrated, arrival), lambda: None]

    def answer(*_: str) -> bool:
        answers.pop(0)()
        return True

    monkeypatch.setattr(PROMPT, answer)
    with typed_on_a_terminal("") as terminal:
        monkeypatch.setattr("sys.stdin", terminal)
        assert alembic(migrated.url, "downgrade", "-1", ini=project.ini) != 0
        error = capsys.readouterr().err
        assert f"the data has changed since the data loss was counted: {found}. Run" in error
        assert "It was rolled back, and nothing else was changed" in error
        assert scalar(migrated, "SELECT sum(b) FROM s.t") == (2 if arrival == ROW else 1)
        assert alembic(migrated.url, "downgrade", "-1", ini=project.ini) == 0


def insert_slowly(engine: Engine, seconds: float) -> threading.Timer:
    """Insert a row in a transaction that commits some time later."""
    connection = engine.connect()
    connection.exec_driver_sql(ROW)

    def commit() -> None:
        connection.commit()
        connection.close()

    timer = threading.Timer(seconds, commit)
    timer.start()
    return timer


@pytest.mark.parametrize("pending", [1, 2])
def test_rows_that_are_committed_while_the_downgrade_waits_for_its_lock_are_kept(
    pending: int,
    project: ProjectCopy,
    alembic: Alembic,
    migrated: Engine,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    project.add(f"op.execute({TABLE!r})", downgrade='op.execute("DROP SCHEMA s CASCADE")')
    if pending > 1:
        project.add("pass")
    assert alembic(migrated.url, "upgrade", "head", ini=project.ini) == 0
    execute(migrated, ROW)

    def answer(*_: str) -> bool:
        insert_slowly(migrated, 0.5)
        return True

    monkeypatch.setattr(PROMPT, answer)
    with typed_on_a_terminal("") as terminal:
        monkeypatch.setattr("sys.stdin", terminal)
        assert alembic(migrated.url, "downgrade", f"-{pending}", ini=project.ini) != 0
    assert "1 more row in s.t" in capsys.readouterr().err
    assert scalar(migrated, "SELECT count(*) FROM s.t") == 2


def test_rows_that_arrive_during_an_autocommit_block_are_kept(
    project: ProjectCopy,
    alembic: Alembic,
    migrated: Engine,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    project.add(
        f"op.execute({TABLE!r})",
        downgrade='op.create_index_online("ix", "t", ["a"], schema="s")\n'
        "with op.get_context().autocommit_block():\n"
        '    op.execute("SELECT pg_sleep(0.4)")\n'
        'op.execute("DROP SCHEMA s CASCADE")',
    )
    assert alembic(migrated.url, "upgrade", "head", ini=project.ini) == 0
    execute(migrated, ROW)

    def arrive() -> None:
        with migrated.connect() as connection:
            wait_for(
                connection, "SELECT count(*) > 0 FROM pg_index WHERE indrelid = 's.t'::regclass"
            )
        execute(migrated, ROW)

    def answer(*_: str) -> bool:
        threading.Thread(target=arrive).start()
        return True

    monkeypatch.setattr(PROMPT, answer)
    with typed_on_a_terminal("") as terminal:
        monkeypatch.setattr("sys.stdin", terminal)
        assert alembic(migrated.url, "downgrade", "-1", ini=project.ini) != 0
    assert "1 more row in s.t" in capsys.readouterr().err
    assert scalar(migrated, "SELECT count(*) FROM s.t") == 2


def test_steps_destroy_what_earlier_steps_have_made(
    project: ProjectCopy,
    alembic: Alembic,
    migrated: Engine,
) -> None:
    """Neither the tables between two steps nor the rows that a step moves are an arrival."""
    project.add(
        "op.execute('DROP TABLE IF EXISTS old; CREATE TABLE new (a int)')",
        downgrade="op.execute('INSERT INTO old SELECT * FROM new; DELETE FROM new;"
        " ALTER TABLE old DROP b; DROP TABLE new; DROP TABLE old')",
    )
    project.add(
        "op.execute('DROP TABLE IF EXISTS old')",
        downgrade="op.execute('CREATE TABLE old (a int, b int); INSERT INTO new VALUES (7)')",
    )
    assert alembic(migrated.url, "upgrade", "head", ini=project.ini) == 0
    assert alembic(migrated.url, "downgrade", "-2", ini=project.ini) == 0
