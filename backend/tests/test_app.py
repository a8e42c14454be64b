"""The web application, in-process and as the container's start-up command."""

import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2 as httpx
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import URL, Engine

from app.db import base
from app.main import create_app
from tests.revisions import AT_HEAD, AT_NONE
from tests.shell import BACKEND, CLEAN_ENVIRONMENT, as_text


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    """Return a client of a new application, which reads its settings at the first request."""
    for name in ("engine", "SessionLocal"):
        monkeypatch.delitem(vars(base), name, raising=False)
    with TestClient(create_app()) as client:
        yield client
    if "engine" in vars(base):
        base.engine.dispose()
    for name in ("engine", "SessionLocal"):
        vars(base).pop(name, None)


@pytest.fixture
def on_migrated(monkeypatch: pytest.MonkeyPatch, migrated_url: URL) -> None:
    monkeypatch.setenv("DATABASE_URL", as_text(migrated_url))


@pytest.mark.usefixtures("on_migrated")
def test_ready_at_head(client: TestClient) -> None:
    response = client.get("/readyz")
    assert (response.status_code, response.json()["status"]) == (200, "ready")
    assert AT_HEAD in response.json()["reason"]


@pytest.mark.usefixtures("on_migrated")
def test_companies_come_by_name_with_their_listings(client: TestClient) -> None:
    companies = client.get("/api/v1/companies").json()
    assert len(companies) == 6
    assert companies[0]["name"] == "Allianz SE"
    assert companies[0]["tickers"] == [{"ticker": "ALV", "exchange": "XETRA"}]


@pytest.mark.usefixtures("on_migrated")
def test_not_ready_when_the_code_does_not_know_the_revision(
    client: TestClient, migrated: Engine
) -> None:
    with migrated.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '999'")
    response = client.get("/readyz")
    assert response.status_code == 503
    assert "unknown to this code" in response.json()["reason"]


@pytest.mark.usefixtures("on_migrated")
def test_ready_while_a_newer_release_is_being_deployed(
    client: TestClient, migrated: Engine
) -> None:
    """The new code has migrated: this one serves until it is replaced."""
    with migrated.begin() as connection:
        for statement in (
            "UPDATE alembic_version SET version_num = '999'",
            "INSERT INTO migration_ledger (action, revision) VALUES ('upgrade', '999')",
        ):
            connection.exec_driver_sql(statement)
    response = client.get("/readyz")
    assert (response.status_code, response.json()["verdict"]) == (200, "ahead")
    assert "999 applied 20" in response.json()["reason"]
    with migrated.begin() as connection:
        connection.exec_driver_sql("DELETE FROM migration_ledger WHERE revision = '001'")
    response = client.get("/readyz")
    assert (response.status_code, response.json()["verdict"]) == (503, "diverged")
    assert "merge the branches" in response.json()["next_step"]


def test_not_ready_before_the_migrations(
    client: TestClient, empty_url: URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", as_text(empty_url))
    response = client.get("/readyz")
    assert response.status_code == 503
    assert AT_NONE in response.json()["reason"]
    assert client.get("/api/v1/companies").status_code == 503


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("postgresql://u:s3cr3t@127.0.0.1:1/n", "Connection refused"),
        ("mysql://u:s3cr3t@h/n", "only PostgreSQL works"),
    ],
)
def test_alive_but_not_ready_without_a_database(
    url: str, reason: str, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    assert client.get("/healthz").status_code == 200
    response = client.get("/readyz")
    assert response.status_code == 503
    assert reason in response.json()["reason"]
    assert client.get("/api/v1/companies").status_code == 503
    assert "s3cr3t" not in response.text


def test_documentation_is_served(client: TestClient) -> None:
    assert client.get("/docs").status_code == 200
    paths = client.get("/openapi.json").json()["paths"]
    assert {"/healthz", "/readyz", "/api/v1/companies"} <= set(paths)


def test_container_start_up_migrates_and_serves(empty_url: URL, tmp_path: Path) -> None:
    port = free_port()
    command = f"alembic upgrade head && uvicorn app.main:app --host 127.0.0.1 --port {port}"
    log = tmp_path / "log"
    with serving(["/bin/sh", "-c", command], {"DATABASE_URL": as_text(empty_url)}, log):
        response = wait_for(f"http://127.0.0.1:{port}/readyz")
        assert response.json()["status"] == "ready"
        assert len(httpx.get(f"http://127.0.0.1:{port}/api/v1/companies").json()) == 6
    lines = log.read_text()
    assert "Running upgrade 001 -> 002" in lines
    assert len(re.findall(r"INFO:? +Database: .*\(from DATABASE_URL\)", lines)) == 2, lines


def test_make_run_serves_on_this_machine(migrated_url: URL, tmp_path: Path) -> None:
    port = free_port()
    command = ["make", "run", f"PORT={port}"]
    with serving(command, {"DATABASE_URL": as_text(migrated_url)}, tmp_path / "log"):
        assert wait_for(f"http://127.0.0.1:{port}/readyz").status_code == 200


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


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


def wait_for(address: str) -> httpx.Response:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            return httpx.get(address)
        except httpx.ConnectError:
            time.sleep(0.1)
    pytest.fail(f"nothing answers at {address}")
