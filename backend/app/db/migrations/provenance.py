"""Say who migrates: the machine, and the commit of the code."""

import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path

GIT_SECONDS = 5


@dataclass(frozen=True)
class Provenance:
    """Where a run comes from, as far as it is known."""

    host: str
    application_version: str | None
    git_commit: str | None


def find_provenance(code: Path, version: str | None, commit: str | None) -> Provenance:
    """Return the provenance of a run.

    Args:
        code: a folder of the code.
        version: of the application, if it has one.
        commit: of the code, where it is known without git; an image has none.
    """
    return Provenance(socket.gethostname(), version, commit or _ask_git(code))


def _ask_git(folder: Path) -> str | None:
    """Return the commit, with `-dirty` behind it where a tracked file was changed."""
    command = ["git", "-C", str(folder), "describe", "--always", "--dirty", "--abbrev=40"]
    try:
        done = subprocess.run(
            [*command, "--exclude=*"],
            capture_output=True,
            text=True,
            check=False,
            timeout=GIT_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() or None if done.returncode == 0 else None
