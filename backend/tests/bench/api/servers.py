"""The processes that are measured: the API and the empty application, under the same server."""

import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.bench.api.client import Client, Request
from tests.helpers.http import free_port
from tests.helpers.shell import BACKEND, CLEAN_ENVIRONMENT

API = "app.main:app"
EMPTY = "tests.bench.api.empty:app"
_START_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Serving:
    """A server on a port of this machine."""

    port: int
    process: subprocess.Popen[bytes]

    def memory(self) -> int:
        """Return the resident memory of the server, in bytes, without the processes it starts."""
        found: int = psutil.Process(self.process.pid).memory_info().rss
        return found


@contextmanager
def serving(application: str, path: str, env: Mapping[str, str], log: Path) -> Iterator[Serving]:
    """Serve an application in a block, as the container does, without a line for each request.

    Args:
        application: Module and name.
        path: Answers when it is ready.
        env: Beside a clean environment.
        log: Of the server.

    Raises:
        SystemExit: It does not start.
    """
    port = free_port()
    options = ("--host", "127.0.0.1", "--port", str(port), "--no-access-log")
    with log.open("wb") as stream:
        process = subprocess.Popen(
            [sys.executable, "-m", "uvicorn", application, *options],
            cwd=BACKEND,
            env={**CLEAN_ENVIRONMENT, "PYTHONPATH": str(BACKEND), **env},
            stdout=stream,
            stderr=stream,
        )
    try:
        _wait(port, path, process, log)
        yield Serving(port, process)
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(port: int, path: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with Client(port) as client:
                client.get(Request(path))
        except ConnectionError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit(f"the server does not start:\n{log.read_text(errors='replace')}")
