"""Alembic's own command line, as the guide has it, and how new revisions are numbered."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import URL, Engine, text

from app.db.migrations.revisions import LONGEST_MESSAGE
from tests.project import Project
from tests.revisions import AFTER_NEXT, AT_HEAD, HEAD, IDS, NEXT, ONE_BEHIND
from tests.shell import BACKEND, as_text, run

Alembic = Callable[..., int]


def version(engine: Engine) -> str | None:
    with engine.connect() as connection:
        found: str | None = connection.scalar(text("SELECT max(version_num) FROM alembic_version"))
    return found


def test_steps_up_and_down_go_where_they_say(
    alembic: Alembic, empty: Engine, empty_url: URL
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
        assert alembic(empty_url, *arguments) == 0
        assert version(empty) == expected, arguments


def test_each_run_names_the_database_and_where_it_stands(
    alembic: Alembic, empty_url: URL, capsys: pytest.CaptureFixture[str]
) -> None:
    alembic(empty_url, "upgrade", "head")
    first = capsys.readouterr().err
    assert f"/{empty_url.database}" in first
    assert "(from DATABASE_URL)" in first
    assert f"Now at {AT_HEAD}" in first
    alembic(empty_url, "upgrade", "head")
    assert f"Nothing to do: at {AT_HEAD}" in capsys.readouterr().err
    alembic(empty_url, "downgrade", "-1")
    assert f"Now at {ONE_BEHIND}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "answer"),
    [
        ("current", AT_HEAD),
        ("history --verbose", "Six companies to begin with."),
    ],
)
def test_questions_are_answered_on_standard_output(
    arguments: str, answer: str, migrated_url: URL
) -> None:
    done = run("alembic", *arguments.split(), env={"DATABASE_URL": as_text(migrated_url)})
    assert (done.returncode, answer in done.stdout) == (0, True), done


def test_history_needs_no_database_unless_asked_where_it_stands(migrated_url: URL) -> None:
    nowhere = {"DATABASE_URL": "postgresql://u:p@127.0.0.1:1/n"}
    files_only = run("alembic", "history", env=nowhere)
    assert (files_only.returncode, files_only.stderr) == (0, "")
    assert f"{HEAD} (head)" in files_only.stdout
    assert "<base> -> 001" in files_only.stdout
    assert run("alembic", "history", "-r", "current:", env=nowhere).returncode != 0
    somewhere = {"DATABASE_URL": as_text(migrated_url)}
    with_mark = run("alembic", "history", "--indicate-current", env=somewhere)
    assert f"{HEAD} (head) (current)" in with_mark.stdout


def test_offline_sql_alone_is_on_standard_output(
    alembic: Alembic, capsys: pytest.CaptureFixture[str]
) -> None:
    nowhere = "postgresql://u:p@127.0.0.1:1/n"
    assert alembic(nowhere, "upgrade", "head", "--sql") == 0
    up = capsys.readouterr().out
    assert up.startswith("BEGIN;")
    assert len(re.findall(r"INSERT INTO migration_ledger [^;]*;\s+COMMIT;", up)) == len(IDS)
    assert "INFO" not in up
    assert alembic(nowhere, "downgrade", "002:001", "--sql") == 0
    assert "DELETE FROM companies" in capsys.readouterr().out


def test_a_reader_that_has_seen_enough_of_the_sql_is_no_error(empty_url: URL) -> None:
    done = run(
        "sh", "-c", "alembic upgrade head --sql | true", env={"DATABASE_URL": as_text(empty_url)}
    )
    assert "Traceback" not in done.stderr
    assert "BrokenPipe" not in done.stderr


def test_two_revisions_with_one_number_are_refused(
    project: Project, alembic: Alembic, migrated_url: URL, capsys: pytest.CaptureFixture[str]
) -> None:
    """Alembic would take either of them, with a warning."""
    path = project.path_of(project.add("pass"))
    path.with_name("other.py").write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    with pytest.warns(UserWarning, match="present more than once"):
        assert alembic(migrated_url, "upgrade", "head", ini=str(project.ini)) != 0
    assert (
        f"two revisions have the number {project.head}: make migrate-renumber"
        in capsys.readouterr().err
    )


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("def upgrade", "<<<<<<< HEAD\ndef upgrade", "if git marked a conflict in it"),
        ("import sqlalchemy", "import no_such_module", "No module named 'no_such_module'"),
        (
            f'down_revision = "{HEAD}"',
            'down_revision = "nowhere"',
            "the revisions cannot be loaded",
        ),
    ],
    ids=["conflict", "import", "predecessor"],
)
@pytest.mark.filterwarnings("ignore:Revision nowhere referenced")
def test_a_revision_that_cannot_be_loaded_is_one_line(
    old: str,
    new: str,
    words: str,
    project: Project,
    alembic: Alembic,
    migrated_url: URL,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = project.path_of(project.add("pass"))
    code = path.read_text(encoding="utf-8")
    assert old in code
    path.write_text(code.replace(old, new, 1), encoding="utf-8")
    assert alembic(migrated_url, "upgrade", "head", ini=str(project.ini)) != 0
    (line,) = [each for each in capsys.readouterr().err.splitlines() if "ERROR" in each]
    assert words in line


def test_two_revisions_that_follow_one_are_sent_to_renumber(
    project: Project, alembic: Alembic, migrated_url: URL, capsys: pytest.CaptureFixture[str]
) -> None:
    path = project.path_of(project.add("pass"))
    code = path.read_text(encoding="utf-8").replace(
        f'revision = "{project.head}"', 'revision = "x"'
    )
    path.with_name("x.py").write_text(code, encoding="utf-8")
    assert alembic(migrated_url, "upgrade", "head", ini=str(project.ini)) != 0
    assert "two revisions follow the same one: make migrate-renumber" in capsys.readouterr().err


def test_a_version_table_that_cannot_be_read_is_one_line(
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
    assert "cannot see where the database stands: canceling statement due to lock" in error


def test_a_failing_statement_is_one_line_and_changes_nothing(
    alembic: Alembic, empty: Engine, empty_url: URL, capsys: pytest.CaptureFixture[str]
) -> None:
    with empty.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE documents (id int)")
    assert alembic(empty_url, "upgrade", "head") != 0
    error = capsys.readouterr().err
    assert 'relation "documents" already exists' in error
    assert "Traceback" not in error
    with empty.connect() as connection:
        assert connection.scalar(text("SELECT to_regclass('companies')")) is None


def test_loggers_of_the_application_stay_on() -> None:
    code = """
import logging, sys
logger = logging.getLogger("somebody.else")
from alembic.config import main
main(argv=["-c", "alembic.ini", "upgrade", "head", "--sql"])
sys.exit(logger.disabled)
"""
    done = run("python", "-c", code, env={"DATABASE_URL": "postgresql://u:p@127.0.0.1:1/n"})
    assert done.returncode == 0, done.stderr


# New revisions, in a copy of the migrations ------------------------------------------------


@pytest.fixture
def revise(checkout: Path, alembic: Alembic) -> Callable[..., int]:
    """Return `alembic revision` in a copy of the tree: the database, then arguments."""

    def run_revision(url: URL | str, *arguments: str) -> int:
        return alembic(url, "revision", *arguments, ini=str(checkout / "alembic.ini"))

    return run_revision


def new_files(checkout: Path) -> list[str]:
    files = {path.name for path in (checkout / "alembic" / "versions").glob("*.py")}
    return sorted(files - {path.name for path in (BACKEND / "alembic" / "versions").glob("*.py")})


def test_a_blank_revision_is_numbered_without_any_database(
    revise: Callable[..., int], checkout: Path
) -> None:
    assert revise("postgresql://u:p@127.0.0.1:1/n", "-m", "manual changes") == 0
    assert revise("postgresql://u:p@127.0.0.1:1/n", "-m", "More, manual: changes!") == 0
    assert new_files(checkout) == [
        f"{NEXT}_manual_changes.py",
        f"{AFTER_NEXT}_more_manual_changes.py",
    ]
    code = (checkout / "alembic" / "versions" / f"{AFTER_NEXT}_more_manual_changes.py").read_text()
    assert code.startswith('"""More, manual: changes.\n')
    assert f'revision: str = "{AFTER_NEXT}"' in code
    assert f'down_revision: str | Sequence[str] | None = "{NEXT}"' in code


@pytest.fixture
def checkout_with(revise: Callable[..., int], checkout: Path) -> Callable[[str], Path]:
    """Return a function that adds a revision with one statement; it returns its alembic.ini."""

    def add(statement: str) -> Path:
        assert revise("postgresql://u:p@127.0.0.1:1/n", "-m", "one more") == 0
        file = checkout / "alembic" / "versions" / f"{NEXT}_one_more.py"
        apply = '"""Apply the change."""'
        code = file.read_text().replace(apply, f"{apply}\n    op.execute({statement})")
        imports = "import sqlalchemy as sa\nfrom alembic import op\n\nrevision: str"
        file.write_text(code.replace("revision: str", imports, 1))
        return checkout / "alembic.ini"

    return add


def test_a_failing_revision_leaves_no_trace_and_the_earlier_ones_applied(
    checkout_with: Callable[[str], Path], empty: Engine
) -> None:
    ini = checkout_with('"CREATE TABLE half (n int); SELECT 1/0"')
    env = {"DATABASE_URL": as_text(empty.url)}
    done = run("alembic", "-c", str(ini), "upgrade", "head", env=env)
    assert done.returncode != 0
    assert "division by zero" in done.stderr
    assert "Traceback" not in done.stderr
    assert version(empty) == HEAD
    with empty.connect() as connection:
        assert connection.scalar(text("SELECT to_regclass('half')")) is None


def test_offline_sql_has_the_values_of_a_statement(
    checkout_with: Callable[[str], Path],
) -> None:
    table = 'sa.table("companies", sa.column("name", sa.Text()))'
    ini = checkout_with(f'{table}.update().values(name="100% o\'clock: now")')
    env = {"DATABASE_URL": "postgresql://u:p@127.0.0.1:1/n"}
    done = run("alembic", "-c", str(ini), "upgrade", f"{HEAD}:head", "--sql", env=env)
    assert "UPDATE companies SET name='100% o''clock: now'" in done.stdout, done.stderr


def test_a_difference_becomes_numbered_formatted_revisions(
    revise: Callable[..., int],
    checkout: Path,
    migrated: Engine,
    migrated_url: URL,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with migrated.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE documents DROP COLUMN file_path")
    assert revise(migrated_url, "--autogenerate", "-m", "add path") == 0
    output = capsys.readouterr()
    assert "added column 'documents.file_path'" in output.err
    names = [f"{NEXT}_add_path_1_of_2.py", f"{AFTER_NEXT}_add_path_2_of_2.py"]
    files = [checkout / "alembic" / "versions" / name for name in names]
    assert all(name in output.out for name in names)
    assert run("ruff", "format", "--check", *map(str, files)).returncode == 0
    assert run("ruff", "check", *map(str, files)).returncode == 0
    column, check = (file.read_text() for file in files)
    assert "op.add_column" in column
    assert "op.drop_column" in column
    assert "op.create_check_constraint_online" in check
    assert "op.drop_constraint" in check


def test_no_difference_writes_nothing_and_says_how_to_get_a_blank_one(
    revise: Callable[..., int],
    checkout: Path,
    migrated_url: URL,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert revise(migrated_url, "--autogenerate", "-m", "nothing") == 0
    assert new_files(checkout) == []
    output = " ".join(capsys.readouterr().out.split())
    assert "No difference between the models and the database" in output
    assert "alembic revision -m" in output


def test_a_database_behind_head_is_refused_with_the_command_to_run(
    revise: Callable[..., int],
    checkout: Path,
    empty_url: URL,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert revise(empty_url, "--autogenerate", "-m", "too early") != 0
    assert "make migrate" in capsys.readouterr().err
    assert new_files(checkout) == []


@pytest.mark.parametrize(
    ("message", "name"),
    [
        ('"""\nimport os; os.abort()\n"""', "import_os_os_abort.py"),
        ("$(touch pwned) `touch pwned`", "touch_pwned_touch_pwned.py"),
        ("../../../etc/passwd", "etc_passwd.py"),
        ("back\\slash 'quotes' \"both\"", "back_slash_quotes_both.py"),
        ("party 🎉 time", "party_time.py"),
        ("${1/0} % {braces}", "1_0_braces.py"),
    ],
)
def test_a_hostile_message_gives_a_harmless_file(
    message: str, name: str, revise: Callable[..., int], checkout: Path
) -> None:
    assert revise("postgresql://u:p@127.0.0.1:1/n", "-m", message) == 0
    assert new_files(checkout) == [f"{NEXT}_{name}"]
    code = (checkout / "alembic" / "versions" / f"{NEXT}_{name}").read_text()
    compile(code, name, "exec")
    assert "import os" not in code.partition('"""\n\nfrom collections')[2]


@pytest.mark.parametrize("message", ["", "   ", "🎉", "../..", "x" * (LONGEST_MESSAGE + 1)])
def test_an_unusable_message_is_refused(
    message: str,
    revise: Callable[..., int],
    checkout: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert revise("postgresql://u:p@127.0.0.1:1/n", "-m", message) != 0
    assert "message" in capsys.readouterr().err
    assert new_files(checkout) == []
