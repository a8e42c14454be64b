"""A git repository with a linear history of revisions, to branch, merge and renumber."""

from pathlib import Path
from subprocess import CompletedProcess

from alembic.script import ScriptDirectory

from alembic_zero_downtime.revisions.head_file import HEAD_FILE
from support.shell import run

GIT = {
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_EDITOR": "true",
    **{f"GIT_{role}_NAME": "Developer" for role in ("AUTHOR", "COMMITTER")},
    **{f"GIT_{role}_EMAIL": "developer@example.com" for role in ("AUTHOR", "COMMITTER")},
}
BASE = ["001_first", "002_second"]


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
        """Write a revision on top of the one with the previous number."""
        number = int(stem[:3])
        down_revisions = f"{number - 1:03d}" if number > 1 else None
        (self.versions / f"{stem}.py").write_text(
            f'"""Say {stem}.\n\nRevision ID: {number:03d}\nRevises: {down_revisions or ""}\n"""\n\n'
            f'revision: str = "{number:03d}"\n'
            f"down_revision: str | None = {down_revisions!r}\n"
        )

    def commit(self, *stems: str) -> None:
        """Commit revisions one by one, each with the head file."""
        for stem in stems:
            self.add(stem)
            (self.versions / HEAD_FILE).write_text(f"{stem}\n")
            self.git("add", "--all", ".")
            assert self.git("commit", "-m", f"Add {stem}").returncode == 0

    def branch(self, name: str, *stems: str) -> None:
        """Create a branch of 002, switch to it, and commit revisions."""
        self.git("switch", "--create", name, ":/002_second")
        self.commit(*stems)

    def merge(self, name: str) -> None:
        """Merge a branch, up to the conflict in the head file."""
        done = self.git("merge", name)
        assert f"Merge conflict in alembic/versions/{HEAD_FILE}" in done.stdout
        assert done.stdout.count("CONFLICT") == 1

    def commit_merge(self) -> None:
        """Commit a merge with this branch's head file, as if only the text were in conflict."""
        self.git("checkout", "--ours", HEAD_FILE)
        self.git("add", "--all", ".")
        assert self.git("commit", "--no-edit").returncode == 0

    def read_history(self) -> list[str]:
        """Return the files that Alembic loads, oldest first; their names, ids and head agree."""
        scripts = list(ScriptDirectory(str(self.versions.parent)).walk_revisions())[::-1]
        stems = [Path(script.path).stem for script in scripts]
        assert [script.revision for script in scripts] == [stem[:3] for stem in stems]
        assert (self.versions / HEAD_FILE).read_text() == f"{stems[-1]}\n"
        return stems
