"""The forms that make, change and remove a company, in process."""

from typing import Any

import pytest
from fastapi.testclient import TestClient
from lxml.html import HtmlElement
from sqlalchemy import Engine, text

from tests.helpers.http import local_client
from tests.helpers.pages import AS_BROWSER, links_of, main_of, open_page, page_of, text_of
from tests.helpers.shelf import Shelf

pytestmark = pytest.mark.usefixtures("on_migrated")

LEI = "HWUPKR0MPOU8FGXBT394"
APPLE = {
    "name": " Apple  Inc. ",
    "ticker-1": "aapl",
    "exchange-1": "NASDAQ",
    "ticker-2": "",
    "exchange-2": "",
    "lei": LEI.lower(),
    "cik": "320193",
    "fiscal_year_end": "09-30",
    "ir_url": "https://investor.apple.com/",
}


def send(client: TestClient, path: str, form: dict[str, str]) -> Any:
    return client.post(path, data=form, headers=AS_BROWSER, follow_redirects=False)


def refused(client: TestClient, path: str, form: dict[str, str], status: int = 422) -> HtmlElement:
    answer = send(client, path, form)
    assert answer.status_code == status, answer.text
    return page_of(answer)


def mistakes(page: HtmlElement) -> dict[str, str]:
    """Return what is wrong by name of the field that it is said beside."""
    return {
        each.get("name"): text_of(page.xpath(f"//p[@id='{each.get('name')}-wrong']")[0])
        for each in page.xpath("//input[@aria-invalid='true']")
    }


def form_of(page: HtmlElement) -> dict[str, str]:
    """Return the fields of the form as they are shown."""
    (form,) = page.xpath("//main//form[@method='post']")
    return {each.get("name"): each.get("value") or "" for each in form.xpath(".//input")}


def row(database: Engine, name: str) -> Any:
    with database.connect() as connection:
        query = text("SELECT * FROM companies WHERE name = :name")
        return connection.execute(query, {"name": name}).one_or_none()


def test_a_company_is_made_and_leads_to_its_documents(client: TestClient, migrated: Engine) -> None:
    assert {*form_of(open_page(client, "/companies/new"))} == {*APPLE}
    answer = send(client, "/companies/new", APPLE)
    made = row(migrated, "Apple Inc.")
    assert (answer.status_code, answer.headers["location"]) == (
        303,
        f"/companies/{made.id}/documents",
    )
    assert (made.primary_ticker, made.lei, made.cik) == ("AAPL", LEI, "0000320193")
    assert made.tickers == [{"ticker": "AAPL", "exchange": "NASDAQ"}]
    assert (made.fiscal_year_end, made.ir_url) == ("09-30", "https://investor.apple.com/")


def test_a_name_alone_and_a_ticker_without_exchange_do(
    client: TestClient, migrated: Engine
) -> None:
    assert send(client, "/companies/new", {"name": "A"}).status_code == 303
    assert send(client, "/companies/new", {"name": "B", "ticker-1": "B"}).status_code == 303
    assert (row(migrated, "A").primary_ticker, row(migrated, "A").tickers) == (None, [])
    assert (row(migrated, "B").primary_ticker, row(migrated, "B").tickers) == ("B", [])


def test_errors_stand_beside_their_fields_and_what_was_typed_stays(client: TestClient) -> None:
    wrong = {
        "name": "a\0b",
        "ticker-1": "A:B",
        "exchange-1": "<script>",
        "ticker-2": "",
        "exchange-2": "NYSE",
        "ticker-3": "X",
        "exchange-3": "",
        "lei": f"{LEI[:-1]}5",
        "cik": "0",
        "fiscal_year_end": "02-30",
        "ir_url": "javascript:alert(1)",
    }
    page = refused(client, "/companies/new", wrong)
    assert {*mistakes(page)} == {*wrong} - {"exchange-1", "exchange-2", "ticker-3"}
    assert "slip" in mistakes(page)["lei"]
    kept = form_of(page)
    assert {name: kept[name] for name in wrong if name != "name"} == {
        name: value for name, value in wrong.items() if name != "name"
    }
    assert "Nothing was made" in main_of(page)
    assert {*mistakes(refused(client, "/companies/new", {"name": ""}))} == {"name"}
    twice = {**APPLE, "ticker-2": "AAPL", "exchange-2": "nasdaq"}
    assert "twice" in main_of(refused(client, "/companies/new", twice))
    assert "20 letters" in mistakes(refused(client, "/companies/new", {**APPLE, "lei": "x"}))["lei"]


def test_a_conflict_names_the_other_company_with_a_link(client: TestClient) -> None:
    for form, field in ({"name": "sap se"}, "name"), ({**APPLE, "name": "Other"}, "lei"):
        if field == "lei":
            send(client, "/companies/new", APPLE)
        page = refused(client, "/companies/new", form, 409)
        assert list(mistakes(page)) == [field]
        name = "SAP SE" if field == "name" else "Apple Inc."
        assert links_of(page)[name].startswith("/companies/")
        assert form_of(page)["name"] == form["name"]


def test_a_company_is_changed_where_a_person_changed_the_form(
    client: TestClient, migrated: Engine
) -> None:
    """Filings may give what a form would not take, such as an LEI with a slip."""
    with migrated.begin() as connection:
        connection.execute(
            text(
                "UPDATE companies SET lei = '529900EXAMPLE0LEI042', primary_ticker = 'UL'"
                " WHERE name = 'Unilever PLC'"
            )
        )
    number = row(migrated, "Unilever PLC").id
    path = f"/companies/{number}/edit"
    form = form_of(open_page(client, path))
    assert (form["ticker-1"], form["exchange-1"]) == ("UL", "NYSE")
    unchanged = row(migrated, "Unilever PLC")
    assert send(client, path, form).headers["location"] == f"/companies/{number}"
    assert row(migrated, "Unilever PLC")[:-1] == unchanged[:-1], "no column but updated_at"
    form = {**form_of(open_page(client, path)), "cik": "217410", "ticker-1": "", "exchange-1": ""}
    assert send(client, path, form).status_code == 303
    changed = row(migrated, "Unilever PLC")
    assert (changed.cik, changed.primary_ticker) == ("0000217410", "ULVR")
    assert {"ticker": "UL", "exchange": "NYSE"} not in changed.tickers
    assert len(changed.tickers) == 2
    stale = refused(client, path, {**form, "cik": "1"}, 409)
    assert "changed meanwhile" in main_of(stale)
    form = {**form_of(open_page(client, path)), "lei": "", "name": ""}
    assert {*mistakes(refused(client, path, form))} == {"name"}


def test_more_listings_than_a_form_has_stay(client: TestClient, migrated: Engine) -> None:
    with migrated.begin() as connection:
        connection.execute(
            text(
                "UPDATE companies SET tickers = (SELECT jsonb_agg(jsonb_build_object('ticker', 'T'"
                " || n, 'exchange', 'X')) FROM generate_series(1, 30) AS n) WHERE id = 1"
            )
        )
    form = form_of(open_page(client, "/companies/1/edit"))
    assert "ticker-1" not in form
    assert send(client, "/companies/1/edit", {**form, "cik": "5"}).status_code == 303
    assert len(row(migrated, form["name"]).tickers) == 30


def test_a_company_is_removed_with_what_was_shown_and_a_tick(
    client: TestClient, filled: Shelf
) -> None:
    number = filled.company(primary_ticker="ACM")
    filled.add("ACM", filled.file("a.pdf"))
    path = f"/companies/{number}/remove"
    page = open_page(client, path)
    said = main_of(page)
    for expected in (
        "1 document, in which 3 statements were read",
        "1 stored file",
        "no correction",
    ):
        assert expected in said
    form = form_of(page)
    unticked = {name: value for name, value in form.items() if name != "confirm"}
    assert "Tick the box" in main_of(refused(client, path, unticked))
    filled.add("ACM", filled.file("b.pdf", age=1))
    assert "look at it again" in main_of(refused(client, path, form, 409))
    answer = send(client, path, form_of(open_page(client, path)))
    assert answer.headers["location"] == f"/?removed={number}"
    assert "was removed" in main_of(open_page(client, answer.headers["location"]))
    assert "was removed" not in main_of(open_page(client, "/?removed=1")), "it is there"
    assert "was removed" not in main_of(open_page(client, "/?removed=x"))
    assert filled.one("SELECT count(*) FROM documents") == 0
    assert not [each for each in filled.folder.rglob("storage/**/*") if each.is_file()]
    open_page(client, path, status=404)


@pytest.fixture
def token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WRITE_TOKEN", "0123456789abcdef-secret")


@pytest.mark.usefixtures("token", "fresh_engine")
def test_without_write_access_there_is_no_form() -> None:
    headers = {**AS_BROWSER, "X-Forwarded-For": "203.0.113.9"}
    with local_client() as client:
        for path in ("/companies/new", "/companies/1/edit", "/companies/1/remove"):
            page = page_of(client.get(path, headers=headers))
            assert not page.xpath("//main//form")
            assert "/sign-in" in " ".join(links_of(page).values())
            refusal = client.post(path, data={"name": "x", "confirm": "yes"}, headers=headers)
            assert refusal.status_code == 401
