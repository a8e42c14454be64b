"""Create, start and stop the PostgreSQL server of a directory.

The directory holds `data/` (the cluster), `server.log` and `lock`. The server listens only on a
Unix socket, in a private folder with a short name, since a socket's path is limited to 107 bytes;
`data/postmaster.pid` records its path (PostgreSQL manual, "Database File Layout").
"""

import fcntl
import logging
import os
import shlex
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

import psutil

from alembic_zero_downtime.embedded.account import Account, AccountError, account_for
from alembic_zero_downtime.embedded.binaries import find_program
from alembic_zero_downtime.errors import EmbeddedServerError

SOCKET_NAME = ".s.PGSQL.5432"
LONGEST_SOCKET_PATH = 103  # bytes: 107 on Linux, 103 on macOS
START_SECONDS = 60
RETRY_SECONDS = 15
REASON_PREFIXES = ("FATAL: ", "DETAIL: ", "HINT: ")
SETTINGS = {
    "listen_addresses": "",
    "port": "5432",  # only a part of the socket's name
    "unix_socket_permissions": "0700",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
    "log_checkpoints": "off",
}

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Postmaster:
    """The content of `postmaster.pid`; the server may have stopped since."""

    pid: int
    socket_directory: Path
    is_ready: bool

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
    """

    directory: Path
    options: tuple[str, ...] = ()

    @property
    def data(self) -> Path:
        """The cluster's data directory."""
        return self.directory / "data"

    def recorded_socket(self) -> Path | None:
        """Return the socket's directory if the last start succeeded; it may have stopped since."""
        postmaster = self._read_postmaster()
        return postmaster.socket_directory if postmaster and postmaster.is_ready else None

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
            account.chown(self.directory)
            with (self.directory / "lock").open("a") as lock:
                account.chown(Path(lock.name))
                fcntl.flock(lock, fcntl.LOCK_EX)
                yield account
        except AccountError as error:
            raise EmbeddedServerError(str(error)) from error
        except PermissionError as error:
            raise EmbeddedServerError(
                f"{error.filename or self.directory} belongs to another user: the embedded server "
                "was created by a different account (root?); use that one, or remove the folder"
            ) from error

    def _start_unless_running(self, account: Account) -> Postmaster:
        postmaster = self._read_postmaster()
        process = self._find_process(postmaster)
        if postmaster and process:
            ready = self._wait_until_ready(process)
            if ready and ready.accepts_connections():
                return ready
            self._shut_down(process, postmaster)  # its socket is gone: /tmp was cleaned up
        elif postmaster:
            self._clear_stale(postmaster)
        if not self.data.exists():
            self._create(account)
        self._start(account)
        started = self._read_postmaster()
        if started is None:
            raise EmbeddedServerError(f"the embedded server stopped at once: see {self._log}")
        return started

    def _clear_stale(self, postmaster: Postmaster) -> None:
        """Clean up after a crash, once no process of the old server can still write.

        PostgreSQL itself replaces the `postmaster.pid` of a dead process, but fails if another
        program has that pid now: then the file is deleted.
        """
        _remove_socket_directory(postmaster.socket_directory)
        deadline = time.monotonic() + RETRY_SECONDS
        while any(map(self._is_server_process, psutil.process_iter())):
            if time.monotonic() > deadline:
                raise EmbeddedServerError(f"an earlier server still runs in {self.data}")
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
        locale = ("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
        settings = [f"--set={name}={value}" for name, value in SETTINGS.items()]
        self._run(
            account,
            *(find_program("initdb"), "-D", unfinished, "--username=postgres", "--auth=trust"),
            *("--encoding=UTF8", *locale, *settings, "--no-instructions"),
        )
        unfinished.rename(self.data)

    def _start(self, account: Account) -> None:
        version = (self.data / "PG_VERSION").read_text().strip()
        logger.info("Starting the embedded PostgreSQL %s in %s …", version, self.directory)
        sockets = _make_socket_directory(account)
        options = [f"-k {shlex.quote(str(sockets))}"]
        options += [f"-c {shlex.quote(option)}" for option in self.options]
        try:
            self._run(
                account,
                *(find_program("pg_ctl"), "start", "-D", self.data, "-l", self._log),
                *("-w", "-t", str(START_SECONDS), "-o", " ".join(options)),
            )
        except EmbeddedServerError:
            _remove_socket_directory(sockets)
            raise

    def _run(self, account: Account, *command: str | Path) -> None:
        """Run one of PostgreSQL's programs.

        Its output goes to a regular file: a server that it starts would keep a pipe open.
        """
        log_size = self._log.stat().st_size if self._log.exists() else 0
        reached = (command[0], self.directory, Path(tempfile.gettempdir()) / "socket")
        with tempfile.TemporaryFile("w+") as output:
            completed = subprocess.run(
                [*account.prefix(*reached), *map(str, command)],
                check=False,
                cwd="/",
                env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
            output.seek(0)
            text = output.read()
        if completed.returncode != 0:
            reason = self._fatal_log_lines(log_size) or text
            raise EmbeddedServerError(
                f"the embedded server does not start: {' '.join(reason.split())} "
                f"(see {self._log}; remove {self.directory} to start again without its data)"
            )

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
        except (FileNotFoundError, PermissionError, IndexError, ValueError):
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
        deadline = time.monotonic() + START_SECONDS
        while self._is_server_process(process) and time.monotonic() < deadline:
            postmaster = self._read_postmaster()
            if postmaster and postmaster.is_ready:
                return postmaster
            time.sleep(0.05)
        return None

    def _shut_down(self, process: psutil.Process, postmaster: Postmaster) -> None:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(signal.SIGINT)  # PostgreSQL's fast shutdown
        deadline = time.monotonic() + START_SECONDS
        while self._is_server_process(process):  # not a zombie, which some containers never reap
            if time.monotonic() > deadline:
                raise EmbeddedServerError(
                    f"the embedded server (process {process.pid}) does not stop: see {self._log}"
                )
            time.sleep(0.01)
        _remove_socket_directory(postmaster.socket_directory)


def _make_socket_directory(account: Account) -> Path:
    """Create a private folder whose path is short enough for the socket's."""
    prefix = "pg-embedded-"
    roots = (Path(tempfile.gettempdir()), Path("/tmp"))  # noqa: S108 mkdtemp makes it private
    limit = LONGEST_SOCKET_PATH - len(f"/{prefix}12345678/{SOCKET_NAME}")
    root = next((root for root in roots if len(os.fsencode(root)) <= limit), roots[-1])
    directory = Path(tempfile.mkdtemp(prefix=prefix, dir=root))
    account.chown(directory)
    return directory


def _remove_socket_directory(directory: Path) -> None:
    if directory.name.startswith("pg-embedded-"):
        shutil.rmtree(directory, ignore_errors=True)
