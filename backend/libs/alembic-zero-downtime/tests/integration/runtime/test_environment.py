"""Alembic's commands that migrate, report or write SQL, and the revisions that they refuse."""

import io
import logging
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from alembic.config import CommandLine, Config
from sqlalchemy import URL, Engine

from support.databases import execute, exists, read_version
from support.project import AT_HEAD, HEAD, IDS, INI, ONE_BEHIND, ProjectCopy
from support.shell import as_text, run

Alembic = Callable[..., int]
Ask = Callable[..., str]
UNREACHABLE = "postgresql://u:p@127.0.0.1:1/n"


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Return `alembic` as a function that returns its standard output."""

    def answer(url: URL | str, *arguments: str) -> str:
        monkeypatch.setenv("DATABASE_URL", as_text(url) if isinstance(url, URL) else url)
        command = CommandLine(prog="alembic")
        options = command.parser.parse_args(["-c", str(INI), *arguments])
        output = io.StringIO()
        command.run_cmd(Config(INI, stdout=output, cmd_opts=options), options)
        return output.getvalue()

    return answer


def test_upgrade_downgrade_and_stamp_reach_their_destination(
    alembic: Alembic, empty: Engine
) -> None:
    for arguments, expected in (
        (("upgrade", "+1"), "001"),
        (("downgrade", "-1"), None),
        (("upgrade", "+2"), "002"),
        (("downgrade", "001"), "001"),
        (("upgrade", "002"), "002"),
        (("downgrade", "base"), None),
        (("stamp", "head"), HEAD),
    ):
        assert alembic(empty.url, *arguments) == 0
        assert read_version(empty) == expected, arguments


def test_each_run_logs_the_database_and_its_state(
    alembic: Alembic, empty_database: URL, capsys: pytest.CaptureFixture[str]
) -> None:
    alembic(empty_database, "upgrade", "head")
    log = capsys.readouterr().err
    assert f"/{empty_database.database}" in log
    assert "(from DATABASE_URL)" in log
    assert f"Now at {AT_HEAD}" in log
    alembic(empty_database, "upgrade", "head")
    assert f"Nothing to do: at {AT_HEAD}" in capsys.readouterr().err
    alembic(empty_database, "downgrade", "-1")
    assert f"Now at {ONE_BEHIND}" in capsys.readouterr().err


def test_an_upgrade_names_an_applied_revision_that_was_edited(
    alembic: Alembic, project: ProjectCopy, migrated: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    alembic(migrated.url, "upgrade", "head", ini=project.ini)
    assert "Edited" not in capsys.readouterr().err
    path = project.path_of(HEAD)
    path.write_text(f"{path.read_text()}\nEDITED = True\n")
    assert alembic(migrated.url, "upgrade", "head", ini=project.ini) == 0
    (line,) = [each for each in capsys.readouterr().err.splitlines() if "Edited" in each]
    assert line == (
        f"WARNING Edited since it was applied, and not run again: {HEAD} "
        "(alembic-zero-downtime verify)"
    )


@pytest.mark.parametrize(
    ("arguments", "answer"),
    [("current", AT_HEAD), ("history --verbose", "Six companies; one that exists")],
)
def test_results_are_on_standard_output(
    arguments: str, answer: str, ask: Ask, migrated_database: URL
) -> None:
    assert answer in ask(migrated_database, *arguments.split())


@pytest.mark.slow
def test_the_program_prints_results_on_standard_output(migrated_database: URL) -> None:
    env = {"DATABASE_URL": as_text(migrated_database)}
    done = run("alembic", "-c", str(INI), "current", env=env)
    assert (done.returncode, AT_HEAD in done.stdout) == (0, True), done


def test_history_connects_only_for_the_current_revision(
    ask: Ask, alembic: Alembic, migrated_database: URL, capsys: pytest.CaptureFixture[str]
) -> None:
    history = ask(UNREACHABLE, "history")
    assert capsys.readouterr().err == ""
    assert f"{HEAD} (head)" in history
    assert "<base> -> 001" in history
    assert alembic(UNREACHABLE, "history", "-r", "current:") != 0
    marked = ask(migrated_database, "history", "--indicate-current")
    assert f"{HEAD} (head) (current)" in marked


def test_offline_mode_writes_only_sql_to_standard_output(
    alembic: Alembic, capsys: pytest.CaptureFixture[str]
) -> None:
    assert alembic(UNREACHABLE, "upgrade", "head", "--sql") == 0
    up = capsys.readouterr().out
    assert up.startswith("BEGIN;")
    assert len(re.findall(r"INSERT INTO migration_ledger [^;]*;\s+COMMIT;", up)) == len(IDS)
    assert "INFO" not in up
    assert alembic(UNREACHABLE, "downgrade", "002:001", "--sql") == 0
    assert "DELETE FROM companies" in capsys.readouterr().out


def test_offline_mode_writes_the_values_of_a_statement(
    project: ProjectCopy, alembic: Alembic, capsys: pytest.CaptureFixture[str]
) -> None:
    table = 'sa.table("companies", sa.column("name", sa.Text()))'
    project.add(f'op.execute({table}.update().values(name="100% o\'clock: now"))')
    assert alembic(UNREACHABLE, "upgrade", f"{HEAD}:head", "--sql", ini=project.ini) == 0
    assert "UPDATE companies SET name='100% o''clock: now'" in capsys.readouterr().out


def test_a_closed_pipe_ends_offline_mode_without_a_traceback(
    alembic: Alembic, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)
    with os.fdopen(write_end, "w") as closed_pipe:
        monkeypatch.setattr("sys.stdout", closed_pipe)
        assert alembic(UNREACHABLE, "upgrade", "head", "--sql") == 1
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.slow
def test_a_pipe_to_a_program_that_stops_reading_is_no_error() -> None:
    command = f"alembic -c {INI} upgrade head --sql | true"
    done = run("sh", "-c", command, env={"DATABASE_URL": UNREACHABLE})
    assert "Traceback" not in done.stderr
    assert "BrokenPipe" not in done.stderr


def test_duplicate_revision_ids_are_refused(
    project: ProjectCopy,
    alembic: Alembic,
    migrated_database: URL,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Alembic alone would load one of them, with a warning."""
    path = project.path_of(project.add("pass"))
    path.with_name("other.py").write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    with pytest.warns(UserWarning, match="present more than once"):
        assert alembic(migrated_database, "upgrade", "head", ini=project.ini) != 0
    message = f"two revisions have the id {project.head}: alembic-zero-downtime renumber"
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "def upgrade",
            "<<<<<<< HEAD\ndef upgrade",
            "git marked a conflict there: resolve it first",
        ),
        ("import sqlalchemy", "import no_such_module", "No module named 'no_such_module'"),
        (
            f'down_revision = "{HEAD}"',
            'down_revision = "nowhere"',
            "the revisions cannot be loaded",
        ),
    ],
    ids=["conflict", "import", "down_revision"],
)
@pytest.mark.filterwarnings("ignore:Revision nowhere referenced")
def test_a_revision_that_cannot_be_loaded_is_one_line(
    old: str,
    new: str,
    message: str,
    project: ProjectCopy,
    alembic: Alembic,
    migrated_database: URL,
    capsys: pytest.CaptureFixture[str],
) -> None:
    edit(project.path_of(project.add("pass")), old, new)
    assert alembic(migrated_database, "upgrade", "head", ini=project.ini) != 0
    (line,) = [each for each in capsys.readouterr().err.splitlines() if "FAILED" in each]
    assert message in line


def edit(path: Path, old: str, new: str) -> None:
    code = path.read_text(encoding="utf-8")
    assert old in code
    path.write_text(code.replace(old, new, 1), encoding="utf-8")


def test_two_heads_are_refused_with_the_command_that_renumbers(
    project: ProjectCopy,
    alembic: Alembic,
    migrated_database: URL,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = project.path_of(project.add("pass"))
    code = path.read_text(encoding="utf-8").replace(
        f'revision = "{project.head}"', 'revision = "x"'
    )
    path.with_name("x.py").write_text(code, encoding="utf-8")
    assert alembic(migrated_database, "upgrade", "head", ini=project.ini) != 0
    message = "two revisions have the same down_revision: alembic-zero-downtime renumber puts one"
    assert message in capsys.readouterr().err


def test_a_locked_version_table_is_a_one_line_error(
    alembic: Alembic,
    migrated: Engine,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("MIGRATION_LOCK_TIMEOUT", "50ms")
    with migrated.begin() as connection:
        connection.exec_driver_sql("LOCK TABLE alembic_version")
        assert alembic(migrated.url, "upgrade", "head") != 0
    error = capsys.readouterr().err
    assert "cannot read the state of the database: canceling statement due to lock" in error


def test_a_failed_statement_is_one_line_and_changes_nothing(
    alembic: Alembic, empty: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    execute(empty, "CREATE TABLE documents (id int)")
    assert alembic(empty.url, "upgrade", "head") != 0
    error = capsys.readouterr().err
    assert 'relation "documents" already exists' in error
    assert "Traceback" not in error
    assert not exists(empty, "companies")


def test_a_failed_revision_is_rolled_back_and_the_earlier_ones_stay_applied(
    project: ProjectCopy, alembic: Alembic, empty: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    project.add('op.execute("CREATE TABLE half (n int); SELECT 1/0")')
    assert alembic(empty.url, "upgrade", "head", ini=project.ini) != 0
    error = capsys.readouterr().err
    assert "division by zero" in error
    assert "Traceback" not in error
    assert read_version(empty) == HEAD
    assert not exists(empty, "half")


def test_loggers_of_other_packages_stay_enabled(alembic: Alembic) -> None:
    logger = logging.getLogger("another.package")
    assert alembic(UNREACHABLE, "upgrade", "head", "--sql") == 0
    assert not logger.disabled
