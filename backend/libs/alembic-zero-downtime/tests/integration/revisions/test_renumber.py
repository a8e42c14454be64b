"""After a merge, this branch's revisions are moved after those of the shared branch."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from alembic.util import CommandError
from sqlalchemy import Engine, text

from alembic_zero_downtime.revisions.head_file import HEAD_FILE
from alembic_zero_downtime.revisions.renumber import renumber
from project.definition import PROJECT
from support.project import AFTER_NEXT, HEAD, NEXT, ProjectCopy
from support.repository import BASE, Repository
from support.shell import Done

Alembic = Callable[..., int]
Manage = Callable[..., Done]
NOWHERE = "postgresql://u:p@127.0.0.1:1/n"

MOVED = [*BASE, "003_add_region", "004_add_sector", "005_fill_sector"]


def read_all(versions: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in versions.glob("*.*")}


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    for name in list(os.environ):
        if name.startswith("GIT_"):  # a hook or a rebase that runs the tests sets some
            monkeypatch.delenv(name)
    return Repository(tmp_path / "a répo")


@pytest.fixture
def diverged(repository: Repository) -> Repository:
    """Return a repository on `feature`, which has two revisions where `main` has another one."""
    repository.commit("003_add_region")
    repository.branch("feature", "003_add_sector", "004_fill_sector")
    return repository


def test_a_merge_of_main_in_conflict_moves_this_branch_after_main(diverged: Repository) -> None:
    diverged.merge("main")
    assert [str(move) for move in renumber(PROJECT, diverged.versions)] == [
        "003_add_sector -> 004_add_sector",
        "004_fill_sector -> 005_fill_sector",
    ]
    assert diverged.read_history() == MOVED


def test_a_committed_merge_of_main_moves_this_branch_after_main(diverged: Repository) -> None:
    diverged.merge("main")
    diverged.commit_merge()
    renumber(PROJECT, diverged.versions)
    assert diverged.read_history() == MOVED


def test_a_merge_into_main_moves_the_revisions_that_are_new_to_main(diverged: Repository) -> None:
    diverged.git("switch", "main")
    diverged.merge("feature")
    renumber(PROJECT, diverged.versions)
    assert diverged.read_history() == MOVED


def test_main_of_the_remote_is_checked_before_the_local_one(
    diverged: Repository,
) -> None:
    diverged.git("update-ref", "refs/remotes/origin/trunk", "main")
    diverged.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/trunk")
    diverged.git("branch", "--force", "main", "feature")
    diverged.git("switch", "main")
    diverged.merge("origin/trunk")  # as a pull does, with revisions committed on main
    renumber(PROJECT, diverged.versions)
    assert diverged.read_history() == MOVED


def test_a_stale_remote_is_ignored_in_favour_of_the_local_main(diverged: Repository) -> None:
    diverged.git("update-ref", "refs/remotes/origin/main", "main~1")
    diverged.merge("main")
    renumber(PROJECT, diverged.versions)
    assert diverged.read_history() == MOVED


def test_each_stop_of_a_rebase_moves_one_more_revision(diverged: Repository) -> None:
    diverged.git("switch", "main")
    diverged.commit("004_fill_region")  # at the second stop, 004_fill_sector comes after 005
    diverged.git("switch", "feature")
    assert diverged.git("rebase", "main").returncode != 0
    renumber(PROJECT, diverged.versions)
    assert diverged.read_history()[2:] == ["003_add_region", "004_fill_region", "005_add_sector"]
    diverged.git("add", "--all", ".")
    assert diverged.git("rebase", "--continue").returncode != 0
    renumber(PROJECT, diverged.versions)
    assert diverged.read_history()[3:] == ["004_fill_region", "005_add_sector", "006_fill_sector"]
    diverged.git("add", "--all", ".")
    assert diverged.git("rebase", "--continue").returncode == 0
    assert renumber(PROJECT, diverged.versions) == []


def test_a_cherry_picked_revision_is_moved_after_the_current_branch(
    diverged: Repository,
) -> None:
    diverged.branch("other", "003_add_country")
    diverged.git("cherry-pick", "feature~1")
    renumber(PROJECT, diverged.versions)
    assert diverged.read_history() == [*BASE, "003_add_country", "004_add_sector"]


def test_an_untracked_file_is_moved(diverged: Repository) -> None:
    diverged.git("switch", "main")
    diverged.add("003_add_sector")
    renumber(PROJECT, diverged.versions)
    assert diverged.read_history() == [*BASE, "003_add_region", "004_add_sector"]


def test_only_the_named_branch_is_checked(diverged: Repository) -> None:
    diverged.branch("develop", "003_add_country")
    diverged.git("switch", "feature")
    diverged.merge("develop")
    with pytest.raises(CommandError, match=r"checked: nowhere\)"):
        renumber(PROJECT, diverged.versions, "nowhere")
    renumber(PROJECT, diverged.versions, "develop")
    assert diverged.read_history() == [*BASE, "003_add_country", *MOVED[3:]]


@pytest.mark.parametrize("obstacle", ["no git", "no repository", "both shared", "none shared"])
def test_files_must_be_named_if_git_does_not_show_which_are_shared(
    obstacle: str, diverged: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    diverged.merge("main")
    match obstacle:
        case "no git":
            monkeypatch.setenv("PATH", "/nowhere")
        case "no repository":
            shutil.rmtree(diverged.versions.parent.parent / ".git")
        case "both shared":
            diverged.commit_merge()
            diverged.git("branch", "--force", "main")
        case "none shared":
            diverged.git("branch", "--force", "main", "main~1")
    before = read_all(diverged.versions)
    options = "--revision 003_add_sector, or the shared branch, --onto origin/main"
    with pytest.raises(CommandError, match=f"003_add_region, 003_add_sector .* {options}"):
        renumber(PROJECT, diverged.versions)
    assert read_all(diverged.versions) == before
    renumber(
        PROJECT, diverged.versions, own=["003_add_sector", "alembic/versions/004_fill_sector.py"]
    )
    assert diverged.read_history() == MOVED


@pytest.mark.parametrize(
    ("own", "reason"),
    [
        ("003_add_secto", "no revision 003_add_secto: choose from 003_add_region, 003_add_sector"),
        (
            "004_fill_sector",
            "without 004_fill_sector the history is still not linear: name every file",
        ),
    ],
)
def test_names_that_do_not_leave_a_linear_history_are_refused(
    own: str, reason: str, diverged: Repository
) -> None:
    diverged.merge("main")
    with pytest.raises(CommandError, match=reason):
        renumber(PROJECT, diverged.versions, own=[own])


def test_in_a_linear_history_only_the_head_file_is_fixed(repository: Repository) -> None:
    before = read_all(repository.versions)
    (repository.versions / HEAD_FILE).write_text("<<<<<<< HEAD\n002_second\n=======\n")
    assert renumber(PROJECT, repository.versions) == []
    assert read_all(repository.versions) == before


def test_only_the_ids_of_a_file_change(repository: Repository) -> None:
    code = (
        '\ufeff"""Ändere 003 nach 002.\r\n\r\n  Revises: it\r\nRevision ID: 003\r\nRevises:\r\n'
        "Date: 002\"\"\"\r\n\r\nü = 'ß'; down_revision = ('00002',)\r\n"
        "revision: str = '003'  # not '002'\r\nSQL = '003 002'\r\nx = '''\nRevises: 002'''"
    )
    repository.add("003_add_region")
    (repository.versions / "003_10_k.py").write_bytes(code.encode())
    renumber(PROJECT, repository.versions, own=["003_10_k"])
    assert (repository.versions / "004_10_k.py").read_bytes().decode() == (
        code.replace("ID: 003", "ID: 004")
        .replace("Revises:\r", "Revises: 003\r")
        .replace("('00002',)", '("003",)')
        .replace("= '003'  #", '= "004"  #')
    )
    assert repository.read_history() == [*BASE, "003_add_region", "004_10_k"]


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('"004"', '"ae10"', "004_fill_sector.py has the id 'ae10', and only sequential ids can"),
        ("'003'", "'003'\ndepends_on = '003'", "cannot move 004_fill_sector: it sets depends_on"),
        ("'003'", "('003', '002')", "cannot move 004_fill_sector: not a plain revision"),
        ("'003'", "<<<<<<<", "004_fill_sector.py, line 8: SyntaxError: invalid syntax"),
    ],
)
def test_a_file_that_cannot_be_moved_is_refused_before_any_is_moved(
    old: str, new: str, reason: str, diverged: Repository
) -> None:
    diverged.merge("main")
    file = diverged.versions / "004_fill_sector.py"
    file.write_text(file.read_text().replace(old, new))
    before = read_all(diverged.versions)
    with pytest.raises(CommandError, match=reason):
        renumber(PROJECT, diverged.versions)
    assert read_all(diverged.versions) == before


def test_no_file_is_overwritten(repository: Repository) -> None:
    for stem in ("003_add_region", "003_add_sector"):
        repository.add(stem)
    misnamed = repository.versions / "004_add_sector.py"
    (repository.versions / "003_add_region.py").rename(misnamed)
    with pytest.raises(CommandError, match="003_add_sector -> 004_add_sector: that file already"):
        renumber(PROJECT, repository.versions, own=["003_add_sector"])
    assert "003_add_region" in misnamed.read_text()


@pytest.mark.parametrize("steps", range(4))
@pytest.mark.parametrize("own", [("003_more", "004_more"), ("005_more", "006_more")])
def test_another_run_completes_an_interrupted_one(
    own: tuple[str, str], steps: int, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.commit("003_add_region")
    for stem in own:
        repository.add(stem)
    with monkeypatch.context() as patch:
        left = iter(range(steps))
        for name in ("rename", "replace"):
            patch.setattr(Path, name, stopping_after(getattr(Path, name), left))
        with pytest.raises(StopIteration):
            renumber(PROJECT, repository.versions)
    renumber(PROJECT, repository.versions)
    assert repository.read_history() == [*BASE, "003_add_region", "004_more", "005_more"]
    for stem, was in zip(("004_more", "005_more"), own, strict=True):
        assert f"Say {was}." in (repository.versions / f"{stem}.py").read_text()
    assert list(repository.versions.glob("*.draft")) == []


def stopping_after(step: Callable[[Path, Path], Path], left: Iterator[int]) -> Callable[..., Path]:
    def take(path: Path, target: Path) -> Path:
        next(left)
        return step(path, target)

    return take


def test_a_database_can_be_upgraded_in_the_new_order(
    project: ProjectCopy, alembic: Alembic, manage: Manage, empty: Engine
) -> None:
    theirs = project.versions / f"{NEXT}_add_region.py"
    aside = project.ini.parent / theirs.name
    assert alembic(empty.url, "revision", "-m", "add region", ini=project.ini) == 0
    theirs.rename(aside)
    assert alembic(empty.url, "revision", "-m", "add sector", ini=project.ini) == 0
    aside.rename(theirs)
    own = f"{NEXT}_add_sector"
    done = manage(empty.url, "renumber", "--revision", own, ini=project.ini)
    assert done.returncode == 0
    assert done.stdout.splitlines()[-1] == f"{own} -> {AFTER_NEXT}_add_sector"
    assert done.stderr.splitlines()[-1] == (
        f"alembic-zero-downtime: warning: databases that already have {own} will treat the id as "
        "a different revision: downgrade them with the code from before the merge "
        "(alembic downgrade -1) and merge again, or alembic-zero-downtime reset"
    )
    assert alembic(empty.url, "upgrade", "head", ini=project.ini) == 0
    with empty.connect() as connection:
        version = connection.scalar(text("SELECT version_num FROM alembic_version"))
    assert version == AFTER_NEXT


def test_the_command_reports_a_linear_history(project: ProjectCopy, manage: Manage) -> None:
    done = manage(NOWHERE, "renumber", ini=project.ini)
    nothing = "alembic-zero-downtime: nothing to move: the history is linear\n"
    assert done == (0, "", nothing)


def test_the_command_takes_a_branch_or_files_but_not_both(
    project: ProjectCopy, manage: Manage
) -> None:
    both = ("--onto", "main", "--revision", HEAD)
    done = manage(NOWHERE, "renumber", *both, ini=project.ini)
    assert done.returncode == 2
    assert "not allowed with argument --onto" in done.stderr
