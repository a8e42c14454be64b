"""The head file names the newest revision, whichever command has written it."""

from collections.abc import Callable

import pytest
from alembic.util import CommandError
from sqlalchemy import Engine

from alembic_zero_downtime.revisions.files import read_revision_files
from alembic_zero_downtime.revisions.head_file import HEAD_FILE, write_head_file
from alembic_zero_downtime.revisions.renumber import is_linear
from support.autogenerate import ADD_PATH, change_models
from support.project import HEAD, ProjectCopy

Alembic = Callable[..., int]
NOWHERE = "postgresql://u:p@127.0.0.1:1/n"


def heads(project: ProjectCopy) -> list[str]:
    return (project.versions / HEAD_FILE).read_text(encoding="utf-8").splitlines()


def test_the_head_file_names_the_head_of_a_linear_history(project: ProjectCopy) -> None:
    assert is_linear(read_revision_files(project.versions))
    assert heads(project) == [project.path_of(HEAD).stem]
    before = heads(project)
    write_head_file(project.versions)
    assert heads(project) == before


def test_a_blank_revision_is_written_into_the_head_file(
    project: ProjectCopy, alembic: Alembic
) -> None:
    assert alembic(NOWHERE, "revision", "-m", "one more", "--rev-id", "500", ini=project.ini) == 0
    assert (project.versions / HEAD_FILE).read_text(encoding="utf-8") == "500_one_more\n"


def test_autogenerate_writes_the_head_file_only_with_a_revision(
    project: ProjectCopy, alembic: Alembic, migrated: Engine
) -> None:
    autogenerate = ("revision", "--autogenerate", "-m")
    before = heads(project)
    assert alembic(migrated.url, *autogenerate, "nothing", ini=project.ini) == 0
    assert heads(project) == before
    change_models(project, ADD_PATH)
    assert alembic(migrated.url, *autogenerate, "add path", ini=project.ini) == 0
    assert heads(project) == [path.stem for path in project.versions.glob("*_add_path_2_of_2.py")]


def test_a_second_head_is_named_too_until_a_merge_revision_joins_them(
    project: ProjectCopy, alembic: Alembic
) -> None:
    (before,) = heads(project)
    branch = ("--splice", "--head", "001", "--branch-label", "side")
    blank = ("revision", "-m", "aside", "--rev-id", "500")
    assert alembic(NOWHERE, *blank, *branch, ini=project.ini) == 0
    assert heads(project) == [before, "500_aside"]
    merge = ("merge", "heads", "-m", "together", "--rev-id", "501")
    assert alembic(NOWHERE, *merge, ini=project.ini) == 0
    assert heads(project) == ["501_together"]


NO_STRINGS = "003_x.py does not set revision and down_revision to plain strings: fix it first"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            '<<<<<<< HEAD\nrevision = "003"\n=======\n',
            "003_x.py, line 1: SyntaxError: invalid syntax; git marked a conflict there",
        ),
        ('revision = "003"\n', NO_STRINGS),
        ("revision = 3\ndown_revision = None\n", NO_STRINGS),
        ('revision = f"{3}"\ndown_revision = None\n', NO_STRINGS),
    ],
)
def test_a_file_that_is_not_a_revision_is_named(
    text: str, reason: str, project: ProjectCopy
) -> None:
    before = heads(project)
    (project.versions / "003_x.py").write_text(text)
    with pytest.raises(CommandError, match=reason):
        write_head_file(project.versions)
    assert heads(project) == before


def test_files_that_alembic_ignores_are_ignored(project: ProjectCopy) -> None:
    before = heads(project)
    for name in (".#003_x.py", "__init__.py", "notes.txt"):
        (project.versions / name).write_text("no revision")
    write_head_file(project.versions)
    assert heads(project) == before
