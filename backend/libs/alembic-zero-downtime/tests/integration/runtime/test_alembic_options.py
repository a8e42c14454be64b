"""Alembic's own conventions: options of `configure`, version locations, branches, hash ids."""

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import alembic
import pytest
from alembic import command
from alembic.config import Config
from alembic.config import main as alembic_main
from alembic.util import CommandError
from sqlalchemy import URL, Engine, create_engine, inspect, text
from sqlalchemy.pool import NullPool

from alembic_zero_downtime.__main__ import main
from alembic_zero_downtime.environment import load_project
from alembic_zero_downtime.history.ledger import read_ledger
from alembic_zero_downtime.history.state import MigrationState, MigrationStatus, read_state
from support.shell import TESTS, as_text

TEMPLATE = Path(alembic.__file__).parent / "templates" / "generic" / "script.py.mako"
REVISION = '''"""{message}."""

from alembic import op

revision = {revision!r}
down_revision = {down!r}
branch_labels = {label!r}
depends_on = {depends!r}


def upgrade() -> None:
    op.execute({upgrade!r})


def downgrade() -> None:
    op.execute({downgrade!r})
'''
ENV = """
import sqlalchemy as sa
from alembic import context

from alembic_zero_downtime import Project, run

metadata = sa.MetaData()
run(Project(metadata=metadata, context_options={options}))
"""


class Scripts:
    """A project with Alembic's conventions: hash ids, and its own version locations."""

    def __init__(self, folder: Path, url: URL) -> None:
        self.folder = folder
        self.url = url
        self.ini = folder / "alembic.ini"
        (folder / "alembic" / "versions").mkdir(parents=True)
        shutil.copy2(TEMPLATE, folder / "alembic")
        self.configure("{}")

    def configure(self, options: str, *locations: str, more: str = "") -> None:
        (self.folder / "alembic" / "env.py").write_text(ENV.format(options=options))
        paths = ":".join(f"%(here)s/{each}" for each in locations or ("alembic/versions",))
        address = as_text(self.url).replace("%", "%%")
        self.ini.write_text(
            f"[alembic]\nscript_location = %(here)s/alembic\npath_separator = :\n"
            f"version_locations = {paths}\nsqlalchemy.url = {address}\n{more}"
        )

    def add(
        self,
        revision: str,
        down: str | tuple[str, ...] | None,
        *,
        label: str | None = None,
        depends: str | None = None,
        folder: str = "alembic/versions",
    ) -> None:
        """Add a revision that creates a table of its own name."""
        path = self.folder / folder / f"{revision}_of_a_test.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(
            REVISION.format(
                message=f"Create t_{revision}",
                revision=revision,
                down=down,
                label=label,
                depends=depends,
                upgrade=f"CREATE TABLE t_{revision} (id int)",
                downgrade=f"DROP TABLE t_{revision}",
            )
        )

    @property
    def config(self) -> Config:
        return Config(self.ini)

    def state(self, engine: Engine) -> MigrationState:
        config = self.config
        project = load_project(config)
        with engine.connect() as connection:
            return read_state(connection, project, project.load_revisions(config))


@pytest.fixture
def scripts(tmp_path: Path, empty_database: URL) -> Scripts:
    return Scripts(tmp_path, empty_database)


@pytest.fixture
def engine(empty_database: URL) -> Iterator[Engine]:
    engine = create_engine(empty_database, poolclass=NullPool)
    yield engine
    engine.dispose()


def tables(engine: Engine) -> list[str]:
    return [each for each in inspect(engine).get_table_names() if each.startswith("t_")]


def test_hash_ids_run_up_and_down_and_are_recorded(scripts: Scripts, engine: Engine) -> None:
    scripts.add("ae10f2c3d4b5", None)
    scripts.add("1975ea83b712", "ae10f2c3d4b5")
    command.upgrade(scripts.config, "head")
    assert scripts.state(engine).is_at_head
    with engine.connect() as connection:
        assert read_ledger(connection).applied == {"ae10f2c3d4b5", "1975ea83b712"}
    command.downgrade(scripts.config, "-1")
    assert scripts.state(engine).pending == ("1975ea83b712",)


def test_a_new_revision_gets_a_hash_id_and_needs_no_message(scripts: Scripts) -> None:
    command.revision(scripts.config)
    (path,) = (scripts.folder / "alembic" / "versions").glob("*.py")
    assert len(path.name.split("_")[0]) == 12


def test_branches_are_applied_and_taken_apart(scripts: Scripts, engine: Engine) -> None:
    scripts.add("a1", None)
    scripts.add("b1", "a1", label="left")
    scripts.add("c1", "a1", label="right")
    command.upgrade(scripts.config, "heads")
    state = scripts.state(engine)
    assert (state.status, state.current) == (MigrationStatus.AT_HEAD, ("b1", "c1"))
    command.downgrade(scripts.config, "left@-1")
    assert tables(engine) == ["t_a1", "t_c1"]
    assert scripts.state(engine).pending == ("b1",)


def test_one_of_two_heads_is_named_by_alembic_itself(scripts: Scripts) -> None:
    scripts.add("a1", None)
    scripts.add("b1", "a1")
    scripts.add("c1", "a1")
    with pytest.raises(CommandError, match="Multiple head revisions"):
        command.upgrade(scripts.config, "head")


def test_a_merge_is_one_head_again(scripts: Scripts, engine: Engine) -> None:
    scripts.add("a1", None)
    scripts.add("b1", "a1")
    scripts.add("c1", "a1")
    command.upgrade(scripts.config, "heads")
    scripts.add("d1", ("b1", "c1"))
    command.upgrade(scripts.config, "head")
    assert scripts.state(engine).current == ("d1",)
    command.downgrade(scripts.config, "a1")
    assert tables(engine) == ["t_a1"]


def test_a_dependency_on_another_branch_is_applied_first(scripts: Scripts, engine: Engine) -> None:
    scripts.add("a1", None, label="accounts")
    scripts.add("b1", None, label="billing", depends="a1")
    command.upgrade(scripts.config, "billing@head")
    assert sorted(tables(engine)) == ["t_a1", "t_b1"]
    state = scripts.state(engine)
    assert (state.status, state.pending) == (MigrationStatus.AT_HEAD, ())
    command.upgrade(scripts.config, "heads")
    assert scripts.state(engine).is_at_head


def test_several_version_locations_are_one_history(scripts: Scripts, engine: Engine) -> None:
    scripts.add("a1", None, folder="one")
    scripts.add("b1", "a1", folder="two")
    scripts.configure("{}", "one", "two")
    command.upgrade(scripts.config, "head")
    assert scripts.state(engine).is_at_head
    assert sorted(tables(engine)) == ["t_a1", "t_b1"]


def test_version_locations_are_read_recursively(scripts: Scripts, engine: Engine) -> None:
    scripts.add("a1", None, folder="one/2025")
    scripts.add("b1", "a1", folder="one/2026")
    scripts.configure("{}", "one", more="recursive_version_locations = true\n")
    command.upgrade(scripts.config, "head")
    assert scripts.state(engine).is_at_head


def test_two_files_with_one_id_are_refused(scripts: Scripts) -> None:
    scripts.add("a1", None)
    (scripts.folder / "alembic" / "versions" / "copy.py").write_text(
        (scripts.folder / "alembic" / "versions" / "a1_of_a_test.py").read_text()
    )
    with (
        pytest.warns(UserWarning, match="more than once"),
        pytest.raises(CommandError, match="a1"),
    ):
        command.upgrade(scripts.config, "head")


@pytest.mark.parametrize(
    "options",
    [
        '{"version_table": "my_versions"}',
        """{
    "version_table": "my_versions", "version_table_schema": "meta"}""",
    ],
)
def test_the_version_table_may_have_another_name_and_schema(
    scripts: Scripts, engine: Engine, options: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALLOW_DATA_LOSS", "1")
    with engine.begin() as connection:
        connection.execute(text("CREATE SCHEMA meta"))
    scripts.configure(options)
    scripts.add("a1", None)
    scripts.add("b1", "a1")
    command.upgrade(scripts.config, "head")
    assert scripts.state(engine).is_at_head
    assert not inspect(engine).has_table("alembic_version")
    command.downgrade(scripts.config, "base")
    assert scripts.state(engine).status is MigrationStatus.EMPTY
    command.upgrade(scripts.config, "head")


def test_the_script_writes_into_the_projects_version_table(
    scripts: Scripts, capsys: pytest.CaptureFixture[str]
) -> None:
    scripts.configure('{"version_table": "my_versions", "version_table_schema": "meta"}')
    scripts.add("a1", None)
    command.upgrade(scripts.config, "head", sql=True)
    script = capsys.readouterr().out
    assert "CREATE TABLE meta.my_versions" in script
    assert "INSERT INTO meta.my_versions" in script


@pytest.mark.parametrize("name", ["plan", "check"])
def test_a_command_that_does_not_know_the_version_table_says_so(
    scripts: Scripts, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    scripts.configure('{"version_table": "my_versions"}')
    scripts.add("a1", None)
    assert main(["-c", str(scripts.ini), name]) == 1
    assert "does not support version_table yet" in capsys.readouterr().err


def test_a_downgrade_with_another_version_table_needs_permission(
    scripts: Scripts, engine: Engine
) -> None:
    scripts.configure('{"version_table": "my_versions"}')
    scripts.add("a1", None)
    command.upgrade(scripts.config, "head")
    with pytest.raises(CommandError, match=r"version_table.*ALLOW_DATA_LOSS=1"):
        command.downgrade(scripts.config, "base")
    assert tables(engine) == ["t_a1"]


def test_lint_does_not_know_several_version_locations(
    scripts: Scripts, capsys: pytest.CaptureFixture[str]
) -> None:
    scripts.add("a1", None, folder="one")
    scripts.configure("{}", "one", "two")
    assert main(["-c", str(scripts.ini), "lint"]) == 1
    assert "several version locations" in capsys.readouterr().err


AUTOGENERATED: list[tuple[str, Callable[[str], bool]]] = [
    ("{}", lambda code: "kept" in code and "left_out" in code),
    ('{"version_table": "my_versions"}', lambda code: "my_versions" not in code),
    (
        """{"include_object": lambda o, name, kind, reflected, to: name != "left_out"}""",
        lambda code: "kept" in code and "left_out" not in code,
    ),
    (
        """{"include_name": lambda name, kind, parents: name != "reflected"}""",
        lambda code: "reflected" not in code,
    ),
    (
        """{"render_item": lambda kind, each, context:
            "sa.String(length=77)" if kind == "type" else False}""",
        lambda code: "length=77" in code,
    ),
    (
        """{"process_revision_directives": lambda context, revision, directives:
            directives.__setitem__(slice(None), [])}""",
        lambda code: not code,
    ),
]


@pytest.mark.parametrize(("options", "is_right"), AUTOGENERATED)
def test_autogenerate_gets_the_projects_options(
    scripts: Scripts, engine: Engine, options: str, is_right: Callable[[str], bool]
) -> None:
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE reflected (id int)"))
    scripts.configure(options)
    env = scripts.folder / "alembic" / "env.py"
    models = 'for name in ("kept", "left_out"):\n'
    models += '    sa.Table(name, metadata, sa.Column("id", sa.Text))\n'
    env.write_text(env.read_text().replace("\nrun(", f"\n{models}\nrun("))
    command.stamp(scripts.config, "base")
    command.revision(scripts.config, message="probe", autogenerate=True)
    written = [each.read_text() for each in (scripts.folder / "alembic/versions").glob("*.py")]
    assert is_right("".join(written)), written


def test_x_arguments_reach_the_project(
    scripts: Scripts, capsys: pytest.CaptureFixture[str]
) -> None:
    env = scripts.folder / "alembic" / "env.py"
    code = 'print("tenant:", context.get_x_argument(as_dictionary=True).get("tenant"))\n'
    env.write_text(env.read_text().replace("\nrun(", f"\n{code}\nrun("))
    scripts.add("a1", None)
    assert main(["-c", str(scripts.ini), "-x", "tenant=acme", "history"]) == 0
    assert "tenant: acme" in capsys.readouterr().err


def test_an_env_py_without_run_is_named(
    scripts: Scripts, capsys: pytest.CaptureFixture[str]
) -> None:
    (scripts.folder / "alembic" / "env.py").write_text("from alembic import context\n")
    assert main(["-c", str(scripts.ini), "history"]) == 1
    assert "does not call alembic_zero_downtime.run" in capsys.readouterr().err


def test_the_library_assumes_no_folder(scripts: Scripts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(TESTS)
    scripts.add("a1", None)
    command.upgrade(scripts.config, "head")


@pytest.mark.parametrize("password", ["s3cr3t%40x", "%(s3cr3t)s", "s3cr3t%"])
def test_a_single_percent_in_the_address_is_refused_without_an_echo(
    password: str, scripts: Scripts, capsys: pytest.CaptureFixture[str]
) -> None:
    text = scripts.ini.read_text()
    address = f"sqlalchemy.url = postgresql://u:{password}@h/d"
    scripts.ini.write_text(re.sub("(?m)^sqlalchemy.url = .*$", lambda _: address, text))
    with pytest.raises(SystemExit):
        alembic_main(argv=["-c", str(scripts.ini), "current"])
    error = capsys.readouterr().err
    assert "sqlalchemy.url has a single '%': write it as %%" in error
    assert "s3cr3t" not in error
