"""Every command that runs revisions runs them with the project's options and configuration."""

from collections.abc import Callable
from pathlib import Path

import pytest
from alembic.config import main as alembic_main
from sqlalchemy import URL, Engine, inspect, text

from alembic_zero_downtime.__main__ import main
from support.databases import execute
from support.scripts import Scripts
from support.shell import Done, psql

Run = Callable[..., Done]

# Slow: a plan and a check start a server.
pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("shadow_server")]

ENV = """
import sqlalchemy as sa
from alembic import context

from alembic_zero_downtime import Project, run

CONVENTION = {"uq": "uq_%(table_name)s_%(column_0_name)s", "ck": "ck_%(constraint_name)s"}
applied = []
def load_metadata():
    metadata = sa.MetaData(naming_convention=CONVENTION)
    sa.Table("things", metadata, sa.Column("a", sa.Integer, unique=True), sa.Column("b", sa.Text))
    return metadata

context.config.attributes["greeting"] = "hello"
run(
    Project(
        metadata=load_metadata,
        context_options={
            "version_table": "of % \\"these\\" versions",
            "version_table_schema": "Meta",
            "transaction_per_migration": True,
            "own_option": context.get_x_argument(as_dictionary=True).get("tenant"),
            "on_version_apply": lambda **arguments: applied.append(arguments["run_args"]["size"]),
            "process_revision_directives": lambda *_: print("directives"),
        },
        run_arguments={"size": 42},
    )
)
if context.config.cmd_opts and getattr(context.config.cmd_opts, "cmd", None):
    print("-- applied:", applied)
"""
FIRST = '''"""Create things, and look at everything that the environment offers."""

import sqlalchemy as sa
from alembic import context, op

revision = "a1"
down_revision = None
tenant = context.get_x_argument(as_dictionary=True)["tenant"]
assert context.config.get_main_option("legacy") == "no"


def look(size):
    assert size == 42
    migrations = op.get_context()
    assert migrations.config is context.config
    assert context.config.get_main_option("legacy") == "no"
    assert context.config.get_section("shop")["currency"] == "EUR"
    assert context.config.attributes["greeting"] == "hello"
    assert context.get_x_argument(as_dictionary=True) == {"tenant": tenant} == {"tenant": "acme"}
    assert migrations.opts["own_option"] == "acme"
    assert migrations.version_table_schema == "Meta"
    assert migrations.as_sql == context.is_offline_mode()
    assert context.get_head_revision() == "b1"
    assert migrations.opts["target_metadata"].tables["things"] is not None
    assert migrations.script.get_revision("b1")


def upgrade(size):
    look(size)
    op.create_table("things", sa.Column("a", sa.Integer), sa.UniqueConstraint("a"))
    op.execute("SELECT set_config('search_path', '', false); SET lock_timeout = '77s'")


def downgrade(size):
    look(size)
    op.drop_constraint("uq_things_a", "things")
    op.drop_table("things")
    op.execute("SET search_path TO pg_catalog")
'''
SECOND = '''"""Give things a size, and take it away."""

import sqlalchemy as sa
from alembic import op

revision = "b1"
down_revision = "a1"


def upgrade(size):
    op.drop_constraint("uq_things_a", "things")
    op.create_unique_constraint(None, "things", ["a"])
    op.create_check_constraint("positive", "things", f"a < {size}")
    op.drop_constraint("positive", "things", type_="check")
    op.add_column("things", sa.Column("b", sa.Text))


def downgrade(size):
    op.drop_column("things", "b")
'''


@pytest.fixture
def scripts(tmp_path: Path, empty_database: URL) -> Scripts:
    found = Scripts(tmp_path, empty_database)
    found.configure("", more="legacy = no\n\n[shop]\ncurrency = EUR\n")
    (tmp_path / "alembic" / "env.py").write_text(ENV)
    for name, code in {"a1": FIRST, "b1": SECOND}.items():
        (tmp_path / "alembic" / "versions" / f"{name}.py").write_text(code)
    return found


@pytest.fixture
def run(scripts: Scripts, capsys: pytest.CaptureFixture[str]) -> Run:
    """Return a function that runs a command of Alembic or of this library, with an argument."""

    def run_command(program: str, *arguments: str) -> Done:
        argv = ["-c", str(scripts.ini), "-x", "tenant=acme", *arguments]
        code = 0
        try:
            if program == "alembic":
                alembic_main(argv=argv)
            else:
                code = main(argv)
        except SystemExit as error:
            code = int(error.code or 0)
        return Done(code, *capsys.readouterr())

    return run_command


def test_upgrade_check_and_downgrade_find_the_same(run: Run, empty: Engine) -> None:
    done = run("alembic", "upgrade", "head")
    assert (done.returncode, "applied: [42, 42]" in done.stdout) == (0, True), done.stderr
    done = run("library", "check")
    assert done.returncode == 0, done
    done = run("library", "info")
    assert "versions" not in done.stdout
    done = run("alembic", "downgrade", "-1")
    assert done.returncode == 0, done.stderr
    done = run("alembic", "downgrade", "base")
    assert done.returncode == 0, done.stderr
    assert inspect(empty).get_table_names() == ["migration_ledger"]


def test_a_lost_row_is_counted_and_the_version_is_no_data(
    run: Run, empty: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    run("alembic", "upgrade", "head")
    execute(empty, "INSERT INTO things (a, b) VALUES (1, 'one'), (2, NULL)")
    done = run("alembic", "downgrade", "base")
    assert done.returncode == 255
    lines = [each for each in caplog.messages if each.startswith("would be")]
    assert lines == ["would be dropped: things, 2 rows"]
    with empty.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM things")) == 2


def test_a_check_runs_no_revision_on_the_real_database(
    run: Run, scripts: Scripts, empty: Engine
) -> None:
    (scripts.folder / "alembic" / "versions" / "b1.py").write_text(
        SECOND.replace(
            "    op.drop_constraint",
            '    url = op.get_context().config.get_main_option("sqlalchemy.url")\n'
            "    with sa.create_engine(url).begin() as other:\n"
            '        other.execute(sa.text("CREATE TABLE ours (id int)"))\n'
            "    op.drop_constraint",
            1,
        )
    )
    run("alembic", "upgrade", "a1")
    done = run("library", "check")
    assert "connects to another server" in done.stderr
    assert not inspect(empty).has_table("ours")


@pytest.mark.parametrize("applied", ["base", "a1", "b1"])
def test_a_plan_runs_the_pending_revisions(run: Run, applied: str) -> None:
    if applied != "base":
        run("alembic", "upgrade", applied)
    done = run("library", "plan", "--json")
    assert done.returncode == 0, done
    pending = [each for each in ("a1", "b1") if each > applied or applied == "base"]
    assert [each for each in ("a1", "b1") if f'"revision": "{each}"' in done.stdout] == pending
    assert "Meta" not in done.stdout


def test_lint_sees_the_names_of_the_models(run: Run) -> None:
    done = run("library", "lint", "--all", "--json")
    assert "offline-sql" not in done.stdout, done.stdout
    assert "uq_things_a" in done.stdout
    assert "it fails" not in done.stdout


def test_the_script_creates_the_schema_of_the_version_table(run: Run, empty: Engine) -> None:
    done = run("alembic", "upgrade", "head", "--sql")
    assert done.returncode == 0, done.stderr
    psql(empty.url, done.stdout)
    done = run("library", "check")
    assert done.returncode == 0, done


def test_a_reset_starts_from_the_first_revision(run: Run, empty: Engine) -> None:
    run("alembic", "upgrade", "head")
    execute(empty, "INSERT INTO things (a, b) VALUES (1, 'one')")
    done = run("library", "reset", "--force", "--no-dump")
    assert done.returncode == 0, done.stderr
    with empty.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM things")) == 0


def test_autogenerate_finds_nothing_and_calls_the_hook(run: Run, scripts: Scripts) -> None:
    run("alembic", "upgrade", "head")
    done = run("alembic", "revision", "--autogenerate", "-m", "probe")
    assert done.returncode == 0, done.stderr
    assert "directives" in done.stdout
    assert len(list((scripts.folder / "alembic" / "versions").glob("*.py"))) == 2
