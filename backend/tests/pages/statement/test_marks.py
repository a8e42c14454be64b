"""Each mark of a figure, and what is said of it: what it was, and in which filing."""

from datetime import date
from decimal import Decimal

import pytest

from app.pipeline.compiled import Compiled, CompiledCell, Corrected
from tests.helpers.compiled_years import typed_years
from tests.helpers.statement_pages import Shown, shown

NEWEST, BEFORE = 0, 1
"""Columns."""


def cell_of(compiled: Compiled, row: int, year: int) -> CompiledCell:
    return compiled.rows[row].cells[str(year)]


def changed(text: str) -> Shown:
    """Return the page of a line of which the year before is first reported otherwise."""
    return shown(typed_years(f"Tax | 100 | {text}", years=[2023, 2022]))


OLD, NEW = "10-K of 1 Feb 2023, page 1", "10-K of 1 Feb 2024, page 1"


@pytest.mark.parametrize(
    ("text", "figure", "detail"),
    [
        ("90 < 95 restated", "90r*", f"restated (-5): 95 in {OLD}, then 90 in {NEW}"),
        ("90 < -90 sign", "90±*", f"with the other sign: (90) in {OLD}, then 90 in {NEW}"),
        (
            "90 < 95 reclassified",
            "90m*",
            f"reclassified: the sum of its block is the same (-5): 95 in {OLD}, then 90 in {NEW}",
        ),
        ("90 < 90.4 rounding", "90≈*", f"rounded otherwise: 90.4 in {OLD}, then 90 in {NEW}"),
    ],
)
def test_a_figure_that_was_reported_otherwise(text: str, figure: str, detail: str) -> None:
    page = changed(text)
    assert page.row("Tax")[BEFORE] == figure
    assert page.details("Tax", BEFORE) == [detail]
    assert page.details("Tax", NEWEST) == []
    assert figure[2] in page.legend


def test_a_split() -> None:
    compiled = typed_years("%Basic | 6.13 | 2.97 < 11.88 split | 3 / 4:1", years=[2023, 2022, 2021])
    page = shown(compiled)
    assert page.row("Basic [USD/share]") == ["6.13", "2.97s", "3.00u"]
    (split,) = page.details("Basic [USD/share]", 1)
    assert split.startswith("split 4:1: 11.88 in 10-K of 1 Feb 2023")
    (unadjusted,) = page.details("Basic [USD/share]", 2)
    assert unadjusted == "before a 4:1 split; stated in 10-K of 1 Feb 2023, page 1"
    assert page.legend["s"] == "split 4:1 before FY2023's report (FY2022 first reported 11.88)"
    assert page.legend["u"].startswith("not adjusted for the split")
    (notice,) = page.notices
    assert notice == (
        "Figures per share and numbers of shares of FY2021 are from before a split, and not "
        "comparable with newer years."
    )
    (notice,) = shown(compiled, view="original").notices
    assert "FY2021–FY2022 are from before a split" in notice  # noqa: RUF001


def test_a_correction() -> None:
    compiled = typed_years("Tax | 100", years=[2023])
    cell_of(compiled, 0, 2023).corrected = Corrected(
        was=Decimal(-10), because="a <b>smudge</b>", by="ann", on=date(2026, 11, 27)
    )
    page = shown(compiled)
    assert page.row("Tax") == ["100c*"]
    assert page.details("Tax", 0) == [
        "read as (10); corrected by ann on 27 Nov 2026, because: a <b>smudge</b>"
    ]
    assert "<b>" not in str(page.content)


def test_a_figure_that_is_corrected_where_nothing_was_read() -> None:
    compiled = typed_years("Tax | 100", years=[2023])
    cell_of(compiled, 0, 2023).corrected = Corrected(
        was=None, because="it is there", by="ann", on=date(2026, 11, 27)
    )
    assert shown(compiled).details("Tax", 0)[0].startswith("read as illegible; corrected by ann")


def test_a_turned_sign() -> None:
    compiled = typed_years("Tax | 100", years=[2023])
    cell_of(compiled, 0, 2023).turned = True
    page = shown(compiled)
    assert page.row("Tax") == ["100±*"]
    assert page.details("Tax", 0) == ["stated as (100) in 10-K of 1 Feb 2024, page 1"]


def test_a_turned_sign_of_a_restated_figure() -> None:
    compiled = typed_years("Tax | 100 | 90 < -95 restated", years=[2023, 2022])
    cell_of(compiled, 0, 2022).turned = True
    page = shown(compiled)
    assert page.details("Tax", BEFORE) == [
        f"stated as (90) in {NEW}",
        f"restated (+5): (95) in {OLD}, then (90) in {NEW}",
    ]


def test_a_figure_with_more_digits_than_the_newest_report_has() -> None:
    page = shown(typed_years("Tax | 100 | 90 | 80.46", years=[2023, 2022, 2021]))
    assert page.row("Tax") == ["100*", "90*", "80≈*"]
    assert page.details("Tax", 2) == ["stated as 80.46, rounded here"]


def test_as_first_reported() -> None:
    compiled = typed_years("Tax | 100 | 90 < 95 restated", years=[2023, 2022])
    page = shown(compiled, view="original")
    assert page.row("Tax") == ["100*", "95r*"]
    assert page.details("Tax", 1)[0].startswith("restated (-5): 95 in 10-K of 1 Feb 2023")
    assert page.legend["r"] == "restated in a later report"


def test_a_line_that_a_later_report_states_first() -> None:
    compiled = typed_years("Tax | 100 | 90\nOther | 1 | 2", years=[2023, 2022])
    cell_of(compiled, 1, 2022).history.clear()
    page = shown(compiled, view="original")
    assert page.row("Other") == ["1*", "2l*"]
    assert page.details("Other", 1) == ["first stated in 10-K of 1 Feb 2024, page 1"]


def test_what_is_proved_and_what_is_not() -> None:
    text = "Sales | 60\nOther | 40\n=Total | 100\nTax | 9\n%Basic | 1.5\nIllegible | ?"
    compiled = typed_years(text, {"Total": ["Sales", "Other"]}, years=[2023])
    page = shown(compiled)
    assert page.rows == {
        "Sales": ["60"],
        "Other": ["40"],
        "Total": ["100"],
        "Tax": ["9*"],
        "Basic [USD/share]": ["1.50"],
        "Illegible": ["?"],
    }
    assert page.legend["*"] == "in no sum that holds"
    assert page.legend["?"] == "a figure stands there, and cannot be read"
    assert page.proof == "✓ 3 of 5 figures proved by sums"
    described = page.document.xpath("//td[contains(@class, 'u')]/a/@aria-describedby")
    assert [page.document.get_element_by_id(each).text for each in described] == [
        "in no sum that holds"
    ]


def test_a_figure_of_a_doubtful_filing() -> None:
    compiled = typed_years("Tax | 100 | 90", years=[2023, 2022])
    compiled.inputs[0].status = "doubtful"
    page = shown(compiled)
    assert page.row("Tax") == ["100†*", "90†*"]
    assert page.legend["†"] == "of a filing that contradicts itself, which a person accepted"
    assert "Accepted by a person, though doubtful: report-2023.pdf. Documents" in page.notices


def test_a_figure_that_the_document_does_not_show() -> None:
    compiled = typed_years("Tax | 100", years=[2023])
    cell_of(compiled, 0, 2023).unconfirmed = True
    page = shown(compiled)
    assert page.row("Tax") == ["100‡*"]
    assert page.legend["‡"] == "the document does not show this figure in its place"


def test_several_marks_are_told_in_words_and_described() -> None:
    compiled = typed_years("Tax | 100 | 90 < 95 restated", years=[2023, 2022])
    (button,) = shown(compiled).document.xpath("//button[@popovertarget]")
    assert button.get("aria-label") == "restated, not proved"
    assert button.text == "r*"
    (link,) = button.getparent().xpath("a")
    assert link.get("aria-describedby") == f"{button.get('popovertarget')} kp"


def test_the_legend_has_only_marks_that_occur() -> None:
    text = "Sales | 60\nOther | 40\n=Total | 100"
    page = shown(typed_years(text, {"Total": ["Sales", "Other"]}, years=[2023]))
    assert page.legend == {}
