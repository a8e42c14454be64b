"""Tell which revisions are new: those that the branch that all share does not have as they are."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

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
    bases = (_ask_git(versions, "merge-base", "HEAD", branch) for branch in SHARED_BRANCHES)
    base = next((answer.strip() for answer in bases if answer), None)
    if base is None:
        return None
    options = ("--name-only", "--no-renames", "--relative", "-z")
    changed = _ask_git(versions, "diff", *options, base, "--", ".")
    untracked = _ask_git(versions, "ls-files", "--others", "-z", "--", ".")
    if changed is None or untracked is None:
        return None
    names = {*changed.split("\0"), *untracked.split("\0")}
    return [path for path in files if path.name in names]


def _ask_git(folder: Path, *arguments: str) -> str | None:
    """Return git's answer; nothing where it has none."""
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments],  # noqa: S607 whichever git is in use
            capture_output=True,
            encoding="utf-8",
            errors="surrogateescape",
            check=False,
        )
    except OSError:
        return None
    return done.stdout if done.returncode == 0 else None
