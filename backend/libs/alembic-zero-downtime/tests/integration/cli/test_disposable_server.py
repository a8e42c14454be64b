"""`check` and `plan` stop the disposable server that they start, also when they are interrupted."""

import signal
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import URL

from alembic_zero_downtime.cli.output import Exit
from support.project import ProjectCopy
from support.shell import Done

Manage = Callable[..., Done]
NOTE_FOLDERS = """
import os, pathlib
socket = pathlib.Path(op.get_bind().engine.url.query["host"])
data = (socket / ".s.PGSQL.5432.lock").read_text().splitlines()[1]
pathlib.Path({path!r}).write_text(f"{{socket}}\\n{{data}}")
"""


def note_folders(project: ProjectCopy, path: Path, then: str = "") -> None:
    """Add a revision that writes the folders of its server into a file."""
    project.add(NOTE_FOLDERS.format(path=str(path)).strip() + f"\n{then}".rstrip())


def is_removed(path: Path) -> bool:
    """Whether the socket and the data of the server do not exist any more."""
    socket, data = path.read_text().splitlines()
    return not Path(socket).exists() and not Path(data).exists()


def test_check_stops_its_server(
    project: ProjectCopy, manage: Manage, migrated_database: URL, tmp_path: Path
) -> None:
    note_folders(project, tmp_path / "folders")
    done = manage(migrated_database, "check", ini=project.ini)
    assert done.returncode == Exit.OK, done.stderr
    assert is_removed(tmp_path / "folders")


def test_interrupted_plan_stops_its_server(
    project: ProjectCopy, manage: Manage, migrated_database: URL, tmp_path: Path
) -> None:
    note_folders(project, tmp_path / "folders", f"os.kill(os.getpid(), {signal.SIGTERM:d})")
    done = manage(migrated_database, "plan", ini=project.ini)
    assert done == (Exit.INTERRUPTED, "", "alembic-zero-downtime: interrupted\n")
    assert is_removed(tmp_path / "folders")
