"""Wide CSV: exact figures, and no text that a spreadsheet computes."""

import csv
import io

import pytest

from app.pipeline.compiled import Compiled
from app.pipeline.export.wide_csv import COLUMNS, wide_csv
from tests.helpers.compiled import typed_compiled

INCOME = """
# Net sales
Products | 298,085 | 316,199
= Total net sales | 383,285.50 | (394,328)
Other | ? | -
% Diluted earnings per share | 6.13 |
"""


def lines_of(*statements: Compiled) -> list[list[str]]:
    return list(csv.reader(io.StringIO(wide_csv("Apple Inc.", statements), newline="")))


def test_a_line_has_its_row_and_a_figure_for_each_period() -> None:
    header, *lines = lines_of(typed_compiled("income_statement", INCOME))
    assert header == [*COLUMNS, "2024", "2023"]
    assert lines[1] == [
        *("Apple Inc.", "income_statement", "products", "Products", "Net sales", "line"),
        *("USD", "6", "", "298085", "316199"),
    ]
    assert lines[4][6:] == ["USD/share", "0", "", "6.13", ""]


def test_figures_keep_their_digits_and_sign() -> None:
    total = lines_of(typed_compiled("income_statement", INCOME))[3]
    assert total[-2:] == ["383285.50", "-394328"]


def test_unreadable_nil_and_not_stated_differ() -> None:
    lines = lines_of(typed_compiled("income_statement", INCOME))
    assert lines[4][-2:] == ["?", "0"]
    assert lines[5][-1] == ""


def test_a_heading_has_neither_unit_nor_figures() -> None:
    heading = lines_of(typed_compiled("income_statement", INCOME))[1]
    assert heading[3:] == ["Net sales", "", "heading", "", "", "", "", ""]


def test_unknown_currency_and_scale_are_empty() -> None:
    lines = lines_of(typed_compiled("income_statement", INCOME, currency=None, scale=None))
    assert lines[2][6:8] == ["", ""]


def test_statements_share_the_columns_of_their_periods() -> None:
    income = typed_compiled("income_statement", "Sales | 1 | 2 | 3")
    balance = typed_compiled("balance_sheet", "Assets | 4 | 5")
    header, first, second = lines_of(income, balance)
    assert header[-3:] == ["2024", "2023", "2022"]
    assert first[-3:] == ["1", "2", "3"]
    assert second[-3:] == ["4", "5", ""]


def test_lines_end_as_rfc_4180_says_and_text_is_utf_8_without_a_mark() -> None:
    written = wide_csv('Société "A", B', [typed_compiled("income_statement", "Sales | 1")])
    assert written.count("\r\n") == 2
    assert written.splitlines()[1].startswith('"Société ""A"", B",income_statement,')
    assert not written.startswith("\ufeff")


@pytest.mark.parametrize(
    ("label", "written"),
    [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'=1"),
        ("\r\n=1", "'=1"),
        ("\u200b=1", "'=1"),
        ("\uff1dcmd", "'\uff1dcmd"),
        ("Sales;=1", "Sales;'=1"),
        ('Sales; "=1', "Sales; \"'=1"),
        ("Profit / (loss) - net", "Profit / (loss) - net"),
        ("half \ud800 a pair", "half \N{REPLACEMENT CHARACTER} a pair"),
    ],
)
def test_no_text_is_a_formula(label: str, written: str) -> None:
    compiled = typed_compiled("income_statement", "Sales | (5)")
    compiled.rows[0].label = label
    compiled.rows[0].concepts = [label]
    line = lines_of(compiled)[1]
    assert (line[3], line[8], line[9]) == (written, written, "-5")
    wide_csv(label, [compiled]).encode()
