"""Many requests at once: each is answered 200 or 503 in bounded time, and `/healthz` meanwhile."""

import logging
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import URL, Engine

from config import Settings
from tests.helpers.api_server import RunningServer, api_server
from tests.helpers.kept import keep_filings, two_reports
from tests.helpers.load import Outcome, ask, flood, on_this_machine
from tests.helpers.locks import locked

pytestmark = pytest.mark.slow

COMPANIES = "/api/v1/companies"
SETTINGS = Settings()
SPARE = 3.0
"""Seconds for a machine that is busy with other tests."""
LONGEST = SETTINGS.api_wait_seconds + SETTINGS.api_statement_seconds + SPARE

logger = logging.getLogger(__name__)


@pytest.fixture
def company(migrated: Engine) -> int:
    return keep_filings(migrated, two_reports())


@pytest.fixture
def server(migrated_database: URL, tmp_path: Path) -> Iterator[RunningServer]:
    with api_server(migrated_database, tmp_path) as running:
        yield running


@pytest.mark.parametrize("number", [60, 200, 500])
@pytest.mark.parametrize("path", ["", "/{}/statements/income_statement", "/{}/statements"])
def test_requests_at_once(server: RunningServer, company: int, path: str, number: int) -> None:
    """With a session that is a dependency, 60 gave 21 x 200, and 39 x 500 after 30 s."""
    one = f"{COMPANIES}{path}".format(company)
    outcome = check(flood(server.port, [one] * number))
    assert outcome.statuses[200] >= number / 2, outcome
    assert ask(server.port, one).status == 200


def test_changes_at_once(server: RunningServer, company: int, migrated: Engine) -> None:
    """All of them of the same company: each waits for the one before."""
    body = b'{"ir_url": "https://example.com/"}'
    paths = [f"{COMPANIES}/{company}"] * 60
    outcome = check(flood(server.port, paths, method="PATCH", body=body))
    assert outcome.statuses == {200: 60}, outcome
    outcome = check(flood(server.port, [f"{COMPANIES}/{company}/compile"] * 60, method="POST"))
    assert outcome.statuses[200] >= 30, outcome
    with locked(migrated, "companies", 120):
        outcome = check(flood(server.port, paths, method="PATCH", body=body))
        assert outcome.statuses == {503: 60}, outcome
    outcome = check(flood(server.port, paths, method="PATCH", body=body))
    assert outcome.statuses == {200: 60}, outcome


def test_requests_wait_for_a_lock_that_is_released(server: RunningServer, migrated: Engine) -> None:
    """As behind a migration that holds its lock for three seconds."""
    with locked(migrated, "companies", 3):
        outcome = check(flood(server.port, [COMPANIES] * 60))
    assert outcome.statuses == {200: 60}, outcome
    assert 2 < outcome.slowest < SETTINGS.api_lock_seconds + SPARE


@pytest.mark.parametrize("number", [60, 500])
def test_requests_behind_a_lock_that_is_kept_are_refused(
    server: RunningServer, migrated: Engine, number: int
) -> None:
    with locked(migrated, "companies", 120):
        outcome = check(flood(server.port, [COMPANIES] * number))
        assert outcome.statuses == {503: number}, outcome
        assert ask(server.port, "/readyz").status == 200
    started = time.monotonic()
    assert ask(server.port, COMPANIES).status == 200
    assert time.monotonic() - started < on_this_machine(1)


def check(outcome: Outcome) -> Outcome:
    """Check what is true of every load."""
    logger.info("%s", outcome)
    assert set(outcome.statuses) <= {200, 503}, outcome
    assert outcome.slowest < on_this_machine(LONGEST), outcome
    assert {each.status for each in outcome.health} == {200}, outcome
    assert outcome.slowest_health < on_this_machine(1), outcome
    for each in outcome.replies:
        if each.status == 503:
            assert each.problem["status"] == 503
            assert int(each.headers["retry-after"]) > 0
    return outcome
