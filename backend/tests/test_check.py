"""`db_manager.py check`: models, migrations and database agree, or every difference is shown."""

import json
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import URL, Connection, Engine, event, text

from app.commands import check
from app.db import embedded
from tests.drift_schema import differs, execute, extra
from tests.project import Project
from tests.revisions import AT_HEAD, HEAD, IDS
from tests.shell import Done, as_text, run

Manage = Callable[..., Done]
FINE, FAILED, DRIFTED = 0, 1, 9


@pytest.fixture
def manage_project(
    monkeypatch: pytest.MonkeyPatch, project: Project, manage: Manage
) -> Callable[..., Done]:
    """Return the command, for the project's migrations."""
    monkeypatch.setattr(check, "INI_FILE", project.ini)
    return lambda url, *arguments: manage(url, "check", *arguments)


def test_all_three_agree(manage: Manage, migrated_url: URL) -> None:
    done = manage(migrated_url, "check")
    assert (done.returncode, done.stderr) == (FINE, "")
    assert done.stdout.splitlines()[1:] == [
        f"Models and migrations agree up to {HEAD}.",
        f"Migrations and database agree at {AT_HEAD}.",
    ]


def test_a_difference_is_shown_with_its_sql(manage: Manage, migrated: Engine) -> None:
    execute(migrated, "CREATE INDEX ix_hot ON companies (ir_url); CREATE TABLE scratch (n int)")
    done = manage(migrated.url, "check")
    assert done.returncode == DRIFTED
    assert done.stdout.splitlines()[1:] == [
        f"Models and migrations agree up to {HEAD}.",
        f"Migrations and database differ in 2 places at {AT_HEAD}:",
        "  companies",
        "    index ix_hot of companies exists in the database and in no migration",
        "      CREATE INDEX ix_hot ON companies USING btree (ir_url);",
        "  scratch",
        "    table scratch exists in the database and in no migration",
        "      CREATE TABLE scratch (n integer);",
    ]
    assert done.stderr.splitlines() == [
        "db_manager: what was done by hand: write a migration that does it too, or take it back"
    ]


def test_json_says_it_to_scripts(manage: Manage, migrated: Engine) -> None:
    execute(migrated, "ALTER TABLE companies ALTER tickers SET DEFAULT '{}'")
    done = manage(migrated.url, "check", "--json")
    assert (done.returncode, done.stderr) == (DRIFTED, "")
    found = json.loads(done.stdout)
    assert found["models_and_migrations"] == {
        "agree": True,
        "differences": [],
        "autogenerate": [],
    }
    both = found["migrations_and_database"]
    assert both["agree"] is False
    assert both["differences"] == [
        {
            "kind": "column",
            "table": "companies",
            "name": "tickers",
            "part": "default",
            "expected": "'[]'::jsonb",
            "actual": "'{}'::jsonb",
            "words": differs("default of column companies.tickers", "'{}'::jsonb", "'[]'::jsonb"),
            "sql": "ALTER TABLE companies ALTER COLUMN tickers SET DEFAULT '{}'::jsonb;",
        }
    ]
    assert both["fingerprint"] != both["expected_fingerprint"]
    assert found["revision"]["current"] == [HEAD]
    assert "password" not in found["database"]["url"]


def test_pending_revisions_are_no_drift(
    manage_project: Manage, project: Project, migrated: Engine
) -> None:
    pending = project.add("pass")
    done = manage_project(migrated.url)
    assert done.returncode == FINE
    assert f"Migrations and database agree at {HEAD} (behind, 1 pending: {pending})." in done.stdout
    assert f"Models and migrations agree up to {pending}." in done.stdout


def test_an_empty_database_agrees_and_is_told(manage: Manage, empty: Engine) -> None:
    done = manage(empty.url, "check")
    assert done.returncode == FINE
    assert "Migrations and database agree at no revision (empty, " in done.stdout
    execute(empty, "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'")
    done = manage(empty.url, "check")
    assert done.returncode == DRIFTED
    assert extra("function f()") in done.stdout


@pytest.mark.parametrize(
    ("statements", "reason"),
    [
        ("UPDATE alembic_version SET version_num = '999'", "999 unknown to this code"),
        ("DROP TABLE alembic_version, migration_ledger", "it has tables that no migration made"),
        (f"INSERT INTO alembic_version VALUES ('{IDS[0]}')", "one of them is behind the other"),
    ],
)
def test_what_cannot_be_compared_is_said(
    statements: str, reason: str, manage: Manage, migrated: Engine
) -> None:
    execute(migrated, statements)
    done = manage(migrated.url, "check")
    assert done.returncode == FAILED
    assert f"Models and migrations agree up to {HEAD}." in done.stdout
    last = done.stdout.splitlines()[-1]
    assert last.startswith("Migrations and database cannot be compared: the database is at ")
    assert reason in last
    as_json = json.loads(manage(migrated.url, "check", "--json").stdout)
    assert as_json["migrations_and_database"]["agree"] is None
    assert as_json["migrations_and_database"]["expected_fingerprint"] is None


CHECK_OF_ANOTHER_TEXT = """
op.execute("ALTER TABLE documents DROP CONSTRAINT ck_documents_fiscal_year_plausible")
op.execute("ALTER TABLE documents ADD CONSTRAINT ck_documents_fiscal_year_plausible"
           " CHECK (fiscal_year > 1800)")
"""


def test_a_check_that_autogenerate_takes_for_the_same_is_found(
    manage_project: Manage, project: Project, migrated: Engine
) -> None:
    project.add(CHECK_OF_ANOTHER_TEXT.strip())
    done = manage_project(migrated.url)
    assert done.returncode == DRIFTED
    assert f"Models and migrations differ in 1 place up to {project.head}:" in done.stdout
    assert "constraint ck_documents_fiscal_year_plausible of documents is CHECK" in done.stdout
    assert "in the models and CHECK ((fiscal_year > 1800)) by the migrations" in done.stdout
    assert "make migrate-create" in done.stderr


@pytest.mark.parametrize(
    ("upgrade", "reason"),
    [
        ("op.execute('SELECT 1 / 0')", "division by zero"),
        ("op.execute('GRANT SELECT ON nothing TO nobody')", 'relation "nothing" does not exist'),
        ("raise KeyError('x')", "KeyError: 'x' (003_of_a_test.py, line"),
    ],
)
def test_migrations_that_do_not_run_on_an_empty_database_are_said_in_one_line(
    upgrade: str, reason: str, manage_project: Manage, project: Project, migrated: Engine
) -> None:
    project.add(upgrade)
    done = manage_project(migrated.url)
    assert (done.returncode, done.stdout) == (FAILED, "")
    (line,) = done.stderr.splitlines()
    assert "the migrations do not run on an empty database" in line
    assert reason.replace("003", project.head) in line


def test_the_database_is_only_read(manage: Manage, migrated: Engine) -> None:
    seen: list[object] = []

    def look(connection: Connection, _: object, statement: str, *__: object) -> None:
        if "pg_get_viewdef" in statement and connection.engine.url.database == name:
            seen.append(connection.scalar(text("SHOW transaction_read_only")))

    name = migrated.url.database
    event.listen(Engine, "before_cursor_execute", look)
    try:
        assert manage(migrated.url, "check").returncode == FINE
    finally:
        event.remove(Engine, "before_cursor_execute", look)
    assert seen == ["on"]


def test_settings_of_the_database_make_no_difference(manage: Manage, migrated: Engine) -> None:
    for setting in ("timezone = 'Asia/Tokyo'", "datestyle = 'German'", "search_path = public"):
        execute(migrated, f'ALTER DATABASE "{migrated.url.database}" SET {setting}')
    assert manage(migrated.url, "check").returncode == FINE


@pytest.fixture
def meanwhile(migrated: Engine) -> Iterator[list[str]]:
    """Return statements that somebody else runs when the catalog is read."""
    statements: list[str] = []

    def look(_: Connection, __: object, statement: str, *___: object) -> None:
        if "pg_get_viewdef" in statement and statements:
            execute(migrated, statements.pop())

    event.listen(Engine, "before_cursor_execute", look)
    yield statements
    event.remove(Engine, "before_cursor_execute", look)


def test_a_database_that_is_being_migrated_is_not_compared(
    meanwhile: list[str], manage: Manage, migrated: Engine
) -> None:
    meanwhile.append(f"UPDATE alembic_version SET version_num = '{IDS[0]}'")
    done = manage(migrated.url, "check")
    assert (done.returncode, done.stdout) == (FAILED, "")
    assert "the database is being migrated: run this again when that is done" in done.stderr


def test_an_unreachable_database_is_one_line_without_its_password(manage: Manage) -> None:
    url = URL.create("postgresql", "u", "s3cr3t", "127.0.0.1", 1, "n")
    done = manage(url, "check")
    assert (done.returncode, done.stdout) == (FAILED, "")
    assert len(done.stderr.splitlines()) == 1
    assert "s3cr3t" not in done.stderr


def test_without_the_embedded_server_the_command_says_where_to_run_it(
    monkeypatch: pytest.MonkeyPatch, manage: Manage, migrated_url: URL
) -> None:
    monkeypatch.setattr(embedded, "is_installed", lambda: False)
    done = manage(migrated_url, "check")
    assert (done.returncode, done.stdout) == (FAILED, "")
    assert "which is not installed here: run this where `make install` was run" in done.stderr


def test_a_process_of_its_own_says_the_same(migrated_url: URL) -> None:
    command = ("python", "scripts/db_manager.py", "check")
    done = run(*command, env={"DATABASE_URL": as_text(migrated_url)})
    assert (done.returncode, done.stderr) == (FINE, "")
    assert len(done.stdout.splitlines()) == 3
    assert "\x1b" not in done.stdout
