"""Totals of a workbook are formulas only where these show the printed figure."""

from decimal import Decimal

import pytest

from app.pipeline.compiled import Compiled
from app.pipeline.export.xlsx_formulas import formula_of, sums_of
from app.pipeline.statement import Equation, OtherRow
from tests.helpers.compiled import typed_compiled

BLOCK = """
# Assets
Cash | 10 | 9
Receivables | 3 | 3
Inventories | 2 | 2
= Current assets | 15 | 14
"""


def formulas_of(compiled: Compiled) -> dict[tuple[int, str], str]:
    empty = [not row.cells for row in compiled.rows]
    sums = sums_of(compiled)
    return {at: formula_of(each, lambda row: f"C{row}", empty) for at, each in sums.items()}


def test_neighbouring_terms_are_a_range() -> None:
    found = formulas_of(typed_compiled("balance_sheet", BLOCK, "4 = 1 + 2 + 3"))
    assert found == {(4, "2024"): "=SUM(C1:C3)", (4, "2023"): "=SUM(C1:C3)"}


def test_a_range_leads_over_a_heading_but_over_no_other_row() -> None:
    text = "A | 1\n# More\nB | 2\nC | 3\nD | 4\n= Total | {}"
    over_heading = typed_compiled("balance_sheet", text.format(10), "5 = 0 + 2 + 3 + 4")
    assert formulas_of(over_heading) == {(5, "2024"): "=SUM(C0:C4)"}
    over_row = typed_compiled("balance_sheet", text.format(7), "5 = 0 + 2 + 4")
    assert formulas_of(over_row) == {(5, "2024"): "=C0+C2+C4"}


def test_terms_keep_their_signs() -> None:
    text = "Sales | 10\nCost | 4\nRent | 1\nTax | 1\n= Profit | 4\nLoss | 4"
    found = formulas_of(typed_compiled("income_statement", text, "4 = 0 - 1 - 2 - 3", "5 = - 4"))
    assert found == {(4, "2024"): "=C0-SUM(C1:C3)"}
    text = "Cost | 4\nSales | 10\n= Profit | 6"
    found = formulas_of(typed_compiled("income_statement", text, "2 = - 0 + 1"))
    assert found == {(2, "2024"): "=-C0+C1"}


def test_rounding_is_a_constant_in_the_formula() -> None:
    text = "A | 10.1 | 10.1\nB | 3 | 3\n= Total | 13.2 | 13.0"
    found = formulas_of(typed_compiled("balance_sheet", text, "2 = 0 + 1"))
    assert found == {(2, "2024"): "=ROUND(C0+C1+0.1,1)", (2, "2023"): "=ROUND(C0+C1-0.1,1)"}


def test_an_empty_term_counts_as_nothing() -> None:
    text = "A | 10\nB | \n= Total | 10"
    assert formulas_of(typed_compiled("balance_sheet", text, "2 = 0 + 1")) == {
        (2, "2024"): "=C0+C1"
    }


@pytest.mark.parametrize(
    "text",
    [
        "A | 10\nB | 3\n= Total | 15",  # more than rounding
        "A | 10\nB | ?\n= Total | 10",
        "A | 10\nB | 3\n= Total | ?",
        "A | 10\nB | 1234567890123456\n= Total | 1234567890123466",  # B is text
        "A | 999999999999999\nB | 1\n= Total | 1000000000000000",  # the sum has 16 digits
        "A | 10\nB | 3\n= Total | 13 ! 31",
        "A | 10\n^ B | 3\n= Total | 13",  # of another scale
        "A | \nB | \n= Total | 1",
    ],
    ids=[
        *("difference", "unreadable term", "unreadable total", "term is text", "long sum"),
        *("corrected", "scales", "nothing"),
    ],
)
def test_a_total_that_no_formula_shows_stays_a_number(text: str) -> None:
    assert formulas_of(typed_compiled("balance_sheet", text, "2 = 0 + 1")) == {}


def test_a_sum_that_was_not_tested_in_a_period_is_no_formula_there() -> None:
    compiled = typed_compiled("balance_sheet", BLOCK, "4 = 1 + 2 + 3")
    del compiled.equations[0].diff["2023"]
    assert formulas_of(compiled) == {(4, "2024"): "=SUM(C1:C3)"}


def test_equalities_and_ties_to_other_statements_are_no_formulas() -> None:
    diff = {"2024": Decimal(0)}
    tie = OtherRow(statement="balance_sheet", row=0)
    equations = [
        Equation(id="equal", kind="equal", rows=[0, 1], diff=diff),
        Equation(id="tie", total=0, terms=[(1, 1)], other=tie, diff=diff),
    ]
    compiled = typed_compiled("balance_sheet", "A | 1\nB | 1", equations=equations)
    assert formulas_of(compiled) == {}


def test_no_cell_depends_on_itself() -> None:
    text = "= A | 5\nB | 2\n= C | 3"
    found = formulas_of(typed_compiled("balance_sheet", text, "0 = 1 + 2", "2 = 0 - 1", "1 = 1"))
    assert found == {(0, "2024"): "=C1+C2"}


def test_a_long_chain_of_totals_is_followed() -> None:
    text = "A | 1\n" + "\n".join("= Total | 1" for _ in range(1200))
    sums = [f"{row} = {row - 1}" for row in range(1, 1201)]
    found = sums_of(typed_compiled("balance_sheet", text, *sums, "0 = 1200"))
    assert sorted(row for row, _ in found) == list(range(1, 1201))


def test_the_sum_of_subtotals_is_preferred_in_every_column() -> None:
    text = BLOCK + "Land | 5 | 6\n= Assets | 20 | 20"
    sums = ("4 = 1 + 2 + 3", "6 = 1 + 2 + 3 + 5", "6 = 4 + 5")
    found = formulas_of(typed_compiled("balance_sheet", text, *sums))
    assert found[6, "2024"] == found[6, "2023"] == "=C4+C5"
