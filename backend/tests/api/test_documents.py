"""`/api/v1/documents`, and companies with documents, in process."""

from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, text

from app.storage import path_of
from tests.helpers.shelf import Shelf

COMPANIES = "/api/v1/companies"
DOCUMENTS = "/api/v1/documents"


def problem(answer: Any, status: int) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    found: dict[str, Any] = answer.json()
    return found


def names(client: TestClient, **parameters: Any) -> list[str]:
    answer = client.get(DOCUMENTS, params=parameters)
    assert answer.status_code == 200, answer.text
    return [each["file_name"] for each in answer.json()["items"]]


def test_documents_come_newest_year_first_and_filters_have_to_fit(
    client: TestClient, filled: Shelf
) -> None:
    company = filled.company()
    other = filled.company("Zenith AG")
    paths = [filled.file("old.pdf", age=1, form="10-K"), filled.file("new.pdf", form="10-K/A")]
    filled.add("Acme plc", *paths)
    filled.add("Zenith AG", filled.file("z.pdf", company="Zenith AG"))
    assert names(client) == ["new.pdf", "z.pdf", "old.pdf"]
    assert names(client, company=company) == ["new.pdf", "old.pdf"]
    assert names(client, company=company, year=2022) == ["old.pdf"]
    assert names(client, form="10-k/a") == ["new.pdf"]
    assert names(client, type="annual_report", company=other) == ["z.pdf"]
    assert names(client, type="other") == []
    assert names(client, company=4711) == []
    found: list[str] = []
    after: dict[str, str] = {}
    while len(found) < 4:
        page = client.get(DOCUMENTS, params={"limit": 1, **after}).json()
        found += [each["file_name"] for each in page["items"]]
        if page["next"] is None:
            break
        after = {"after": page["next"]}
    assert found == names(client)
    for wrong in (
        {"type": "x"},
        {"year": "0"},
        {"company": "1.0"},
        {"company": str(2**63)},
        {"form": "\n"},
        {"after": "WyJhIiwxXQ"},
        {"document_type": "other"},
    ):
        problem(client.get(DOCUMENTS, params=wrong), 422)


def test_a_document_says_what_was_read_and_how_large_its_file_is(
    client: TestClient, filled: Shelf
) -> None:
    company = filled.company()
    paths = [
        filled.file("a.pdf", form="10-K"),
        filled.file("b.pdf", form="10-K/A", status="partly"),
    ]
    original, amendment = filled.add("Acme plc", *paths)
    answer = client.get(f"{DOCUMENTS}/{original.document}")
    document = answer.json()
    assert (document["company_id"], document["form"]) == (company, "10-K")
    assert document["statements"]["balance_sheet"] == {"verified": 1}
    assert (document["kinds"], document["media_type"]) == (["pdf"], "application/pdf")
    assert document["amended_by"] == [amendment.document]
    assert document["size"] == len(b"%PDF-a.pdf")
    listed = client.get(DOCUMENTS).json()["items"][0]
    assert document == listed | {"amended_by": document["amended_by"], "size": document["size"]}
    amending = client.get(f"{DOCUMENTS}/{amendment.document}").json()
    assert amending["supersedes_id"] == original.document
    assert amending["statements"]["income_statement"] == {"partly": 1}
    seen = {"If-None-Match": answer.headers["etag"]}
    assert client.get(f"{DOCUMENTS}/{original.document}", headers=seen).status_code == 304
    filled.storage.delete(path_of(document["sha256"]))
    answer = client.get(f"{DOCUMENTS}/{original.document}", headers=seen)
    assert (answer.status_code, answer.json()["size"]) == (200, None)
    assert problem(client.get(f"{DOCUMENTS}/4711"), 404)["code"] == "no_such_document"


def test_a_document_goes_with_what_was_read_in_it(client: TestClient, filled: Shelf) -> None:
    company = filled.company()
    first, second = filled.add("Acme plc", filled.file("a.pdf"), filled.file("b.pdf", age=1))
    filled.compile("Acme plc")
    digest = filled.one("SELECT sha256 FROM documents WHERE id = :id", id=first.document)
    filled.correct(company, digest)
    path = f"{DOCUMENTS}/{first.document}"
    stale = {"If-Match": client.get(f"{DOCUMENTS}/{second.document}").headers["etag"]}
    problem(client.delete(path, headers=stale), 412)
    answer = client.delete(path, headers={"If-Match": client.get(path).headers["etag"]})
    gone = answer.json()
    assert (answer.status_code, gone["id"], gone["company_id"]) == (200, first.document, company)
    assert (gone["extractions"], gone["corrections"], gone["years"]) == (3, 1, [2023])
    assert (gone["file_name"], gone["file"]) == ("a.pdf", "deleted")
    assert list(filled.storage.list()) == [filled.one("SELECT file_path FROM documents")]
    years = "SELECT DISTINCT jsonb_path_query(data, '$.periods[*].fiscal_year') FROM "
    assert {each[0] for each in filled.rows(f"{years} compiled_statements")} == {2022, 2021}
    assert filled.one("SELECT count(*) FROM compiled_statements WHERE digest IS NULL") == 0
    for again in (client.get(path), client.delete(path), client.get(f"{path}/file")):
        assert problem(again, 404)["code"] == "no_such_document"


def test_an_id_is_no_beginning_of_a_digest(client: TestClient, filled: Shelf) -> None:
    filled.company()
    (kept,) = filled.add("Acme plc", filled.file("a.pdf"))
    with filled.sessions.begin() as session:
        session.connection().exec_driver_sql(
            "UPDATE documents SET sha256 = '4711' || substr(sha256, 5)"
        )
    problem(client.delete(f"{DOCUMENTS}/4711"), 404)
    assert client.delete(f"{DOCUMENTS}/{kept.document}").json()["file"] == "deleted"


def test_a_file_that_cannot_be_deleted_is_said_to_be_left_over(
    client: TestClient, filled: Shelf
) -> None:
    filled.company()
    (kept,) = filled.add("Acme plc", filled.file("a.pdf"))
    stored = filled.folder / "storage" / next(filled.storage.list())
    stored.unlink()
    stored.mkdir()
    gone = client.delete(f"{DOCUMENTS}/{kept.document}").json()
    assert (gone["file"], gone["extractions"]) == ("left_over", 3)
    assert str(filled.folder) not in str(gone)


def test_a_company_is_kept_while_something_belongs_to_it(client: TestClient, filled: Shelf) -> None:
    company = filled.company()
    filled.company("Zenith AG")
    first, second = filled.add("Acme plc", filled.file("a.pdf"), filled.file("b.pdf", age=1))
    filled.add("Zenith AG", filled.file("b.pdf", age=1), trusted=True)
    filled.compile("Acme plc")
    digest = filled.one("SELECT sha256 FROM documents WHERE id = :id", id=first.document)
    filled.correct(company, digest)
    path = f"{COMPANIES}/{company}"
    found = problem(client.delete(path), 409)
    assert found["code"] == "company_not_empty"
    assert found["detail"].startswith("2 documents, 1 correction, 3 compiled statements belong")
    assert problem(client.delete(path, params={"cascade": "false"}), 409)
    gone = client.delete(path, params={"cascade": "true"}).json()
    assert gone == {
        "id": company,
        "name": "Acme plc",
        "documents": 2,
        "extractions": 6,
        "statements": 3,
        "corrections": 1,
        "files": 1,
        "files_kept": 1,
        "files_left_over": 0,
    }
    for table in ("compiled_statements", "corrections"):
        assert filled.one(f"SELECT count(*) FROM {table}") == 0
    assert filled.one("SELECT count(*) FROM documents") == 1
    assert list(filled.storage.list()) == [filled.one("SELECT file_path FROM documents")]
    assert second.document is not None
    problem(client.get(f"{DOCUMENTS}/{second.document}"), 404)


def test_filings_are_added_to_a_company_of_the_api(client: TestClient, filled: Shelf) -> None:
    lei, cik = "HWUPKR0MPOU8FGXBT394", "320193"
    made = {"name": "Acme  plc", "lei": lei.lower(), "cik": cik, "primary_ticker": "acm"}
    listing = {"ticker": "acm", "exchange": "LSE"}
    company = client.post(COMPANIES, json={**made, "tickers": [listing]}).json()["id"]
    identifiers = {"lei": lei, "cik": cik, "ticker": "ACM"}
    references = ("acme PLC", "ACM", "acm:lse", f"lei:{lei}", f"cik:{cik}", f"id:{company}")
    for number, reference in enumerate(references):
        file = filled.file(f"{number}.pdf", identifiers=identifiers)
        (kept,) = filled.add(reference, file, create=True)
        assert kept.outcome == "added", (reference, kept)
    assert names(client, company=company) == [f"{each}.pdf" for each in range(len(references))]
    assert filled.one("SELECT count(*) FROM companies WHERE name ILIKE 'acme%'") == 1


def test_a_company_that_cannot_be_deleted_now_keeps_its_files(
    client: TestClient, filled: Shelf, migrated: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("API_LOCK_SECONDS", "0.1")
    company = filled.company()
    (kept,) = filled.add("Acme plc", filled.file("a.pdf"))
    paths = (f"{COMPANIES}/{company}?cascade=true", f"{DOCUMENTS}/{kept.document}")
    with migrated.connect() as connection:
        connection.execute(text("SELECT id FROM companies FOR UPDATE"))
        for path in paths:
            answer = client.delete(path)
            problem(answer, 503)
            assert "retry-after" in answer.headers
    assert len(list(filled.storage.list())) == 1
    assert client.get(f"{DOCUMENTS}/{kept.document}/file").content == b"%PDF-a.pdf"
    assert client.delete(paths[0]).json()["files"] == 1
    assert list(filled.storage.list()) == []
