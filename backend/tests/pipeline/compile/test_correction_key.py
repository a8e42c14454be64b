"""A printed cell is named by what stands on the page, and found again in another reading."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from app.pipeline.compile.correction_key import find_cell, key_of
from app.pipeline.compile.readings import Correction
from app.pipeline.statement import Period, Row, Statement
from tests.helpers.tables import typed_statement

TABLE = """
    # Assets
    Other | 10 | 11
    Cash | 5 | 6
    Other | 20 | 21
    # Liabilities
    Other | 30 |
    = Total | 40 | 41"""


def statement(text: str = TABLE, concepts: dict[int, str] | None = None) -> Statement:
    read = typed_statement("balance_sheet", text)
    for n, concept in (concepts or {}).items():
        read.rows[n].concept = concept
    return read


def correction(read: Statement, n: int, year: int = 2023, **changes: Any) -> Correction:
    row = read.rows[n]
    section, label, occurrence = key_of(read, row)
    values: dict[str, Any] = {
        "sha256": "0" * 64,
        "period_end": date(year, 12, 31),
        "section": section,
        "label": label,
        "occurrence": occurrence,
        "concept": row.concept,
        "value": Decimal(1),
        "scale": 6,
        "because": "b",
        "by": "me",
        "on": date(2026, 1, 1),
        "axes": row.axes,
    }
    return Correction(**{**values, **changes})


def test_every_row_is_found_by_its_own_key() -> None:
    read = statement()
    for row in read.rows:
        if row.kind != "heading":
            assert find_cell(read, correction(read, row.n)) == (row, "p0")


def test_rows_with_one_label_are_told_apart_by_section_and_order() -> None:
    read = statement()
    assert [key_of(read, read.rows[n]).occurrence for n in (1, 3, 5)] == [1, 2, 1]


def test_a_row_without_a_cell_in_the_year_is_found_too() -> None:
    read = statement()
    assert find_cell(read, correction(read, 5, 2022)) == (read.rows[5], "p1")


def test_a_year_that_the_filing_does_not_have_is_not_found() -> None:
    read = statement()
    assert find_cell(read, correction(read, 1, 2020)) is None


@pytest.mark.parametrize("changes", [{"occurrence": 3}, {"label": "Others"}, {"section": ()}])
def test_another_row_is_never_taken_instead(changes: dict[str, Any]) -> None:
    read = statement()
    assert find_cell(read, correction(read, 1, **changes)) is None


def test_a_renamed_row_is_found_by_its_concept_if_that_is_unique() -> None:
    read = statement(concepts={1: "x:A", 2: "x:Cash"})
    renamed = correction(read, 2, label="Cash and banks")
    assert find_cell(read, renamed) == (read.rows[2], "p0")
    read.rows[3].concept = "x:Cash"
    assert find_cell(read, renamed) is None


def test_a_row_of_the_same_name_with_another_concept_is_not_taken() -> None:
    read = statement(concepts={1: "x:A", 3: "x:B"})
    wanted = correction(read, 3)
    read.rows.pop(1)  # the second row of this name is the first by now
    assert find_cell(read, wanted) == (read.rows[2], "p0")
    read.rows[2].concept = "x:C"
    assert find_cell(read, wanted) is None


def test_a_member_is_told_from_the_total_by_its_axes() -> None:
    read = statement(concepts={1: "x:A", 3: "x:A"})
    read.rows[3].axes = {"x:Axis": "x:M"}
    wanted = correction(read, 3, label="of which M")
    assert find_cell(read, wanted) == (read.rows[3], "p0")


def test_the_year_is_meant_where_a_quarter_ends_on_the_same_day() -> None:
    read = statement()
    read.periods.append(Period(key="q", fiscal_year=2023, label="Q4", end=date(2023, 12, 31)))
    read.periods[0].days, read.periods[-1].days = 365, 92
    read.rows[1].cells["q"] = read.rows[1].cells["p1"]
    assert find_cell(read, correction(read, 1)) == (read.rows[1], "p0")
    read.periods[-1].days = 365  # which of them, cannot be told
    assert find_cell(read, correction(read, 1)) is None


def test_headings_do_not_count() -> None:
    read = statement()
    read.rows.insert(1, Row(n=99, label="Other", section=["Assets"], kind="heading"))
    assert key_of(read, read.rows[2]).occurrence == 1
