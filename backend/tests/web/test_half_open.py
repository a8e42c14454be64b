"""A thousand connections that say nothing, or half of something: the others are served."""

import logging
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import URL

from app.web.connections import HEAD_SECONDS, LINGER_SECONDS, LOOK_SECONDS
from tests.helpers.api_server import RunningServer, api_server
from tests.helpers.load import A_MOMENT, ask, flood, on_this_machine
from tests.helpers.raw_client import connect
from tests.helpers.waiting import wait_until

pytestmark = pytest.mark.slow

COMPANIES = "/api/v1/companies"
HALF = b"GET /api/v1/companies HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + 15_000 * b"x"
FEW_DESCRIPTORS = ("sh", "-c", 'ulimit -n 512 && exec "$@"', "sh")
MEGABYTE = 1_000_000

logger = logging.getLogger(__name__)


def test_half_open_connections_do_not_stop_service(migrated_database: URL, tmp_path: Path) -> None:
    with api_server(migrated_database, tmp_path) as server:
        assert ask(server.port, COMPANIES).status == 200
        before = server.memory
        with half_open(server, 1000):
            outcome = flood(server.port, [COMPANIES] * 60)
            logger.info("%s; %d MB more", outcome, (server.memory - before) / MEGABYTE)
            assert outcome.statuses == {200: 60}, outcome
            assert outcome.slowest_health < on_this_machine(A_MOMENT), outcome
            assert server.memory - before < 100 * MEGABYTE
            seconds = HEAD_SECONDS + LINGER_SECONDS + 5 * LOOK_SECONDS
            wait_until(lambda: server.connections == 0, on_this_machine(seconds))


def test_it_recovers_when_descriptors_are_exhausted(migrated_database: URL, tmp_path: Path) -> None:
    with api_server(migrated_database, tmp_path, prefix=FEW_DESCRIPTORS) as server:
        assert ask(server.port, COMPANIES).status == 200
        with half_open(server, 1000):
            started = time.monotonic()
            wait_until(lambda: ask(server.port, COMPANIES).status == 200, 60)
            logger.info("served again after %.1f s", time.monotonic() - started)
            assert time.monotonic() - started < on_this_machine(HEAD_SECONDS)
        outcome = flood(server.port, [COMPANIES] * 100)
        assert outcome.statuses == {200: 100}, outcome


@contextmanager
def half_open(server: RunningServer, number: int) -> Iterator[None]:
    with ExitStack() as stack:
        for each in range(number):
            stack.enter_context(connect(server.port, HALF[: each * 20]))
        yield
