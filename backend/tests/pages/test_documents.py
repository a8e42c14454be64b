"""The documents of a company, one of them, and why its pages were taken, in process."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest
from fastapi.testclient import TestClient
from lxml.html import HtmlElement
from sqlalchemy import Engine, event

from app.pages.documents import chosen_pages
from app.pipeline.statement import Checks, Issue, SkippedLine, Statement
from app.services.answer import Candidate
from app.services.errors import RefusedError, UnavailableError
from tests.helpers.accounts import group
from tests.helpers.http import LOCAL
from tests.helpers.pages import AS_BROWSER, links_of, main_of, open_page, text_of
from tests.helpers.shelf import Shelf

OLD = '{"periods": ["2020"], "source": "a", "issues": ["x"], "checks": 1, "title": 2}'
HOSTILE = "<script>alert(1)</script>\u202egpj\" onerror='x'"
FORM = {**AS_BROWSER, "Origin": LOCAL}
ELSEWHERE = {**AS_BROWSER, "X-Forwarded-For": "192.0.2.7"}


def rows(page: HtmlElement) -> list[list[str]]:
    """Return the cells of the table of documents, with the heading of each row."""
    found = page.xpath("//div[@data-documents]//tbody/tr")
    return [[text_of(cell) for cell in each.xpath("./th | ./td")] for each in found]


def facts(page: HtmlElement, place: str) -> dict[str, str]:
    """Return names and values of a list of them."""
    (found,) = page.xpath(f"{place}//dl")
    return {
        text_of(name): text_of(value)
        for name, value in zip(found.xpath("./dt"), found.xpath("./dd"), strict=True)
    }


def documents_of(client: TestClient, company: int, **query: Any) -> HtmlElement:
    return open_page(client, f"/companies/{company}/documents", **query)


def send(client: TestClient, path: str, **fields: str) -> Any:
    return client.post(path, data=fields, headers=FORM, follow_redirects=False)


def with_issues() -> list[Statement]:
    """Return the three statements, the first of them with all that its page tells."""
    statements = group()
    statements[0].title = "Consolidated income statement"
    statements[0].source.pages = [31, 32, 40]
    statements[0].skipped = [SkippedLine(text="31", reason="page_footer", page=31)]
    statements[0].issues = [
        Issue(code="skipped_line", message="a line with figures was not read", page=32),
        Issue(code="not_proved", message="Revenue is in no sum that holds", row=1),
        Issue(code="not_proved", message="Costs are in no sum that holds", row=2),
        Issue(code="unreadable_figure", message="a figure cannot be read", row=3),
    ]
    return statements


def doubtful(checks: dict[str, Any] | None = None) -> list[Statement]:
    statements = group()
    for each in statements:
        each.checks = Checks(cells=8, checkable=8, verified=3, status="doubtful", **(checks or {}))
    return statements


def test_documents_are_listed_with_how_far_each_statement_is_proved(
    client: TestClient, filled: Shelf
) -> None:
    company = filled.company()
    filed = date(2024, 2, 1)
    first = filled.file("old.pdf", age=1, form="10-K")
    second = filled.file(
        "new.pdf", form="10-K", filed=filed, statements=with_issues(), status="partly"
    )
    third = filled.file("tagged.htm", kind="ixbrl", statements=group()[:1], status="doubtful")
    filled.add("Acme plc", first, second, third)
    page = documents_of(client, company)
    assert text_of(page.xpath("//h2")[0]) == "3 documents"
    new, tagged, old = rows(page)
    assert new == [
        "FY2023 10-K",
        "31 Dec 2023",
        "1 Feb 2024",
        "PDF",
        "partly proved pp. 31\N{EN DASH}32, 40, 50 % proved, 1 issue",
        "partly proved p. 1, 50 % proved",
        "partly proved p. 1, 50 % proved",
        "new.pdf",
    ]
    assert tagged[3:7] == ["iXBRL", "doubtful p. 1, 50 % proved", "not found", "not found"]
    assert (old[0], old[2], old[4]) == ("FY2022 10-K", "\N{EN DASH}", "verified p. 1, 50 % proved")
    links = links_of(page)
    assert links["new.pdf"] == f"/api/v1{links['FY2023 10-K']}/file"
    assert client.get(links["new.pdf"]).content.startswith(b"%PDF-")


def test_an_amendment_and_what_it_amends_name_each_other(client: TestClient, filled: Shelf) -> None:
    company = filled.company()
    end = filled.file("a.pdf", form="10-K", filed=date(2024, 2, 1))
    filled.add("Acme plc", end, filled.file("b.pdf", form="10-K/A", filed=date(2024, 5, 1)))
    amending, amended = (each[0] for each in rows(documents_of(client, company)))
    assert amending == "FY2023 10-K/A amends FY2023 10-K"
    assert amended == "FY2023 10-K amended by FY2023 10-K/A"
    (number,) = filled.rows("SELECT id FROM documents WHERE form = '10-K'")
    page = open_page(client, f"/documents/{number.id}")
    assert facts(page, "//section[1]")["Amended by"] == "FY2023 10-K/A"


def test_a_document_of_many_filings_counts_their_statements(
    client: TestClient, filled: Shelf
) -> None:
    company = filled.company()
    filings = {"0001-24-1": "verified", "0001-23-1": "doubtful", "0001-22-1": "doubtful"}
    statements = []
    for accession in filings:
        one = group()[0]
        one.source.accession = accession
        statements.append(one)
    path = filled.file("facts.json", kind="companyfacts", statements=statements)
    for each, status in zip(statements, filings.values(), strict=True):
        assert each.checks is not None
        each.checks.status = status  # type: ignore[assignment]
    (kept,) = filled.add("Acme plc", path)
    (row,) = rows(documents_of(client, company))
    assert row[0] == "FY2023 SEC companyfacts"
    assert row[3] == "SEC companyfacts 3 filings"
    assert row[4].startswith("1 verified, 2 doubtful 50 % proved")
    page = open_page(client, f"/documents/{kept.document}")
    assert [text_of(each) for each in page.xpath("//details/summary/bdi")] == [
        f"Filing · FY2023 · {accession}" for accession in sorted(filings)
    ]
    assert "2 statements are doubtful" in main_of(page)


def test_a_company_without_documents_is_told_how_to_add_some(
    client: TestClient, filled: Shelf
) -> None:
    page = documents_of(client, filled.company())
    assert "No reports yet" in main_of(page)
    (form,) = page.xpath("//form[@enctype='multipart/form-data']")
    (field,) = form.xpath(".//input[@type='file']")
    assert field.get("multiple") is not None
    names = [each.get("name") for each in form.xpath(".//input")]
    assert names == ["same_company", "accept_doubtful", "file"]  # the file comes last


def test_the_list_takes_two_queries_however_many_documents_there_are(
    client: TestClient, filled: Shelf
) -> None:
    company = filled.company()
    filled.add("Acme plc", filled.file("a.pdf"), filled.file("b.pdf", age=1))
    sent: list[str] = []

    def note(_: Any, __: Any, statement: str, *___: Any) -> None:
        sent.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        assert len(rows(documents_of(client, company))) == 2
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    assert len(sent) <= 2, sent


def test_a_document_tells_what_was_read_in_it(client: TestClient, filled: Shelf) -> None:
    company = filled.company()
    path = filled.file("new.pdf", form="10-K", statements=with_issues(), status="partly")
    (kept,) = filled.add("Acme plc", path)
    filled.compile("Acme plc")
    page = open_page(client, f"/documents/{kept.document}")
    about = facts(page, "//section[1]")
    assert about["SHA-256"] == filled.one("SELECT sha256 FROM documents")
    assert about["File"] == "new.pdf 12 bytes"
    income = "//section[@aria-label='Income statement']"
    assert text_of(page.xpath(f"{income}/h2")[0]) == "Income statement partly proved"
    read = facts(page, income)
    assert read["Pages"] == "31, 32, 40"
    assert read["Periods"].startswith("2023 (1 Jan 2023 to 31 Dec 2023)")
    assert read["Amounts"] == "USD million"
    assert read["Read"].startswith("PDF (pdf-geometry/")
    assert read["Lines left out"] == "1"
    assert [text_of(each) for each in page.xpath(f"{income}//ul[@class='notices']/li")] == [
        "A line with figures was not read. page 32",
        "2 lines or figures are in no sum that holds.",
        "1 figure cannot be read.",
    ]
    assert "Printed as Consolidated income statement." in main_of(page)
    uses = facts(page, "//section[2]")
    assert list(uses) == ["Income statement", "Balance sheet", "Cash flow statement"]
    assert uses["Income statement"].endswith("figures of FY2022 to FY2023")
    assert links_of(page)["Income statement"] == f"/companies/{company}/income-statement"


def test_a_document_that_newer_ones_replace_says_for_which_years_it_is_used(
    client: TestClient, filled: Shelf
) -> None:
    filled.company()
    _, old = filled.add("Acme plc", filled.file("new.pdf"), filled.file("old.pdf", age=1))
    filled.compile("Acme plc")
    page = open_page(client, f"/documents/{old.document}")
    assert facts(page, "//section[2]")["Balance sheet"].endswith("of FY2021")


def test_checks_are_told_in_sentences(client: TestClient, filled: Shelf) -> None:
    filled.company()
    path = filled.file("a.pdf")
    checks = {"balance": "fail", "cash": "not_applicable", "closing_cash": "unknown"}
    for each in filled._answers[path].filing.statements:  # type: ignore[union-attr]  # noqa: SLF001
        each.checks = Checks(cells=8, checkable=8, verified=8, status="doubtful", **checks)
    (kept,) = filled.add("Acme plc", path)
    page = open_page(client, f"/documents/{kept.document}")
    found = page.xpath("//section[@aria-label='Balance sheet']//ul[@class='checks']/li")
    words = [text_of(each) for each in found]
    assert words[0] == "fails Total assets do not equal total equity and liabilities."
    assert words[1] == "not known Closing cash was not found in the balance sheet."
    assert not any("flows" in each for each in words)


def test_doubtful_statements_are_accepted_as_they_were_seen(
    client: TestClient, filled: Shelf
) -> None:
    filled.company()
    (kept,) = filled.add("Acme plc", filled.file("a.pdf", status="doubtful"))
    filled.compile("Acme plc")
    address = f"/documents/{kept.document}"
    page = open_page(client, address)
    assert "No figure of this document is used." in main_of(page)
    (seen,) = page.xpath(f"//form[@action='{address}/accept']/input[@name='seen']/@value")
    refused = send(client, f"{address}/accept", seen="0" * 64)
    assert refused.status_code == 409
    assert filled.one("SELECT count(*) FROM extractions WHERE doubtful_accepted") == 0
    accepted = send(client, f"{address}/accept", seen=seen)
    assert (accepted.status_code, accepted.headers["location"]) == (303, address)
    page = open_page(client, address)
    assert "doubtful, accepted" in main_of(page)
    assert "figures of FY2022 to FY2023" in main_of(page)
    assert not page.xpath("//form[contains(@action, '/accept')]")
    again = send(client, f"{address}/accept", seen=seen)
    assert again.status_code == 409


def test_no_text_of_a_filing_or_a_person_becomes_markup(client: TestClient, filled: Shelf) -> None:
    company = filled.company(f"Acme {HOSTILE}")
    statements = with_issues()
    statements[0].title = HOSTILE
    statements[0].issues = [Issue(code="x", message=HOSTILE)]
    statements[0].periods[0].label = HOSTILE
    statements[0].source.reader = HOSTILE
    path = filled.file(
        "a.pdf", company=None, statements=statements, form=HOSTILE, status="doubtful"
    )
    statements[0].currency = HOSTILE
    statements[0].framework = HOSTILE
    (kept,) = filled.add(f"id:{company}", path, trusted=True)
    with filled.sessions.begin() as session:
        session.connection().exec_driver_sql(
            "UPDATE documents SET file_name = %(name)s", {"name": HOSTILE}
        )
    for address in (
        f"/companies/{company}/documents",
        f"/documents/{kept.document}",
        f"/documents/{kept.document}/remove",
    ):
        page = open_page(client, address)
        scripts = page.xpath("//script[not(@src)]")
        assert not scripts, address
        assert not page.xpath("//*[@onerror]"), address
        text = page.text_content()
        assert "\u202e" not in text
        assert "<script>alert(1)</script>" in text


def test_a_person_who_may_not_change_anything_sees_why_instead_of_forms(
    client: TestClient, filled: Shelf
) -> None:
    company = filled.company()
    (kept,) = filled.add("Acme plc", filled.file("a.pdf", status="doubtful"))
    for address in (
        f"/companies/{company}/documents",
        f"/documents/{kept.document}",
        f"/documents/{kept.document}/remove",
    ):
        answer = client.get(address, headers=ELSEWHERE)
        assert answer.status_code == 200
        assert 'method="post"' not in answer.text
        assert "Changes are accepted from" in answer.text


def test_what_is_not_there_is_a_page_that_says_so(client: TestClient, filled: Shelf) -> None:
    del filled
    for address in ("/documents/4711", "/documents/4711/pages", "/documents/4711/remove"):
        assert (
            "there is no document 4711" in main_of(open_page(client, address, status=404)).lower()
        )
    assert (
        "no company" in main_of(open_page(client, "/companies/4711/documents", status=404)).lower()
    )
    for address in ("/documents/4711/accept", "/documents/4711/remove"):
        assert send(client, address, seen="x").status_code == 404


def test_why_each_page_was_taken_is_asked_once_of_a_worker(
    client: TestClient, filled: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled.company()
    (kept,) = filled.add("Acme plc", filled.file("a.pdf"))
    asked: list[str] = []
    reasons = ["+5.0 title 'Income statement'", HOSTILE]

    def explain(_: object, stored: str, *__: object) -> Sequence[Candidate]:
        asked.append(stored)
        return [
            Candidate(page=31, statement="income_statement", taken=True, score=8, reasons=reasons),
            Candidate(page=77, statement=None, taken=False, score=1.25, reasons=["much prose"]),
        ]

    monkeypatch.setattr(chosen_pages, "explain_pages", explain)
    for _ in range(2):
        page = open_page(client, f"/documents/{kept.document}/pages")
    found = [
        [text_of(cell) for cell in each.xpath("./th | ./td")] for each in page.xpath("//tbody/tr")
    ]
    assert found[0][:4] == ["31", "Income statement", "taken", "8.0"]
    assert found[0][4].startswith("+5.0 title 'Income statement'; <script>")
    assert found[1] == ["77", "No statement", "not taken", "1.2", "much prose"]
    assert asked == [filled.one("SELECT file_path FROM documents")]


def test_only_a_pdf_has_pages_to_choose_from(client: TestClient, filled: Shelf) -> None:
    filled.company()
    (kept,) = filled.add("Acme plc", filled.file("a.htm", kind="ixbrl"))
    page = open_page(client, f"/documents/{kept.document}/pages")
    assert "Only a PDF has pages to choose from" in main_of(page)


def test_a_pdf_that_cannot_be_looked_at_says_why(
    client: TestClient, filled: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled.company()
    (kept,) = filled.add("Acme plc", filled.file("a.pdf"))

    asked: list[None] = []

    def refuse(*_: object) -> Sequence[Candidate]:
        asked.append(None)
        raise RefusedError("damaged", "it is damaged")

    monkeypatch.setattr(chosen_pages, "explain_pages", refuse)
    for _ in range(2):
        assert "It is damaged." in main_of(open_page(client, f"/documents/{kept.document}/pages"))
    assert len(asked) == 1


def test_what_may_succeed_later_is_asked_again(
    client: TestClient, filled: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled.company()
    (kept,) = filled.add("Acme plc", filled.file("a.pdf"))

    def fail(*_: object) -> Sequence[Candidate]:
        raise UnavailableError("killed", "the pages could not be looked at: ask again")

    monkeypatch.setattr(chosen_pages, "explain_pages", fail)
    open_page(client, f"/documents/{kept.document}/pages", status=503)
    monkeypatch.setattr(chosen_pages, "explain_pages", lambda *_: [])
    page = open_page(client, f"/documents/{kept.document}/pages")
    assert "No page looks like a statement." in main_of(page)


def test_the_reading_in_use_is_told_and_that_there_are_others(
    client: TestClient, filled: Shelf
) -> None:
    company = filled.company()
    (kept,) = filled.add("Acme plc", filled.file("a.pdf", status="doubtful"))
    copy = (
        "INSERT INTO extractions (document_id, statement_type, raw_data, method, reader, status) "
        "SELECT document_id, statement_type, {}, {}, {}, {} FROM extractions "
        "WHERE statement_type = 'income_statement' AND reader LIKE 'pdf%%'"
    )
    with filled.sessions.begin() as session:
        connection = session.connection()
        connection.exec_driver_sql(copy.format("raw_data", "'manual'", "'ada'", "'verified'"))
        # A release before kept another form.
        connection.exec_driver_sql(copy.format(f"'{OLD}'", "'llm'", "NULL", "NULL"))
        connection.exec_driver_sql(
            f"UPDATE extractions SET reader = NULL, status = NULL, raw_data = '{OLD}' "
            "WHERE statement_type = 'balance_sheet'"
        )
    (row,) = rows(documents_of(client, company))
    assert row[3] == "by hand, PDF"
    assert row[4].startswith("verified")
    assert row[5] == "status not known 1 issue"
    page = open_page(client, f"/documents/{kept.document}")
    read = facts(page, "//section[@aria-label='Income statement']")
    assert (read["Read"], read["Other readings"]) == ("by hand (ada)", "2, not in use")
    balance = facts(page, "//section[@aria-label='Balance sheet']")
    assert balance["Amounts"] == "currency not known, scale not known"
    assert balance["Periods"] == "not known"
    assert "1 statement is doubtful" in main_of(page)


def test_a_second_copy_of_a_filing_in_another_kind_is_told_to_be_compared_only(
    client: TestClient, filled: Shelf
) -> None:
    filled.company()
    filed = date(2024, 2, 1)
    tagged = filled.file("a.htm", kind="ixbrl", form="10-K", filed=filed)
    printed = filled.file("a.pdf", form="10-K", filed=filed)
    documents = filled.add("Acme plc", tagged, printed)
    filled.compile("Acme plc")
    said = set()
    for each in documents:
        page = open_page(client, f"/documents/{each.document}")
        said.add(facts(page, "//section[2]")["Balance sheet"])
    assert said == {
        "30 figures of FY2022 to FY2023",
        "compared only: the same filing is used in another kind; 30 figures agree, 0 do not",
    }
