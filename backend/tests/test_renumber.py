"""After a merge, this branch's revisions come behind those of the branch that all share."""

import argparse
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Engine, text

from app.commands import renumber as renumber_command
from app.db.migrations.headfile import HEAD_FILE
from app.db.migrations.renumber import renumber
from tests.revisions import AFTER_NEXT, HEAD, NEXT
from tests.shell import run

GIT = {
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_EDITOR": "true",
    **{f"GIT_{who}_NAME": "Somebody" for who in ("AUTHOR", "COMMITTER")},
    **{f"GIT_{who}_EMAIL": "somebody@example.com" for who in ("AUTHOR", "COMMITTER")},
}
BASE = ["001_first", "002_second"]
MOVED = [*BASE, "003_add_region", "004_add_sector", "005_fill_sector"]


class Repository:
    """A git repository whose branch `main` has two revisions."""

    def __init__(self, folder: Path) -> None:
        self.versions = folder / "alembic" / "versions"
        self.versions.mkdir(parents=True)
        self.git("init", "--quiet", "--initial-branch=main", str(folder))
        self.commit(*BASE)

    def git(self, *command: str) -> CompletedProcess[str]:
        return run("git", "-c", "commit.gpgsign=false", *command, cwd=self.versions, env=GIT)

    def add(self, stem: str) -> None:
        """Write a revision that follows the number before its own."""
        number = int(stem[:3])
        follows = f"{number - 1:03d}" if number > 1 else None
        (self.versions / f"{stem}.py").write_text(
            f'"""Say {stem}.\n\nRevision ID: {number:03d}\nRevises: {follows or ""}\n"""\n\n'
            f'revision: str = "{number:03d}"\n'
            f"down_revision: str | None = {follows!r}\n"
        )

    def commit(self, *stems: str) -> None:
        """Commit revisions one by one, each with the head file."""
        for stem in stems:
            self.add(stem)
            (self.versions / HEAD_FILE).write_text(f"{stem}\n")
            self.git("add", "--all", ".")
            assert self.git("commit", "-m", f"Add {stem}").returncode == 0

    def branch(self, name: str, *stems: str) -> None:
        """Make a branch of 002 with revisions on it, and stay there."""
        self.git("switch", "--create", name, ":/002_second")
        self.commit(*stems)

    def merge(self, name: str) -> None:
        """Merge a branch, up to the conflict that the head file is there for."""
        done = self.git("merge", name)
        assert f"Merge conflict in alembic/versions/{HEAD_FILE}" in done.stdout
        assert done.stdout.count("CONFLICT") == 1

    def settle(self) -> None:
        """Commit a merge as somebody does who sees a conflict of texts and no more."""
        self.git("checkout", "--ours", HEAD_FILE)
        self.git("add", "--all", ".")
        assert self.git("commit", "--no-edit").returncode == 0

    def read_line(self) -> list[str]:
        """Return the files that Alembic loads, oldest first, and check what must agree."""
        scripts = list(ScriptDirectory(str(self.versions.parent)).walk_revisions())[::-1]
        stems = [Path(script.path).stem for script in scripts]
        assert [script.revision for script in scripts] == [stem[:3] for stem in stems]
        assert (self.versions / HEAD_FILE).read_text() == f"{stems[-1]}\n"
        return stems


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


def test_a_merge_of_main_in_conflict_puts_the_branch_behind(diverged: Repository) -> None:
    diverged.merge("main")
    assert [str(move) for move in renumber(diverged.versions)] == [
        "003_add_sector -> 004_add_sector",
        "004_fill_sector -> 005_fill_sector",
    ]
    assert diverged.read_line() == MOVED


def test_a_merge_of_main_that_was_committed_puts_the_branch_behind(diverged: Repository) -> None:
    diverged.merge("main")
    diverged.settle()
    renumber(diverged.versions)
    assert diverged.read_line() == MOVED


def test_a_merge_into_main_puts_behind_what_main_did_not_have(diverged: Repository) -> None:
    diverged.git("switch", "main")
    diverged.merge("feature")
    renumber(diverged.versions)
    assert diverged.read_line() == MOVED


def test_the_remotes_main_is_asked_before_the_local_one(diverged: Repository) -> None:
    diverged.git("update-ref", "refs/remotes/origin/trunk", "main")
    diverged.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/trunk")
    diverged.git("branch", "--force", "main", "feature")
    diverged.git("switch", "main")
    diverged.merge("origin/trunk")  # as a pull does, with revisions committed on main
    renumber(diverged.versions)
    assert diverged.read_line() == MOVED


def test_a_remote_that_was_not_fetched_leaves_it_to_the_local_main(diverged: Repository) -> None:
    diverged.git("update-ref", "refs/remotes/origin/main", "main~1")
    diverged.merge("main")
    renumber(diverged.versions)
    assert diverged.read_line() == MOVED


def test_each_stop_of_a_rebase_puts_one_more_behind(diverged: Repository) -> None:
    diverged.git("switch", "main")
    diverged.commit("004_fill_region")  # at the second stop, 004_fill_sector is behind 005
    diverged.git("switch", "feature")
    assert diverged.git("rebase", "main").returncode != 0
    renumber(diverged.versions)
    assert diverged.read_line()[2:] == ["003_add_region", "004_fill_region", "005_add_sector"]
    diverged.git("add", "--all", ".")
    assert diverged.git("rebase", "--continue").returncode != 0
    renumber(diverged.versions)
    assert diverged.read_line()[3:] == ["004_fill_region", "005_add_sector", "006_fill_sector"]
    diverged.git("add", "--all", ".")
    assert diverged.git("rebase", "--continue").returncode == 0
    assert renumber(diverged.versions) == []


def test_what_is_cherry_picked_comes_behind_the_branch_it_is_put_on(diverged: Repository) -> None:
    diverged.branch("other", "003_add_country")
    diverged.git("cherry-pick", "feature~1")
    renumber(diverged.versions)
    assert diverged.read_line() == [*BASE, "003_add_country", "004_add_sector"]


def test_a_file_that_git_does_not_know_comes_behind(diverged: Repository) -> None:
    diverged.git("switch", "main")
    diverged.add("003_add_sector")
    renumber(diverged.versions)
    assert diverged.read_line() == [*BASE, "003_add_region", "004_add_sector"]


def test_only_the_named_branch_is_asked(diverged: Repository) -> None:
    diverged.branch("develop", "003_add_country")
    diverged.git("switch", "feature")
    diverged.merge("develop")
    with pytest.raises(CommandError, match=r"asked: nowhere\)"):
        renumber(diverged.versions, "nowhere")
    renumber(diverged.versions, "develop")
    assert diverged.read_line() == [*BASE, "003_add_country", *MOVED[3:]]


@pytest.mark.parametrize("hindrance", ["no git", "no repository", "both there", "neither there"])
def test_where_git_cannot_tell_the_files_must_be_named(
    hindrance: str, diverged: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    diverged.merge("main")
    match hindrance:
        case "no git":
            monkeypatch.setenv("PATH", "/nowhere")
        case "no repository":
            shutil.rmtree(diverged.versions.parent.parent / ".git")
        case "both there":
            diverged.settle()
            diverged.git("branch", "--force", "main")
        case "neither there":
            diverged.git("branch", "--force", "main", "main~1")
    before = read_all(diverged.versions)
    with pytest.raises(CommandError, match=r"003_add_region, 003_add_sector .* REV=003_add_sector"):
        renumber(diverged.versions)
    assert read_all(diverged.versions) == before
    renumber(diverged.versions, own=["003_add_sector", "alembic/versions/004_fill_sector.py"])
    assert diverged.read_line() == MOVED


@pytest.mark.parametrize(
    ("own", "reason"),
    [
        ("003_add_secto", "no revision 003_add_secto: choose from 003_add_region, 003_add_sector"),
        ("004_fill_sector", "without 004_fill_sector the others are no line yet"),
    ],
)
def test_a_name_that_does_not_help_is_refused(own: str, reason: str, diverged: Repository) -> None:
    diverged.merge("main")
    with pytest.raises(CommandError, match=reason):
        renumber(diverged.versions, own=[own])


def test_nothing_is_moved_in_a_line_and_the_head_file_is_mended(repository: Repository) -> None:
    before = read_all(repository.versions)
    (repository.versions / HEAD_FILE).write_text("<<<<<<< HEAD\n002_second\n=======\n")
    assert renumber(repository.versions) == []
    assert read_all(repository.versions) == before


def test_only_its_place_changes_in_a_file(repository: Repository) -> None:
    code = (
        '\ufeff"""Ändere 003 nach 002.\r\n\r\n  Revises: it\r\nRevision ID: 003\r\nRevises:\r\n'
        "Date: 002\"\"\"\r\n\r\nü = 'ß'; down_revision = ('00002',)\r\n"
        "revision: str = '003'  # not '002'\r\nSQL = '003 002'\r\nx = '''\nRevises: 002'''"
    )
    repository.add("003_add_region")
    (repository.versions / "003_10_k.py").write_bytes(code.encode())
    renumber(repository.versions, own=["003_10_k"])
    assert (repository.versions / "004_10_k.py").read_bytes().decode() == (
        code.replace("ID: 003", "ID: 004")
        .replace("Revises:\r", "Revises: 003\r")
        .replace("('00002',)", '("003",)')
        .replace("= '003'  #", '= "004"  #')
    )
    assert repository.read_line() == [*BASE, "003_add_region", "004_10_k"]


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('"004"', '"ae10"', "004_fill_sector.py has the id 'ae10', and only numbers"),
        ("'003'", "'003'\ndepends_on = '003'", "004_fill_sector: it depends on a number"),
        ("'003'", "('003', '002')", "004_fill_sector: it is no plain revision"),
        ("'003'", "<<<<<<<", "004_fill_sector.py is no Python in line 8"),
    ],
)
def test_what_cannot_be_moved_is_refused_before_anything_is(
    old: str, new: str, reason: str, diverged: Repository
) -> None:
    diverged.merge("main")
    file = diverged.versions / "004_fill_sector.py"
    file.write_text(file.read_text().replace(old, new))
    before = read_all(diverged.versions)
    with pytest.raises(CommandError, match=reason):
        renumber(diverged.versions)
    assert read_all(diverged.versions) == before


def test_no_file_is_overwritten(repository: Repository) -> None:
    for stem in ("003_add_region", "003_add_sector"):
        repository.add(stem)
    misnamed = repository.versions / "004_add_sector.py"
    (repository.versions / "003_add_region.py").rename(misnamed)
    with pytest.raises(CommandError, match="003_add_sector -> 004_add_sector: that file is there"):
        renumber(repository.versions, own=["003_add_sector"])
    assert "003_add_region" in misnamed.read_text()


@pytest.mark.parametrize("steps", range(4))
@pytest.mark.parametrize("own", [("003_more", "004_more"), ("005_more", "006_more")])
def test_another_run_finishes_what_was_interrupted(
    own: tuple[str, str], steps: int, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.commit("003_add_region")
    for stem in own:
        repository.add(stem)
    with monkeypatch.context() as patch:
        left = iter(range(steps))
        for name in ("rename", "replace"):
            patch.setattr(Path, name, stopping(getattr(Path, name), left))
        with pytest.raises(StopIteration):
            renumber(repository.versions)
    renumber(repository.versions)
    assert repository.read_line() == [*BASE, "003_add_region", "004_more", "005_more"]
    for stem, was in zip(("004_more", "005_more"), own, strict=True):
        assert f"Say {was}." in (repository.versions / f"{stem}.py").read_text()
    assert list(repository.versions.glob("*.draft")) == []


def stopping(step: Callable[[Path, Path], Path], left: Iterator[int]) -> Callable[..., Path]:
    def take(path: Path, target: Path) -> Path:
        next(left)
        return step(path, target)

    return take


# The command, on a copy of the migrations -------------------------------------------------


@pytest.fixture
def command(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Return `db_manager renumber` on a copy of the tree."""
    monkeypatch.setattr(renumber_command, "INI_FILE", checkout / "alembic.ini")
    parser = argparse.ArgumentParser()
    renumber_command.configure(parser)
    return lambda *arguments: renumber_command.run(parser.parse_args(arguments))


def test_a_database_takes_the_revisions_in_their_new_order(
    command: Callable[..., int],
    checkout: Path,
    alembic: Callable[..., int],
    empty: Engine,
    capsys: pytest.CaptureFixture[str],
) -> None:
    ini, versions = str(checkout / "alembic.ini"), checkout / "alembic" / "versions"
    theirs = versions / f"{NEXT}_add_region.py"
    assert alembic(empty.url, "revision", "-m", "add region", ini=ini) == 0
    theirs.rename(checkout / theirs.name)
    assert alembic(empty.url, "revision", "-m", "add sector", ini=ini) == 0
    (checkout / theirs.name).rename(theirs)
    capsys.readouterr()
    assert command("--revision", f"{NEXT}_add_sector") == 0
    said = capsys.readouterr()
    assert said.out == f"{NEXT}_add_sector -> {AFTER_NEXT}_add_sector\n"
    assert f"to which {NEXT}_add_sector had been applied" in said.err
    assert "make db-reset" in said.err
    assert alembic(empty.url, "upgrade", "head", ini=ini) == 0
    with empty.connect() as connection:
        version = connection.scalar(text("SELECT version_num FROM alembic_version"))
    assert version == AFTER_NEXT


def test_the_command_says_when_there_is_nothing_to_move(
    command: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert command() == 0
    said = capsys.readouterr()
    assert (said.out, "nothing to move" in said.err) == ("", True)


def test_a_branch_and_a_file_are_not_both_to_be_named(command: Callable[..., int]) -> None:
    with pytest.raises(SystemExit):
        command("--onto", "main", "--revision", HEAD)
