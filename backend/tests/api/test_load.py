"""Many requests at once: each is answered 200 or 503 in bounded time, and `/healthz` meanwhile."""

import logging
import time
from collections.abc import Iterator

import pytest
from sqlalchemy import URL, Engine, create_engine
from sqlalchemy.pool import NullPool

from config import Settings
from support.databases import new_database
from tests.helpers.api_server import RunningServer, api_server
from tests.helpers.kept import keep_filings, two_reports
from tests.helpers.load import A_MOMENT, Outcome, ask, flood, on_this_machine
from tests.helpers.locks import locked

pytestmark = pytest.mark.slow

COMPANIES = "/api/v1/companies"
SETTINGS = Settings()
SPARE = 3.0
"""Seconds for a machine that is busy with other tests."""
CHANGES = 30
"""More than connections, and few enough for the last one to come before its wait is over."""
LONGEST = SETTINGS.api_wait_seconds + SETTINGS.api_statement_seconds + SPARE

logger = logging.getLogger(__name__)


@pytest.fixture(scope="module")
def database(migration_server: URL, migrated_template: str) -> Iterator[Engine]:
    with new_database(migration_server, migrated_template) as url:
        yield create_engine(url, poolclass=NullPool)


@pytest.fixture(scope="module")
def company(database: Engine) -> int:
    return keep_filings(database, two_reports())


@pytest.fixture(scope="module")
def server(database: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with api_server(database.url, tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.mark.parametrize("number", [60, 200, 500])
@pytest.mark.parametrize("path", ["", "/{}/statements/income_statement", "/{}/statements"])
def test_requests_at_once(server: RunningServer, company: int, path: str, number: int) -> None:
    """With a session that is a dependency, 60 gave 21 x 200, and 39 x 500 after 30 s."""
    one = f"{COMPANIES}{path}".format(company)
    outcome = check(flood(server.port, [one] * number))
    assert outcome.statuses[200] >= number / on_this_machine(2), outcome
    assert ask(server.port, one).status == 200


def test_changes_at_once(server: RunningServer, company: int, database: Engine) -> None:
    """All of them of the same company: each waits for the one before."""
    body = b'{"ir_url": "https://example.com/"}'
    paths = [f"{COMPANIES}/{company}"] * CHANGES
    outcome = check(flood(server.port, paths, method="PATCH", body=body))
    assert outcome.statuses == {200: CHANGES}, outcome
    outcome = check(flood(server.port, [f"{COMPANIES}/{company}/compile"] * CHANGES, method="POST"))
    assert outcome.statuses[200] >= CHANGES / on_this_machine(2), outcome
    with locked(database, "companies", 120):
        outcome = check(flood(server.port, paths, method="PATCH", body=body))
        assert outcome.statuses == {503: CHANGES}, outcome
    outcome = check(flood(server.port, paths, method="PATCH", body=body))
    assert outcome.statuses == {200: CHANGES}, outcome


def test_requests_wait_for_a_lock_that_is_released(server: RunningServer, database: Engine) -> None:
    """As behind a migration that holds its lock for three seconds."""
    with locked(database, "companies", 3):
        outcome = check(flood(server.port, [COMPANIES] * 60))
    assert outcome.statuses == {200: 60}, outcome
    assert 2 < outcome.slowest < on_this_machine(SETTINGS.api_lock_seconds + SPARE)


@pytest.mark.parametrize("number", [60, 500])
def test_requests_behind_a_lock_that_is_kept_are_refused(
    server: RunningServer, database: Engine, number: int
) -> None:
    with locked(database, "companies", 120):
        outcome = check(flood(server.port, [COMPANIES] * number))
        assert outcome.statuses == {503: number}, outcome
        assert ask(server.port, "/readyz").status == 200
    started = time.monotonic()
    assert ask(server.port, COMPANIES).status == 200
    assert time.monotonic() - started < on_this_machine(A_MOMENT)


def check(outcome: Outcome) -> Outcome:
    """Check what is true of every load."""
    logger.info("%s", outcome)
    assert set(outcome.statuses) <= {200, 503}, outcome
    assert outcome.slowest < on_this_machine(LONGEST), outcome
    assert {each.status for each in outcome.health} == {200}, outcome
    assert outcome.slowest_health < on_this_machine(A_MOMENT), outcome
    for each in outcome.replies:
        if each.status == 503:
            assert each.problem["status"] == 503
            assert int(each.headers["retry-after"]) > 0
    return outcome
