"""Create, start and stop the PostgreSQL server that lives in one directory.

The directory holds `data/` (the cluster), `server.log` and `lock`. The server listens on a Unix
socket only, in a private folder with a short name, since a socket's path is limited to 107 bytes;
`data/postmaster.pid` says where (PostgreSQL manual, "Database File Layout").
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

from app.db.embedded.account import Account, AccountError, account_for
from app.db.embedded.binaries import find_program
from app.errors import EmbeddedServerError

SOCKET_NAME = ".s.PGSQL.5432"
LONGEST_SOCKET_PATH = 103  # bytes: 107 on Linux, 103 on macOS
START_SECONDS = 60
RETRY_SECONDS = 15
WHY = ("FATAL: ", "DETAIL: ", "HINT: ")
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
    """What `postmaster.pid` says of a server: it may have ended since."""

    pid: int
    socket_directory: Path
    is_ready: bool

    def accepts_connections(self) -> bool:
        """Whether the server listens on its socket."""
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(str(self.socket_directory / SOCKET_NAME))
            except OSError:
                return False
        return True


@dataclass(frozen=True)
class EmbeddedServer:
    """The server of one directory; any number of processes may use the same one at once.

    Attributes:
        directory: where it lives; made when the server first starts.
        options: server settings for this run only, e.g. `("fsync=off",)`.
    """

    directory: Path
    options: tuple[str, ...] = ()

    @property
    def data(self) -> Path:
        """The cluster's data directory."""
        return self.directory / "data"

    def recorded_socket(self) -> Path | None:
        """Return the socket's directory if the last start went well; the server may be gone."""
        postmaster = self._read_postmaster()
        return postmaster.socket_directory if postmaster and postmaster.is_ready else None

    def ensure_running(self) -> Path:
        """Create and start the server as needed; return the directory of its socket.

        Raises:
            EmbeddedServerError: It does not start.
        """
        with self._locked() as account:
            return self._start_unless_running(account).socket_directory

    def stop(self) -> bool:
        """End the server after its running transactions are rolled back; return if it ran.

        Raises:
            EmbeddedServerError: It does not end in time.
        """
        if not self.directory.exists():
            return False
        with self._locked():
            postmaster = self._read_postmaster()
            process = self._find_process(postmaster)
            if postmaster is None or process is None:
                return False
            self._end(process, postmaster)
            return True

    @contextmanager
    def _locked(self) -> Iterator[Account]:
        """Let one process at a time create, start or stop; the kernel frees it after a crash.

        Yields the account that owns the directory and runs the server.
        """
        try:
            account = account_for(self.directory)
            self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            account.own(self.directory)
            with (self.directory / "lock").open("a") as lock:
                account.own(Path(lock.name))
                fcntl.flock(lock, fcntl.LOCK_EX)
                yield account
        except AccountError as error:
            raise EmbeddedServerError(str(error)) from error
        except PermissionError as error:
            raise EmbeddedServerError(
                f"{error.filename or self.directory} belongs to another user: the embedded server "
                "was made by a different account (root?); use that one, or remove the folder"
            ) from error

    def _start_unless_running(self, account: Account) -> Postmaster:
        postmaster = self._read_postmaster()
        process = self._find_process(postmaster)
        if postmaster and process:
            ready = self._wait_until_ready(process)
            if ready and ready.accepts_connections():
                return ready
            self._end(process, postmaster)  # its socket is gone: somebody cleaned up /tmp
        elif postmaster:
            self._clear_stale(postmaster)
        if not self.data.exists():
            self._create(account)
        self._start(account)
        started = self._read_postmaster()
        if started is None:
            raise EmbeddedServerError(f"the embedded server ended at once: see {self._log}")
        return started

    def _clear_stale(self, postmaster: Postmaster) -> None:
        """Make way after a crash, once nothing of the old server is left that could still write.

        PostgreSQL takes over a dead process's `postmaster.pid` by itself. It gives up where the
        number belongs to another program by now: then the file goes.
        """
        _remove_socket_directory(postmaster.socket_directory)
        deadline = time.monotonic() + RETRY_SECONDS
        while any(map(self._is_ours, psutil.process_iter())):
            if time.monotonic() > deadline:
                raise EmbeddedServerError(f"an earlier server still works in {self.data}")
            time.sleep(0.05)
        if psutil.pid_exists(postmaster.pid):
            (self.data / "postmaster.pid").unlink(missing_ok=True)

    @property
    def _log(self) -> Path:
        return self.directory / "server.log"

    def _create(self, account: Account) -> None:
        """Make the cluster beside its place and move it there whole: no kill leaves half."""
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

        An ordinary file takes its words: a server that it starts would keep a pipe open.
        """
        log_size = self._log.stat().st_size if self._log.exists() else 0
        reached = (command[0], self.directory, Path(tempfile.gettempdir()) / "socket")
        with tempfile.TemporaryFile("w+") as output:
            done = subprocess.run(
                [*account.prefix(*reached), *map(str, command)],
                check=False,
                cwd="/",
                env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
            output.seek(0)
            words = output.read()
        if done.returncode != 0:
            reason = self._fatal_log_lines(log_size) or words
            raise EmbeddedServerError(
                f"the embedded server does not start: {' '.join(reason.split())} "
                f"(see {self._log}; removing {self.directory} starts afresh, without its data)"
            )

    def _fatal_log_lines(self, position: int) -> str:
        """Return why the server ended, from what it logged after `position` bytes, or nothing."""
        if not self._log.exists():
            return ""
        lines = self._log.read_bytes()[position:].decode(errors="replace").splitlines()
        words = (line.partition(mark)[2].strip() for line in lines for mark in WHY if mark in line)
        return ". ".join(dict.fromkeys(words))

    def _read_postmaster(self) -> Postmaster | None:
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
            pid, sockets = int(lines[0]), Path(lines[4])
        except (FileNotFoundError, PermissionError, IndexError, ValueError):
            return None
        return Postmaster(pid, sockets, is_ready="ready" in "".join(lines[7:]))

    def _find_process(self, postmaster: Postmaster | None) -> psutil.Process | None:
        """Return the server's process, or nothing when the number now is another program's."""
        if postmaster is None:
            return None
        try:
            process = psutil.Process(postmaster.pid)
        except psutil.NoSuchProcess:
            return None
        return process if self._is_ours(process) else None

    def _is_ours(self, process: psutil.Process) -> bool:
        """Whether a living process works in the data directory, as all of PostgreSQL's do."""
        try:
            return process.cwd() == os.path.realpath(self.data)
        except psutil.Error:
            return False

    def _wait_until_ready(self, process: psutil.Process) -> Postmaster | None:
        deadline = time.monotonic() + START_SECONDS
        while self._is_ours(process) and time.monotonic() < deadline:
            postmaster = self._read_postmaster()
            if postmaster and postmaster.is_ready:
                return postmaster
            time.sleep(0.05)
        return None

    def _end(self, process: psutil.Process, postmaster: Postmaster) -> None:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(signal.SIGINT)  # PostgreSQL's fast shutdown
        deadline = time.monotonic() + START_SECONDS
        while self._is_ours(process):  # a zombie is not: some containers reap late or never
            if time.monotonic() > deadline:
                raise EmbeddedServerError(
                    f"the embedded server (process {process.pid}) does not end: see {self._log}"
                )
            time.sleep(0.01)
        _remove_socket_directory(postmaster.socket_directory)


def _make_socket_directory(account: Account) -> Path:
    """Make a private folder whose name leaves room for the socket's."""
    prefix = "pg-embedded-"
    roots = (Path(tempfile.gettempdir()), Path("/tmp"))  # noqa: S108 mkdtemp makes it private
    room = LONGEST_SOCKET_PATH - len(f"/{prefix}12345678/{SOCKET_NAME}")
    root = next((root for root in roots if len(os.fsencode(root)) <= room), roots[-1])
    directory = Path(tempfile.mkdtemp(prefix=prefix, dir=root))
    account.own(directory)
    return directory


def _remove_socket_directory(directory: Path) -> None:
    if directory.name.startswith("pg-embedded-"):
        shutil.rmtree(directory, ignore_errors=True)
