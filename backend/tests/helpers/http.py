"""Call the application in this process, or wait for a server in another one."""

import socket
import time

import httpx2 as httpx
import pytest
from fastapi.testclient import TestClient

from app.main import app, create_app

LOCAL = "http://127.0.0.1:8000"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for_answer(address: str) -> httpx.Response:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            return httpx.get(address)
        except httpx.ConnectError:
            time.sleep(0.1)
    pytest.fail(f"nothing answers at {address}")


def local_client() -> TestClient:
    """Return a client of a new application, as a program on this machine calls it.

    The routes are the same for all applications of this process: they keep no state, and FastAPI
    takes 30 ms to prepare those of an application for its first request.
    """
    application = create_app()
    application.router.routes[:] = app.router.routes
    return TestClient(application, LOCAL, client=("127.0.0.1", 50000))
