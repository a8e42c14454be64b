"""The server as it is run: `uvicorn app.main:app` in a process of its own."""

import os
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
from sqlalchemy import URL

from tests.helpers.http import free_port, wait_for_answer
from tests.helpers.shell import BACKEND, CLEAN_ENVIRONMENT, as_text

STOP_SECONDS = 30
"""Longer than a server may take to stop."""


@dataclass(frozen=True)
class RunningServer:
    """A server that listens on a port of this machine."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path

    @property
    def words(self) -> str:
        """Return all that it has logged."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    @property
    def memory(self) -> int:
        """Return the bytes that it has in memory."""
        return int(psutil.Process(self.process.pid).memory_info().rss)

    @property
    def connections(self) -> int:
        """Return how many connections of clients it has."""
        all_of_it = psutil.Process(self.process.pid).net_connections("tcp")
        return sum(each.status == psutil.CONN_ESTABLISHED for each in all_of_it)

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self.process.send_signal(number)

    def wait(self, seconds: float = STOP_SECONDS) -> int:
        """Wait for its end; return its exit code, negative for a signal."""
        return self.process.wait(seconds)


@contextmanager
def api_server(
    database: URL | str,
    folder: Path,
    *,
    cwd: Path = BACKEND,
    prefix: Sequence[str] = (),
    **environment: str,
) -> Iterator[RunningServer]:
    """Run the server until the block ends.

    Args:
        database: Its DATABASE_URL.
        folder: For its log and for the files that it keeps.
        cwd: The backend.
        prefix: The beginning of its command, such as `prlimit`.
        environment: Further variables.
    """
    port = free_port()
    url = as_text(database) if isinstance(database, URL) else database
    variables = {"DATABASE_URL": url, "STORAGE_URL": str(folder / "storage"), **environment}
    log = folder / "server.log"
    command = [*prefix, "uvicorn", "app.main:app", "--host", "127.0.0.1", "--port", str(port)]
    with log.open("ab") as stream:
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env={**CLEAN_ENVIRONMENT, **variables},
            stdout=stream,
            stderr=stream,
            start_new_session=True,
        )
    try:
        wait_for_answer(f"http://127.0.0.1:{port}/healthz")
        yield RunningServer(process, port, log)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(STOP_SECONDS)
