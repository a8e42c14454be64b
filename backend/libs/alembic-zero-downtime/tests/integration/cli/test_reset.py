"""A reset lists the objects that it drops, asks if a table has rows, dumps, and migrates again."""

import io
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine

from alembic_zero_downtime.cli import reset
from alembic_zero_downtime.cli.exit_codes import Exit
from alembic_zero_downtime.data_loss import confirmation
from alembic_zero_downtime.database.reset import DatabaseObject, is_local, list_objects
from support.databases import execute, scalar
from support.project import INI
from support.shell import Done, answer_on_a_terminal, as_text, typed_on_a_terminal
from support.snapshots import take_snapshot

Manage = Callable[..., Done]
ROW = "INSERT INTO companies (name, ir_url) VALUES ('Mine', 'https://mine.example');"
OBJECTS = f"""
    {ROW}
    CREATE TYPE mood AS ENUM ('good');
    CREATE DOMAIN percentage AS int;
    CREATE TYPE span AS RANGE (subtype = int);
    CREATE TYPE pair AS (a int, b int);
    CREATE FUNCTION f(int) RETURNS int LANGUAGE sql AS 'SELECT 1';
    CREATE PROCEDURE p() LANGUAGE sql AS 'SELECT 1';
    CREATE VIEW companies_view AS SELECT * FROM companies;
    CREATE MATERIALIZED VIEW companies_copy AS SELECT * FROM companies;
    CREATE SEQUENCE lonely;
    CREATE TABLE "Odd ""name" (mood mood, n serial);
    CREATE TABLE events (n int) PARTITION BY RANGE (n);
    CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (0) TO (10000);
    INSERT INTO events SELECT generate_series(1, 1234);
    CREATE EXTENSION pg_stat_statements;
"""
PARTITIONED = """
    CREATE TABLE t (n int) PARTITION BY LIST (n);
    CREATE TABLE t_1 PARTITION OF t FOR VALUES IN (1);
"""
LISTING = """
    materialized view companies_copy
    routine f(integer)
    routine p()
    routine set_updated_at()
    sequence lonely
    table "Odd ""name", empty
    table alembic_version, 1 row
    table companies, 7 rows
    table compiled_statements, empty
    table documents, empty
    table events, 1,234 rows
    table events_1
    table extractions, empty
    table migration_ledger, 2 rows
    type mood
    type pair
    type percentage
    type span
    view companies_view
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of the dumps, `.backups` in the current directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path / ".backups"


def companies(engine: Engine) -> int:
    return int(scalar(engine, "SELECT count(*) FROM companies"))


def listed(output: str) -> list[str]:
    """Return the lines of the listing, sorted."""
    lines = output.partition("Would be dropped:\n")[2].splitlines()
    return sorted(line.strip() for line in lines if line.startswith("  "))


def test_every_object_is_listed_with_its_exact_row_count(
    manage: Manage, migrated: Engine, folder: Path
) -> None:
    execute(migrated, OBJECTS)
    done = manage(migrated.url, "reset")
    assert done.returncode == Exit.FAILED
    assert listed(done.stdout) == [line.strip() for line in LISTING.strip().splitlines()]
    assert not folder.exists(), "it asks before the dump"


def test_the_rows_of_a_database_object_are_described() -> None:
    descriptions = [str(DatabaseObject("table", "t", rows)) for rows in (None, 0, 1, 2345)]
    assert descriptions == ["table t", "table t, empty", "table t, 1 row", "table t, 2,345 rows"]


def test_objects_of_other_schemas_are_not_listed(empty: Engine) -> None:
    execute(empty, "CREATE SCHEMA other CREATE TABLE kept (n int); CREATE TABLE t ()")
    with empty.connect() as connection:
        assert list_objects(connection) == [DatabaseObject("table", "t", 0)]


@pytest.mark.parametrize(
    "objects",
    [
        "CREATE TABLE t (n int)",
        f"{PARTITIONED} INSERT INTO t VALUES (1)",
        'CREATE TABLE "a b: 100%" AS SELECT 1 AS n',
        "CREATE TABLE alembic_version AS SELECT '001' AS version_num",
        "CREATE MATERIALIZED VIEW v AS SELECT 1 AS n",
        "CREATE SEQUENCE s",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE TYPE mood AS ENUM ('good')",
    ],
    ids=lambda objects: " ".join(objects.split()[1:3]),
)
def test_one_object_is_enough_to_ask(objects: str, manage: Manage, empty: Engine) -> None:
    execute(empty, objects)
    before = take_snapshot(empty)
    done = manage(empty.url, "reset")
    assert done.returncode == Exit.FAILED
    assert "Nothing was changed: a reset asks first, and there is no terminal" in done.stderr
    assert take_snapshot(empty) == before


def test_an_empty_database_is_migrated_without_a_question(manage: Manage, empty: Engine) -> None:
    done = manage(empty.url, "reset")
    assert done.returncode == Exit.OK, done.stderr
    assert companies(empty) == 6


def test_a_forced_reset_results_in_a_new_database(
    manage: Manage, alembic: Callable[..., int], migrated: Engine, empty: Engine
) -> None:
    execute(migrated, OBJECTS)
    done = manage(migrated.url, "reset", "--force")
    assert done.returncode == Exit.OK, done.stderr
    assert "table companies, 7 rows" in listed(done.stdout), "it lists them before"
    assert "alembic-zero-downtime: dropped 19 objects; migrating from" in done.stderr
    extensions = "SELECT count(*) FROM pg_extension WHERE extname = 'pg_stat_statements'"
    assert scalar(migrated, extensions) == 1, "extensions stay"
    execute(migrated, "DROP EXTENSION pg_stat_statements")
    alembic(empty.url, "upgrade", "head")
    for engine in (migrated, empty):  # the only value that differs between two upgrades
        execute(engine, "ALTER TABLE companies DROP COLUMN updated_at")
    assert take_snapshot(migrated) == take_snapshot(empty)


def test_a_reset_without_a_terminal_is_refused(
    manage: Manage, migrated: Engine, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{migrated.url.database}\n"))
    done = manage(migrated.url, "reset")
    assert done.returncode == Exit.FAILED
    command = "alembic-zero-downtime reset --force"
    assert f"there is no terminal. To go ahead: {command}\n" in done.stderr
    assert not folder.exists(), "it asks before the dump"
    assert companies(migrated) == 6


@pytest.mark.parametrize(
    ("answer", "code", "left"),
    [("{}\n", Exit.OK, 6), ("something else\n", Exit.FAILED, 7)],
    ids=["name", "other name"],
)
def test_a_terminal_prompts_for_the_database_name(
    answer: str,
    code: int,
    left: int,
    manage: Manage,
    migrated: Engine,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    execute(migrated, ROW)
    with typed_on_a_terminal(answer.format(migrated.url.database)) as terminal:
        monkeypatch.setattr("sys.stdin", terminal)
        done = manage(migrated.url, "reset")
    assert done.returncode == code, done
    prompt = f"10 rows would be lost. Type {migrated.url.database} to go on: "
    assert prompt in done.stderr
    assert ("Nothing was changed: that is not" in done.stderr) is (code == Exit.FAILED)
    assert folder.exists() is (code == Exit.OK), "it asks before the dump"
    assert companies(migrated) == left


def test_ctrl_c_at_the_prompt_changes_nothing(
    manage: Manage,
    migrated: Engine,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def interrupt(*_: str) -> bool:
        raise KeyboardInterrupt

    with typed_on_a_terminal("") as terminal:
        monkeypatch.setattr("sys.stdin", terminal)
        monkeypatch.setattr(confirmation, "prompt_for_database_name", interrupt)
        done = manage(migrated.url, "reset")
    assert done.returncode == Exit.INTERRUPTED, done
    assert not folder.exists()
    assert companies(migrated) == 6


@pytest.mark.slow
@pytest.mark.parametrize(
    ("answer", "code", "left"),
    [("{}\n", Exit.OK, 6), ("something else\n", Exit.FAILED, 7), ("\x03", Exit.INTERRUPTED, 7)],
    ids=["name", "other name", "Ctrl-C"],
)
def test_a_process_on_a_terminal_prompts_for_the_database_name(
    answer: str, code: int, left: int, migrated: Engine, folder: Path
) -> None:
    execute(migrated, ROW)
    done, screen = answer_on_a_terminal(
        [sys.executable, "-m", "alembic_zero_downtime", "-c", str(INI), "reset"],
        answer.format(migrated.url.database),
        cwd=folder.parent,
        env={"DATABASE_URL": as_text(migrated.url)},
    )
    assert done == code, screen
    assert str(migrated.url.database) in screen
    is_interrupted = "\r\nalembic-zero-downtime: Interrupted: nothing was changed\r\n" in screen
    assert is_interrupted is (code == Exit.INTERRUPTED), screen
    assert folder.exists() is (code == Exit.OK), "it asks before the dump"
    assert companies(migrated) == left


@pytest.mark.parametrize(
    ("host", "answer"),
    [
        (None, True),
        ("", True),
        ("/run/postgresql", True),
        ("localhost", True),
        ("127.0.0.1", True),
        ("::1", True),
        ("db.example.com", False),
        ("10.0.0.5", False),
        ("localhost.example.com", False),
    ],
)
def test_only_this_machine_is_local(host: str | None, answer: bool) -> None:
    assert is_local(host) is answer


def test_another_machine_is_never_reset_without_permission(
    manage: Manage, migrated: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reset, "is_local", lambda _: False)
    done = manage(migrated.url, "reset", "--force")
    assert done.returncode == Exit.FAILED
    assert "not on this machine: --allow-remote if you are sure" in done.stderr
    assert companies(migrated) == 6
    execute(migrated, ROW)
    done = manage(migrated.url, "reset", "--force", "--allow-remote", "--no-dump")
    assert (done.returncode, companies(migrated)) == (Exit.OK, 6), done


def test_a_production_database_is_never_reset(
    manage: Manage, migrated: Engine, folder: Path
) -> None:
    assert manage(migrated.url, "stamp-env", "production").returncode == Exit.OK
    done = manage(migrated.url, "reset", "--force", "--allow-remote")
    assert done.returncode == Exit.FAILED
    assert "is a production database, which is never reset" in done.stderr
    assert "alembic-zero-downtime stamp-env development" in done.stderr
    assert not folder.exists()
    assert companies(migrated) == 6


def test_a_database_that_was_declared_with_another_word_is_not_reset(
    manage: Manage, migrated: Engine
) -> None:
    execute(
        migrated,
        "INSERT INTO migration_ledger (action, environment) VALUES ('environment', 'prod')",
    )
    done = manage(migrated.url, "reset", "--force")
    assert "is a production database, which is never reset" in done.stderr
    assert companies(migrated) == 6


def test_the_environment_of_the_database_is_kept(manage: Manage, migrated: Engine) -> None:
    assert manage(migrated.url, "stamp-env", "staging").returncode == Exit.OK
    done = manage(migrated.url, "reset", "--force", "--no-dump")
    assert (done.returncode, "Environment  staging" in done.stdout) == (Exit.OK, True), done
