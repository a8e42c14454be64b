"""Refusals and faults as pages for people, and as documents for programs."""

from collections.abc import Iterator
from typing import Any

import lxml.html
import pytest
from fastapi.testclient import TestClient

from app.main import create_app
from app.pages import problem_pages
from app.web.body_limits import MEGABYTE
from app.web.database import Database
from app.web.problems import MEDIA_TYPE
from tests.helpers.http import LOCAL, local_client
from tests.helpers.pages import AS_BROWSER, links_of, main_of, page_of

HTML = "text/html; charset=utf-8"
FIGURE = "/companies/1/income-statement/figure"


def main(answer: Any, status: int) -> str:
    assert answer.status_code == status, answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    assert "accept" in answer.headers["vary"].lower()
    assert int(answer.headers["content-length"]) == len(answer.content)
    return main_of(page_of(answer))


@pytest.mark.usefixtures("on_migrated")
def test_a_page_that_is_not_there(client: TestClient) -> None:
    for path, words in {
        "/nothing": "There is no such page",
        "/companies/abc": "There is no such page Check the address",
        "/companies/0/documents": "There is no such page",
        "/companies/99999999999999999999": "There is no such page",
        "/documents/-1": "There is no such page",
        "/companies/999999/documents": "There is no such company",
        "/documents/999999": "There is no such document",
    }.items():
        told = main(client.get(path, headers=AS_BROWSER), 404)
        assert words in told, path
        assert not any(jargon in told for jargon in ("integer", "Input", "path.", "query."))


@pytest.mark.usefixtures("on_migrated")
def test_an_address_without_a_part_says_which(client: TestClient) -> None:
    told = main(client.get(FIGURE, headers=AS_BROWSER), 400)
    assert "This address is not complete" in told
    assert "line, year" in told
    assert "query." not in told


def test_a_method_that_no_page_takes(client: TestClient) -> None:
    answer = client.delete("/", headers=AS_BROWSER)
    assert "This page takes no such request" in main(answer, 405)
    assert "Nothing was changed." in main(answer, 405)
    assert "GET" in answer.headers["allow"]


def test_a_host_that_is_not_the_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLOWED_HOSTS", "127.0.0.1")
    with local_client() as client:
        told = main(client.get("/", headers={**AS_BROWSER, "Host": "a.example"}), 400)
        assert "This server is not called by that name" in told
        told = main(client.get("/", headers={**AS_BROWSER, "Host": "a b"}), 400)
        assert "This address cannot be understood" in told


def test_a_body_that_is_too_large_or_of_another_type(client: TestClient) -> None:
    path = "/companies/1/corrections"
    too_long = client.post(path, content=b"x" * (MEGABYTE + 1), headers=AS_BROWSER)
    assert "That is too large" in main(too_long, 413)
    assert "That is too large" in main(
        client.post(path, data={"x": "y" * 100_000}, headers=AS_BROWSER), 413
    )
    told = main(client.post(path, json={}, headers=AS_BROWSER), 415)
    assert "This page takes no such content" in told


def test_a_database_that_is_not_there_and_when_to_try_again(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://u@127.0.0.1:1/d")
    answer = client.get("/documents/1?a=b", headers=AS_BROWSER)
    told = main(answer, 503)
    assert "The database gives no answer. Try again in 2 seconds." in told
    assert answer.headers["retry-after"] == "2"
    assert links_of(page_of(answer))["Try again"] == "/documents/1?a=b"
    told = main(client.post("/companies/1/corrections/1/withdraw", headers=AS_BROWSER), 503)
    assert "Go back, and send the form again in 2 seconds." in told


def test_a_setting_that_is_invalid(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WRITE_TOKEN", "short")
    told = main(client.get("/", headers=AS_BROWSER), 503)
    assert "A setting of the server is invalid The log of the server says which one." in told
    assert "Try again" not in told


@pytest.fixture
def faulty(monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    async def fail(*_: object) -> None:
        raise ZeroDivisionError("secret")

    monkeypatch.setattr(Database, "run", fail)
    with TestClient(
        create_app(), LOCAL, client=("127.0.0.1", 50000), raise_server_exceptions=False
    ) as client:
        yield client


@pytest.mark.usefixtures("on_migrated")
def test_a_fault_of_the_program(faulty: TestClient) -> None:
    told = main(faulty.get("/documents/1", headers=AS_BROWSER), 500)
    assert "This is a fault of the program" in told
    assert "secret" not in told
    assert "ZeroDivision" not in told
    document = faulty.get("/documents/1")
    assert document.headers["content-type"] == MEDIA_TYPE
    head = faulty.head("/documents/1", headers=AS_BROWSER)
    assert (head.status_code, head.headers["content-type"]) == (500, HTML)


def test_where_the_page_cannot_be_made_the_document_is_the_answer(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(problem_pages, "render", lambda *_, **__: 1 / 0)
    answer = client.get("/nothing", headers=AS_BROWSER)
    assert answer.headers["content-type"] == MEDIA_TYPE
    assert answer.json()["status"] == 404


def test_head_has_the_headers_of_the_page_and_no_body(client: TestClient) -> None:
    head = client.head("/nothing", headers=AS_BROWSER)
    assert (head.status_code, head.content) == (404, b"")
    assert head.headers["content-type"] == HTML
    assert "content-length" not in head.headers


ACCEPTED: list[tuple[str | None, bool]] = [
    ("text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8", True),
    ("text/html", True),
    ("TEXT/HTML", True),
    ("text/html, text/plain, */*;q=0.01", True),
    ("text/html;q=0.5", True),
    ("text/html, application/json;q=0.9", True),
    ("text/html;q=0.1, application/json", False),
    ("text/html;q=0.1, */*", False),
    ("text/html;q=0, */*", False),
    ("application/problem+json, text/html;q=0.9", False),
    ("application/json", False),
    ("*/*", False),
    ("", False),
    (None, False),
]


def test_who_gets_the_page(client: TestClient) -> None:
    del client.headers["accept"]
    for accept, is_page in ACCEPTED:
        answer = client.get("/nothing", headers={"Accept": accept} if accept is not None else {})
        assert answer.headers["content-type"] == (HTML if is_page else MEDIA_TYPE), accept


def test_the_paths_for_programs_keep_their_documents(client: TestClient) -> None:
    for path in ("/api/v1/nothing", "/healthz/x", "/api/v1/companies/abc"):
        answer = client.get(path, headers=AS_BROWSER)
        assert answer.headers["content-type"] == MEDIA_TYPE, path


def test_a_document_that_was_compressed_is_read(client: TestClient) -> None:
    headers = {**AS_BROWSER, "Accept-Encoding": "gzip"}
    long = "/" + "x" * 600
    told = main_of(page_of(client.get(long, headers=headers)))
    assert "There is no such page" in told


def test_under_the_path_of_a_proxy() -> None:
    with TestClient(create_app(), LOCAL, root_path="/fin", client=("127.0.0.1", 5)) as client:
        answer = client.get("/fin/nothing", headers=AS_BROWSER)
        (link,) = page_of(answer).xpath("//main//a/@href")
        assert link == "/fin/"
        document = client.get("/fin/api/v1/nothing", headers=AS_BROWSER)
        assert document.headers["content-type"] == MEDIA_TYPE


def test_an_address_is_told_as_text(client: TestClient) -> None:
    answer = client.get("/<script>alert(1)</script>\u202e", headers=AS_BROWSER)
    page = lxml.html.document_fromstring(answer.text)
    assert not page.xpath("//main//script")
    assert "\u202e" not in answer.text
