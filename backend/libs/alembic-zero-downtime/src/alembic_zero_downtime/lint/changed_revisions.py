"""Select the revisions that differ from the shared branch."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from alembic_zero_downtime._git import run_git
from alembic_zero_downtime.revisions.renumber import SHARED_BRANCHES


class Base(NamedTuple):
    """Where the current branch left the shared one.

    Attributes:
        branch: the shared branch.
        commit: the merge base.
    """

    branch: str
    commit: str


def find_base(folder: Path) -> Base | None:
    """Return where the current branch left the first shared branch that git knows.

    In a workflow of GitHub for a pull request, that is the branch which it is for.

    Args:
        folder: of the revisions.

    Returns:
        None if git is not installed, this is not a repository, or there is no shared branch.
    """
    for branch in _shared_branches():
        if commit := run_git(folder, "merge-base", "HEAD", branch):
            name = run_git(folder, "rev-parse", "--abbrev-ref", branch) or branch
            return Base(name.strip(), commit.strip())
    return None


def _shared_branches() -> Iterator[str]:
    if target := os.environ.get("GITHUB_BASE_REF"):
        yield f"origin/{target}"
    yield from SHARED_BRANCHES


def select_changed_revisions(
    versions: Path, files: Sequence[Path], base: Base | None = None
) -> list[Path] | None:
    """Return those of `files` that were added or changed since the merge base with that branch.

    Uncommitted changes count too.

    Args:
        versions: the folder of the revisions.
        files: the paths of the revisions.
        base: from `find_base`, which is called without it.

    Returns:
        None if there is no base.
    """
    base = base or find_base(versions)
    if base is None:
        return None
    options = ("--name-only", "--no-renames", "--relative", "-z")
    changed = run_git(versions, "diff", *options, base.commit, "--", ".")
    untracked = run_git(versions, "ls-files", "--others", "-z", "--", ".")
    if changed is None or untracked is None:
        return None
    names = {*changed.split("\0"), *untracked.split("\0")}
    return [path for path in files if path.relative_to(versions).as_posix() in names]
