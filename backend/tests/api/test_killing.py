"""The server is killed while it compiles and changes companies: nothing is half-written."""

import json
import random
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import URL, Engine, text

from app.pipeline.compiled import digest_of
from tests.helpers.api_server import api_server
from tests.helpers.kept import keep_filings, two_reports
from tests.helpers.load import Reply, ask, flood

pytestmark = pytest.mark.slow

KILLS = 8
COMPANIES = 20
STALE = "UPDATE compiled_statements SET digest = NULL"
COMPILED = "SELECT company_id, statement_type, digest, data FROM compiled_statements ORDER BY 1, 2"
NAMES = "SELECT name, ir_url FROM companies WHERE name LIKE 'Killed %'"


def test_nothing_is_half_written(migrated: Engine, migrated_database: URL, tmp_path: Path) -> None:
    ids = [keep_filings(migrated, two_reports(), f"Killed 0-{n}") for n in range(COMPANIES)]
    undisturbed = compiled(migrated)
    chance = random.Random(7)  # noqa: S311 points in time
    hits = 0
    for number in range(KILLS):
        with migrated.begin() as connection:
            connection.execute(text(STALE))
        with api_server(migrated_database, tmp_path) as server, ThreadPoolExecutor(2) as elsewhere:
            compiling = elsewhere.submit(
                flood,
                server.port,
                [f"/api/v1/companies/{each}/compile" for each in ids],
                method="POST",
                is_watched=False,
            )
            changing = elsewhere.submit(change_all, server.port, ids, number + 1)
            time.sleep(chance.uniform(0.05, 0.6))
            server.signal(signal.SIGKILL)
            replies = [*compiling.result().replies, *changing.result()]
        hits += any(each.status == 0 for each in replies)
        assert {each.status for each in replies} <= {0, 200}
        check(migrated, undisturbed)
    assert hits > KILLS / 2
    with api_server(migrated_database, tmp_path) as server:
        paths = [f"/api/v1/companies/{each}/compile" for each in ids]
        assert flood(server.port, paths, method="POST").statuses == {200: COMPANIES}
    assert compiled(migrated) == undisturbed


def change_all(port: int, ids: list[int], number: int) -> list[Reply]:
    """Change the name and the page of each company."""
    replies = []
    for place, each in enumerate(ids):
        name = f"Killed {number}-{place}"
        body = json.dumps({"name": name, "ir_url": f"https://example.com/{name.split()[1]}"})
        path = f"/api/v1/companies/{each}"
        replies.append(ask(port, path, method="PATCH", body=body.encode()))
    return replies


def compiled(engine: Engine) -> dict[tuple[int, str], tuple[str | None, object]]:
    """Return digest and data of each statement."""
    with engine.connect() as connection:
        rows = connection.execute(text(COMPILED)).all()
    return {(each.company_id, each.statement_type): (each.digest, each.data) for each in rows}


def check(engine: Engine, undisturbed: dict[tuple[int, str], tuple[str | None, object]]) -> None:
    now = compiled(engine)
    assert now.keys() == undisturbed.keys()
    for key, (digest, data) in now.items():
        assert digest in {None, digest_of(data)}  # type: ignore[arg-type]
        assert data == undisturbed[key][1]
    with engine.connect() as connection:
        for name, page in connection.execute(text(NAMES)):
            assert page in {None, f"https://example.com/{name.split()[1]}"}
            assert page or name.startswith("Killed 0-")
