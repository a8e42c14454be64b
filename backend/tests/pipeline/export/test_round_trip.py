"""Any figure comes back from CSV and XLSX with all its digits."""

import csv
import io
import re
from decimal import Decimal
from fractions import Fraction
from typing import Any

import openpyxl
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.worksheet.worksheet import Worksheet

from app.pipeline.compiled import Compiled
from app.pipeline.export.long_csv import long_csv
from app.pipeline.export.wide_csv import COLUMNS, wide_csv
from app.pipeline.export.xlsx import write_xlsx
from app.pipeline.export.xlsx_statement import FIGURES, FIRST
from tests.helpers.compiled import typed_compiled

ROWS, YEARS = 4, 3

figures = st.one_of(
    st.integers(-(10**6), 10**6).map(Decimal),
    st.decimals(-(10**5), 10**5, places=1, allow_nan=False, allow_infinity=False),
    st.decimals(-100, 100, places=2, allow_nan=False, allow_infinity=False),
    st.integers(-(10**40) + 1, 10**40 - 1).map(Decimal),
    st.from_regex(r"-?[0-9]{1,40}(\.[0-9]{1,20})?", fullmatch=True).map(Decimal),
)


@st.composite
def statements(draw: st.DrawFn) -> Compiled:
    """Return three lines of any figures, and a total that they may add up to."""
    text = "\n".join(f"{'=' * (row == 3)}Row {row} | 0 | 0 | 0" for row in range(ROWS))
    compiled = typed_compiled("balance_sheet", text, scale=draw(st.integers(-2, 9)))
    for row in compiled.rows:
        for key in [period.key for period in compiled.periods]:
            cell = row.cells[key]
            cell.printed = None
            cell.v = draw(figures)
    if draw(st.booleans()):
        for key in compiled.rows[3].cells:
            parts = [compiled.rows[row].cells[key].v or Decimal(0) for row in range(3)]
            total = parts[0] + parts[1] - parts[2] + draw(st.integers(-1, 1))
            if abs(total) < 10**28:
                compiled.rows[3].cells[key].v = total
    tested = typed_compiled("balance_sheet", text, "3 = 0 + 1 - 2").equations
    return compiled.model_copy(update={"equations": tested})


def stated(compiled: Compiled) -> list[list[Decimal | None]]:
    return [[row.cells[period.key].v for period in compiled.periods] for row in compiled.rows]


@settings(deadline=None, max_examples=30)
@given(statements())
def test_figures_come_back_from_wide_csv(compiled: Compiled) -> None:
    _, *lines = csv.reader(io.StringIO(wide_csv("A", [compiled]), newline=""))
    assert [[Decimal(each) for each in line[len(COLUMNS) :]] for line in lines] == stated(compiled)


@settings(deadline=None, max_examples=30)
@given(statements())
def test_figures_and_their_worth_come_back_from_long_csv(compiled: Compiled) -> None:
    records = list(csv.DictReader(io.StringIO(long_csv("A", [compiled]), newline="")))
    flat = [each for row in stated(compiled) for each in row]
    assert [Decimal(each["v"]) for each in records] == flat
    unit = Fraction(10) ** (compiled.scale or 0)
    for record in records:
        assert Fraction(record["value"]) == Fraction(record["v"]) * unit


def exact(value: Any) -> Decimal:
    """Return a cell as a spreadsheet shows it: text, or the shortest form of a number."""
    return Decimal(value) if isinstance(value, str) else Decimal(repr(value))


@settings(deadline=None, max_examples=40)
@given(statements())
def test_figures_come_back_from_xlsx(compiled: Compiled) -> None:
    content = io.BytesIO(write_xlsx("A", [compiled]))
    sheet = openpyxl.load_workbook(content, data_only=True)["Balance sheet"]
    read = [
        [exact(sheet.cell(FIRST + row + 1, FIGURES + column + 1).value) for column in range(YEARS)]
        for row in range(ROWS)
    ]
    assert read == stated(compiled)


def computed(formula: str, sheet: Worksheet) -> float:
    """Return what a formula gives in binary floats, as a spreadsheet computes it."""

    def value(match: re.Match[str]) -> str:
        return repr(float(sheet[match[0]].value or 0))

    def total(match: re.Match[str]) -> str:
        (first, column, last) = (int(match[2]), match[1], int(match[3]))
        return repr(
            sum(float(sheet[f"{column}{row}"].value or 0) for row in range(first, last + 1))
        )

    text = re.sub(r"SUM\(([A-Z]+)(\d+):[A-Z]+(\d+)\)", total, formula.removeprefix("="))
    text = re.sub(r"\b[A-Z]+\d+\b", value, text)
    return float(eval(text, {"ROUND": round}))  # noqa: S307 a formula of our own


@settings(deadline=None, max_examples=40)
@given(statements())
def test_formulas_give_the_very_figure_in_binary_floats(compiled: Compiled) -> None:
    content = write_xlsx("A", [compiled])
    formulas, values = (
        openpyxl.load_workbook(io.BytesIO(content), data_only=each)["Balance sheet"]
        for each in (False, True)
    )
    for cell in formulas[FIRST + ROWS]:
        if cell.data_type == "f":
            assert computed(cell.value, values) == values[cell.coordinate].value
