"""Every cell of the statement pages is the figure that the published form has, with its marks."""

import os
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from app.services.adding import Adding, Options
from app.storage import Storage
from tests.bench.api.templates import add_company
from tests.filings.decade import eventful, make_decade
from tests.filings.samples import SAMPLES
from tests.helpers.shelf import Shelf
from tests.pages.every_cell import Compared, compare_company

FILINGS = os.environ.get("FILINGS", "")
GIVEN = {
    "AAPL": ("pdf/apple*.pdf", "ixbrl/aapl*", "xbrl/aapl*"),
    "NFLX": ("pdf/netflix*.pdf", "ixbrl/nflx*"),
    "ASML": ("companyfacts/ASML.json",),
    "ORCL": ("pdf/oracle*.pdf",),
    "COST": ("pdf/costco*.pdf",),
    "KNOS": ("xbrl-json/kainos*.json",),
    "CFT": ("pdf/tradition-fy2022.pdf",),
}


def compared(client: TestClient, company: int, pages: int) -> Compared:
    def get(path: str, accept: str) -> tuple[int, str]:
        answer = client.get(path, headers={"Accept": accept})
        return answer.status_code, answer.text

    return compare_company(get, company, pages=pages)


@pytest.mark.slow
def test_typed_filings(filled: Shelf, client: TestClient) -> None:
    filled.add("ACME", filled.file("new.pdf"), filled.file("old.pdf", age=1), create=True)
    filled.compile("ACME")
    company = filled.one("SELECT id FROM companies WHERE name = 'Acme plc'")
    found = compared(client, company, pages=3)
    assert found.faults == []
    assert found.judged > found.figures / 2 > 0


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(SAMPLES.keys() - {"scanned"})[::5])
def test_ten_years_with_all_that_happens_to_a_company(
    name: str, filled: Shelf, client: TestClient
) -> None:
    decade = make_decade(7, eventful(SAMPLES[name]))
    company = add_company(filled.sessions, filled.storage, decade)
    found = compared(client, company, pages=10)
    assert found.faults == []
    assert found.judged > found.figures / 2 > 1000


@pytest.mark.slow
@pytest.mark.skipif(not FILINGS, reason="FILINGS names no folder of filings")
@pytest.mark.parametrize("ticker", GIVEN)
def test_given_filings(
    ticker: str, filled: Shelf, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = {name: os.environ[name] for name in ("DATABASE_URL", "STORAGE_URL")}
    monkeypatch.undo()  # of the shelf, which reads no files: here they are read
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    files = [str(path) for each in GIVEN[ticker] for path in sorted(Path(FILINGS).glob(each))]
    if not files:
        pytest.skip("the folder has no such filings")
    storage = Storage(str(filled.storage.name))
    adding = Adding(filled.sessions, storage, ticker, Options(create=True))
    list(adding.run(files))
    adding.compile()
    company = filled.one("SELECT max(company_id) FROM compiled_statements")
    found = compared(client, company, pages=20)
    assert found.faults == []
    assert found.judged > found.figures / 2 > 0
