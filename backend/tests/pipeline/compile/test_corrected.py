"""Corrections of people: kept over compiling, marked, and never lost unnoticed."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from app.pipeline.compile.build import compile_statement
from app.pipeline.compile.corrected import apply_corrections
from app.pipeline.compile.readings import Correction, Reading
from app.pipeline.statement import Statement
from app.pipeline.verify import verify
from tests.helpers.accounts import SHEET, flow, income
from tests.helpers.reports import as_reading, cell, codes, figures, reading, statement

TEXT = """
    Revenue | 48,211 | 44,087
    Cost of sales | -30,172 | -28,450
    = Gross profit | 18,039 | 15,637"""
MISREAD = TEXT.replace("48,211", "43,211")
OLD = """
    Revenue | 44,087 | 40,112
    Cost of sales | -28,450 | -26,003
    = Gross profit | 15,637 | 14,109"""


def correction(of: Reading, **changes: Any) -> Correction:
    values: dict[str, Any] = {
        "sha256": of.sha256,
        "period_end": date(2023, 12, 31),
        "section": (),
        "label": "Revenue",
        "occurrence": 1,
        "concept": None,
        "value": Decimal(48211),
        "scale": 6,
        "because": "page 31",
        "by": "ann",
        "on": date(2024, 5, 1),
    }
    return Correction(**{**values, **changes})


def test_a_correction_is_shown_marked_and_proved_by_the_sums() -> None:
    read = reading(2023, MISREAD, accepted=True)
    before = compile_statement("income_statement", [read])
    result = compile_statement("income_statement", [read], [correction(read)])

    assert not cell(before, "Revenue", "2023").verified
    revenue = cell(result, "Revenue", "2023")
    assert revenue.v == 48211
    assert (revenue.verified, revenue.printed) == (True, "43211")
    assert revenue.corrected
    assert revenue.corrected.was == 43211
    assert revenue.corrected.by == "ann"
    assert cell(result, "Gross profit", "2022").corrected is None
    assert read.statement.rows[0].cells["p0"].v == 43211


def test_a_correction_that_breaks_a_sum_is_not_proved() -> None:
    read = reading(2023, TEXT)
    wrong = correction(read, value=Decimal(48000))
    result = compile_statement("income_statement", [read], [wrong])

    revenue = cell(result, "Revenue", "2023")
    assert revenue.v == 48000
    assert not revenue.verified
    assert not cell(result, "Gross profit", "2023").verified
    assert cell(result, "Gross profit", "2022").verified


@pytest.mark.parametrize(("profit", "proved"), [("15,637", False), ("15,638", True)])
def test_a_corrected_figure_is_proved_by_a_sum_as_exact_as_the_others(
    profit: str, *, proved: bool
) -> None:
    """A figure off by one is within the rounding of a sum, in which none may show."""
    read = reading(2023, MISREAD.replace("15,637", profit), status="partly")
    wrong = correction(read, value=Decimal(48212))
    result = compile_statement("income_statement", [read], [wrong])

    assert cell(result, "Revenue", "2023").verified is proved


def test_a_correction_in_another_scale_is_converted() -> None:
    read = reading(2023, MISREAD, accepted=True)
    thousands = correction(read, value=Decimal(48211000), scale=3)

    assert (
        figures(compile_statement("income_statement", [read], [thousands]), "Revenue")["2023"]
        == "48211"
    )


def test_a_newer_report_is_a_new_fact_and_the_correction_stays_in_the_history() -> None:
    old = reading(2022, OLD)
    fixed = correction(old, period_end=date(2022, 12, 31), value=Decimal(44100))
    result = compile_statement("income_statement", [reading(2023, TEXT), old], [fixed])

    revenue = cell(result, "Revenue", "2022")
    assert revenue.v == 44087
    assert revenue.corrected is None
    (stated,) = revenue.history
    assert stated.v == 44100
    assert stated.corrected
    assert stated.corrected.was == 44087


def test_a_correction_stays_where_a_newer_report_repeats_what_was_read() -> None:
    older = reading(2023, MISREAD, accepted=True)
    newer = reading(2024, "Revenue | 50,007 | 43,211\n Cost of sales | -1 | -30,172", accepted=True)
    result = compile_statement("income_statement", [older, newer], [correction(older)])

    revenue = cell(result, "Revenue", "2023")
    assert (str(revenue.v), revenue.corrected is not None) == ("48211", True)
    assert [(each.input, str(each.v)) for each in revenue.history] == [(0, "43211")]


def test_a_correction_without_its_cell_is_an_issue() -> None:
    read = reading(2023, TEXT)
    for lost in (
        {"label": "Sales"},
        {"occurrence": 2},
        {"section": ("Income",)},
        {"period_end": date(2021, 12, 31)},
        {"sha256": "0" * 64},
    ):
        result = compile_statement("income_statement", [read], [correction(read, **lost)])
        assert codes(result) == ["correction_without_cell"], lost
        assert figures(result, "Revenue") == {"2023": "48211", "2022": "44087"}


def test_the_second_of_two_equal_labels_is_meant_by_its_number() -> None:
    read = reading(2023, "Other | 10\n Other | 20\n Sales | 30", accepted=True)
    second = correction(read, label="Other", occurrence=2, value=Decimal(25))
    result = compile_statement("income_statement", [read], [second])

    assert result
    assert [each.cells["2023"].v for each in result.rows] == [10, 25, 30]


def test_the_newest_correction_of_a_cell_counts_and_what_was_read_is_kept() -> None:
    read = reading(2023, MISREAD, accepted=True)
    first = correction(read, value=Decimal(1))
    revenue = cell(
        compile_statement("income_statement", [read], [first, correction(read)]), "Revenue", "2023"
    )

    assert revenue.v == 48211
    assert revenue.corrected
    assert revenue.corrected.was == 43211


def test_of_many_filings_in_one_file_the_newest_that_has_the_cell_is_corrected() -> None:
    new = statement(2023, TEXT, kind="companyfacts", accession="23", status="partly")
    old = statement(2022, OLD, kind="companyfacts", accession="22", status="partly")
    readings = [as_reading(new, "facts"), as_reading(old, "facts")]
    fixed = correction(readings[0], period_end=date(2022, 12, 31), value=Decimal(44100))
    revenue = cell(compile_statement("income_statement", readings, [fixed]), "Revenue", "2022")

    assert revenue.v == 44100
    assert [each.corrected for each in revenue.history] == [None]


def test_without_its_correction_a_statement_is_as_before() -> None:
    read = reading(2023, MISREAD, accepted=True)
    fixed = [correction(read)]
    before = compile_statement("income_statement", [read])

    assert compile_statement("income_statement", [read], fixed) != before
    assert compile_statement("income_statement", [replace(read)], []) == before


@pytest.mark.parametrize(
    ("newest", "middle", "shown"),
    [
        ("43,087", None, 44087),
        ("?", None, 44087),
        ("44,500", None, 44500),
        ("44,500", "43,087", 44500),
        ("43,087", "44,500", 43087),
    ],
    ids=["repeated", "not readable", "restated", "restated after it was repeated", "and back"],
)
def test_a_correction_is_shown_until_a_newer_filing_states_another_figure(
    newest: str, middle: str | None, shown: int
) -> None:
    misread = reading(2022, "Revenue | 43,087 | 40,112\n Tax | 803 | 702", accepted=True)
    readings = [misread, reading(2023, f"Revenue | 48,211 | {newest}", accepted=True)]
    if middle:
        text = f"Revenue | 48,211 | {middle}"
        readings.append(reading(2023, text, form="10-K/A", accepted=True))
        readings.append(reading(2024, f"Revenue | 51,213 | 48,211 | {newest}", accepted=True))
        del readings[1]
    made = correction(misread, period_end=date(2022, 12, 31), value=Decimal(44087))
    revenue = cell(compile_statement("income_statement", readings, [made]), "Revenue", "2022")

    assert revenue.v == shown
    assert (revenue.corrected is not None) is (shown == 44087)


def flow_with(label: str, value: int) -> Statement:
    """Return a cash flow statement, tied to an income statement, after a correction of 2023."""
    (_, flow_statement) = verify([income(), flow()])
    flow_statement.source.sha256 = "0" * 64
    read = Reading(flow_statement, "0" * 64)
    made = correction(
        read,
        label=label,
        section=("Operating activities",),
        value=Decimal(value),
    )
    (entry,), issues = apply_corrections([read], [made])
    assert issues == []
    return entry.statement


def ties(statement: Statement) -> list[str]:
    return [each.id for each in statement.equations if each.other is not None]


def test_a_corrected_figure_is_tied_to_no_other_statement() -> None:
    assert ties(flow_with("Depreciation", 2211))
    assert not ties(flow_with("Profit for the year", 5840))


def test_a_balance_holds_after_a_correction_of_another_row_and_a_sum_without_a_term() -> None:
    sheet_text = SHEET
    for before, after in (
        ("Inventories | 9,871 | 8,032", "Inventories | 9,871 |"),
        ("31,127 | 26,131", "31,127 | 18,099"),
        ("84,984 | 77,731", "84,984 | 69,699"),
        ("37,454", "29,422"),
        ("25,011", "16,979"),
    ):
        assert before in sheet_text
        sheet_text = sheet_text.replace(before, after)
    read = reading(2023, sheet_text, "balance_sheet", accepted=True)
    made = correction(read, label="Goodwill", section=("Assets",), value=Decimal(13480))
    result = compile_statement("balance_sheet", [read], [made])

    assert result
    assert {key: each.balance for key, each in result.checks.items()} == {
        "2023": "pass",
        "2022": "pass",
    }
    assert cell(result, "Current assets", "2022").verified
    assert not cell(result, "Goodwill", "2023").verified
    total = correction(read, label="Total assets", section=("Assets",), value=Decimal(85984))
    wrong = compile_statement("balance_sheet", [read], [total])
    assert wrong
    assert {key: each.balance for key, each in wrong.checks.items()} != {
        "2023": "pass",
        "2022": "pass",
    }


def test_a_figure_that_was_not_read_is_proved_by_the_sum_of_the_other_years() -> None:
    read = reading(2023, TEXT.replace("48,211", "?"), accepted=True)
    result = compile_statement("income_statement", [read], [correction(read)])
    assert cell(result, "Revenue", "2023").verified
    assert cell(result, "Cost of sales", "2023").verified
