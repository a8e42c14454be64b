"""What is said below the table, and the switches above it."""

import pytest

from app.pages.statement.missing import missing_of
from app.pipeline.compiled import Compiled, Unplaced
from app.pipeline.statement import Issue
from app.services.errors import NotFoundError
from tests.helpers.compiled_years import typed_years
from tests.helpers.statement_pages import shown

HOSTILE = '<script>alert("1")</script>\u202egnp.exe'


def groups(*others: Compiled) -> Compiled:
    return typed_years("Tax | 3 | 2", framework="ifrs", currency="EUR", others=[*others])


def test_each_switch_keeps_the_other_options() -> None:
    page = shown(typed_years("Tax | 3 | 2"), years=5, view="original", order="oldest")
    assert page.links("Years") == {
        "5": "/companies/7/income-statement?years=5&view=original&order=oldest",
        "10": "/companies/7/income-statement?view=original&order=oldest",
        "All": "/companies/7/income-statement?years=all&view=original&order=oldest",
    }
    assert page.links("Measure")["% of revenue"] == (
        "/companies/7/income-statement?years=5&view=original&show=share&order=oldest"
    )
    assert page.links("Figures")["Latest"] == "/companies/7/income-statement?years=5&order=oldest"
    currents = [page.current(each) for each in ("Years", "Figures", "Measure", "Order")]
    assert currents == ["5", "As first reported", "Amounts", "Oldest first"]


def test_the_tabs_keep_the_options() -> None:
    page = shown(typed_years("Tax | 3 | 2"), years=5)
    assert page.links("Company")["Balance sheet"] == "/companies/7/balance-sheet?years=5"


def test_downloads_have_the_years_and_figures_that_are_shown() -> None:
    page = shown(typed_years("Tax | 3 | 2"), years=None, view="original", show="growth")
    assert page.links("Download") == {
        name.upper(): "/api/v1/companies/7/statements/income_statement"
        f"?years=all&view=original&format={name}"
        for name in ("xlsx", "csv", "json")
    }


def test_other_frameworks_and_currencies_are_a_switch() -> None:
    other = typed_years("Tax | 30 | 20", framework="us-gaap", currency="USD")
    compiled = groups(other)
    page = shown(compiled, years=5)
    assert page.links("Reported in") == {
        "IFRS · EUR": "/companies/7/income-statement?years=5",
        "US GAAP · USD": "/companies/7/income-statement?years=5&framework=us-gaap&currency=USD",
    }
    assert page.current("Reported in") == "IFRS · EUR"
    page = shown(compiled, framework="us-gaap", currency="USD")
    assert page.row("Tax") == ["30*", "20*"]
    assert page.current("Reported in") == "US GAAP · USD"
    assert page.document.xpath("//td/a/@href")[0] == (
        "/companies/7/income-statement/figure?line=tax&framework=us-gaap&currency=USD&year=2023"
    )
    assert not shown(groups()).links("Reported in")


def test_a_group_that_is_not_known_has_a_name() -> None:
    other = typed_years("Tax | 30", framework=None, currency=None)
    page = shown(groups(other), framework="unknown", currency="unknown")
    assert page.current("Reported in") == "framework not known · currency not known"


def test_a_group_that_an_address_cannot_name_is_said() -> None:
    parent = typed_years("Tax | 30", framework="ifrs", currency="EUR", scope="parent")
    page = shown(groups(parent))
    assert page.notices == ["Also compiled: IFRS in EUR, parent company. It is in the JSON."]


def test_a_framework_that_there_is_not_is_said_and_the_default_shown() -> None:
    page = shown(groups(), framework=HOSTILE, currency="XXX")
    assert page.row("Tax") == ["3*", "2*"]
    assert page.notices[0].startswith("No income statement in <script>")
    assert page.notices[0].endswith("it was compiled in ifrs (EUR)")
    assert "<script>alert" not in str(page.content)
    assert page.links("Years")["5"] == "/companies/7/income-statement?years=5"


def test_issues_come_first_and_quote_labels_as_text() -> None:
    compiled = typed_years("Tax | 3 | 2")
    compiled.issues = [
        Issue(code="block_does_not_close", message=f"the sum of {HOSTILE} does not close"),
        Issue(code="not_proved", message="is marked beside the figure"),
    ]
    page = shown(compiled)
    assert page.notices == ['The sum of <script>alert("1")</script>gnp.exe does not close']
    assert page.document.xpath("//li[@class = 'warning']/bdi")
    assert "<script>alert" not in str(page.content)
    assert "\u202e" not in str(page.content)


def test_lines_without_a_place() -> None:
    compiled = typed_years("Tax | 3 | 2")
    compiled.unplaced = [Unplaced(input=1, row=4, label=HOSTILE, reason="not_on_the_face")]
    (notice,) = shown(compiled).notices
    assert notice.startswith("1 line of a report has no place among these.")
    assert notice.endswith("gnp.exe in 10-K of 1 Feb 2023: not on the face")


def test_labels_titles_and_units_are_text() -> None:
    compiled = typed_years("Tax | 3 | 2", title=HOSTILE, currency="EUR")
    compiled.rows[0].label = HOSTILE
    compiled.rows[0].unit = '"><img src=x onerror=alert(1)>'
    compiled.inputs[0].form = "<b>10-K"
    compiled.rows[0].cells["2022"].change = "restated"
    page = shown(compiled)
    assert [each for each in page.rows if "img src" in each]
    assert not page.document.xpath("//img | //script[not(@src)] | //b")
    assert "\u202e" not in str(page.content)


@pytest.mark.parametrize(
    ("code", "can_compile"),
    [
        ("no_documents", False),
        ("not_found_in_documents", False),
        ("all_doubtful", False),
        ("not_compiled", True),
        ("stale", True),
        ("other_form", True),
        ("left_out", False),
    ],
)
def test_why_a_statement_is_not_there(code: str, can_compile: bool) -> None:
    missing = missing_of(
        NotFoundError(code, "the income statement cannot be compiled: x"), "balance_sheet"
    )
    assert missing.title.startswith("Balance sheet: ")
    assert missing.can_compile is can_compile
    assert missing.words[0].text
