"""Run git to read the revisions' files and the commit of the code."""

import subprocess
from pathlib import Path

TIMEOUT_SECONDS = 10  # a repository on a slow file system must not delay a migration


def run_git(folder: Path, *arguments: str) -> str | None:
    """Return git's output; None if git is not installed, fails or times out."""
    try:
        completed = subprocess.run(
            ["git", "-C", str(folder), *arguments],  # noqa: S607 git is found on PATH
            capture_output=True,
            encoding="utf-8",
            errors="surrogateescape",  # as Python decodes file names
            check=False,
            timeout=TIMEOUT_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return completed.stdout if completed.returncode == 0 else None
