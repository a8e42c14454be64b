"""The database goes away, hangs or refuses: problem documents meanwhile, and all is well again."""

import logging
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

import psycopg2
import pytest
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from app.api.health import PROBE_SECONDS
from app.web.database import GRACE
from config import Settings
from support.databases import OTHER_SESSIONS, connected
from tests.helpers.api_server import RunningServer, api_server
from tests.helpers.database_server import DatabaseServer, mute_listener
from tests.helpers.load import A_MOMENT, Outcome, ask, flood, on_this_machine
from tests.helpers.waiting import wait_until

pytestmark = pytest.mark.slow

COMPANIES = "/api/v1/companies"
SETTINGS = Settings()
SPARE = 3.0
"""Seconds for a machine that is busy with other tests."""
LONGEST = SETTINGS.api_wait_seconds + SETTINGS.api_statement_seconds + 2 * GRACE + SPARE

logger = logging.getLogger(__name__)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DatabaseServer]:
    server = DatabaseServer(tmp_path_factory.mktemp("database"))
    yield server
    server.stop()


@pytest.fixture
def database(shared: DatabaseServer) -> DatabaseServer:
    shared.start()
    return shared


@pytest.fixture(scope="module")
def long_running(
    shared: DatabaseServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningServer]:
    with api_server(shared.url, tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture
def server(database: DatabaseServer, long_running: RunningServer) -> RunningServer:
    """Return the server of all tests that begin with one that is well."""
    del database
    wait_until(lambda: ask(long_running.port, "/readyz").status == 200)
    assert ask(long_running.port, COMPANIES).status == 200
    return long_running


def test_it_is_not_there_at_the_start(database: DatabaseServer, tmp_path: Path) -> None:
    database.stop()
    with api_server(database.url, tmp_path) as server:
        assert_refused(server)
        database.start()
        assert_well(server)


def test_it_goes_away_under_load_and_comes_back(
    server: RunningServer, database: DatabaseServer
) -> None:
    with ThreadPoolExecutor(1) as elsewhere:
        flooding = elsewhere.submit(flood, server.port, [COMPANIES] * 400)
        time.sleep(0.3)
        database.crash()
        check(flooding.result())
    assert_refused(server)
    database.start()
    assert_well(server)


def test_it_is_restarted(server: RunningServer, database: DatabaseServer) -> None:
    assert check(flood(server.port, [COMPANIES] * 40)).statuses == {200: 40}
    database.stop()
    database.start()
    assert_well(server)


def test_its_sessions_are_terminated(server: RunningServer, database: DatabaseServer) -> None:
    """So the pool is full of connections that are cut."""
    with waiting_for_a_lock(server, database) as flooding:
        pass
    assert check(flooding.result()).statuses == {200: 20}
    with connected(database.url) as connection:
        sessions = list(connection.scalars(OTHER_SESSIONS))
        assert len(sessions) >= SETTINGS.api_connections
        for each in sessions:
            connection.exec_driver_sql(f"SELECT pg_terminate_backend({each})")
    assert_well(server)


def test_it_hangs(server: RunningServer, database: DatabaseServer) -> None:
    assert check(flood(server.port, [COMPANIES] * 40)).statuses == {200: 40}
    with database.frozen():
        outcome = check(flood(server.port, [COMPANIES] * 60))
        assert outcome.statuses == {503: 60}, outcome
        assert_not_ready(server)
    assert_well(server)


def test_it_hangs_before_the_first_request(database: DatabaseServer, tmp_path: Path) -> None:
    with api_server(database.url, tmp_path) as server:
        with database.frozen():
            outcome = check(flood(server.port, [COMPANIES] * 60))
            assert outcome.statuses == {503: 60}, outcome
            assert_not_ready(server)
        assert_well(server)


def test_it_hangs_in_the_middle_of_a_query(server: RunningServer, database: DatabaseServer) -> None:
    with waiting_for_a_lock(server, database) as flooding, database.frozen():
        outcome = check(flooding.result())
        assert outcome.statuses == {503: 20}, outcome
    assert_well(server)


def test_what_listens_says_nothing(tmp_path: Path) -> None:
    with mute_listener() as port:
        url = f"postgresql://user:s3cr3t@127.0.0.1:{port}/name"
        with api_server(url, tmp_path) as server:
            outcome = check(flood(server.port, [COMPANIES] * 30))
            assert outcome.statuses == {503: 30}, outcome
            assert_not_ready(server)
            assert "s3cr3t" not in server.words


def test_it_has_no_connection_left(server: RunningServer, database: DatabaseServer) -> None:
    database.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = "
        "current_database() AND pid <> pg_backend_pid()"
    )
    with taking_all_connections(database):
        assert_refused(server)
    assert_well(server)


def test_it_reads_only(server: RunningServer, database: DatabaseServer) -> None:
    body = b'{"name": "A company of a standby"}'
    with database.as_standby():
        assert_well(server)
        reply = ask(server.port, COMPANIES, method="POST", body=body)
        assert (reply.status, reply.problem["code"]) == (503, "no_answer")
    assert_well(server)
    assert ask(server.port, COMPANIES, method="POST", body=body).status == 201


@contextmanager
def waiting_for_a_lock(
    server: RunningServer, database: DatabaseServer
) -> Iterator[Future[Outcome]]:
    """Send 20 requests; all connections of the pool wait for a lock until the block ends.

    Yields:
        What becomes of the requests.
    """
    engine = create_engine(database.url, poolclass=NullPool)
    with ThreadPoolExecutor(1) as elsewhere, engine.connect() as locking:
        locking.exec_driver_sql("LOCK TABLE companies IN ACCESS EXCLUSIVE MODE")
        flooding = elsewhere.submit(flood, server.port, [COMPANIES] * 20)
        with connected(database.url) as connection:
            waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
            query = connection.exec_driver_sql
            wait_until(lambda: query(waiting).scalar_one() == SETTINGS.api_connections)
        yield flooding


@contextmanager
def taking_all_connections(database: DatabaseServer) -> Iterator[None]:
    with ExitStack() as taken:
        address = database.url.set(drivername="postgresql").render_as_string()
        with suppress(psycopg2.OperationalError):
            while True:
                taken.enter_context(closing(psycopg2.connect(address)))
        yield


def check(outcome: Outcome) -> Outcome:
    """Check what is true whatever the database does."""
    logger.info("%s", outcome)
    assert set(outcome.statuses) <= {200, 503}, outcome
    assert outcome.slowest < on_this_machine(LONGEST), outcome
    assert {each.status for each in outcome.health} == {200}, outcome
    assert outcome.slowest_health < on_this_machine(A_MOMENT), outcome
    for each in outcome.replies:
        if each.status == 503:
            assert each.problem["code"] in {"no_answer", "busy"}
            assert int(each.headers["retry-after"]) > 0
    return outcome


def assert_refused(server: RunningServer) -> None:
    """Assert that each request is answered 503 at once, and that it is said why in the log."""
    outcome = check(flood(server.port, [COMPANIES] * 20))
    assert outcome.statuses == {503: 20}, outcome
    assert_not_ready(server)


def assert_not_ready(server: RunningServer) -> None:
    said = server.words.count("Not ready: ")
    for _ in range(2):
        reply = ask(server.port, "/readyz")
        assert (reply.status, reply.body) == (
            503,
            b'{"status":"not ready","migration_status":null}',
        )
        assert reply.seconds < PROBE_SECONDS + on_this_machine(A_MOMENT)
    assert server.words.count("Not ready: ") == said + 1


def assert_well(server: RunningServer) -> None:
    """Assert that every request is answered from now on."""
    outcome = check(flood(server.port, [COMPANIES] * 40))
    assert outcome.statuses == {200: 40}, outcome
    assert ask(server.port, "/readyz").status == 200
