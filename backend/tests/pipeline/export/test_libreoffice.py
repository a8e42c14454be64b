"""LibreOffice opens the workbook, computes each formula, and shows the same figures."""

import random
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, get_args

import openpyxl
import pytest
from openpyxl.workbook import Workbook
from xlsxwriter import Workbook as Written

from app.pipeline.compile.build import compile_statement
from app.pipeline.compiled import Compiled
from app.pipeline.export.wide_csv import wide_csv
from app.pipeline.export.xlsx import write_xlsx
from app.pipeline.statement import StatementName
from tests.filings.decade import DEMO, DEMO_SEED, make_decade
from tests.filings.decade_readings import true_readings
from tests.helpers.compiled import typed_compiled
from tests.helpers.libreoffice import converted, needs_libreoffice

pytestmark = [pytest.mark.slow, needs_libreoffice]

CASH = """
# Operating activities
Net income | 93.7 | 97.0 | 99.8
Depreciation | 11.4 | 11.5 | 11.1*
Change in receivables | (3.8) | (1.7) | (1.8)
= Cash from operations | 101.3 | 106.8 < restated 106.7 | 109.2
Repaid debt | 9.96 | 11.15 | ?
= Change in cash | 91.34 | 95.65 | 109.2
% Paid per share | 0.98 | 0.94 | 3.60 < split 14.4
Deposits | 12345678901234567 | 123456789012345 | -
"""


def figures(seed: int) -> list[Compiled]:
    """Return statements of drawn figures in ten years, with sums that hold but for rounding."""
    draw = random.Random(seed)  # noqa: S311 any figures will do
    statements = []
    names: dict[Literal["income_statement", "balance_sheet"], int] = {
        "income_statement": 0,
        "balance_sheet": 2,
    }
    for name, decimals in names.items():
        unit = Decimal(1).scaleb(-decimals)
        parts = [[draw.randint(-(10**9), 10**9) * unit for _ in range(10)] for _ in range(6)]
        off = [draw.choice([-1, 0, 0, 1]) * unit for _ in range(10)]
        first = [sum(year, Decimal(0)) for year in zip(*parts[:4], strict=True)]
        total = [a + b - c + d for a, b, c, d in zip(first, parts[4], parts[5], off, strict=True)]
        rows = [*parts[:4], first, *parts[4:], total]
        labels = ("A", "B", "C", "D", "= Sub-total", "E", "F", "= Total")
        lines = [
            f"{label} | {' | '.join(f'({-each})' if each < 0 else str(each) for each in row)}"
            for label, row in zip(labels, rows, strict=True)
        ]
        sums = ("4 = 0 + 1 + 2 + 3", "7 = 4 + 5 - 6")
        statements.append(typed_compiled(name, "\n".join(lines), *sums))
    return statements


def read(path: Path, *, values: bool) -> Workbook:
    return openpyxl.load_workbook(path, data_only=values)


def cells_of(book: Workbook) -> dict[tuple[str, str], Any]:
    return {
        (sheet.title, cell.coordinate): cell.value
        for sheet in book
        for row in sheet.iter_rows()
        for cell in row
        if cell.value is not None
    }


def compiled_decade() -> list[Compiled]:
    """Return the statements that are compiled of ten related reports."""
    readings = true_readings(make_decade(DEMO_SEED, DEMO))
    compiled = (compile_statement(name, readings) for name in get_args(StatementName))
    return [each for each in compiled if each]


def number_of_formulas(book: Workbook) -> int:
    return sum(cell.data_type == "f" for sheet in book for row in sheet for cell in row)


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, Path]]:
    """Return each workbook as written, and as LibreOffice saves it."""
    folder = tmp_path_factory.mktemp("libreoffice")
    sums = ("4 = 1 + 2 + 3", "6 = 4 - 5")
    cash = typed_compiled("cash_flow_statement", CASH, *sums)
    written = {
        "typed": write_xlsx("=HYPERLINK(A1)", [cash]),
        "drawn": write_xlsx("Drawn", figures(1)),
        "decade": write_xlsx("Decade", compiled_decade()),
    }
    paths = []
    for name, content in written.items():
        paths.append(folder / f"{name}.xlsx")
        paths[-1].write_bytes(content)
    paths.append(folder / "control.xlsx")
    with Written(paths[-1]) as book:
        book.add_worksheet().write_formula("A1", "=1+1", None, 3)
    saved = converted(paths, folder)
    return {path.stem: (path, new) for path, new in zip(paths, saved, strict=True)}


def test_formulas_are_computed_anew(books: dict[str, tuple[Path, Path]]) -> None:
    written, saved = books["control"]
    assert [read(each, values=True).active["A1"].value for each in (written, saved)] == [3, 2]


@pytest.mark.parametrize(("name", "formulas"), [("typed", 5), ("drawn", 40), ("decade", 150)])
def test_every_cell_shows_the_same_after_computing(
    books: dict[str, tuple[Path, Path]], name: str, formulas: int
) -> None:
    written, saved = books[name]
    before, after = (cells_of(read(each, values=True)) for each in (written, saved))
    assert after == before
    assert number_of_formulas(read(saved, values=False)) >= formulas
    assert not any(isinstance(each, str) and each.startswith("#") for each in after.values())


def test_comments_print_titles_and_texts_are_kept(books: dict[str, tuple[Path, Path]]) -> None:
    sheet = read(books["typed"][1], values=False)["Cash flow statement"]
    assert sheet["D11"].comment.text.startswith("Restated since it was first reported.")
    assert sheet.print_title_rows == "$5:$6"
    assert sheet["A1"].value == "=HYPERLINK(A1)"
    assert sheet["A1"].data_type == "s"


def test_csv_opens_without_a_formula(tmp_path: Path) -> None:
    compiled = typed_compiled("income_statement", "Sales | (5.10)")
    compiled.rows[0].label = "=1+1"
    path = tmp_path / "wide.csv"
    path.write_text(wide_csv("@A", [compiled]), encoding="utf-8", newline="")
    (saved,) = converted([path], tmp_path)
    row = [cell.value for cell in read(saved, values=False).active[2]]
    assert (row[0], row[3], row[-1]) == ("'@A", "'=1+1", -5.1)
