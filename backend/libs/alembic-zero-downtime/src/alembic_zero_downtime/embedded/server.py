"""Create, start and stop the PostgreSQL server of a directory.

The directory holds `data/` (the cluster), `server.log` and `lock`. The server listens only on a
Unix socket, in a private folder with a short name, since a socket's path is limited to 107 bytes;
`data/postmaster.pid` records its path (PostgreSQL manual, "Database File Layout").

Root starts the server as another account, without any capability. If that account cannot search
the folders above the data, the server gets the data as an open file descriptor, and the folders
keep their permissions; it reads nothing else there.
"""

import fcntl
import logging
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import psutil

from alembic_zero_downtime.embedded.account import Account, AccountError, account_for
from alembic_zero_downtime.embedded.authentication import (
    ALL_ROLES,
    KNOWN_ROLES,
    restrict_access,
)
from alembic_zero_downtime.embedded.binaries import ENVIRONMENT, ProgramsError
from alembic_zero_downtime.embedded.cluster import ServerError, create_cluster, reachable
from alembic_zero_downtime.embedded.programs import can_access, find_program_for

SOCKET_FOLDER = "pg-peer-"
"""The prefix of the socket's folder; a server with another one is of an earlier version, which
trusted every client that reached the socket."""
SOCKET_NAME = ".s.PGSQL.5432"
LONGEST_SOCKET_PATH = 103  # bytes: 107 on Linux, 103 on macOS
START_SECONDS = 60
FIRST_WITH_ALL_ROLES = 16  # the version whose map of names has a word for all roles
RETRY_SECONDS = 15
REASON_PREFIXES = ("FATAL: ", "DETAIL: ", "HINT: ")
# Start a program in the background, and print its process id. It is not a child of this process,
# and its output goes to standard error.
IN_BACKGROUND = '"$@" >&2 & echo $!'
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Postmaster:
    """The content of `postmaster.pid`; the server may have stopped since."""

    pid: int
    socket_directory: Path
    is_ready: bool

    @property
    def is_current(self) -> bool:
        """Whether the server is ready and authenticates its clients."""
        return self.is_ready and self.socket_directory.name.startswith(SOCKET_FOLDER)

    def accepts_connections(self) -> bool:
        """Whether the server listens on its socket."""
        with socket.socket(socket.AF_UNIX) as client:
            try:
                client.connect(str(self.socket_directory / SOCKET_NAME))
            except OSError:
                return False
        return True


@dataclass(frozen=True)
class EmbeddedServer:
    """The server of a directory; several processes may use it concurrently.

    Attributes:
        directory: its files; created at the first start.
        options: server settings for one start, e.g. `("fsync=off",)`.
        temporary: the folder of the socket's folder, by default that for temporary files.
        programs: the folder of PostgreSQL's programs, by default those of the wheel.
    """

    directory: Path
    options: tuple[str, ...] = ()
    temporary: Path | None = None
    programs: Path | None = None

    @property
    def data(self) -> Path:
        """The cluster's data directory."""
        return self.directory / "data"

    def recorded_socket(self) -> Path | None:
        """Return the socket's directory if the last start succeeded; it may have stopped since."""
        postmaster = self._read_postmaster()
        return postmaster.socket_directory if postmaster and postmaster.is_current else None

    def ensure_running(self) -> Path:
        """Create and start the server if necessary; return the directory of its socket.

        Raises:
            EmbeddedServerError: It does not start.
        """
        with self._locked() as account:
            return self._start_unless_running(account).socket_directory

    def stop(self) -> bool:
        """Stop the server, rolling back open transactions; return whether it was running.

        Raises:
            EmbeddedServerError: It does not stop in time.
        """
        if not self.directory.exists():
            return False
        with self._locked():
            postmaster = self._read_postmaster()
            process = self._find_process(postmaster)
            if postmaster is None or process is None:
                return False
            self._shut_down(process, postmaster)
            return True

    @contextmanager
    def _locked(self) -> Iterator[Account]:
        """Serialize create, start and stop with a file lock, which the kernel releases on a crash.

        Yields:
            The account that owns the directory and runs the server.
        """
        try:
            account = account_for(self.directory)
            self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            account.folder_owner.chown(self.directory)
            with _append(self.directory / "lock", account.folder_owner) as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                yield account
        except (AccountError, ProgramsError, ServerError, OSError) as error:
            # They need Alembic: connecting to a server that runs is faster without.
            from alembic_zero_downtime.errors import EmbeddedServerError, one_line  # noqa: PLC0415

            message = self._describe(error) if isinstance(error, OSError) else str(error)
            raise EmbeddedServerError(one_line(message)) from error

    def _describe(self, error: OSError) -> str:
        """Return the message for a folder that cannot be used."""
        place = error.filename or self.directory
        if isinstance(error, PermissionError) and os.path.exists(self.directory):  # noqa: PTH110 never raises
            return (
                f"{place} belongs to another user: the embedded server was created by a different "
                "account (root?); use that one, or remove the folder"
            )
        return (
            f"the embedded server cannot use {place}: {error.strerror}; to keep it in another "
            "folder, set DATABASE_URL=postgresql+embedded:///NAME?directory=FOLDER"
        )

    def _start_unless_running(self, account: Account) -> Postmaster:
        postmaster = self._read_postmaster()
        process = self._find_process(postmaster)
        if postmaster and process:
            ready = self._wait_until_ready(process)
            if ready and ready.is_current and ready.accepts_connections():
                return ready
            # Its socket is gone, since /tmp was cleaned up, or it is of an earlier version.
            self._shut_down(process, postmaster)
        elif postmaster:
            self._clear_stale(postmaster)
        if not self.data.exists():
            self._create(account)
        return self._start(account)

    def _clear_stale(self, postmaster: Postmaster) -> None:
        """Clean up after a crash, once no process of the old server can still write.

        PostgreSQL itself replaces the `postmaster.pid` of a dead process, but fails if another
        program has that pid now: then the file is deleted.
        """
        _remove_socket_directory(postmaster.socket_directory)
        deadline = time.monotonic() + RETRY_SECONDS
        while any(map(self._is_server_process, psutil.process_iter())):
            if time.monotonic() > deadline:
                raise ServerError(f"an earlier server still runs in {self.data}")
            time.sleep(0.05)
        if psutil.pid_exists(postmaster.pid):
            (self.data / "postmaster.pid").unlink(missing_ok=True)

    @property
    def _log(self) -> Path:
        return self.directory / "server.log"

    def _create(self, account: Account) -> None:
        """Create the cluster under a temporary name and rename it (atomic)."""
        logger.info("Creating the embedded PostgreSQL in %s (once) …", self.directory)
        unfinished = self.directory / "data.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        creator = account.with_name()
        creator.chown(unfinished)
        create_cluster(unfinished, creator, self._temporary(creator), self.programs)
        account.chown_tree(unfinished)
        unfinished.rename(self.data)

    def _start(self, account: Account) -> Postmaster:
        version = (self.data / "PG_VERSION").read_text().strip()
        logger.info("Starting the embedded PostgreSQL %s in %s …", version, self.directory)
        account.chown_tree(self.data)
        has_word = int(version) >= FIRST_WITH_ALL_ROLES
        restrict_access(self.data, account, ALL_ROLES if has_word else KNOWN_ROLES)
        log_size = self._log.stat().st_size if self._log.exists() else 0
        sockets = self._make_socket_directory(account)
        try:
            process = self._launch(account, sockets)
            ready = self._wait_until_ready(process) if process else None
        except BaseException:
            _remove_socket_directory(sockets)
            raise
        if ready is None:
            _remove_socket_directory(sockets)
            reason = self._fatal_log_lines(log_size) or "it stopped, or was not ready in time"
            raise ServerError(
                f"the embedded server does not start: {reason} "
                f"(see {self._log}; remove {self.directory} to start again without its data)"
            )
        return ready

    def _launch(self, account: Account, sockets: Path) -> psutil.Process | None:
        """Start the server in a session of its own; return None if it has stopped at once."""
        program = find_program_for(account, "postgres", sockets, self.programs)
        options = [f"unix_socket_directories={_quote(sockets)}", *self.options]
        with (
            _append(self._log, account.folder_owner) as log,
            reachable(self.data, account) as (path, descriptors),
        ):
            started = subprocess.run(
                [
                    *("sh", "-c", IN_BACKGROUND, "sh", program, "-D", path),
                    *(word for option in options for word in ("-c", option)),
                ],
                check=True,
                cwd="/",
                env=ENVIRONMENT,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
                pass_fds=descriptors,
                **account.credentials,
            )
        try:
            return psutil.Process(int(started.stdout))
        except psutil.NoSuchProcess:
            return None

    def _temporary(self, account: Account) -> Path:
        """Return the folder for temporary files, or /tmp if the account cannot reach that one."""
        folder = self.temporary or Path(tempfile.gettempdir())
        return folder if can_access(account, folder) else Path("/tmp")  # noqa: S108 see mkdtemp

    def _make_socket_directory(self, account: Account) -> Path:
        """Create a private folder whose path is short enough for the socket's."""
        root = self._temporary(account)
        limit = LONGEST_SOCKET_PATH - len(f"/{SOCKET_FOLDER}12345678/{SOCKET_NAME}")
        if len(os.fsencode(root)) > limit:
            root = Path("/tmp")  # noqa: S108 mkdtemp makes it private
        directory = Path(tempfile.mkdtemp(prefix=SOCKET_FOLDER, dir=root))
        account.chown(directory)
        return directory

    def _fatal_log_lines(self, position: int) -> str:
        """Return the fatal errors that the server logged after `position` bytes, if any."""
        if not self._log.exists():
            return ""
        lines = self._log.read_bytes()[position:].decode(errors="replace").splitlines()
        reasons = (
            line.partition(prefix)[2].strip()
            for line in lines
            for prefix in REASON_PREFIXES
            if prefix in line
        )
        return ". ".join(dict.fromkeys(reasons))

    def _read_postmaster(self) -> Postmaster | None:
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
            pid, sockets = int(lines[0]), Path(lines[4])
        except (OSError, IndexError, ValueError):
            return None
        return Postmaster(pid, sockets, is_ready="ready" in "".join(lines[7:]))

    def _find_process(self, postmaster: Postmaster | None) -> psutil.Process | None:
        """Return the server's process; None if another program has its pid now."""
        if postmaster is None:
            return None
        try:
            process = psutil.Process(postmaster.pid)
        except psutil.NoSuchProcess:
            return None
        return process if self._is_server_process(process) else None

    def _is_server_process(self, process: psutil.Process) -> bool:
        """Whether a process runs in the data directory, as all of the server's processes do."""
        try:
            return process.cwd() == os.path.realpath(self.data)
        except psutil.Error:
            return False

    def _wait_until_ready(self, process: psutil.Process) -> Postmaster | None:
        """Return the content of `postmaster.pid` once the process accepts connections."""
        deadline = time.monotonic() + START_SECONDS
        while _is_alive(process) and time.monotonic() < deadline:
            postmaster = self._read_postmaster()
            if postmaster and postmaster.is_ready and postmaster.pid == process.pid:
                return postmaster
            time.sleep(0.01)
        return None

    def _shut_down(self, process: psutil.Process, postmaster: Postmaster) -> None:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(signal.SIGINT)  # PostgreSQL's fast shutdown
        deadline = time.monotonic() + START_SECONDS
        while self._is_server_process(process):  # not a zombie, which some containers never reap
            if time.monotonic() > deadline:
                raise ServerError(
                    f"the embedded server (process {process.pid}) does not stop: see {self._log}"
                )
            time.sleep(0.01)
        _remove_socket_directory(postmaster.socket_directory)


def _is_alive(process: psutil.Process) -> bool:
    """Whether a process runs; a zombie, which some containers never reap, does not."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _append(path: Path, owner: Account) -> BinaryIO:
    """Open a file for appending; create it so that only its owner can read it."""
    file = os.fdopen(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "ab")
    owner.chown(path)
    return file


def _quote(path: Path) -> str:
    """Quote a path in a list of paths (PostgreSQL manual, "unix_socket_directories")."""
    escaped = str(path).replace('"', '""')
    return f'"{escaped}"'


def _remove_socket_directory(directory: Path) -> None:
    if directory.name.startswith((SOCKET_FOLDER, "pg-embedded-")):  # of an earlier version
        shutil.rmtree(directory, ignore_errors=True)
