"""Where a migration is run from: the host, the version and the commit of the code."""

import socket
from dataclasses import dataclass
from pathlib import Path

from alembic_zero_downtime._git import run_git


@dataclass(frozen=True)
class Provenance:
    """The host, application version and commit of a run; None if unknown."""

    host: str
    application_version: str | None
    git_commit: str | None


def find_provenance(code: Path, version: str | None, commit: str | None) -> Provenance:
    """Return the provenance of a run.

    Args:
        code: a folder of the code.
        version: the version of the application, if it has one.
        commit: the commit of the code, for images without git.
    """
    return Provenance(socket.gethostname(), version, commit or _describe_commit(code))


def _describe_commit(folder: Path) -> str | None:
    """Return the commit, with the suffix `-dirty` if a tracked file was changed."""
    options = ("--always", "--dirty", "--abbrev=40", "--exclude=*")
    return (run_git(folder, "describe", *options) or "").strip() or None
