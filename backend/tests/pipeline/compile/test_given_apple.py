"""Apple's PDFs, Inline XBRL and companyfacts together, of the folder that FILINGS names.

The figures are those of the printed reports of 2013 to 2025.
"""

import hashlib
import os
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from app.pipeline.compile.build import compile_statement
from app.pipeline.compile.readings import Reading
from app.pipeline.compiled import Change, Compiled, CompiledRow
from app.pipeline.read.companyfacts import read_companyfacts
from app.pipeline.read.ixbrl import read_ixbrl
from app.pipeline.read.pdf import read_pdf
from app.pipeline.statement import Filing, StatementName
from app.pipeline.verify import verify

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not os.environ.get("FILINGS"), reason="FILINGS names no folder of filings"),
]

READ: dict[str, Callable[[bytes], Filing]] = {
    "pdf/apple-*.pdf": read_pdf,
    "ixbrl/aapl-*.htm": read_ixbrl,
    "companyfacts/AAPL.json": read_companyfacts,
}
INCOME: StatementName = "income_statement"
SHEET: StatementName = "balance_sheet"
FLOW: StatementName = "cash_flow_statement"
Told = tuple[StatementName, str, str, str, Change, str | None]
CELLS: list[Told] = [
    (INCOME, "total-net-sales", "2025", "416161", "none", None),
    (INCOME, "total-net-sales", "2020", "274515", "none", None),
    (INCOME, "total-net-sales", "2015", "233715", "none", None),
    (INCOME, "total-net-sales", "2013", "170910", "none", None),
    (INCOME, "total-net-sales", "2009", "42905", "restated", "36537"),
    (INCOME, "operating-income", "2018", "70898", "none", None),
    (INCOME, "provision-for-income-taxes", "2024", "29749", "none", None),
    (INCOME, "net-income", "2014", "39510", "none", None),
    (INCOME, "net-income", "2023", "96995", "none", None),
    (INCOME, "net-income", "2009", "8235", "restated", "5704"),
    # 4:1 in August 2020, 7:1 in June 2014; reports between them state what is not adjusted.
    (INCOME, "earnings-per-share-diluted", "2020", "3.28", "none", None),
    (INCOME, "earnings-per-share-diluted", "2019", "2.97", "split", "11.89"),
    (INCOME, "earnings-per-share-diluted", "2018", "2.98", "split", "11.91"),
    (INCOME, "earnings-per-share-basic", "2018", "3.00", "split", "12.01"),
    (INCOME, "earnings-per-share-diluted", "2017", "9.21", "none", None),
    (INCOME, "earnings-per-share-diluted", "2014", "6.45", "none", None),
    (INCOME, "earnings-per-share-diluted", "2013", "5.68", "split", "39.75"),
    (INCOME, "earnings-per-share-diluted", "2012", "6.31", "split", "44.15"),
    (
        *(INCOME, "shares-used-in-computing-earnings-per-share-diluted", "2018"),
        *("20000435", "split", "5000109"),
    ),
    (
        *(INCOME, "shares-used-in-computing-earnings-per-share-diluted", "2013"),
        *("6521634", "split", "931662"),
    ),
    # Costs of issuing debt are taken off it since 2016.
    (SHEET, "total-assets", "2015", "290345", "restated", "290479"),
    (SHEET, "total-liabilities", "2015", "170990", "restated", "171124"),
    (SHEET, "non-current-liabilities-term-debt", "2015", "53329", "restated", "53463"),
    (SHEET, "total-shareholders-equity", "2015", "119355", "none", None),
    (SHEET, "total-assets", "2014", "231839", "none", None),
    (SHEET, "total-assets", "2024", "364980", "none", None),
    (SHEET, "inventories", "2022", "4946", "none", None),
    (SHEET, "current-assets-marketable-securities", "2021", "27699", "none", None),
    (SHEET, "non-current-assets-marketable-securities", "2021", "127877", "none", None),
    (SHEET, "current-liabilities-term-debt", "2018", "8784", "none", None),
    (FLOW, "cash-generated-by-operating-activities", "2024", "118254", "none", None),
    (FLOW, "cash-generated-by-operating-activities", "2017", "64225", "restated", "63598"),
    (FLOW, "cash-generated-by-operating-activities", "2016", "66231", "restated", "65824"),
    (FLOW, "cash-generated-by-investing-activities", "2015", "-56274", "none", None),
    (FLOW, "repurchases-of-common-stock", "2013", "-22860", "none", None),
    # Facts alone say that dividends are paid; the print puts them in parentheses.
    (FLOW, "payments-for-dividends-and-dividend-equivalents", "2019", "-14119", "none", None),
    (FLOW, "payments-for-dividends-and-dividend-equivalents", "2025", "-15421", "none", None),
]


@pytest.fixture(scope="module")
def apple() -> dict[StatementName, Compiled]:
    readings = []
    for pattern, read in READ.items():
        for path in sorted(Path(os.environ["FILINGS"]).glob(pattern)):
            content = path.read_bytes()
            digest = hashlib.sha256(content).hexdigest()
            statements = verify(read(content).statements)
            readings += [Reading(each, digest, path.name, accepted=True) for each in statements]
    found = {}
    for name in (INCOME, SHEET, FLOW):
        compiled = compile_statement(name, readings)
        assert compiled
        found[name] = compiled
    return found


def row_of(compiled: Compiled, id_: str) -> CompiledRow:
    (found,) = [each for each in compiled.rows if each.id == id_]
    return found


@pytest.mark.parametrize("told", CELLS, ids=lambda each: " ".join(map(str, each[1:3])))
def test_a_figure_is_the_printed_one_and_its_change_is_told(
    apple: dict[StatementName, Compiled], told: Told
) -> None:
    name, line, key, value, change, first = told
    cell = row_of(apple[name], line).cells[key]

    assert (cell.v, cell.change) == (Decimal(value), change)
    if first is not None:
        assert cell.history[0].v == Decimal(first)


def test_facts_of_payments_are_turned_and_their_figures_have_one_sign(
    apple: dict[StatementName, Compiled],
) -> None:
    for line in (
        "payments-for-dividends-and-dividend-equivalents",
        "repurchases-of-common-stock",
        "payments-for-acquisition-of-property-plant-and-equipment",
        "purchases-of-marketable-securities",
    ):
        cells = row_of(apple[FLOW], line).cells
        assert all(each.v is not None and each.v <= 0 for each in cells.values()), line
        assert cells["2019"].turned
        assert not cells["2020"].turned
        assert "sign" not in {each.change for each in cells.values()}


def test_no_rounding_is_told_as_restated(apple: dict[StatementName, Compiled]) -> None:
    for compiled in apple.values():
        for row in compiled.rows:
            for key, cell in row.cells.items():
                if cell.change != "restated" or row.kind not in {"line", "total"}:
                    continue
                values = [cell.v, *(each.v for each in cell.history)]
                stated = [each for each in values if each is not None]
                assert max(stated) - min(stated) > 1, (row.label, key)


def test_years_are_without_a_gap_and_nothing_needs_a_person(
    apple: dict[StatementName, Compiled],
) -> None:
    for compiled in apple.values():
        keys = [each.key for each in compiled.periods]
        assert keys == [str(2025 - number) for number in range(len(keys))]
        assert len(keys) >= 18
        assert (compiled.issues, compiled.gaps, compiled.others) == ([], [], [])
    sheet = apple[SHEET].checks
    assert {sheet[str(year)].balance for year in range(2014, 2026)} == {"pass"}
