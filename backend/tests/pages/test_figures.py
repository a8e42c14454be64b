"""Where a figure comes from, as a page: every kind of source, proofs, history, what is missing."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from fastapi.testclient import TestClient
from lxml.html import HtmlElement

from app.pipeline.statement import SourceKind, Statement, StatementName
from app.pipeline.verify import verify
from tests.helpers.accounts import a_year_earlier, flow, group, income, sheet
from tests.helpers.pages import links_of, main_of, open_page, text_of
from tests.helpers.shelf import Shelf

pytestmark = pytest.mark.usefixtures("filled")
KINDS: dict[SourceKind, str] = {
    "pdf": "PDF",
    "ixbrl": "iXBRL",
    "xbrl": "XBRL",
    "xbrl_json": "xBRL-JSON",
    "companyfacts": "SEC companyfacts",
    "llm": "language model",
    "manual": "by hand",
}
RESTATED = """
    Revenue | 44,200 | 40,112
    Cost of sales | -28,450 | -26,003
    = Gross profit | 15,750 | 14,109
    Selling expenses | -5,988 | -5,644
    Administrative expenses | -3,902 | -3,711
    = Operating profit | 5,860 | 4,754
    Finance costs | -583 | -602
    = Profit before tax | 5,277 | 4,152
    Income tax | -1,190 | -958
    = Profit for the year | 4,087 | 3,194
    % Basic earnings per share | 0.81 | 0.64"""
"""The income statement of 2022, before it was restated."""


class Reader:
    """A person who reads the pages of one company."""

    def __init__(self, client: TestClient, company: int) -> None:
        self.client, self.company = client, company

    def figure(
        self,
        line: str = "revenue",
        year: str = "2023",
        *,
        slug: str = "income-statement",
        status: int = 200,
        **query: Any,
    ) -> HtmlElement:
        """Return the page of a figure."""
        path = f"/companies/{self.company}/{slug}/figure"
        return open_page(self.client, path, status=status, line=line, year=year, **query)

    def follow(self, page: HtmlElement, text: str) -> HtmlElement:
        """Return the page that a link with this text leads to."""
        return open_page(self.client, links_of(page)[text].partition("#")[0])


@pytest.fixture
def reader(filled: Shelf, client: TestClient) -> Callable[..., Reader]:
    """Return a function that adds reports, and returns who reads about their company."""

    def add(*files: str, name: str = "Acme plc", **options: Any) -> Reader:
        filled.company(name)
        kept = filled.add(name, *files, trusted=True, **options)
        assert {each.outcome for each in kept} == {"added"}
        filled.compile(name)
        company = filled.one("SELECT id FROM companies WHERE name = :name", name=name)
        return Reader(client, company)

    return add


@pytest.fixture
def acme(filled: Shelf, reader: Callable[..., Reader]) -> Reader:
    """Return who reads about a company with two reports, the newer of which restates 2022."""
    older, newer = verify(a_year_earlier([income(RESTATED)])), verify(group())
    filings = [
        filled.file("report-2022.pdf", statements=older, form="10-K"),
        filled.file("report-2023.pdf", statements=newer, form="10-K", filed=date(2024, 2, 9)),
    ]
    return reader(*filings)


def value_of(page: HtmlElement) -> str:
    """Return the figure of a page."""
    (found,) = page.xpath("//p[@class='value']/data")
    return text_of(found)


def section_of(page: HtmlElement, heading: str) -> HtmlElement:
    (found,) = page.xpath(f"//section[h3[normalize-space() = '{heading}']]")
    assert isinstance(found, HtmlElement)
    return found


def facts_of(element: HtmlElement) -> dict[str, str]:
    """Return names with their values."""
    return {
        text_of(each): text_of(each.getnext()) for each in element.xpath(".//dl[@class='facts']/dt")
    }


def one(statement: Statement, label: str, **changes: Any) -> Statement:
    """Return a statement with another cell in the first column of a row."""
    row = next(each for each in statement.rows if each.label == label)
    row.cells["p0"] = row.cells["p0"].model_copy(update=changes)
    return statement


def test_a_figure_is_shown_with_its_unit_its_exact_value_and_its_proof(acme: Reader) -> None:
    page = acme.figure()
    assert value_of(page) == "48,211"
    assert text_of(page.xpath("//p[@class='value']")[0]) == "48,211 USD million"
    assert "Proved" in text_of(page.xpath("//p[@class='state']")[0])
    facts = facts_of(page)
    assert facts["Exact value"] == "48,211,000,000 USD"
    assert facts["Period"] == "1 Jan 2023 to 31 Dec 2023"
    assert page.findtext(".//title", "").startswith("Revenue, FY2023 · Acme plc")


def test_the_filing_is_named_with_its_digest_and_links_to_its_document_and_file(
    acme: Reader, filled: Shelf
) -> None:
    page = acme.figure()
    found = filled.rows("SELECT id, sha256 FROM documents WHERE file_name = 'report-2023.pdf'")[0]
    document, sha256 = found.id, found.sha256
    facts = facts_of(section_of(page, "The filing"))
    assert facts["Form"] == "10-K"
    assert facts["Fiscal year"] == "2023"
    assert facts["Filed"] == "9 Feb 2024"
    assert facts["Kind"] == "PDF"
    assert facts["Read by"].startswith("pdf")
    assert facts["SHA-256"] == f"{sha256[:12]}…{sha256}"
    assert links_of(page)["report-2023.pdf"] == f"/documents/{document}"
    assert links_of(page)["the file"] == f"/api/v1/documents/{document}/file"


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_source_is_told_with_the_lines_of_its_filing(
    kind: SourceKind, filled: Shelf, reader: Callable[..., Reader]
) -> None:
    statements, is_fact = group(), kind in {"xbrl", "xbrl_json", "companyfacts"}
    for each in statements:
        for row in each.rows:
            row.concept = f"us-gaap:Line{row.n}" if is_fact or kind == "ixbrl" else None
            for cell in row.cells.values():
                cell.printed = None if is_fact else cell.printed
    acme = reader(filled.file("filing", kind=kind, statements=verify(statements)))
    page = acme.figure("cost-of-sales")
    assert facts_of(section_of(page, "The filing"))["Kind"] == KINDS[kind]
    place = section_of(page, "Where it stands")
    (boxed,) = place.xpath(".//td[contains(@class, 'boxed')]")
    assert text_of(boxed) == ("(30,172)" if is_fact else "-30172")
    assert len(place.xpath(".//img")) == (1 if kind == "pdf" else 0)
    assert text_of(boxed.getparent().find("th")) == "Cost of sales"
    concept = "us-gaap:Line1" if is_fact or kind == "ixbrl" else None
    assert facts_of(place).get("Concept") == concept


def test_the_sign_rule_the_note_and_the_dimensions_of_a_fact_are_told(
    filled: Shelf, reader: Callable[..., Reader]
) -> None:
    statement = one(income(), "Cost of sales", fact="f-7", at="f-7", tagged=Decimal(30_172_000_000))
    statement.rows[1].note = "5"
    statement.rows[1].axes = {"us-gaap:SegmentsAxis": "acme:FoodsMember"}
    acme = reader(
        filled.file("report.htm", kind="ixbrl", statements=verify([statement, sheet(), flow()]))
    )
    facts = facts_of(section_of(acme.figure("cost-of-sales"), "Where it stands"))
    assert facts["Note"] == "5"
    assert facts["us-gaap:SegmentsAxis"] == "acme:FoodsMember"
    assert facts["Fact"] == "f-7"
    assert facts["Tagged value"].startswith("30,172,000,000, printed with the other sign")


def test_the_sums_link_to_the_pages_of_their_other_figures(acme: Reader) -> None:
    page = acme.figure("gross-profit")
    one_sum, other = section_of(page, "What proves it").xpath(".//table[@class='equation']")
    lines = [[text_of(each) for each in row.xpath("*")] for row in one_sum.xpath("tbody/tr")]
    assert lines == [
        ["", "Revenue", "48,211"],
        ["+", "Cost of sales", "(30,172)"],
        ["=", "Gross profit (this figure)", "18,039"],
    ]
    assert "Difference 0" in text_of(one_sum)
    for table in (one_sum, other):
        for row in table.xpath("tbody/tr[.//a]"):
            there = open_page(acme.client, row.xpath(".//a/@href")[0])
            assert value_of(there) == text_of(row.xpath("td")[-1])
            assert text_of(there.xpath("//h2")[0]) == f"{text_of(row.find('th'))} FY2023"


def test_proof_is_told_in_words(filled: Shelf, reader: Callable[..., Reader]) -> None:
    assets = one(one(sheet(), "Goodwill", v=None), "Share capital", v=Decimal(5_100))
    statements = verify([income(), assets, flow()])
    acme = reader(filled.file("report.pdf", statements=statements))
    for slug, line, state, words in (
        ("income-statement", "basic-earnings-per-share", "Not checkable", "terms of no sum"),
        ("income-statement", "revenue", "Proved", "It stands in a sum that holds."),
        ("balance-sheet", "goodwill", "Not legible", "cannot be read"),
        ("balance-sheet", "share-capital", "Unproved", "sum"),
    ):
        (told,) = acme.figure(line, slug=slug).xpath("//p[@class='state']")
        assert text_of(told).startswith(state), line
        assert words in text_of(told)


def test_history_tells_what_each_filing_states_the_oldest_first(
    acme: Reader, filled: Shelf
) -> None:
    page = acme.figure(year="2022")
    assert value_of(page) == "44,087"
    rows = section_of(page, "What each filing states").xpath(".//tbody/tr")
    told = [[text_of(each) for each in row.xpath("*")] for row in rows]
    assert [each[0] for each in told] == [
        "report-2022.pdf (10-K, fiscal year 2022, PDF)",
        "report-2023.pdf (10-K, fiscal year 2023, PDF)",
    ]
    assert [each[-2] for each in told] == ["44,200", "44,087"]
    assert told[0][-1] == "first stated here"
    assert told[1][-1] == "restated (\N{MINUS SIGN}113) ← shown"
    ids = {each.file_name: each.id for each in filled.rows("SELECT file_name, id FROM documents")}
    assert [row.xpath("th/a/@href")[0] for row in rows] == [
        f"/documents/{ids['report-2022.pdf']}",
        f"/documents/{ids['report-2023.pdf']}",
    ]


def test_a_figure_as_first_reported_is_that_of_its_own_report(acme: Reader) -> None:
    page = acme.figure(year="2022", view="original")
    assert value_of(page) == "44,200"
    assert facts_of(page)["Shown"] == "as first reported"
    (shown,) = section_of(page, "What each filing states").xpath(".//tr[@class='shown']")
    assert "report-2022.pdf" in text_of(shown)
    older = acme.follow(page, "← FY2021")
    assert facts_of(older)["Shown"] == "as first reported"


def test_neighbouring_years_and_the_way_back_keep_the_options(acme: Reader) -> None:
    options: dict[str, Any] = {
        "years": "all",
        "view": "original",
        "show": "growth",
        "order": "oldest",
    }
    page = acme.figure(year="2022", **options)
    for name in ("← FY2021", "FY2023 →", "Income statement"):
        for key, value in options.items():
            assert f"{key}={value}" in links_of(page)[name]
    back = page.xpath("//nav[@class='breadcrumb']//a/@href")[0]
    assert back.startswith(f"/companies/{acme.company}/income-statement?")
    assert back.endswith("#line-revenue")


def test_programs_get_the_same_figure_from_the_address_that_the_page_names(acme: Reader) -> None:
    page = acme.figure(year="2022", view="original")
    answer = acme.client.get(links_of(page)["For programs, as JSON"]).json()
    assert answer["schema"] == "origin/1"
    assert (answer["v"], answer["view"]) == ("44200", "original")


def test_a_second_reading_of_the_same_filing_is_told_and_a_difference_warned_of(
    filled: Shelf, reader: Callable[..., Reader]
) -> None:
    facts = one(income(), "Revenue", v=Decimal(48_311))
    files = [
        filled.file("report.htm", kind="ixbrl", statements=verify(group())),
        filled.file("facts.json", kind="companyfacts", statements=verify([facts, sheet(), flow()])),
    ]
    page = reader(*files).figure()
    told = text_of(section_of(page, "What each filing states"))
    assert "facts.json" in told
    assert "48,311, which is another" in told
    assert "states another figure" in text_of(page.xpath("//p[contains(@class, 'notice')]")[0])


def test_a_correction_is_told_with_what_was_read_who_when_and_why(acme: Reader) -> None:
    answer = acme.client.post(
        f"/api/v1/companies/{acme.company}/corrections",
        json={
            "statement": "income_statement",
            "line": "revenue",
            "year": "2023",
            "value": "48212",
            "because": "a smudge <b>here</b>",
            "by": "Ann",
        },
    )
    assert answer.status_code in {200, 201}, answer.text
    page = acme.figure()
    assert value_of(page) == "48,212"
    (told,) = page.xpath("//p[contains(@class, 'notice')][strong]")
    words = text_of(told)
    assert words.startswith("Corrected: read as 48,211; corrected by Ann on ")
    assert words.endswith("because: a smudge <b>here</b>")


MISSING: tuple[tuple[str, str, dict[str, str], str, int], ...] = (
    ("revenues", "2023", {}, "No line of the income statement is called 'revenues'.", 1),
    ("dividends", "2021", {}, "No filing states 'Dividends' for FY2021", 2),
    ("revenue", "1999", {}, "The income statement has no '1999'", 3),
    ("revenue", "2023", {"currency": "EUR"}, "No income statement in EUR", 1),
    ("Other", "2023", {}, "2 lines of the income statement are called 'Other'.", 2),
    ("Costs", "2023", {}, "'Costs' is a heading of the income statement", 2),
)
"""Line, year and options of no figure, why there is none, and how many may be meant at least."""
ODD = """
    # Income
    Revenue | 30 | 20
    Other | 3 | 2
    # Costs
    Materials | -4 | -3
    Other | -2 | -1
    #
    = Profit | 27 | 18"""


def test_a_figure_that_does_not_exist_is_a_page_with_those_that_may_be_meant(
    filled: Shelf, reader: Callable[..., Reader]
) -> None:
    newer = income(f"{ODD}\n~ Dividends | 1 | 1")
    older = filled.file("older.pdf", statements=a_year_earlier([income(ODD)]))
    acme = reader(older, filled.file("newer.pdf", statements=[newer]))
    for line, year, query, reason, choices in MISSING:
        page = acme.figure(line, year, status=404, **dict[str, Any](query))
        assert "There is no such figure" in main_of(page)
        assert text_of(page.xpath("//p[@class='problem']")[0]).startswith(reason)
        offered = page.xpath("//main//h3/following-sibling::ul[1]//a/@href")
        assert len(offered) >= choices
        assert all(value_of(open_page(acme.client, each)) for each in offered)
        assert "The whole statement" in links_of(page)


def test_other_addresses_are_refused_as_pages(acme: Reader) -> None:
    path = f"/companies/{acme.company}/income-statement/figure"
    for query in ({"line": "revenue"}, {"year": "2023"}, {"line": "", "year": "2023"}):
        page = open_page(acme.client, path, status=400, **query)
        assert "lacks a part" in main_of(page)
    for other in (
        f"/companies/{acme.company}/profits/figure",
        "/companies/99999999/income-statement/figure",
    ):
        open_page(acme.client, other, status=404, line="revenue", year="2023")


def test_programs_that_ask_for_a_missing_figure_get_a_problem_document(acme: Reader) -> None:
    answer = acme.client.get(
        f"/companies/{acme.company}/income-statement/figure",
        params={"line": "nonsense", "year": "2023"},
        headers={"Accept": "application/json"},
    )
    assert answer.status_code == 404
    assert answer.json()["code"] == "line_not_found"


HOSTILE = "<script>alert(1)</script>\u202egpj.exe\"'><img src=x onerror=alert(1)>"


def test_hostile_text_of_a_filing_is_shown_as_text_and_turns_nothing(
    filled: Shelf, reader: Callable[..., Reader]
) -> None:
    statement = income()
    row = statement.rows[0]
    row.label, row.note, row.concept = f"Revenue {HOSTILE}", HOSTILE[:20], HOSTILE
    row.axes = {HOSTILE: HOSTILE}
    row.cells["p0"].fact = row.cells["p0"].at = HOSTILE
    row.cells["p0"].printed = f"48,211{HOSTILE}"
    statement.title = HOSTILE
    statement.periods[0].printed = HOSTILE
    file = filled.file(
        "report.htm", kind="ixbrl", statements=verify([statement, sheet(), flow()]), form="10-K<i>"
    )
    acme = reader(file, name="Acme <b>plc")
    line = filled.one(
        "SELECT data -> 'rows' -> 0 ->> 'id' FROM compiled_statements"
        " WHERE statement_type = 'income_statement' ORDER BY id DESC LIMIT 1"
    )
    path = f"/companies/{acme.company}/income-statement/figure"
    query = {"line": line, "year": "2023"}
    answer = acme.client.get(path, params=query, headers={"Accept": "text/html"})
    assert answer.status_code == 200
    assert "\u202e" not in answer.text
    page = open_page(acme.client, path, **query)
    assert not page.xpath("//main//script | //main//img | //main//b | //main//i | //*[@onerror]")
    assert "<script>alert(1)</script>" in main_of(page)


NAMES: tuple[StatementName, ...] = ("income_statement", "balance_sheet", "cash_flow_statement")


def test_every_figure_of_a_company_has_a_page_that_shows_it(acme: Reader) -> None:
    seen = 0
    for name in NAMES:
        compiled = acme.client.get(
            f"/api/v1/companies/{acme.company}/statements/{name}", params={"years": "all"}
        ).json()
        for row in compiled["rows"][::2]:
            for key, cell in row["cells"].items():
                page = acme.figure(row["id"], key, slug=name.replace("_", "-"))
                (data,) = page.xpath("//p[@class='value']/data/@value")
                assert data == cell["v"]
                seen += 1
    assert seen > 30
