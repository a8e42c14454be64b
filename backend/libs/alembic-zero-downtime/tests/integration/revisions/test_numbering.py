"""`alembic revision`: sequential ids, formatted files, and harmless names for any message."""

from collections.abc import Callable

import pytest
from sqlalchemy import URL, Engine

from alembic_zero_downtime.revisions.numbering import LONGEST_MESSAGE
from support.autogenerate import ADD_PATH, change_models
from support.project import AFTER_NEXT, IDS, NEXT, ProjectCopy
from support.shell import run

Revise = Callable[..., int]
UNREACHABLE = "postgresql://u:p@127.0.0.1:1/n"
RUFF = """
line-length = 100
target-version = "py311"
[lint]
select = ["ALL"]
ignore = ["COM812", "CPY001", "D203", "D213", "INP001"]
[lint.isort]
known-third-party = ["alembic"]
"""


@pytest.fixture
def revise(project: ProjectCopy, alembic: Callable[..., int]) -> Revise:
    """Return `alembic revision` on a copy of the test project: the database, then arguments."""
    (project.ini.parent / "ruff.toml").write_text(RUFF, encoding="utf-8")

    def call(url: URL | str, *arguments: str) -> int:
        return alembic(url, "revision", *arguments, ini=project.ini)

    return call


def new_files(project: ProjectCopy) -> list[str]:
    names = (path.name for path in project.versions.glob("*.py"))
    return sorted(name for name in names if name.partition("_")[0] not in IDS)


def test_a_blank_revision_needs_no_database(revise: Revise, project: ProjectCopy) -> None:
    assert revise(UNREACHABLE, "-m", "manual changes") == 0
    assert revise(UNREACHABLE, "-m", "More, manual: changes!") == 0
    assert new_files(project) == [
        f"{NEXT}_manual_changes.py",
        f"{AFTER_NEXT}_more_manual_changes.py",
    ]
    code = project.path_of(AFTER_NEXT).read_text(encoding="utf-8")
    assert code.startswith('"""More, manual: changes.\n')
    assert f'revision: str = "{AFTER_NEXT}"' in code
    assert f'down_revision: str | Sequence[str] | None = "{NEXT}"' in code
    assert "import sqlalchemy as sa\nfrom alembic import op\n" in code  # to be used at once


def test_a_difference_becomes_formatted_revisions_with_sequential_ids(
    revise: Revise, project: ProjectCopy, migrated: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    change_models(project, ADD_PATH)
    assert revise(migrated.url, "--autogenerate", "-m", "add path") == 0
    output = capsys.readouterr()
    assert "added column 'documents.local_path'" in output.err
    names = [f"{NEXT}_add_path_1_of_2.py", f"{AFTER_NEXT}_add_path_2_of_2.py"]
    assert all(name in output.out for name in names)
    files = [project.versions / name for name in names]
    for command in (("format", "--check"), ("check",)):
        done = run("ruff", *command, *map(str, files))
        assert done.returncode == 0, done.stdout
    column, check = (file.read_text(encoding="utf-8") for file in files)
    assert "op.add_column" in column
    assert "op.drop_column" in column
    assert "op.create_check_constraint_online" in check
    assert "op.drop_constraint" in check


def test_without_a_difference_no_file_is_written(
    revise: Revise,
    project: ProjectCopy,
    migrated_database: URL,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert revise(migrated_database, "--autogenerate", "-m", "nothing") == 0
    assert new_files(project) == []
    output = " ".join(capsys.readouterr().out.split())
    assert "No difference between the models and the database" in output
    assert "alembic revision -m" in output


def test_autogenerate_is_refused_on_a_database_with_pending_revisions(
    revise: Revise,
    project: ProjectCopy,
    empty_database: URL,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert revise(empty_database, "--autogenerate", "-m", "too early") != 0
    message = "apply the pending revisions first (alembic upgrade head)"
    assert message in capsys.readouterr().err
    assert new_files(project) == []


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
def test_a_hostile_message_results_in_a_harmless_file(
    message: str, name: str, revise: Revise, project: ProjectCopy
) -> None:
    assert revise(UNREACHABLE, "-m", message) == 0
    assert new_files(project) == [f"{NEXT}_{name}"]
    code = project.path_of(NEXT).read_text(encoding="utf-8")
    compile(code, name, "exec")
    assert "import os" not in code.partition('"""\n\nfrom collections')[2]


@pytest.mark.parametrize("message", ["", "   ", "🎉", "../..", "x" * (LONGEST_MESSAGE + 1)])
def test_an_unusable_message_is_refused(
    message: str, revise: Revise, project: ProjectCopy, capsys: pytest.CaptureFixture[str]
) -> None:
    assert revise(UNREACHABLE, "-m", message) != 0
    assert "message" in capsys.readouterr().err
    assert new_files(project) == []
