"""Run a disposable PostgreSQL server: empty, in memory, deleted after use.

It ends with the process that uses it, however that ends: a guard process (`guard.py`) waits for it.
Both hold a lock on the server's folder. A folder without this lock is abandoned, since both were
killed, and the next disposable server removes it.
"""

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL

from alembic_zero_downtime.embedded import guard
from alembic_zero_downtime.embedded.server import EmbeddedServer
from alembic_zero_downtime.signals import INTERRUPTS, watch_signals

# Its data needs no durability (PostgreSQL manual, "Non-Durable Settings").
FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum=off")
MEMORY = Path("/dev/shm")  # noqa: S108 mkdtemp creates a private folder in it
MIN_FREE_SPACE = 1_000_000_000  # bytes
PREFIX = "pg-disposable-"


@contextmanager
def disposable_server(programs: Path | None = None) -> Iterator[URL]:
    """Start a new server; yield the address of its database `postgres`.

    SIGINT and SIGTERM end it at once, and with it a statement that this process waits for.

    Args:
        programs: the folder of PostgreSQL's programs, by default those of the wheel.

    Raises:
        EmbeddedServerError: It does not start.
    """
    with _guarded_folder() as (folder, program), _ended_by_signals(program):
        yield _start_server(folder, programs)


@contextmanager
def lasting_server() -> Iterator[URL]:
    """Start a new server that outlasts signals to this process; yield its address."""
    with _guarded_folder() as (folder, _):
        yield _start_server(folder)


def _start_server(folder: Path, programs: Path | None = None) -> URL:
    directory = folder / "server"
    directory.mkdir()
    for path in (folder, directory):
        path.chmod(0o711)  # the server runs as another account if root starts it
    server = EmbeddedServer(directory, FAST, temporary=folder, programs=programs)
    return URL.create(
        "postgresql+psycopg2",
        username="postgres",
        database="postgres",
        query={"host": str(server.ensure_running())},
    )


@contextmanager
def _guarded_folder() -> Iterator[tuple[Path, "subprocess.Popen[bytes]"]]:
    """Create a folder; remove it in the end, together with the processes that work in it.

    Yields:
        The folder and its guard, which removes it when its standard input is closed.
    """
    _remove_abandoned_folders()
    folder, lock = _create_locked_folder()
    program = subprocess.Popen(
        [sys.executable, "-P", guard.__file__, folder],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=[lock],
        start_new_session=True,  # Ctrl-C on a terminal does not reach it
    )
    try:
        yield folder, program
    finally:
        program.communicate()  # close its standard input, and wait for it
        guard.remove(folder)  # in case that the guard was killed
        os.close(lock)


@contextmanager
def _ended_by_signals(program: "subprocess.Popen[bytes]") -> Iterator[None]:
    """Let SIGINT and SIGTERM close the standard input of the guard.

    Python handles a signal only after the driver returns from a statement. Without its server,
    the statement fails at once; the driver may suppress the exception of the signal then.

    Raises:
        KeyboardInterrupt: A signal has ended the server (see `INTERRUPTS`).
    """
    received: list[int] = []

    def end_server(number: int) -> None:
        received.append(number)
        if program.stdin:
            program.stdin.close()

    try:
        with watch_signals(end_server):
            yield
    finally:
        if received:
            raise INTERRUPTS[received[0]]


def _create_locked_folder() -> tuple[Path, int]:
    """Create a folder, and lock it; return its path and the file descriptor with the lock."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=fast_folder()))
        if (lock := _lock(folder)) is not None:
            return folder, lock
        # Another process has seen it without a lock, and removes it.


def _remove_abandoned_folders() -> None:
    """Remove the folders of this user that no process has locked."""
    for root in {MEMORY, Path(tempfile.gettempdir())}:
        for folder in root.glob(f"{PREFIX}*"):
            if _is_own(folder) and (lock := _lock(folder)) is not None:
                guard.remove(folder)
                os.close(lock)


def _is_own(folder: Path) -> bool:
    try:
        return folder.lstat().st_uid == os.geteuid()
    except FileNotFoundError:
        return False


def _lock(folder: Path) -> int | None:
    """Lock a folder and return the file descriptor; None if it is locked or was removed."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        folder.stat()
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


def fast_folder() -> str | None:
    """Return a folder in memory if it has enough space; None for the default temporary folder."""
    has_space = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > MIN_FREE_SPACE
    return str(MEMORY) if has_space and os.access(MEMORY, os.W_OK) else None
