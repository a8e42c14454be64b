"""`/`: the list of companies, its search and its pages, in process."""

from typing import Any

import pytest
from fastapi.testclient import TestClient
from lxml.html import HtmlElement
from sqlalchemy import Engine, text

from app.api.pagination import cursor_of
from app.pages.companies import listing as companies
from app.pages.companies.listing import state_of
from app.services.company_overviews import Wanted, list_overviews
from app.services.compiled_proof import Proof
from tests.helpers.pages import links_of, main_of, open_page, text_of
from tests.helpers.shelf import Shelf

pytestmark = pytest.mark.usefixtures("on_migrated")

DASH = "\N{EN DASH}"
STALE = "statements not compiled from all readings"
HOSTILE = '<script>alert(1)</script>\u202e & "quotes" \' onclick=x'


def rows(page: HtmlElement) -> dict[str, list[str]]:
    """Return the cells of each company behind its name."""
    found = page.xpath("//table[contains(@class, 'companies')]/tbody/tr")
    return {
        text_of(each.xpath("./th/a")[0]): [text_of(cell) for cell in each.xpath("./td")]
        for each in found
    }


def names(client: TestClient, **query: Any) -> list[str]:
    return list(rows(open_page(client, "/", **query)))


@pytest.fixture
def no_companies(migrated: Engine) -> None:
    with migrated.begin() as connection:
        connection.execute(text("DELETE FROM companies"))


def test_companies_without_documents_are_told_so_with_a_link_to_add_some(
    client: TestClient,
) -> None:
    page = open_page(client, "/")
    assert len(rows(page)) == 6
    assert rows(page)["Allianz SE"] == ["No documents yet. Add reports of Allianz SE"]
    assert links_of(page)["Add reports of Allianz SE"] == "/companies/1/documents"
    assert "make demo-serve" in main_of(page)


@pytest.mark.usefixtures("no_companies")
def test_an_empty_database_tells_how_to_add_companies(client: TestClient) -> None:
    page = open_page(client, "/")
    for expected in ("no companies yet", "fde add --create", "make demo"):
        assert expected in main_of(page)
    assert "/companies/new" in links_of(page).values()


@pytest.fixture
def acme(no_companies: None, filled: Shelf) -> int:
    """Return the id of the only company, which has the reports of 2020 and 2023."""
    del no_companies
    number = filled.company(primary_ticker="ACM")
    filled.add("ACM", filled.file("new.pdf", form="10-K"), filled.file("old.pdf", age=1))
    filled.compile("ACM")
    return number


def test_a_company_has_its_years_proof_filing_documents_and_state(
    client: TestClient, acme: int
) -> None:
    page = open_page(client, "/")
    assert rows(page) == {
        "Acme plc": [
            f"2021{DASH}2023",
            "none of 111 figures",
            "10-K FY2023 filing day not stated",
            "2 of Acme plc",
            "up to date",
        ]
    }
    assert links_of(page)["Acme plc"] == f"/companies/{acme}"


def test_missing_years_what_is_not_proved_and_what_does_not_close_are_said(
    client: TestClient, acme: int, filled: Shelf
) -> None:
    with filled.sessions.begin() as session:
        session.execute(
            text("""
                UPDATE compiled_statements
                   SET digest = encode(sha256(convert_to(statement_type, 'UTF8')), 'hex'),
                       data = jsonb_set(jsonb_set(jsonb_set(data #- '{periods,1}',
                           '{checks}', jsonb_build_object('2023', data #> '{checks,2023}')),
                           '{checks,2023,verified}', '1'),
                           '{checks,2023,cash}', '"fail"')
                 WHERE company_id = :acme
            """),
            {"acme": acme},
        )
    ((years, proved, *_, state),) = rows(open_page(client, "/")).values()
    assert years == f"2021{DASH}2023 without 2022"
    assert proved.startswith("3 of ")
    assert proved.endswith(" %")
    assert state == "does not close in 2023"


def test_the_share_is_rounded_down_so_that_a_hundred_means_all() -> None:
    assert Proof((), 1000, 999, ()).percentage == 99
    assert Proof((), 0, 0, ()).percentage == 0


OF_SHEET = "statement_type = 'balance_sheet'"
OF_NEWEST = "document_id = (SELECT max(id) FROM documents)"
STATES = {
    f"UPDATE compiled_statements SET digest = NULL WHERE {OF_SHEET}": STALE,
    f"DELETE FROM compiled_statements WHERE {OF_SHEET}": STALE,
    "UPDATE compiled_statements SET digest = repeat('0', 64),"
    f' data = data || \'{{"algorithm": "0"}}\' WHERE {OF_SHEET}': STALE,
    "UPDATE compiled_statements SET digest = repeat('1', 64),"
    f' data = \'{{"schema": "compiled/0"}}\' WHERE {OF_SHEET}': STALE,
    f"UPDATE extractions SET status = 'doubtful' WHERE {OF_SHEET} AND {OF_NEWEST}": (
        "1 doubtful reading left out"
    ),
    "UPDATE extractions SET status = 'doubtful', doubtful_accepted = true": "up to date",
    f"DELETE FROM extractions WHERE {OF_NEWEST}": "1 document without statements",
}
"""What a company without a fault is changed by, and what is said then."""


@pytest.mark.usefixtures("acme")
def test_the_state_of_a_company_is_said(filled: Shelf) -> None:
    with filled.sessions() as session:
        for change, said in STATES.items():
            session.execute(text(change))
            (found,) = list_overviews(session, Wanted(), 50).companies
            assert [each.text for each in state_of(found)] == [said], change
            session.rollback()


def test_nothing_compiled_is_said(client: TestClient, acme: int, filled: Shelf) -> None:
    del acme
    with filled.sessions.begin() as session:
        session.execute(text("DELETE FROM compiled_statements"))
    (cells,) = rows(open_page(client, "/")).values()
    assert cells[:2] == ["nothing compiled", DASH]


@pytest.mark.usefixtures("no_companies")
def test_pages_go_on_and_back_without_a_company_twice(
    client: TestClient, filled: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(companies, "ON_A_PAGE", 2)
    every = [f"Company {each}" for each in "abcde"]
    for each in every:
        filled.company(each)
    for path in ("/", "/?q=company"):
        page = open_page(client, path)
        seen = [list(rows(page))]
        assert "← Previous page" not in links_of(page)
        while following := links_of(page).get("Next page →"):
            page = open_page(client, following)
            seen.append(list(rows(page)))
        assert seen == [every[:2], every[2:4], every[4:]]
        back = []
        while previous := links_of(page).get("← Previous page"):
            page = open_page(client, previous)
            back.append(list(rows(page)))
        assert back == [every[2:4], every[:2]]
        again = open_page(client, links_of(page)["Next page →"])
        assert list(rows(again)) == every[2:4]
        assert "5 companies" in main_of(page)


def test_a_cursor_that_is_none_is_refused(client: TestClient) -> None:
    for cursor in ("abc", "!", "WzAsImEiXQ", "é", "W10", "x" * 5000, "WzAsIlx1MDAwMCIsMV0"):
        for name in ("after", "before"):
            open_page(client, "/", status=422, **{name: cursor})


def test_a_cursor_with_the_biggest_numbers_is_a_page(client: TestClient) -> None:
    cursor = cursor_of(2**63 - 1, "x", 2**63 - 1)
    assert "no companies on this page" in main_of(open_page(client, "/", after=cursor))
    assert len(names(client, before=cursor)) == 6


@pytest.mark.usefixtures("no_companies")
def test_hostile_text_stays_text(client: TestClient, filled: Shelf) -> None:
    filled.company(
        HOSTILE, primary_ticker=HOSTILE, tickers=[{"ticker": HOSTILE, "exchange": HOSTILE}]
    )
    page = open_page(client, "/", q=HOSTILE)
    assert not page.xpath("//main//script | //@onclick")
    assert "\u202e" not in page.text_content()
    assert list(rows(page)) == [HOSTILE.replace("\u202e", "")]
    (box,) = page.xpath("//input[@name='q']/@value")
    assert box.startswith("<script>")


@pytest.mark.usefixtures("no_companies")
def test_a_vain_search_says_so_and_suggests(client: TestClient, filled: Shelf) -> None:
    number = filled.company("Costa Verde Foods Group plc")
    page = open_page(client, "/", q="costa verdi foods")
    assert "0 companies for" in main_of(page)
    assert links_of(page)["Costa Verde Foods Group plc"] == f"/companies/{number}"
    assert "slip" in main_of(open_page(client, "/", q="HWUPKR0MPOU8FGXBT395"))
    assert "slip" not in main_of(open_page(client, "/", q="HWUPKR0MPOU8FGXBT394"))


def test_any_search_is_answered(client: TestClient) -> None:
    for nothing in ("", "   ", "\0", "\u202e", "\n\t"):
        assert len(names(client, q=nothing)) == 6, nothing
    for text_ in ("x" * 50_000, "a " * 5000, "%", "_", "\\", "'", '"', "[", "\ud800"):
        page = open_page(client, "/", q=text_.encode(errors="replace"))
        assert "0 companies" in main_of(page), text_


def test_proof_is_read_once_for_a_statement(acme: int, filled: Shelf) -> None:
    with filled.sessions() as session:
        first = list_overviews(session, Wanted(), 50).companies
        session.execute(text("UPDATE compiled_statements SET data = '{}'"))
        assert list_overviews(session, Wanted(), 50).companies == first
        session.rollback()
    assert first[0].id == acme
