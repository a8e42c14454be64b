"""`/api/v1/documents/{document_id}/extractions`, in process, with a generated report."""

import hashlib
import io
import json
from collections.abc import Callable, Generator, Sequence
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from reportlab.pdfgen.canvas import Canvas
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from app.db.models import Company, Document, Extraction
from app.pipeline.read.kind import read_file
from app.pipeline.read.versions import READERS
from app.pipeline.statement import Statement
from app.pipeline.verify import verify
from app.services import elsewhere, tasks
from app.services.answer import Answer
from app.services.compiling import compile_company
from app.services.kept_filing import extraction_values
from app.services.limits import Limits
from app.services.reading import Request
from app.storage import Storage
from tests.filings.inline import Inline
from tests.filings.ixbrl import make_ixbrl
from tests.filings.layout import Layout
from tests.filings.pdf import make_report

pytestmark = pytest.mark.usefixtures("on_migrated")
Change = Callable[[dict[str, Any]], None]


@cache
def report(kind: str) -> tuple[bytes, tuple[Statement, ...]]:
    """Return a generated report, and what the program reads in it."""
    data = (
        make_report(3, Layout()).data if kind == "pdf" else make_ixbrl(3, Layout(), Inline()).data
    )
    statements = verify(read_file(data, Path("report")).statements)
    for each in statements:
        each.source.sha256 = hashlib.sha256(data).hexdigest()
    return data, tuple(statements)


def in_process(
    requests: Sequence[Request], limits: Limits, _jobs: int, *, stop: object = None
) -> Generator[Answer]:
    """Do the work of the worker here, which takes no second to start."""
    del stop
    for each in requests:
        yield tasks.perform("prove", str(each.path), str(each.elsewhere), limits)


class Readings:
    """A company with one filing, over HTTP."""

    def __init__(
        self,
        client: TestClient,
        engine: Engine,
        folder: Path,
        data: bytes,
        statements: Sequence[Statement],
    ) -> None:
        self.client, self.engine, self.statements = client, engine, statements
        self.sha256 = hashlib.sha256(data).hexdigest()
        file = folder / "report"
        file.write_bytes(data)
        stored = Storage(str(folder / "storage")).put(file, self.sha256)
        with Session(engine) as session, session.begin():
            company = Company(name="Acme plc")
            session.add(company)
            session.flush()
            document = Document(
                company_id=company.id,
                url=f"sha256:{self.sha256}",
                fiscal_year=2023,
                document_type="annual_report",
                file_path=stored,
                sha256=self.sha256,
            )
            session.add(document)
            session.flush()
            for each in self.statements:
                values = extraction_values(document.id, each, 0.1, accept_doubtful=False)
                session.add(Extraction(**values))
            session.flush()
            compile_company(session, company.id)
            self.company, self.document = company.id, document.id
        self.url = f"/api/v1/documents/{self.document}/extractions"

    def body(self, change: Change = lambda _: None, number: int = 0) -> dict[str, Any]:
        """Return a person's reading: what the program reads, with a change."""
        written = self.statements[number].as_json()
        written["source"].update(kind="manual", reader="ada")
        change(written)
        return written

    def put(
        self, body: dict[str, Any] | bytes, status: int = 201, **parameters: Any
    ) -> dict[str, Any]:
        name = body["statement"] if isinstance(body, dict) else "income_statement"
        answer = self.client.put(
            f"{self.url}/{name}",
            content=body if isinstance(body, bytes) else json.dumps(body),
            params=parameters,
            headers={"Content-Type": "application/json"},
        )
        assert answer.status_code == status, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def list(self, **parameters: Any) -> dict[str, Any]:
        answer = self.client.get(self.url, params=parameters)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


@pytest.fixture
def make_readings(
    client: TestClient, migrated: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], Readings]:
    monkeypatch.setenv("STORAGE_URL", str(tmp_path / "storage"))
    monkeypatch.setattr(elsewhere, "read_files", in_process)
    return lambda kind: Readings(client, migrated, tmp_path, *report(kind))


@pytest.fixture
def readings(make_readings: Callable[[str], Readings]) -> Readings:
    return make_readings("pdf")


def first_cell(body: dict[str, Any]) -> dict[str, Any]:
    """Return the first figure of more than three digits."""
    for row in body["rows"]:
        for cell in row["cells"].values():
            if len(cell["v"].lstrip("-")) > 3:
                return cell  # type: ignore[no-any-return]
    raise AssertionError


def invent(body: dict[str, Any]) -> None:
    first_cell(body)["v"] = "123456789"


def double(body: dict[str, Any]) -> None:
    for row in body["rows"]:
        for cell in row["cells"].values():
            cell["v"] = str(2 * Decimal(cell["v"]))


def test_readings_are_listed_and_stored_ones_come_as_they_are(readings: Readings) -> None:
    items = readings.list()["items"]
    assert [each["statement"] for each in items] == [s.statement for s in readings.statements]
    assert all(each["in_use"] and each["compiled"] for each in items)
    assert {(each["method"], each["reader"]) for each in items} == {("pdf", READERS["pdf"])}
    url = f"/api/v1/extractions/{items[0]['id']}"
    answer = readings.client.get(url, headers={"Accept-Encoding": "identity"})
    assert answer.json() == readings.statements[0].as_json()
    assert answer.headers["etag"] == f'"{hashlib.sha256(answer.content).hexdigest()}"'
    tag = {"If-None-Match": answer.headers["etag"]}
    assert readings.client.get(url, headers=tag).status_code == 304


def test_pages_of_readings_follow_each_other(readings: Readings) -> None:
    first = readings.list(limit=2)
    second = readings.list(limit=2, after=first["next"])
    assert [len(first["items"]), len(second["items"]), second["next"]] == [2, 1, None]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["pdf", "ixbrl"])
def test_a_faithful_reading_is_verified_and_kept_exactly(
    make_readings: Callable[[str], Readings], kind: str
) -> None:
    readings = make_readings(kind)
    for number, program in enumerate(readings.statements):
        put = readings.put(readings.body(number=number))
        assert put["checks"] == program.checks.model_dump(mode="json")  # type: ignore[union-attr]
        assert put["extraction"]["status"] == "verified"
        assert (put["extraction"]["in_use"], put["outcome"]) == (True, "stored")
        stored = readings.client.get(f"/api/v1/extractions/{put['extraction']['id']}").json()
        assert stored == readings.body(number=number)
    assert readings.put(readings.body(), 200)["outcome"] == "unchanged"
    assert len(readings.list()["items"]) == 6


@pytest.mark.parametrize("kind", ["pdf", pytest.param("ixbrl", marks=pytest.mark.slow)])
def test_an_invented_figure_is_not_verified(
    make_readings: Callable[[str], Readings], kind: str
) -> None:
    readings = make_readings(kind)
    put = readings.put(readings.body(invent))
    assert put["extraction"]["status"] == "partly"
    assert [each["code"] for each in put["issues"]].count("figure_not_found") == 1
    (change,) = put["changes"]
    assert change["verified_after"] < change["verified_before"]
    figure = next(each for each in change["figures"] if each["after"] == "123456789")
    assert (figure["verified_before"], figure["verified_after"]) == (True, False)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["pdf", "ixbrl"])
def test_a_made_up_table_whose_sums_close_is_doubtful(
    make_readings: Callable[[str], Readings], kind: str
) -> None:
    readings = make_readings(kind)
    put = readings.put(readings.body(double))
    assert (put["extraction"]["status"], put["checks"]["verified"]) == ("doubtful", 0)
    assert (put["extraction"]["in_use"], put["changes"]) == (False, [])
    accepted = readings.put(readings.body(double), accept_doubtful=True)
    assert accepted["extraction"]["compiled"]
    assert accepted["changes"][0]["verified_after"] == 0


@pytest.mark.slow
def test_a_statement_that_the_program_did_not_find_is_searched(
    make_readings: Callable[[str], Readings],
) -> None:
    readings = make_readings("ixbrl")
    put = readings.put(readings.body(number=1))
    kept = put["extraction"]["id"]
    with readings.engine.begin() as connection:
        connection.execute(text("DELETE FROM extractions WHERE id <> :id"), {"id": kept})
    again = readings.put(readings.body())
    assert again["extraction"]["status"] in {"verified", "partly"}
    assert again["checks"]["verified"] == again["checks"]["checkable"]


@pytest.mark.slow
def test_a_language_model_is_named(readings: Readings) -> None:
    def of_model(body: dict[str, Any]) -> None:
        body["source"].update(kind="llm", reader="bot/2")

    put = readings.put(readings.body(of_model), model="gpt-4o")
    assert (put["extraction"]["method"], put["extraction"]["model"]) == ("llm", "gpt-4o")
    assert readings.put(readings.body(), 422, model="gpt-4o")["code"] == "invalid_query"
    assert readings.put(readings.body(of_model), 422, model="a\nb")["code"] == "invalid_request"


def of_another_file(body: dict[str, Any]) -> None:
    body["source"]["sha256"] = "0" * 64


def with_a_wrong_figure(body: dict[str, Any]) -> None:
    first_cell(body)["v"] = 1.5


def test_what_is_wrong_is_a_problem_and_changes_nothing(readings: Readings) -> None:
    before = readings.list()
    for body, status, code in (
        (readings.body(of_another_file), 409, "other_document"),
        (readings.body(with_a_wrong_figure), 422, "invalid_statement"),
        (b"", 422, "bad_json"),
        (b"[" * 100_000, 422, "bad_json"),
        (b'{"rows":[' + b",".join([b"1"] * 1_000_000) + b"]}", 413, "too_large"),
        (b'{"a":1,"a":2}', 422, "bad_json"),
        (b"x" * (5 * 1024 * 1024), 413, "too_large"),
    ):
        assert readings.put(body, status)["code"] == code
    for url, status in (
        ("/api/v1/extractions/4711", 404),
        ("/api/v1/documents/4711/extractions", 404),
        ("/api/v1/extractions/0", 422),
        (f"{readings.url}?limit=0", 422),
        (f"{readings.url}?page=1", 422),
    ):
        assert readings.client.get(url).status_code == status
    name = readings.client.put(f"{readings.url}/income", content=b"{}")
    assert name.status_code == 422
    readings.url = "/api/v1/documents/4711/extractions"
    assert readings.put(readings.body(), 404)["code"] == "no_such_document"
    readings.url = f"/api/v1/documents/{readings.document}/extractions"
    assert readings.list() == before


def test_a_file_that_is_gone_from_the_storage_is_a_problem(
    readings: Readings, tmp_path: Path
) -> None:
    for each in (tmp_path / "storage").rglob("*"):
        if each.is_file():
            each.unlink()
    assert readings.put(readings.body(), 503)["code"] == "storage_unavailable"


def test_a_reading_of_a_release_before_is_told_apart(readings: Readings) -> None:
    with readings.engine.begin() as connection:
        number = connection.scalar(
            text(
                "INSERT INTO extractions (document_id, statement_type, raw_data)"
                " VALUES (:document, 'income_statement', '{\"lines\": []}') RETURNING id"
            ),
            {"document": readings.document},
        )
    last = readings.list()["items"][-1]
    assert (last["id"], last["in_use"], last["reader"]) == (number, False, None)
    answer = readings.client.get(f"/api/v1/extractions/{number}")
    assert (answer.status_code, answer.json()["code"]) == (409, "other_form")


def scan() -> bytes:
    """Return a PDF whose page is a picture."""
    file = io.BytesIO()
    canvas = Canvas(file)
    canvas.rect(100, 100, 300, 500)
    canvas.showPage()
    canvas.save()
    return file.getvalue()


@pytest.mark.slow
def test_a_worker_searches_the_document_and_a_scan_shows_nothing(
    client: TestClient, migrated: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STORAGE_URL", str(tmp_path / "storage"))
    data, statements = report("pdf")
    readings = Readings(client, migrated, tmp_path, data, statements)
    assert readings.put(readings.body())["extraction"]["status"] == "verified"
    with migrated.begin() as connection:
        connection.execute(text("DELETE FROM companies WHERE name = 'Acme plc'"))
    readings = Readings(client, migrated, tmp_path, scan(), ())
    readings.statements = statements

    def of_scan(body: dict[str, Any]) -> None:
        body["source"]["sha256"] = readings.sha256

    put = readings.put(readings.body(of_scan))
    assert (put["extraction"]["status"], put["checks"]["verified"]) == ("doubtful", 0)
    assert "document_not_searched" in {each["code"] for each in put["issues"]}
    assert readings.put(readings.body(of_scan), accept_doubtful=True)["extraction"]["compiled"]
