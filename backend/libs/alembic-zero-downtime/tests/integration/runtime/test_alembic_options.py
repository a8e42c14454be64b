"""Alembic's own conventions: options of `configure`, version locations, branches, hash ids."""

import logging
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.config import main as alembic_main
from alembic.util import CommandError
from sqlalchemy import (
    URL,
    Column,
    Engine,
    Integer,
    MetaData,
    Table,
    create_engine,
    inspect,
    text,
)
from sqlalchemy.pool import NullPool

from alembic_zero_downtime import Project
from alembic_zero_downtime.__main__ import main
from alembic_zero_downtime.cli.exit_codes import Exit
from alembic_zero_downtime.errors import MigrationError
from alembic_zero_downtime.history.ledger import read_ledger
from alembic_zero_downtime.history.state import MigrationStatus
from support.scripts import Scripts
from support.shell import TESTS


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


@pytest.mark.slow
def test_check_and_plan_take_a_head_on_which_another_branch_depends(
    scripts: Scripts, engine: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    scripts.add("a1", None, label="accounts")
    scripts.add("b1", None, label="billing", depends="a1")
    command.upgrade(scripts.config, "heads")
    assert sorted(tables(engine)) == ["t_a1", "t_b1"]
    assert main(["-c", str(scripts.ini), "check"]) == Exit.DRIFTED  # there are no models
    assert "Migrations and database agree at b1" in capsys.readouterr().out
    scripts.add("c1", "b1")
    assert main(["-c", str(scripts.ini), "plan"]) == 0
    assert "c1" in capsys.readouterr().out


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


AUTOGENERATED: list[tuple[str, Callable[[str], bool]]] = [
    ("{}", lambda code: "kept" in code and "left_out" in code),
    ('{"version_table": "my_versions"}', lambda code: "my_versions" not in code),
    (
        """{"include_object": lambda o, name, kind, reflected, to: name != "left_out"}""",
        lambda code: "kept" in code and "left_out" not in code,
    ),
    (
        """{"include_name": lambda name, kind, parents: name != "t_a1"}""",
        lambda code: "t_a1" not in code,
    ),
    (
        """{"render_item": lambda kind, each, context:
            "sa.types.Text()" if kind == "type" and str(each) == "TEXT" else False}""",
        lambda code: "sa.types.Text()" in code,
    ),
    (
        """{"process_revision_directives": lambda context, revision, directives:
            directives.__setitem__(slice(None), [])}""",
        lambda code: not code,
    ),
]


@pytest.mark.slow
@pytest.mark.usefixtures("shadow_server")
@pytest.mark.parametrize(("options", "is_right"), AUTOGENERATED)
def test_autogenerate_gets_the_projects_options(
    scripts: Scripts, options: str, is_right: Callable[[str], bool]
) -> None:
    scripts.configure(options)
    scripts.add("a1", None)
    env = scripts.folder / "alembic" / "env.py"
    models = 'for name in ("kept", "left_out"):\n'
    models += '    sa.Table(name, metadata, sa.Column("id", sa.Text))\n'
    env.write_text(env.read_text().replace("\nrun(", f"\n{models}\nrun("))
    command.upgrade(scripts.config, "head")
    command.revision(scripts.config, message="probe", autogenerate=True)
    files = (scripts.folder / "alembic/versions").glob("*.py")
    written = [each.read_text() for each in files if "a1_of" not in each.name]
    assert is_right("".join(written)), written


HOOK = """
def hook(context, heads, directives):
    script = directives[0]
    if {is_left_out}:
        directives.clear()
    else:
        script.upgrade_ops.ops.append(ops.ExecuteSQLOp("CREATE VIEW v AS SELECT 1 AS a"))
        script.downgrade_ops.ops.append(ops.ExecuteSQLOp("DROP VIEW v"))
"""


@pytest.mark.parametrize(
    ("is_left_out", "written"), [("script.upgrade_ops.is_empty()", 0), ("0", 1)]
)
def test_a_hook_gets_a_revision_also_if_there_is_no_difference(
    scripts: Scripts, is_left_out: str, written: int
) -> None:
    scripts.configure('{"process_revision_directives": hook}')
    env = scripts.folder / "alembic" / "env.py"
    hook = "from alembic.operations import ops\n" + HOOK.format(is_left_out=is_left_out)
    env.write_text(env.read_text().replace("\nrun(", f"\n{hook}\nrun("))
    scripts.add("a1", None)
    kept = 'sa.Table("t_a1", metadata, sa.Column("id", sa.Integer))\n'
    env.write_text(env.read_text().replace("\nrun(", f"\n{kept}\nrun("))
    command.upgrade(scripts.config, "head")
    command.revision(scripts.config, message="nothing", autogenerate=True)
    files = (scripts.folder / "alembic/versions").glob("*.py")
    assert len([each for each in files if "a1_of" not in each.name]) == written


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


REFUSED = [
    ("transaction_per_migration", False, "each revision runs in a transaction of its own"),
    ("transactional_ddl", False, "each revision runs in a transaction of its own"),
    ("target_metadata", None, r"Project\(metadata=…\)"),
    ("url", "postgresql://h/d", r"sqlalchemy.url or Project\(database=…\)"),
    ("as_sql", True, "the command line sets it"),
]


@pytest.mark.parametrize(("name", "value", "reason"), REFUSED, ids=[each[0] for each in REFUSED])
def test_an_option_that_cannot_hold_is_refused_with_the_reason(
    name: str, value: object, reason: str
) -> None:
    with pytest.raises(MigrationError, match=f"{name}.*{reason}"):
        Project(context_options={name: value})


def test_several_metadata_are_one() -> None:
    first, second = MetaData(), MetaData()
    Table("a", first, Column("id", Integer, primary_key=True))
    Table("b", second, Column("id", Integer, primary_key=True), schema="other")
    assert set(Project(metadata=[first, second]).load_metadata().tables) == {"a", "other.b"}
    with pytest.raises(MigrationError, match="two models have the name a"):
        Project(metadata=lambda: [first, first]).load_metadata()


BROKEN: list[tuple[str, str]] = [
    ("import a_missing_module\n", r"env\.py fails: ModuleNotFoundError.*\(env.py, line 1\)"),
    ("raise SystemExit(0)\n", "SystemExit"),
]


@pytest.mark.parametrize(("line", "message"), BROKEN)
def test_an_env_py_that_fails_is_one_line(
    scripts: Scripts, line: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    env = scripts.folder / "alembic" / "env.py"
    env.write_text(line + env.read_text())
    assert main(["-c", str(scripts.ini), "history"]) == 1
    error = capsys.readouterr().err
    assert re.search(message, error), error
    assert len(error.splitlines()) == 1


@pytest.mark.parametrize("arguments", [["upgrade", "head"], ["upgrade", "head", "--sql"]])
def test_models_that_cannot_be_imported_are_one_line(
    scripts: Scripts,
    arguments: list[str],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # A handler that an earlier test has configured may hold a stream that is closed by now.
    monkeypatch.setattr(logging, "raiseExceptions", False)
    env = scripts.folder / "alembic" / "env.py"
    env.write_text(env.read_text().replace("metadata=metadata", 'metadata=lambda: {}["models"]'))
    scripts.add("a1", None)
    with pytest.raises(SystemExit):
        alembic_main(argv=["-c", str(scripts.ini), *arguments])
    error = capsys.readouterr().err
    assert error.startswith("FAILED: the models cannot be imported: KeyError: 'models'")
    assert len(error.splitlines()) == 1


def test_options_of_alembic_in_pyproject_are_read(
    scripts: Scripts, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    scripts.add("a1", None)
    lines = scripts.ini.read_text().splitlines()
    kept = [each for each in lines if each == "[alembic]" or each.startswith("sqlalchemy.url")]
    scripts.ini.write_text("\n".join(kept))
    (scripts.folder / "pyproject.toml").write_text(
        '[tool.alembic]\nscript_location = "%(here)s/alembic"\n'
        'version_locations = ["%(here)s/alembic/versions"]\n'
    )
    monkeypatch.chdir(scripts.folder)
    main(["info"])
    assert "1 pending: a1" in capsys.readouterr().out
