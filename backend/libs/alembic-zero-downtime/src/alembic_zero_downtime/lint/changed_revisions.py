"""Select the revisions that differ from the shared branch."""

from collections.abc import Sequence
from pathlib import Path

from alembic_zero_downtime._git import run_git
from alembic_zero_downtime.revisions.renumber import SHARED_BRANCHES


def select_changed_revisions(versions: Path, files: Sequence[Path]) -> list[Path] | None:
    """Return those of `files` that were added or changed since the merge base with that branch.

    Uncommitted changes count too.

    Args:
        versions: the folder of the revisions.
        files: the paths of the revisions.

    Returns:
        None if git is not installed, this is not a repository, or there is no shared branch.
    """
    bases = (run_git(versions, "merge-base", "HEAD", branch) for branch in SHARED_BRANCHES)
    base = next((answer.strip() for answer in bases if answer), None)
    if base is None:
        return None
    options = ("--name-only", "--no-renames", "--relative", "-z")
    changed = run_git(versions, "diff", *options, base, "--", ".")
    untracked = run_git(versions, "ls-files", "--others", "-z", "--", ".")
    if changed is None or untracked is None:
        return None
    names = {*changed.split("\0"), *untracked.split("\0")}
    return [path for path in files if path.name in names]
