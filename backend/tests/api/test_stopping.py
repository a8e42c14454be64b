"""SIGTERM: requests in progress end, new ones are refused, and so does the process, in time."""

import signal
import socket
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import URL, Engine

from app.web.serving import STOP_SECONDS
from support.databases import stopped_sessions
from tests.helpers.api_server import RunningServer, api_server
from tests.helpers.load import Outcome, ask, flood, on_this_machine
from tests.helpers.locks import locked, waiting_for_locks
from tests.helpers.raw_client import connect
from tests.helpers.waiting import wait_until

pytestmark = pytest.mark.slow

COMPANIES = "/api/v1/companies"
SPARE = 1.5
"""Seconds beside those of the requests; Docker kills a container after 10 s."""


@pytest.fixture
def server(migrated_database: URL, tmp_path: Path) -> Iterator[RunningServer]:
    with api_server(migrated_database, tmp_path) as running:
        assert ask(running.port, COMPANIES).status == 200
        yield running


@pytest.fixture
def elsewhere() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as executor:
        yield executor


def test_requests_in_progress_are_answered_and_new_ones_refused(
    server: RunningServer, migrated: Engine, elsewhere: ThreadPoolExecutor
) -> None:
    with locked(migrated, "companies", 3):
        flooding = flood_until_blocked(server, migrated, elsewhere, 30)
        server.signal(signal.SIGTERM)
        wait_until(lambda: ask(server.port, "/healthz").status == 0)
        assert flooding.result().statuses == {200: 30}
    assert server.wait(on_this_machine(SPARE)) == -signal.SIGTERM
    assert "Traceback" not in server.words


def test_requests_that_never_end_are_answered_before_the_process_ends(
    server: RunningServer, migrated: Engine, elsewhere: ThreadPoolExecutor
) -> None:
    with locked(migrated, "companies", 60):
        flooding = flood_until_blocked(server, migrated, elsewhere, 30)
        assert stop(server) == -signal.SIGTERM
        assert_all_are_refused(flooding.result(), server)


def test_a_database_that_hangs_does_not_keep_the_process(
    server: RunningServer, migrated: Engine, elsewhere: ThreadPoolExecutor
) -> None:
    with locked(migrated, "companies", 60):
        flooding = flood_until_blocked(server, migrated, elsewhere, 5)
        with stopped_sessions(migrated.url):
            assert stop(server) == -signal.SIGTERM
            outcome = flooding.result()
            assert_all_are_refused(outcome, server)
            assert {each.problem["code"] for each in outcome.replies} == {"stopping"}


def test_connections_that_do_nothing_do_not_keep_the_process(server: RunningServer) -> None:
    head = b"POST /api/v1/companies HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n"
    with ExitStack() as stack:
        for sent in (b"", b"GET / HT", head, head + b"\r\n", head + b"\r\nxyz"):
            stack.enter_context(connect(server.port, sent))
        used = stack.enter_context(connect(server.port, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"))
        assert used.recv(100)
        assert stop(server) == -signal.SIGTERM
    assert "Traceback" not in server.words


def test_a_client_that_does_not_read_does_not_keep_the_process(server: RunningServer) -> None:
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(("127.0.0.1", server.port))
        request = b"GET /openapi.json HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
        client.settimeout(1)
        try:
            while True:
                client.sendall(request * 100)
        except TimeoutError:
            assert stop(server) == -signal.SIGTERM


def test_ctrl_c_stops_it_alike(server: RunningServer) -> None:
    server.signal(signal.SIGINT)
    assert server.wait(STOP_SECONDS + on_this_machine(SPARE)) in {0, -signal.SIGINT}
    assert "Finished server process" in server.words


def flood_until_blocked(
    server: RunningServer, engine: Engine, elsewhere: ThreadPoolExecutor, number: int
) -> "Future[Outcome]":
    """Begin to send requests, and wait until all that may be begun wait for a lock."""
    flooding = elsewhere.submit(flood, server.port, [COMPANIES] * number, is_watched=False)
    wait_until(lambda: waiting_for_locks(engine) == min(number, 10))
    return flooding


def stop(server: RunningServer) -> int:
    """Send SIGTERM; return the exit code."""
    server.signal(signal.SIGTERM)
    started = time.monotonic()
    code = server.wait()
    assert time.monotonic() - started < STOP_SECONDS + on_this_machine(SPARE)
    return code


def assert_all_are_refused(outcome: Outcome, server: RunningServer) -> None:
    assert set(outcome.statuses) == {503}, outcome
    assert all("retry-after" in each.headers for each in outcome.replies)
    assert "Exception in ASGI application" not in server.words
