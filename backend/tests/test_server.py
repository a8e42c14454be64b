"""The server in its own process: the container's start-up command, and `make run`."""

import os
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2 as httpx
import pytest
from sqlalchemy import URL

from tests.helpers.http import free_port, wait_for_answer
from tests.helpers.shell import BACKEND, CLEAN_ENVIRONMENT, as_text

pytestmark = pytest.mark.slow


def test_container_start_up_migrates_and_serves(empty_database: URL, tmp_path: Path) -> None:
    port = free_port()
    command = f"alembic upgrade head && uvicorn app.main:app --host 127.0.0.1 --port {port}"
    log = tmp_path / "log"
    with serving(["/bin/sh", "-c", command], {"DATABASE_URL": as_text(empty_database)}, log):
        response = wait_for_answer(f"http://127.0.0.1:{port}/readyz")
        assert response.json()["status"] == "ready"
        assert len(httpx.get(f"http://127.0.0.1:{port}/api/v1/companies").json()["items"]) == 6
    lines = log.read_text()
    assert "Running upgrade 001 -> 002" in lines
    assert len(re.findall(r"INFO:? +Database: .*\(from DATABASE_URL\)", lines)) == 2, lines


def test_make_run_serves_on_this_machine(migrated_database: URL, tmp_path: Path) -> None:
    port = free_port()
    command = ["make", "run", f"PORT={port}"]
    with serving(command, {"DATABASE_URL": as_text(migrated_database)}, tmp_path / "log"):
        assert wait_for_answer(f"http://127.0.0.1:{port}/readyz").status_code == 200


@contextmanager
def serving(command: list[str], env: dict[str, str], log: Path) -> Iterator[None]:
    """Run a server until the block ends, with all the processes that it starts."""
    with log.open("w") as stream:
        process = subprocess.Popen(
            command,
            cwd=BACKEND,
            env={**CLEAN_ENVIRONMENT, **env},
            stdout=stream,
            stderr=stream,
            start_new_session=True,
        )
    try:
        yield
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:  # uvicorn's reloader, rarely, on a busy machine
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)
