"""The text of all pages: running headers, limits, and what a document says of itself."""

from datetime import date

import pytest

from app.pipeline.read.pdf import pages, read_pdf
from app.pipeline.read.pdf.document import find_company, find_framework, find_year_end
from app.pipeline.read.pdf.language import fold
from app.pipeline.read.pdf.pages import PageText, running_form, running_lines
from tests.pipeline.read.pdf.drawn import Row, draw, income

HEADER = "Annual Report 2022 | 57"
UNIT = "(in thousands of Canadian dollars)"
DATE = "for the financial year ended 31 March 2022"


def page(number: int, *lines: str) -> PageText:
    text = "\n".join(lines)
    return PageText(number, text, fold(text))


def test_lines_on_many_pages_are_running_ones_but_for_dates_and_units() -> None:
    lines = [f"Annual Report 2022 | {number}" for number in range(10)]
    found = running_lines([page(n, line, UNIT, DATE) for n, line in enumerate(lines, 1)])
    assert running_form(HEADER) in found
    assert running_form(UNIT) not in found
    assert running_form(DATE) not in found


def test_a_unit_that_heads_every_page_is_still_read() -> None:
    year: Row = ("", "2022", "2021")
    note: list[Row] = ["Alder plc", UNIT, "Notes to the financial statements", "1 Policies"]
    data = draw(income("Alder plc", UNIT, "Income statement", DATE, year), *[note] * 9)
    (found,) = read_pdf(data).statements
    assert (found.currency, found.scale) == ("CAD", 3)


def test_pages_after_the_limit_are_said_not_to_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "PAGE_LIMIT", 1)
    filing = read_pdf(draw(income("Income statement", DATE, ("", "2022", "2021")), ["2"], ["3"]))
    (issue,) = (each for each in filing.issues if each.code == "pages_not_read")
    assert "2 pages after page 1" in issue.message


@pytest.mark.parametrize(
    ("sentence", "framework"),
    [
        ("prepared in accordance with International Financial Reporting Standards", "ifrs"),
        ("in conformity with U.S. GAAP", "us-gaap"),
        ("prepared in accordance with FRS 102", "frs-102"),
        ("Der Abschluss wurde nach HGB aufgestellt, in accordance with HGB", "hgb"),
        ("in accordance with Swiss GAAP FER", "swiss-gaap-fer"),
        ("IFRS 9 is mentioned", None),
    ],
)
def test_the_framework_is_that_of_the_statement_of_compliance(
    sentence: str, framework: str | None
) -> None:
    assert find_framework([fold(sentence)]) == framework


def test_the_cover_of_an_annual_form_names_company_and_numbers() -> None:
    found = find_company(
        [
            page(
                1,
                "UNITED STATES SECURITIES AND EXCHANGE COMMISSION",
                "Washington, D.C. 20549",
                "FORM 10-K",
                "Commission File Number: 001-12345",
                "Alder Widgets, Inc.",
                "(Exact name of registrant as specified in its charter)",
                "Delaware 94-1234567",
            )
        ]
    )
    assert found.name == "Alder Widgets, Inc."
    assert found.identifiers == {"sec_file": "001-12345", "ein": "94-1234567"}


def test_a_name_that_no_page_repeats_is_none() -> None:
    assert (
        find_company([page(1, "Report"), page(2, "paid to Birch Consulting Limited")]).name is None
    )


def test_the_usual_year_end_is_the_one_that_the_text_repeats() -> None:
    text = "the year ended 31 March 2022 and the year ended 31 March 2021, as at 30 June 2019"
    usual, ends = find_year_end([fold(text)] * 3)
    assert usual == (3, 31)
    assert date(2022, 3, 31) in ends


def test_years_of_52_weeks_have_no_usual_day() -> None:
    text = "years ended September 24, 2022, September 25, 2021 and September 26, 2020."
    usual, ends = find_year_end([fold(text)] * 3)
    assert usual is None
    assert ends == {date(2022, 9, 24), date(2021, 9, 25), date(2020, 9, 26)}
