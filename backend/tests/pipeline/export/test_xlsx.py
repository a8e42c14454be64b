"""XLSX, as a spreadsheet reads it: numbers, formulas, comments, panes and print set-up."""

import io
import zipfile
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from app.pipeline.compile.view import view_of
from app.pipeline.compiled import Break, Compiled, Gap, Stated, Unplaced
from app.pipeline.export.xlsx import write_xlsx
from app.pipeline.export.xlsx_sheets import sheet_name
from app.pipeline.statement import Issue
from tests.helpers.compiled import typed_compiled

INCOME = """
# Net sales
Products | 298,085 | 316,199 | 297,392
Services | 85,200 | 78,129* | 68,425
= Total net sales | 383,285 | 394,329 < restated 394,300 | 365,817
Other | (110) | ? | - ! 265
% Diluted earnings per share | 6.13 | 6.1 | 2.97 < split 11.89
^ Diluted shares | 15,812,547 | 16,325,819 | 16,864,919
"""
FIRST = 7  # the row of the first line, as a spreadsheet counts


def income(**changes: Any) -> Compiled:
    return typed_compiled("income_statement", INCOME, "3 = 1 + 2", **changes)


def opened(*statements: Compiled, company: str = "Apple Inc.", values: bool = False) -> Workbook:
    content = write_xlsx(company, statements)
    return openpyxl.load_workbook(io.BytesIO(content), data_only=values)


def texts_of(sheet: Worksheet) -> list[str]:
    return [each.value for row in sheet.iter_rows() for each in row if isinstance(each.value, str)]


def line_of(sheet: Worksheet, label: str) -> list[Any]:
    for row in sheet.iter_rows(values_only=True):
        if label in row[:3]:
            return list(row)
    raise AssertionError(label)


def test_a_sheet_for_each_statement_and_sources_and_checks() -> None:
    book = opened(income(), typed_compiled("balance_sheet", "Cash | 1"))
    assert book.sheetnames == ["Income statement", "Balance sheet", "Sources", "Checks"]


def test_figures_are_numbers_and_totals_formulas_with_the_stored_value() -> None:
    line = line_of(opened(income())["Income statement"], "Total net sales")
    assert line[2:5] == ["=C8+C9", "=D8+D9+1", "=E8+E9"]
    line = line_of(opened(income(), values=True)["Income statement"], "Total net sales")
    assert line[2:5] == [383_285, 394_329, 365_817]


def test_number_formats_follow_the_printed_decimals_and_nil() -> None:
    sheet = opened(income())["Income statement"]
    formats = {
        row[0].value: [cell.number_format for cell in row[2:5]]
        for row in sheet.iter_rows(min_row=FIRST)
    }
    assert formats["Products"] == ["#,##0_);(#,##0)"] * 3
    assert formats["Other"][2] == '#,##0_);(#,##0);"—"_)'
    assert formats["Diluted earnings per share"] == ["#,##0.00_);(#,##0.00)"] * 3


def test_a_row_shows_the_decimals_of_the_newest_filing_and_holds_all() -> None:
    text = "Sales | 97 | 89 | 68.649\n% Earnings per share | 6.1 | 6.05 | 5\nCost | 1 | 2 | 3.5"
    sheet = opened(typed_compiled("income_statement", text))["Income statement"]
    assert (sheet["E7"].value, sheet["E7"].number_format) == (68.649, "#,##0_);(#,##0)")
    assert sheet["C8"].number_format == "#,##0.00_);(#,##0.00)"
    assert any("hold them all" in each for each in texts_of(sheet))
    assert not any("hold them all" in each for each in texts_of(opened(income()).worksheets[0]))


def test_titles_name_company_currency_scale_framework_and_missing_years() -> None:
    compiled = income(gaps=[Gap(fiscal_year=2019, reason="no report")])
    sheet = opened(compiled)["Income statement"]
    assert [sheet.cell(row, 1).value for row in range(1, 5)] == [
        "Apple Inc.",
        "Consolidated income statement",
        "USD million · US GAAP · consolidated",
        "Missing: FY2019 (no report)",
    ]


def test_unknown_currency_scale_and_framework_are_said() -> None:
    compiled = income(currency=None, scale=None, framework=None, scope=None)
    assert opened(compiled)["Income statement"]["A3"].value == (
        "currency not known, scale not known · framework not known · scope not known"
    )


def test_the_view_is_named() -> None:
    shown = view_of(income(), view="original")
    book = openpyxl.load_workbook(io.BytesIO(write_xlsx("Apple Inc.", [shown], "original")))
    assert book["Income statement"]["A3"].value.endswith("consolidated · as first reported")
    assert "first" not in opened(income())["Income statement"]["A3"].value


def test_periods_have_their_label_and_end_and_rows_their_unit() -> None:
    sheet = opened(income())["Income statement"]
    assert [cell.value for cell in sheet[5]][1:5] == ["Unit", "FY2024", "FY2023", "FY2022"]
    assert sheet["C6"].value == datetime(2024, 12, 31)  # noqa: DTZ001 as openpyxl reads a day
    assert line_of(sheet, "Diluted shares")[1] == "thousand shares"


def test_panes_print_and_indents_are_set_up() -> None:
    sheet = opened(income())["Income statement"]
    assert sheet.freeze_panes == "C7"
    assert sheet.page_setup.orientation == "landscape"
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    assert (sheet.page_setup.fitToWidth or 1, sheet.page_setup.fitToHeight or 1) == (1, 1)
    assert (sheet.print_title_rows, sheet.print_title_cols) == ("$5:$6", "$A:$B")
    assert sheet.oddHeader.left.text == "Apple Inc."
    assert sheet.oddFooter.right.text == "Page &P of &N"
    assert sheet["A8"].alignment.indent == 1
    assert sheet["C10"].border.top.style == "thin"


def test_a_long_statement_is_as_wide_as_one_page_and_longer() -> None:
    long = typed_compiled("balance_sheet", "Cash | 1\n" * 100)
    assert opened(long)["Balance sheet"].page_setup.fitToHeight == 0


def test_a_long_label_has_as_many_lines_as_it_needs() -> None:
    compiled = typed_compiled("balance_sheet", f"Cash | 1\n{'Common stock ' * 12} | 2")
    heights = opened(compiled)["Balance sheet"].row_dimensions
    assert heights[7].height in {None, 15}
    assert heights[8].height == pytest.approx(3 * 13 + 2, abs=1)


def test_wide_characters_count_twice() -> None:
    compiled = typed_compiled("balance_sheet", "\u8ca1" * 25 + " | 2")
    columns = opened(compiled)["Balance sheet"].column_dimensions
    assert columns["A"].width == pytest.approx(52, abs=1)


def test_what_newer_filings_do_not_state_is_named_where_the_line_is_empty() -> None:
    compiled = typed_compiled("balance_sheet", "Cash | 1 | 2\nDeferred tax | |")
    compiled.rows[1].replaced = {
        "2023": [
            Stated(
                input=1,
                row=1,
                period="p0",
                page=31,
                v=Decimal(4318),
                label="Deferred taxes",
                change="reclassified",
            )
        ]
    }
    sheet = opened(compiled)["Balance sheet"]
    assert sheet["D8"].value is None
    assert sheet["D8"].comment.text == (
        "Only older filings state this line: newer ones break its sum down without it.\n"
        "• 4,318: 10-K of 2024-02-20, page 31, as “Deferred taxes” (reclassified)"
    )


def test_a_turned_sign_is_told_with_the_figure_as_stated() -> None:
    compiled = typed_compiled("cash_flow_statement", "Capital expenditure | (5)")
    compiled.rows[0].cells["2024"].turned = True
    comment = opened(compiled)["Cash flow statement"]["C7"].comment.text
    assert "The sign is that of newer filings" in comment
    assert comment.endswith("• 5: 10-K of 2025-02-20, page 30")


def test_a_figure_from_before_a_split_says_so() -> None:
    compiled = typed_compiled("income_statement", "Sales | 5")
    compiled.rows[0].cells["2024"].unadjusted = "4:1"
    comment = opened(compiled)["Income statement"]["C7"].comment.text
    assert "Not adjusted for the later split of shares 4:1." in comment


def test_a_restated_figure_has_its_history_as_a_comment() -> None:
    sheet = opened(income())["Income statement"]
    assert sheet["D10"].comment.text == (
        "Restated since it was first reported.\n"
        "• 394,329: 10-K of 2025-02-20, page 30\n"
        "• 394,300: 10-K of 2024-02-20, page 31 (restated)"
    )
    assert sheet["C10"].comment is None


def test_splits_corrections_and_unproved_figures_have_comments() -> None:
    sheet = opened(income())["Income statement"]
    assert sheet["E12"].comment.text.startswith("Split of shares since")
    assert sheet["E11"].comment.text.startswith(
        "Corrected by ann on 2025-01-02: misread\nThe figure that was read: 265\n"
    )
    assert sheet["D9"].comment.text.startswith("Not proved: it is in no sum that holds.\n")
    assert sheet["D11"].comment.text.startswith("A figure stands here that cannot be read.")
    assert sheet["D11"].value == "?"


def test_the_legend_names_only_marks_that_are_used() -> None:
    texts = texts_of(opened(income())["Income statement"])
    assert "Restated: see the comment" in texts
    assert "Not proved: in no sum that holds" in texts
    assert "A constant in the formula, such as +1, is rounding as printed" in texts
    plain = texts_of(opened(typed_compiled("balance_sheet", "Cash | 1"))["Balance sheet"])
    assert not any("comment" in each or "formula" in each for each in plain)


def test_where_hardly_anything_is_proved_no_comment_repeats_it() -> None:
    compiled = typed_compiled("balance_sheet", "Cash | 1*\nLand | 2*\nDebt | 3")
    sheet = opened(compiled)["Balance sheet"]
    assert not any(cell.comment for row in sheet.iter_rows() for cell in row)
    assert sheet["C7"].font.italic
    assert "Not proved: in no sum that holds" in texts_of(sheet)


def test_a_figure_of_16_digits_is_text_and_says_why() -> None:
    compiled = typed_compiled("balance_sheet", "Cash | 1234567890123456 | 123456789012345")
    sheet = opened(compiled)["Balance sheet"]
    assert (sheet["C7"].value, sheet["D7"].value) == ("1234567890123456", 123_456_789_012_345)
    assert "more than 15 digits" in sheet["C7"].comment.text


@pytest.mark.parametrize("text", ["=1+1", "@A1", "+1", "-1", "{=A1}", "http://example.org", "1e5"])
def test_no_text_is_a_formula_link_or_number(text: str) -> None:
    compiled = typed_compiled("income_statement", "Sales | 1", title=text)
    compiled.rows[0].label = text
    compiled.inputs[0].file = text
    sheet = opened(compiled, company=text)["Income statement"]
    for at in ("A1", "A2", "A7"):
        assert (sheet[at].value, sheet[at].data_type) == (text, "s")
        assert sheet[at].hyperlink is None


def test_hostile_names_give_a_workbook_that_opens() -> None:
    hostile = "A&B \ud800\x00\ufffe<\u202e]]> _x0041_" + "x" * 40_000
    compiled = typed_compiled("income_statement", "Sales | 1")
    compiled.rows[0].label = compiled.rows[0].id = compiled.periods[0].label = hostile
    compiled.inputs[0].title = hostile
    compiled.title = hostile
    compiled.issues = [Issue(code="x", message=hostile, row=0, period="2024")]
    sheet = opened(compiled, company=hostile)["Income statement"]
    assert sheet["A7"].value.startswith("A&B")
    assert sheet.oddHeader.left.text.startswith("A&&B")


def test_a_period_before_1900_is_text() -> None:
    compiled = typed_compiled("balance_sheet", "Cash | 1")
    compiled.periods[0].end = date(1899, 12, 31)
    assert opened(compiled)["Balance sheet"]["C6"].value == "1899-12-31"


def test_sources_name_every_filing() -> None:
    compiled = income()
    compiled.inputs[2].role = "second_reading"
    compiled.inputs[2].equal, compiled.inputs[2].different = 40, 3
    sheet = opened(compiled)["Sources"]
    header = [cell.value for cell in sheet[3]]
    last = dict(zip(header, [cell.value for cell in sheet[6]], strict=True))
    assert (last["File"], last["Form"], last["Role"]) == (
        *("report-2022.pdf", "10-K", "second reading"),
    )
    assert (last["Fiscal year"], last["Pages"], last["Different"]) == (2022, "31", 3)
    assert last["Equal"] == 40
    assert last["SHA-256"] == f"{2022:064x}"
    assert any("digest" in each for each in texts_of(sheet))


def test_checks_list_proof_sums_corrections_remarks_and_what_is_missing() -> None:
    compiled = income(
        gaps=[Gap(fiscal_year=2019, reason="no report")],
        breaks=[Break(between=("2019", "2020"), reason="currency EUR, then USD")],
        unplaced=[Unplaced(input=1, row=9, label="Stray", reason="no_place")],
        issues=[Issue(code="restated_total", message="a total changed", row=3, period="2023")],
    )
    sheet = opened(compiled)["Checks"]
    assert line_of(sheet, "FY2023")[3:6] == [6, 4, 2]
    assert line_of(sheet, "Products + Services")[:7] == [
        *("e0", "Total net sales", "Products + Services", 1, 0, 1, 0),
    ]
    assert line_of(sheet, "misread")[:6] == [
        *("Income statement", "Other", "misread", "FY2022", 0, 265),
    ]
    assert line_of(sheet, "a total changed")[3] == "FY2023"
    assert line_of(sheet, "FY2019")[2] == "no report"
    assert line_of(sheet, "2019 to 2020")[2] == "currency EUR, then USD"
    assert line_of(sheet, "Stray")[3] == "10-K of 2024-02-20"


def test_same_input_gives_same_bytes_dated_by_the_newest_filing() -> None:
    content = write_xlsx("Apple Inc.", [income()])
    assert content == write_xlsx("Apple Inc.", [income()])
    properties = opened(income()).properties
    assert properties.title == "Apple Inc.: financial statements"
    assert properties.created.date() == date(2025, 2, 20)
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        assert {each.date_time[0] for each in package.infolist()} == {1980}


def test_a_statement_without_periods_or_rows_is_a_sheet() -> None:
    empty = typed_compiled("income_statement", "", inputs=[], periods=[])
    assert opened(empty)["Income statement"]["A1"].value == "Apple Inc."


@pytest.mark.parametrize(
    ("name", "taken", "expected"),
    [
        ("Income statement", [], "Income statement"),
        ("Income statement", ["income STATEMENT"], "Income statement (2)"),
        ("a/b:c?*[x]\\", [], "a b c   x"),
        ("'", [], "Sheet"),
        ("History", [], "History (2)"),
        ("x" * 40, ["x" * 31], "x" * 27 + " (2)"),
    ],
)
def test_names_of_sheets_are_valid_and_unique(name: str, taken: list[str], expected: str) -> None:
    assert sheet_name(name, taken) == expected
