"""Tell which revisions are new: those that the branch that all share does not have as they are."""

from collections.abc import Sequence
from pathlib import Path

from app.db.migrations.git import ask_git
from app.db.migrations.renumber import SHARED_BRANCHES


def select_new(versions: Path, files: Sequence[Path]) -> list[Path] | None:
    """Return those of `files` that were added or changed since this branch left the shared one.

    What is not committed counts too.

    Args:
        versions: the folder of the revisions.
        files: their paths.

    Returns:
        Nothing where git cannot tell: it is not there, or knows of no shared branch.
    """
    bases = (ask_git(versions, "merge-base", "HEAD", branch) for branch in SHARED_BRANCHES)
    base = next((answer.strip() for answer in bases if answer), None)
    if base is None:
        return None
    options = ("--name-only", "--no-renames", "--relative", "-z")
    changed = ask_git(versions, "diff", *options, base, "--", ".")
    untracked = ask_git(versions, "ls-files", "--others", "-z", "--", ".")
    if changed is None or untracked is None:
        return None
    names = {*changed.split("\0"), *untracked.split("\0")}
    return [path for path in files if path.name in names]
