"""Two hundred clients while the schema changes: no failed request, or 503 where it has to be."""

import logging
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import URL, Engine

from alembic_zero_downtime.settings import MigrationSettings
from config import Settings
from tests.helpers.api_server import RunningServer, api_server
from tests.helpers.kept import keep_filings, two_reports
from tests.helpers.load import A_MOMENT, Outcome, ask, on_this_machine, traffic
from tests.helpers.revisions import AFTER_NEXT, HEAD, NEXT
from tests.helpers.shell import BACKEND, as_text, run

pytestmark = pytest.mark.slow

SETTINGS = Settings()
CLIENTS = 200
LOCK_TIMEOUT = 5.0
"""Seconds that a migration waits for a lock, and all who come after it for the same table."""
LONGEST = LOCK_TIMEOUT + 1
OLDER = "016"
"""A revision whose schema lacks columns that this code reads."""
LOCKING = '''"""Take the strongest lock of the tables that requests read, several times."""

import time

from alembic import op

revision, down_revision, branch_labels, depends_on = "{}", "{}", None, None

TABLES = ("companies", "documents", "extractions", "compiled_statements", "corrections")


def upgrade() -> None:
    """Add a column to each table, and keep the locks for a moment."""
    for each in TABLES:
        op.execute(f"ALTER TABLE {{each}} ADD COLUMN of_{} text")
    time.sleep(0.5)


def downgrade() -> None:
    """Drop the columns."""
    for each in TABLES:
        op.execute(f"ALTER TABLE {{each}} DROP COLUMN of_{}")
    time.sleep(0.5)
'''

logger = logging.getLogger(__name__)


@pytest.fixture
def paths(migrated: Engine) -> list[str]:
    """Return what the clients ask for: lists, a document, and statements."""
    company = keep_filings(migrated, two_reports())
    return [
        "/api/v1/companies",
        f"/api/v1/companies/{company}",
        f"/api/v1/documents?company={company}",
        f"/api/v1/companies/{company}/statements",
        f"/api/v1/companies/{company}/statements/income_statement",
        f"/api/v1/companies/{company}/statements/balance_sheet?years=2",
        f"/api/v1/companies/{company}/corrections",
    ]


@pytest.fixture
def server(migrated_database: URL, paths: list[str], tmp_path: Path) -> Iterator[RunningServer]:
    wait, lock = map(on_this_machine, (SETTINGS.api_wait_seconds, SETTINGS.api_lock_seconds))
    with api_server(
        migrated_database, tmp_path, API_WAIT_SECONDS=str(wait), API_LOCK_SECONDS=str(lock)
    ) as running:
        assert [ask(running.port, each).status for each in paths] == [200] * len(paths)
        yield running


@pytest.fixture
def newer(checkout: Path) -> Path:
    """Return the backend of the next release, with two more revisions."""
    for revision, before in ((NEXT, HEAD), (AFTER_NEXT, NEXT)):
        text = LOCKING.format(revision, before, revision, revision)
        (checkout / "alembic" / "versions" / f"{revision}_lock.py").write_text(text)
    return checkout


def test_clients_notice_no_migration(
    server: RunningServer, paths: list[str], newer: Path, migrated_database: URL
) -> None:
    assert MigrationSettings().lock_timeout == f"{LOCK_TIMEOUT:.0f}s"
    assert min(SETTINGS.api_wait_seconds, SETTINGS.api_lock_seconds) >= LONGEST
    with traffic(server.port, paths, CLIENTS) as outcomes:
        alembic(migrated_database, "upgrade", "head", cwd=newer)
        assert ask(server.port, "/readyz").status == 200
        alembic(migrated_database, "downgrade", HEAD, cwd=newer)
    check(outcomes, [200])


def test_clients_notice_no_migration_that_waits_for_a_lock(
    server: RunningServer,
    paths: list[str],
    newer: Path,
    migrated: Engine,
) -> None:
    """A report reads for a while, the migration waits for it, and all others for the migration.

    Those who have queued are served within a second, in which the processors are needed.
    """
    clients = round(CLIENTS / on_this_machine(1))
    with (
        traffic(server.port, paths, clients) as outcomes,
        ThreadPoolExecutor(1) as elsewhere,
        migrated.connect() as reading,
    ):
        reading.exec_driver_sql("SELECT count(*) FROM companies")
        migrating = elsewhere.submit(alembic, migrated.url, "upgrade", "head", cwd=newer)
        time.sleep(2 * LOCK_TIMEOUT)
        assert not migrating.done()
        reading.rollback()
        migrating.result()
    check(outcomes, [200])


def test_an_older_schema_is_503_until_it_is_upgraded(
    server: RunningServer, paths: list[str], migrated_database: URL
) -> None:
    with traffic(server.port, paths, 20) as outcomes:
        alembic(migrated_database, "downgrade", OLDER)
        for each in paths:
            reply = ask(server.port, each)
            assert reply.status in {200, 503}
            if reply.status == 503:
                assert reply.problem["code"] == "other_schema"
        assert ask(server.port, "/readyz").body == (
            b'{"status":"not ready","migration_status":"behind"}'
        )
        alembic(migrated_database, "upgrade", "head")
        assert [ask(server.port, each).status for each in paths[:3]] == [200] * 3
    check(outcomes, [200, 409, 503])  # a compiled statement without its digest is a conflict
    assert ask(server.port, "/readyz").status == 200


def alembic(url: URL, *arguments: str, cwd: Path = BACKEND) -> None:
    done = run(
        "alembic", *arguments, cwd=cwd, env={"DATABASE_URL": as_text(url), "ALLOW_DATA_LOSS": "1"}
    )
    assert done.returncode == 0, done.stderr


def check(outcomes: list[Outcome], statuses: Sequence[int]) -> None:
    (outcome,) = outcomes
    logger.info("%s", outcome)
    assert set(outcome.statuses) <= set(statuses), outcome
    assert outcome.statuses[200] > CLIENTS, outcome
    assert outcome.slowest < on_this_machine(LONGEST), outcome
    assert {each.status for each in outcome.health} == {200}, outcome
    assert outcome.slowest_health < on_this_machine(A_MOMENT), outcome
    assert all("retry-after" in each.headers for each in outcome.replies if each.status == 503)
