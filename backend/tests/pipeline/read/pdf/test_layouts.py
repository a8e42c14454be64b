"""Tables in layouts of many countries: notes in front, headings over several lines, ratios."""

from datetime import date

import pytest
from reportlab.pdfgen.canvas import Canvas

from app.pipeline.read.pdf import read_pdf
from app.pipeline.read.pdf.dates import Length, find_length, find_stamps
from app.pipeline.read.pdf.document import find_framework
from app.pipeline.read.pdf.language import fold
from app.pipeline.read.pdf.lines import split_page
from app.pipeline.read.pdf.spaced import join_spaced
from app.pipeline.read.pdf.stated import resolve_sign
from app.pipeline.read.pdf.table import Table
from app.pipeline.read.pdf.units import fold_units, read_units
from tests.pipeline.read.pdf.drawn import Row, draw, income
from tests.pipeline.read.pdf.sheets import Sheet, decimals, figures, table_of, words_of

BOLD = "Helvetica-Bold"


def labels(table: Table) -> list[str]:
    return [row.label for row in table.rows]


def in_front(sheet: Sheet, note: str, label: str, *cells: str) -> Sheet:
    """Draw a line whose note stands to the left of its label."""
    if note:
        sheet.text(50, note)
    return sheet.row(label, *cells, x=80)


def test_notes_in_front_of_the_labels_leave_these_whole() -> None:
    sheet = Sheet().text(50, "Note").row("", "2022", "2021")
    in_front(sheet, "2", "Revenue", "12,345", "11,222")
    in_front(sheet, "", "Cost of sales", "(7,345)", "(6,222)")
    in_front(sheet, "3", "Other income", "345", "222")
    in_front(sheet, "", "Share of results of associates and joint")
    in_front(sheet, "11", "ventures using the equity method", "120", "130")
    in_front(sheet, "", "Attributable to:")
    in_front(sheet, "", "Owners of the parent", "5,345", "5,222")
    table = table_of(sheet)
    assert labels(table) == [
        "Revenue", "Cost of sales", "Other income",
        "Share of results of associates and joint ventures using the equity method",
        "Attributable to:", "Owners of the parent",
    ]  # fmt: skip
    assert [row.note for row in table.rows] == ["2", None, "3", "11", None, None]


def test_days_apart_from_their_months_are_no_figures() -> None:
    sheet = Sheet().text(50, "(x \u20ac 1.000)").down()
    sheet.row("", "31", "31").row("", "December", "December").row("", "2022", "2021")
    sheet.row("Revenue", "12,345", "11,222").row("Costs", "(345)", "(222)")
    assert figures(table_of(sheet)) == [
        ("Revenue", decimals("12345", "11222")),
        ("Costs", decimals("-345", "-222")),
    ]


def test_a_heading_of_changes_takes_no_column_beside_it() -> None:
    sheet = Sheet((340.0, 400.0, 460.0)).text(402, "% change from").down()
    sheet.row("USD m", "31.12.22", "31.12.21", "31.12.21")
    sheet.row("Revenue", "12,345", "11,222", "10").row("Costs", "(7,345)", "(6,222)", "18")
    sheet.row("Profit", "5,000", "5,000", "0")
    table = table_of(sheet)
    assert value_rows(table)[0] == ("Revenue", decimals("12345", "11222"))
    assert [column.kind for column in table.others] == ["change"]


def value_rows(table: Table) -> list[tuple[str, list[object]]]:
    return [(label, list(each)) for label, each in figures(table)]


def test_a_heading_of_a_unit_and_of_notes_is_no_section() -> None:
    sheet = Sheet().text(300, "Note").row("EURm", "2022", "2021")
    sheet.row("Revenue", "12,345", "11,222", note="2.1").row("Costs", "(345)", "(222)", note="2.2")
    assert labels(table_of(sheet)) == ["Revenue", "Costs"]


def test_a_heading_of_a_section_beside_the_years_has_no_figures() -> None:
    sheet = Sheet().text(300, "Note").row("Assets", "2022", "2021")
    sheet.row("Cash", "12,345", "11,222", note="1").row("Stocks", "345", "222", note="2")
    table = table_of(sheet)
    assert (table.rows[0].label, table.rows[0].kind) == ("Assets", "heading")


@pytest.mark.parametrize(
    ("text", "framework"),
    [
        ("ifrs as adopted by the eu", "ifrs"),
        ("uk-adopted international accounting standards.", "ifrs"),
        ("singapore financial reporting standards (international)", "ifrs"),
        ("an adjusted measure. ifrs 16 leases", None),
        ("ifrss as issued by the iasb; unlike us gaap", None),
    ],
)
def test_rules_that_are_only_named_count_if_no_others_are(text: str, framework: str | None) -> None:
    assert find_framework([text]) == framework


def test_a_point_within_a_name_ends_no_sentence() -> None:
    text = "the consolidated financial statements are presented in u.s. dollars and in english"
    assert resolve_sign("$", [text]) == ("USD", "named")


def test_the_nil_of_a_column_is_no_minus_of_the_next_one() -> None:
    sheet = Sheet((300.0, 340.0, 380.0, 420.0, 460.0))
    sheet.row("", "2022", "2022", "2022", "2021", "2021")
    sheet.row("Revenue", "123,456", "-", "123,456", "111,222", "-")
    sheet.row("Cost of sales", "(73,456)", "\u2013", "(73,456)", "(62,222)", "(1)")
    sheet.row("Other costs", "(3,456)", "(120)", "(3,576)", "(2,222)", "(21)")
    sheet.row("Fees", "13,456", "\u2013", "213,576", "2,222", "21")
    found = dict(figures(table_of(sheet)))
    assert found["Cost of sales"] == decimals("-73456", "0", "-73456", "-62222", "-1")
    assert found["Fees"] == decimals("13456", "0", "213576", "2222", "21")


def test_a_column_of_notes_may_stand_behind_the_figures() -> None:
    sheet = Sheet((340.0, 400.0, 440.0)).row("", "2021", "2022", "Note")
    sheet.row("Revenue", "12,345", "11,222", "3").row("Cost of sales", "(7,345)", "(6,222)")
    sheet.row("Gross profit", "5,000", "5,000").row("Tax", "(345)", "(222)", "12")
    table = table_of(sheet)
    assert figures(table)[0] == ("Revenue", decimals("12345", "11222"))
    assert [row.note for row in table.rows] == ["3", None, None, "12"]
    assert {reason.reason for reason in table.skipped} == {"header"}


def test_a_reference_in_parentheses_is_part_of_no_column_and_no_label() -> None:
    sheet = Sheet().row("", "2022", "2021")
    sheet.row("Goodwill (Notes 8 and 31)", "12,345", "11,222").row("Stocks", "(7,345)", "(6,222)")
    sheet.row("Plants (Notes 9 and 31)", "12,345", "11,222").row("Total", "12,345", "11,222")
    table = table_of(sheet)
    assert labels(table) == ["Goodwill", "Stocks", "Plants", "Total"]
    assert len(table.columns) == 2


def test_dashes_between_two_dates_of_a_heading_are_no_nil_figures() -> None:
    sheet = Sheet().row("", "01.01.2022", "01.01.2021").row("", "\u2013", "\u2013")
    sheet.row("", "31.12.2022", "31.12.2021").row("Revenue", "12,345", "11,222")
    sheet.row("Costs", "(345)", "(222)")
    assert [label for label, _ in figures(table_of(sheet))] == ["Revenue", "Costs"]


def test_a_row_among_the_headings_is_named_unread() -> None:
    sheet = Sheet().row("", "2022", "2021").row("Revenue", "Lps 12,345", "Lps 11,222")
    sheet.row("Costs", "(1,112,345)", "(1,112,222)").row("Tax", "(345)", "(222)")
    table = table_of(sheet)
    assert ("unread_figures", "Revenue Lps 12,345 Lps 11,222") in [
        (each.reason, each.text) for each in table.skipped
    ]


def translated() -> bytes:
    """A statement whose last column is a translation of the newest year into dollars."""
    heads: list[Row] = [
        "Consolidated income statement", "(In thousands of Mexican pesos)",
        {430.0: "For the years ended", 530.0: "Millions of"},
        {440.0: "December 31", 530.0: "U.S. dollars"}, ("", "2021", "2022", "2022"),
    ]  # fmt: skip
    rows = [(each[0], each[2], each[1], "7") for each in income() if isinstance(each, tuple)]
    return draw(income(*heads, rows=rows))


def test_a_translation_stays_one_where_only_some_headings_name_the_day() -> None:
    (found,) = read_pdf(translated()).statements
    assert (found.currency, found.scale) == ("MXN", 3)
    assert [period.fiscal_year for period in found.periods] == [2021, 2022]


@pytest.mark.parametrize(("printed", "scale"), [("RMB'Million", 6), ("RMB\u2019000", 3)])
def test_an_apostrophe_may_stand_between_currency_and_scale(printed: str, scale: int) -> None:
    found = read_units(fold_units(printed))
    assert (found.currency, found.scale) == ("CNY", scale)


def test_weeks_apart_from_their_number_are_no_figures() -> None:
    sheet = Sheet().row("", "52", "53").row("", "weeks", "weeks").row("", "2022", "2021")
    sheet.row("Revenue", "12,345", "11,222").row("Costs", "(345)", "(222)")
    assert [label for label, _ in figures(table_of(sheet))] == ["Revenue", "Costs"]


def test_figures_behind_dots_have_the_label_of_the_line_above() -> None:
    sheet = Sheet().row("", "2022", "2021").row("Revenue ......", "12,345", "11,222")
    sheet.row("Cost of sales and of services").row("..........", "(345)", "(222)")
    sheet.row("Administrative expenses and others").row("..........", "(45)", "(22)")
    sheet.row("Gross profit ........", "12,000", "11,000")
    assert labels(table_of(sheet)) == [
        "Revenue", "Cost of sales and of services", "Administrative expenses and others",
        "Gross profit",
    ]  # fmt: skip


def test_raised_lists_of_notes_are_no_figures() -> None:
    sheet = Sheet().row("", "2022", "2021").row("Revenue", "12,345", "11,222")
    sheet.text(50, "Depreciation").down(-3).text(103, "8,", size=5).text(109, "9", size=5).down(3)
    sheet.row("", "345", "222").row("Costs", "(345)", "(222)")
    table = table_of(sheet)
    assert figures(table)[1] == ("Depreciation", decimals("345", "222"))
    assert [each.reason for each in table.skipped] == ["header"]


def test_quarters_beside_their_years_are_left_out() -> None:
    heads: list[Row] = [
        "Consolidated income statement", "NOK million",
        {330.0: "Q4", 490.0: "Full year"}, ("", "2022", "2021", "2022", "2021"),
    ]  # fmt: skip
    rows = [(each[0], "9", "8", *each[1:]) for each in income() if isinstance(each, tuple)]
    edges = (300.0, 370.0, 460.0, 540.0)
    (found,) = read_pdf(draw(income(*heads, rows=rows), edges=edges)).statements
    assert [period.fiscal_year for period in found.periods] == [2022, 2021]
    assert found.rows[0].cells["p0"].v == 1250


def per_share(rate: str, shares: str) -> bytes:
    """A statement without any scale, with earnings per share and a number of shares."""
    heads: list[Row] = ["Consolidated income statement", "Year ended 31 December 2022"]
    rows: list[Row] = [
        ("Revenue", "6,000,100", "5,000,100"), ("Costs", "(500,100)", "(400,100)"),
        ("Profit before tax", "5,500,000", "4,600,000"), ("Income tax", "(500,000)", "(600,000)"),
        ("Profit for the year", "5,000,000", "4,000,000"), ("Earnings per share", rate, rate),
        ("Weighted average number of shares", shares, "8,000,000"),
    ]  # fmt: skip
    return draw(income(*heads, ("", "2022", "2021"), rows=rows))


@pytest.mark.parametrize(
    ("rate", "shares", "scale"),
    [("0.50", "10,000,000", 0), ("0.50", "10,000", None), ("5.00", "10,000,000", None)],
)
def test_shares_in_full_prove_figures_in_full(rate: str, shares: str, scale: int | None) -> None:
    (found,) = read_pdf(per_share(rate, shares)).statements
    assert found.scale == scale


def test_references_to_notes_beside_figures_are_no_half_of_a_page() -> None:
    sheet = Sheet((420.0, 500.0))
    for number in range(20):
        sheet.row("Trade receivables", f"{number + 11},345", "11,222", note="(Note 2)")
    assert len(split_page(words_of(sheet))) == 1


def test_dates_over_several_lines_beside_each_other_are_no_figures() -> None:
    sheet = Sheet((360.0, 430.0, 500.0)).text(50, "Consolidated balance sheet").down()
    sheet.row("", "", "31", "").row("", "31", "December", "1 January")
    sheet.row("", "December", "2022", "2022").row("", "2023", "Restated", "Restated")
    sheet.row("Revenue", "12,345", "11,222", "10,111").row("Costs", "(345)", "(222)", "(1)")
    assert [label for label, _ in figures(table_of(sheet))] == ["Revenue", "Costs"]


def test_numbers_before_the_labels_of_a_half_of_a_page_are_of_these() -> None:
    sheet = Sheet((300.0, 380.0, 700.0, 780.0))
    for number in range(20):
        sheet.text(420, "I. Sonstige R\u00fcckstellungen")
        sheet.row("II. Technische Anlagen", f"{number + 11},345", "11,222", "12,345", "1,222")
    assert [len(each) > 60 for each in split_page(words_of(sheet, (842, 842)))] == [True, True]


def test_an_index_is_no_period() -> None:
    sheet = Sheet((340.0, 400.0, 440.0)).row("", "2022", "2021", "Index")
    sheet.row("Revenue", "12,345", "11,222", "110").row("Costs", "(7,345)", "(6,222)", "118")
    assert len(table_of(sheet).columns) == 2


def test_german_labels_go_on_where_the_next_word_did_not_fit() -> None:
    sheet = Sheet((300.0, 380.0)).row("", "2022", "2021").row("A. Verm\u00f6gen", font=BOLD)
    sheet.row("Forderungen aus Lieferungen", "12,345", "11,222").text(50, "Immaterielle").down(12.5)
    sheet.row("Verm\u00f6gensgegenst\u00e4nde", "345", "222").row("Vorr\u00e4te", "345", "222")
    assert labels(table_of(sheet))[1:] == [
        "Forderungen aus Lieferungen", "Immaterielle Verm\u00f6gensgegenst\u00e4nde", "Vorr\u00e4te"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("printed", "end", "months"),
    [("1\u201312/2022", date(2022, 12, 31), 12), ("10-12/2022", date(2022, 12, 31), 3),
     ("6/2022", date(2022, 6, 30), None)],
)  # fmt: skip
def test_months_may_be_numbered(printed: str, end: date, months: int | None) -> None:
    folded = fold(printed)
    (stamp,) = find_stamps(folded)
    assert stamp.date == end
    assert find_length(folded) == (Length(months=months) if months else None)


@pytest.mark.parametrize(
    ("printed", "code"),
    [("ThCh$", "CLP"), ("ThUS$", "USD"), ("QR. '000", "QAR"), ("Taka (000)", "BDT"),
     ("R$ mil", "BRL")],
)  # fmt: skip
def test_thousands_may_be_written_into_the_sign_of_the_currency(printed: str, code: str) -> None:
    found = read_units(fold_units(printed))
    assert (found.currency, found.scale) == (code, 3)


def test_letters_of_a_title_that_stand_apart_are_words() -> None:
    def page(canvas: Canvas) -> None:
        canvas.drawString(50, 700, "GROUP BALANCE SHEET", charSpace=2.2)
        canvas.drawString(50, 680, "Cash I V")

    assert len(words_of(page)) > 12
    found = [word.text for word in join_spaced(words_of(page))]
    assert found == ["GROUP", "BALANCE", "SHEET", "Cash", "I", "V"]


def test_a_unit_may_stand_in_the_running_header_apart_from_the_report() -> None:
    top: Row = {120.0: "Annual Report 2022", 420.0: "Amounts in thousands of Euro"}
    heads: list[Row] = [top, "Consolidated income statement", "Year ended 31 December 2022"]
    (found,) = read_pdf(draw(income(*heads, ("", "2022", "2021")))).statements
    assert (found.currency, found.scale) == ("EUR", 3)
