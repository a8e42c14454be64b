"""Wait for a server in another process."""

import socket
import time

import httpx2 as httpx
import pytest


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
