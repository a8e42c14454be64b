"""Ask git about the revisions' files."""

import subprocess
from pathlib import Path


def ask_git(folder: Path, *arguments: str) -> str | None:
    """Return git's answer; None without git, without a repository, and where it has none."""
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments],  # noqa: S607 whichever git is in use
            capture_output=True,
            encoding="utf-8",
            errors="surrogateescape",  # as Python reads the names of files
            check=False,
        )
    except OSError:
        return None
    return done.stdout if done.returncode == 0 else None
