"""`check` and `plan` stop the disposable server that they start, also when they are interrupted."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from sqlalchemy import URL

from alembic_zero_downtime.cli.exit_codes import Exit
from alembic_zero_downtime.embedded.disposable import PREFIX, disposable_server
from support.project import ProjectCopy
from support.shell import CLEAN_ENVIRONMENT, Done, as_text

pytestmark = pytest.mark.slow  # it starts or resets servers and databases of its own

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
    assert done == (Exit.TERMINATED, "", "alembic-zero-downtime: interrupted\n")
    assert is_removed(tmp_path / "folders")


LEAVE = """
import os, signal
from alembic_zero_downtime.embedded.disposable import disposable_server
with disposable_server() as url:
    print(url.query["host"], flush=True)
    input()
"""


def wait_until(condition: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def processes_in(folder: Path) -> list[psutil.Process]:
    """Return the processes that work in a folder, and its guard."""
    return [
        each
        for each in psutil.process_iter(["cwd", "cmdline"])
        if str(folder) in f"{each.info['cwd']} {each.info['cmdline']}"
        and each.status() != psutil.STATUS_ZOMBIE
    ]


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("command", ["check", "plan"])
def test_the_server_ends_with_a_command_that_is_killed(
    command: str,
    number: signal.Signals,
    project: ProjectCopy,
    migrated_database: URL,
    tmp_path: Path,
) -> None:
    """The command waits for a statement, as Python does without handling signals."""
    note_folders(project, tmp_path / "folders", 'op.execute("SELECT pg_sleep(300)")')
    process = subprocess.Popen(
        [sys.executable, "-m", "alembic_zero_downtime", "-c", project.ini, command],
        env={**CLEAN_ENVIRONMENT, "DATABASE_URL": as_text(migrated_database)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_until(lambda: (tmp_path / "folders").exists() and is_sleeping(tmp_path / "folders"))
    folder = Path((tmp_path / "folders").read_text().splitlines()[0]).parent
    process.send_signal(number)
    output, errors = process.communicate(timeout=60)
    if number != signal.SIGKILL:
        message = "alembic-zero-downtime: interrupted\n"
        assert (process.returncode, output, errors) == (128 + number, "", message)
        assert not folder.exists()
    wait_until(lambda: not folder.exists() and not processes_in(folder), seconds=10)


def is_sleeping(path: Path) -> bool:
    """Whether a server process executes the revision's statement, according to its title."""
    socket = path.read_text().partition("\n")[0]
    folder = str(Path(socket).parent)
    titles = (" ".join(each.cmdline()) for each in processes_in(Path(folder)))
    return any("SELECT" in title for title in titles)


@pytest.mark.slow
def test_an_abandoned_server_is_removed_at_the_next_start_and_one_in_use_is_not() -> None:
    """The guard was killed too, as when a container's processes are."""
    command = [sys.executable, "-c", LEAVE]
    abandoned, used = (
        subprocess.Popen(
            command, env=CLEAN_ENVIRONMENT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    )
    folders = [Path(each.stdout.readline()).parent for each in (abandoned, used) if each.stdout]
    assert all(folder.name.startswith(PREFIX) for folder in folders)
    guards = [each for each in processes_in(folders[0]) if "guard.py" in str(each.cmdline())]
    assert len(guards) == 1
    for pid in (abandoned.pid, *(each.pid for each in guards)):
        os.kill(pid, signal.SIGKILL)
    abandoned.communicate()
    assert processes_in(folders[0]), "the server survives"
    with disposable_server():
        assert not folders[0].exists()
        assert not processes_in(folders[0])
        assert folders[1].exists()
    used.communicate("\n", timeout=30)
    assert used.returncode == 0
    assert not folders[1].exists()
