"""Removing a document by its page: what a person saw goes, and nothing else."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

from fastapi.testclient import TestClient

from app.storage import StorageError
from app.web import discarding
from tests.helpers.http import LOCAL
from tests.helpers.pages import AS_BROWSER, main_of, open_page, text_of
from tests.helpers.shelf import Shelf

FORM = {**AS_BROWSER, "Origin": LOCAL}


def correct(shelf: Shelf, company: int) -> None:
    """Correct a figure of each document of a company."""
    for (digest,) in shelf.rows("SELECT sha256 FROM documents WHERE company_id = :id", id=company):
        shelf.correct(company, digest)


def look(client: TestClient, document: int | None) -> tuple[dict[str, str], str]:
    """Return what goes with a document, and what its form says of that."""
    page = open_page(client, f"/documents/{document}/remove")
    (shown,) = page.xpath("//main//dl")
    names, values = shown.xpath("./dt"), shown.xpath("./dd")
    (seen,) = page.xpath("//main//form[@method='post']/input[@name='seen']/@value")
    return {text_of(n): text_of(v) for n, v in zip(names, values, strict=True)}, seen


def remove(client: TestClient, document: int | None, seen: str) -> Any:
    return client.post(
        f"/documents/{document}/remove", data={"seen": seen}, headers=FORM, follow_redirects=False
    )


def test_a_document_goes_with_all_that_its_page_named(client: TestClient, filled: Shelf) -> None:
    company = filled.company()
    first, second = filled.add("Acme plc", filled.file("a.pdf"), filled.file("b.pdf", age=1))
    filled.compile("Acme plc")
    correct(filled, company)
    shown, seen = look(client, first.document)
    assert shown == {
        "Readings": "3 readings of statements",
        "Corrections": "1 correction of its figures, withdrawn ones included",
        "Years": "2023, which no other document states",
        "File": "deleted, unless another document has it by then",
    }
    answer = remove(client, first.document, seen)
    led_to = f"/companies/{company}/documents?removed={first.document}"
    assert (answer.status_code, answer.headers["location"]) == (303, led_to)
    assert filled.one("SELECT id FROM documents") == second.document
    assert filled.one("SELECT count(*) FROM extractions") == 3
    assert filled.one("SELECT count(*) FROM corrections") == 1
    assert len(list(filled.storage.list())) == 1
    years = "SELECT DISTINCT jsonb_path_query(data, '$.periods[*].fiscal_year') FROM "
    assert {each[0] for each in filled.rows(f"{years} compiled_statements")} == {2022, 2021}
    page = open_page(client, led_to)
    assert f"Document {first.document} was removed" in main_of(page)
    assert "1 document" in main_of(page)


def test_what_stays_is_named_too(client: TestClient, filled: Shelf) -> None:
    filled.company()
    filled.company("Zenith AG")
    path = filled.file("a.pdf", form="10-K", filed=date(2024, 2, 1))
    (kept,) = filled.add("Acme plc", path)
    filled.add("Acme plc", filled.file("b.pdf", form="10-K/A", filed=date(2024, 5, 1)))
    filled.add("Zenith AG", path, trusted=True)
    shown, seen = look(client, kept.document)
    assert shown["Years"] == "none: other documents state all that it states"
    assert shown["File"] == "stays: 1 other document has it"
    assert shown["Amended by"] == "FY2023 10-K/A, which stays"
    assert remove(client, kept.document, seen).status_code == 303
    assert len(list(filled.storage.list())) == 2


def test_nothing_is_removed_when_more_goes_than_was_seen(client: TestClient, filled: Shelf) -> None:
    company = filled.company()
    (kept,) = filled.add("Acme plc", filled.file("a.pdf"))
    _, seen = look(client, kept.document)
    correct(filled, company)
    answer = remove(client, kept.document, seen)
    assert answer.status_code == 409
    assert "look at it again" in answer.text.lower()
    assert filled.one("SELECT count(*) FROM documents") == 1
    shown, again = look(client, kept.document)
    assert shown["Corrections"].startswith("1 correction")
    assert remove(client, kept.document, again).status_code == 303


def test_a_form_without_what_was_seen_removes_nothing(client: TestClient, filled: Shelf) -> None:
    filled.company()
    (kept,) = filled.add("Acme plc", filled.file("a.pdf"))
    address = f"/documents/{kept.document}/remove"
    for content in ("", "seen=", "other=1"):
        headers = {**FORM, "Content-Type": "application/x-www-form-urlencoded"}
        assert client.post(address, content=content, headers=headers).status_code == 409
    assert client.post(address, json={"seen": "x"}, headers=FORM).status_code == 415
    assert filled.one("SELECT count(*) FROM documents") == 1


def test_of_two_who_remove_it_at_the_same_time_one_does(client: TestClient, filled: Shelf) -> None:
    filled.company()
    (kept,) = filled.add("Acme plc", filled.file("a.pdf"))
    _, seen = look(client, kept.document)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: remove(client, kept.document, seen), range(4)))
    assert sorted(each.status_code for each in answers) == [303, 404, 404, 404]
    assert filled.one("SELECT count(*) FROM documents") == 0
    assert not list(filled.storage.list())


def test_a_notice_is_shown_only_of_a_document_that_is_gone(
    client: TestClient, filled: Shelf
) -> None:
    company = filled.company()
    (kept,) = filled.add("Acme plc", filled.file("a.pdf"))
    for given in (str(kept.document), "<script>", "-1", "9" * 30, "\u0669\u0669", ""):
        page = open_page(client, f"/companies/{company}/documents", removed=given)
        assert "was removed" not in main_of(page), given


def test_a_file_that_cannot_be_deleted_is_told(
    client: TestClient, filled: Shelf, monkeypatch: Any
) -> None:
    filled.company()
    (kept,) = filled.add("Acme plc", filled.file("a.pdf"))
    _, seen = look(client, kept.document)

    def fail(*_: object) -> bool:
        raise StorageError("it cannot be reached")

    monkeypatch.setattr(discarding, "discard_file", fail)
    answer = remove(client, kept.document, seen)
    page = open_page(client, answer.headers["location"])
    assert "Its file could not be deleted from the storage" in main_of(page)
