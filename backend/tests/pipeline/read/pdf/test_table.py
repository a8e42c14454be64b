from decimal import Decimal

import pytest
from reportlab.pdfgen.canvas import Canvas

from app.pipeline.read.pdf.table import Table, join_tables, read_table
from tests.pipeline.read.pdf.sheets import (
    Sheet,
    decimals,
    figures,
    lines_of,
    table_of,
    usual,
)


def value(table: Table, label: str) -> list[Decimal | None]:
    """Figures of the row with a label."""
    return next(each for name, each in figures(table) if name == label)


def skipped(table: Table) -> list[tuple[str, str]]:
    return [(line.reason, line.text) for line in table.skipped]


def test_figures_stand_under_their_columns_with_the_printed_sign() -> None:
    table = table_of(usual(Sheet()))
    assert figures(table) == [
        ("Revenue", decimals("12345", "11222")),
        ("Cost of sales", decimals("-7345", "-6222")),
        ("Gross profit", decimals("5000", "5000")),
    ]
    assert [round(column.edge) for column in table.columns] == [400, 480]
    assert [line.text for line in table.header] == ["2022 2021"]
    assert skipped(table) == [("header", "2022 2021")]
    cell = table.rows[1].cells[0]
    page, x0, y0, x1, y1 = cell.box
    assert (page, cell.printed) == (1, "(7,345)")
    assert x0 < 400 < x1 < 405
    assert y0 < 780 - 2 * 14 < y1


def test_currency_signs_and_parentheses_that_stand_apart_belong_to_the_figure() -> None:
    sheet = usual(Sheet())
    sheet.text(350, "$").text(430, "$").row("Net income", "1,000", "900")
    sheet.text(372, "(").row("Net loss", "1,234 )", "(55)")
    sheet.row("Dividends", "$ (12)", "CHF 7")
    table = table_of(sheet)
    assert value(table, "Net income") == decimals("1000", "900")
    assert value(table, "Net loss") == decimals("-1234", "-55")
    assert value(table, "Dividends") == decimals("-12", "7")


def test_a_minus_at_the_left_edge_of_its_cell_belongs_to_the_figure_and_a_lone_dash_is_nil() -> (
    None
):
    sheet = usual(Sheet())
    sheet.text(370, "\u2013").row("Tax", "345", "\u2014")
    table = table_of(sheet)
    assert value(table, "Tax") == decimals("-345", "0")
    assert table.rows[-1].cells[1].printed == "\u2014"


def test_figures_that_run_into_each_other_are_unread() -> None:
    sheet = usual(Sheet((400, 445))).row("Other", "1", "2")
    table = table_of(sheet.row("Tax", "(234,567)", "(1,234,568)"))
    assert table.rows[-1].label == "Tax"
    assert all(cell.v is None for cell in table.rows[-1].cells.values())


def test_marks_of_footnotes_behind_figures_are_no_part_of_them() -> None:
    sheet = usual(Sheet()).row("Tax", "1,345*", "1,112\u2020")
    sheet.text(402, "*").row("Other", "1,345", "1,112").text(402, "(a)").row("More", "1", "2")
    assert figures(table_of(sheet))[3:] == [
        ("Tax", decimals("1345", "1112")),
        ("Other", decimals("1345", "1112")),
        ("More", decimals("1", "2")),
    ]


def test_percentages_are_told_by_the_sign_above_them() -> None:
    sheet = Sheet((300, 350, 420, 470)).row("", "2022", "", "2021", "")
    sheet.y += sheet.step
    sheet.text(342, "%").text(462, "%").down()
    sheet.row("Sales", "12,345", "100.0", "11,000", "100.0")
    table = table_of(sheet.row("Costs", "(2,345)", "(19.0)", "(1,000)", "(9.1)"))
    assert value(table, "Costs") == decimals("-2345", "-1000")
    assert [column.kind for column in table.others] == ["percent", "percent"]


@pytest.mark.parametrize(
    "note", ["A", "A, C", "7", "7, 14a", "(9)", "3.1", "A4", "9(a)", "14 b)", "7 & 8"]
)
def test_the_notes_column_is_no_figure(note: str) -> None:
    sheet = Sheet().text(300, "Notes").row("", "2022", "2021")
    sheet.row("Revenue", "12,345", "11,222", note="3").row("Cost", "(345)", "(222)", note="4")
    sheet.row("Tax", "(45)", "(22)", note=note).row("Profit", "55", "66")
    table = table_of(sheet)
    assert value(table, "Tax") == decimals("-45", "-22")
    assert table.rows[2].note == note
    assert [column.kind for column in table.others] == ["note"]


def test_a_single_note_without_a_column_is_no_figure() -> None:
    table = table_of(usual(Sheet()).row("Tax", "(45)", "(22)", note="8"))
    assert table.rows[-1].note == "8"
    assert skipped(table) == [("header", "2022 2021")]


def test_a_note_at_the_end_of_a_label_is_its_note() -> None:
    table = table_of(usual(Sheet()).row("Tax (notes 8 and 11)", "(45)", "(22)"))
    assert (table.rows[-1].label, table.rows[-1].note) == ("Tax", "8 and 11")


def test_columns_of_percentages_and_changes_are_kept_apart() -> None:
    sheet = Sheet((300, 360, 420, 480)).text(395, "Change").row("", "2022", "2021", "", "%")
    for label, *cells in (
        ("Revenue", "1,234", "1,000", "234", "23.4%"),
        ("Costs", "(1,100)", "(900)", "(200)", "22.2%"),
        ("Profit", "134", "100", "34", "34.0%"),
    ):
        sheet.row(label, *cells)
    table = table_of(sheet)
    assert value(table, "Profit") == decimals("134", "100")
    assert [column.kind for column in table.others] == ["change", "percent"]


def test_percentages_are_told_by_their_own_sign() -> None:
    sheet = Sheet((300, 360, 420)).row("", "2022", "2021", "")
    sheet.row("Revenue", "1,234", "1,000", "23.4%").row("Costs", "(99)", "(90)", "(10.0)%")
    table = table_of(sheet.row("Tax", "(9)", "(8)", "12.5%"))
    assert value(table, "Tax") == decimals("-9", "-8")
    assert [column.kind for column in table.others] == ["percent"]


def test_the_only_note_of_a_headed_column_is_no_figure() -> None:
    sheet = Sheet().text(300, "Note").row("", "2022", "2021").row("Revenue", "1,234", "1,000")
    table = table_of(sheet.row("Costs", "(99)", "(90)").row("Tax", "(45)", "", note="8"))
    assert table.rows[-1].note == "8"
    assert value(table, "Tax") == decimals("-45")


def test_text_with_digits_among_the_columns_is_listed() -> None:
    sheet = usual(Sheet()).text(380, "12ab34").row("Tax").row("Other", "1", "2")
    assert ("unread_figures", "Tax 12ab34") in skipped(table_of(sheet))


def test_german_labels_go_on_with_a_capital_at_a_hanging_indent() -> None:
    sheet = usual(Sheet()).row("Forderungen gegen verbundene Unternehmen", "5", "6")
    sheet.text(50, "Nach der Equity-Methode bilanzierte langfristige").down()
    sheet.row("Finanzanlagen", "1", "2", x=55).row("Vorr\u00e4te", "3", "4")
    assert figures(table_of(sheet))[4:] == [
        ("Nach der Equity-Methode bilanzierte langfristige Finanzanlagen", decimals("1", "2")),
        ("Vorr\u00e4te", decimals("3", "4")),
    ]


def test_a_total_closes_the_section_that_it_names_without_indentation() -> None:
    sheet = usual(Sheet()).row("Current assets").row("Cash", "1", "2").row("Stock", "3", "4")
    table = table_of(sheet.row("Total current assets", "4", "6").row("Goodwill", "7", "8"))
    assert [row.section for row in table.rows[4:]] == [
        ("Current assets",),
        ("Current assets",),
        ("Current assets",),
        (),
    ]


def test_numbers_in_labels_are_not_figures() -> None:
    sheet = usual(Sheet()).row("Notes due 2026", "300", "300")
    sheet.row("5% preference shares of CHF 10 each", "70", "60")
    sheet.row("Loans, maturing 2024 to 2031, at 3.5%", "1", "2")
    assert figures(table_of(sheet))[3:] == [
        ("Notes due 2026", decimals("300", "300")),
        ("5% preference shares of CHF 10 each", decimals("70", "60")),
        ("Loans, maturing 2024 to 2031, at 3.5%", decimals("1", "2")),
    ]


def test_a_footnote_mark_in_small_print_is_no_digit() -> None:
    sheet = usual(Sheet()).text(400.5, "(1)", size=5.5)
    table = table_of(sheet.row("Tax", "1,234", "99"))
    assert value(table, "Tax") == decimals("1234", "99")


@pytest.mark.parametrize(
    "printed", ["12 345", "1,2345,678", "12345", "1,23", "l,234", "1,O34", "1,234(5)", "2K5 838"]
)
def test_a_damaged_number_stays_unread_and_keeps_what_is_printed(printed: str) -> None:
    table = table_of(usual(Sheet()).row("Tax", printed, "99"))
    assert value(table, "Tax") == [None, Decimal(99)]
    assert table.rows[-1].cells[0].printed == printed


def test_two_figures_in_one_cell_are_not_read_as_one() -> None:
    sheet = usual(Sheet()).text(372, "11").row("Tax", "22", "99")
    assert value(table_of(sheet), "Tax") == [None, Decimal(99)]


def test_a_figure_outside_all_columns_is_listed() -> None:
    table = table_of(usual(Sheet()).text(330, "775").row("Tax", "22", "99"))
    assert ("unread_figures", "Tax 775 22 99") in skipped(table)
    assert value(table, "Tax") == decimals("22", "99")


def test_totals_without_a_label_are_rows() -> None:
    table = table_of(usual(Sheet()).row("", "6,001", "6,002"))
    assert figures(table)[-1] == ("", decimals("6001", "6002"))
    assert table.rows[-1].kind == "total"


def wrapped(line: int) -> Sheet:
    """Draw a label over three lines, with its figures on one of them."""
    sheet = usual(Sheet())
    for number, text in enumerate(
        ("Increase in trade receivables and", "other assets, net of amounts from", "acquisitions")
    ):
        if number == line:
            sheet.cells("77", "88")
        sheet.text(50 if not number else 58, text).down(10)
    return sheet.down(4).row("Interest paid", "(5)", "(6)")


@pytest.mark.parametrize("line", [0, 1, 2])
def test_a_label_over_several_lines_has_the_figures_of_any_of_them(line: int) -> None:
    assert figures(table_of(wrapped(line)))[3:] == [
        (
            "Increase in trade receivables and other assets, net of amounts from acquisitions",
            decimals("77", "88"),
        ),
        ("Interest paid", decimals("-5", "-6")),
    ]


def test_figures_halfway_between_two_lines_of_a_label_belong_to_both() -> None:
    sheet = usual(Sheet())
    sheet.text(50, "Decrease in payables related to").down(5).cells("77", "88").down(5)
    sheet.text(50, "account holders").down(14).row("Interest paid", "(5)", "(6)")
    assert figures(table_of(sheet))[3] == (
        "Decrease in payables related to account holders",
        decimals("77", "88"),
    )


def test_a_heading_is_not_the_first_line_of_the_next_label() -> None:
    sheet = usual(Sheet()).row("Operating expenses").row("Wages", "(1)", "(2)", x=58)
    sheet.row("Rent", "(3)", "(4)", x=58).row("Total operating expenses", "(4)", "(6)")
    table = table_of(sheet.row("Operating profit", "4,996", "4,994"))
    rows = {row.label: row for row in table.rows}
    assert rows["Operating expenses"].kind == "heading"
    assert rows["Wages"].section == ("Operating expenses",)
    assert rows["Wages"].level == 1
    assert rows["Total operating expenses"].section == ("Operating expenses",)
    assert rows["Operating profit"].section == ()


def test_headings_above_the_first_row_are_no_part_of_the_header() -> None:
    sheet = Sheet().text(50, "BALANCE SHEET").down().row("Note", "2022", "2021")
    sheet.row("Assets").row("Current assets").row("Cash", "1,234", "1,000", x=58)
    table = table_of(sheet.row("Receivables", "12", "10", x=58))
    assert [row.label for row in table.rows] == ["Assets", "Current assets", "Cash", "Receivables"]
    assert table.rows[2].section == ("Assets", "Current assets")
    assert [line.text for line in table.header] == ["BALANCE SHEET", "Note 2022 2021"]


def test_a_heading_beside_the_years_opens_a_section() -> None:
    sheet = Sheet().row("Assets", "2022", "2021").row("Cash", "1,234", "1,000")
    table = table_of(sheet.row("Receivables", "12", "10"))
    assert [(row.label, row.kind, len(row.cells)) for row in table.rows] == [
        ("Assets", "heading", 0),
        ("Cash", "line", 2),
        ("Receivables", "line", 2),
    ]
    assert table.rows[1].section == ("Assets",)
    assert [line.text for line in table.header] == ["Assets 2022 2021"]


def test_dots_that_lead_to_a_figure_are_no_part_of_the_label() -> None:
    sheet = usual(Sheet()).row("Tax" + " ." * 30, "22", "99").row("Other ........", "1", "2")
    sheet.text(50, "Cash generated by operating", font="Helvetica-Bold").down()
    sheet.text(100, "." * 40).row("activities", "3", "4", font="Helvetica-Bold")
    assert [label for label, _ in figures(table_of(sheet))[3:]] == [
        "Tax",
        "Other",
        "Cash generated by operating activities",
    ]


def test_a_label_to_the_right_of_the_figures_counts_where_none_stands_left() -> None:
    def draw(canvas: Canvas) -> None:
        for row, (one, other, label) in enumerate(
            (("1,234", "1,000", "Revenue"), ("(234)", "(200)", "Costs"), ("1,000", "800", "Profit"))
        ):
            canvas.drawRightString(100, 700 - 14 * row, one)
            canvas.drawRightString(160, 700 - 14 * row, other)
            canvas.drawString(200, 700 - 14 * row, label)

    assert figures(table_of(draw)) == [
        ("Revenue", decimals("1234", "1000")),
        ("Costs", decimals("-234", "-200")),
        ("Profit", decimals("1000", "800")),
    ]


def test_figures_centred_in_their_columns_are_one_column() -> None:
    def draw(canvas: Canvas) -> None:
        rows = (("Revenue", "1,234,567"), ("Costs", "(9)"), ("Other", "34,567"), ("Tax", "1,000"))
        for row, (label, cell) in enumerate(rows):
            canvas.drawString(50, 700 - 14 * row, label)
            for middle in (300, 400):
                canvas.drawCentredString(middle, 700 - 14 * row, cell)

    table = table_of(draw)
    assert len(table.columns) == 2
    assert value(table, "Costs") == decimals("-9", "-9")


def test_page_numbers_and_running_lines_are_skipped_with_the_reason() -> None:
    sheet = Sheet().text(50, "Example AG Annual Report 2022").cells("", "75").down(30)
    usual(sheet).down(300).row("", "", "75")
    table = table_of(sheet)
    assert skipped(table) == [
        ("running_header", "Example AG Annual Report 2022 75"),
        ("header", "2022 2021"),
        ("page_number", "75"),
    ]
    assert len(table.rows) == 3


def test_text_below_the_rows_is_a_footnote() -> None:
    sheet = usual(Sheet()).down(20).row("The notes on pages 12 to 99 are part of the statements.")
    table = table_of(sheet)
    assert skipped(table)[-1] == (
        "footnote",
        "The notes on pages 12 to 99 are part of the statements.",
    )
    assert len(table.rows) == 3


def test_years_that_are_printed_again_are_a_header_again() -> None:
    sheet = usual(Sheet()).row("", "2022", "2021").row("Tax", "(5)", "(6)")
    table = table_of(sheet)
    assert value(table, "Tax") == decimals("-5", "-6")
    assert skipped(table) == [("header", "2022 2021")] * 2


def test_a_row_whose_figures_look_like_the_years_is_a_row() -> None:
    sheet = Sheet().row("", "2022", "2021").row("Revenue", "1234", "1100").row("Costs", "34", "10")
    assert figures(table_of(sheet.row("Tax", "2021", "2022")))[-1] == (
        "Tax",
        decimals("2021", "2022"),
    )


def test_a_line_of_units_above_the_rows_is_no_heading() -> None:
    sheet = Sheet().row("", "2022", "2021").row("(in millions)").row("Net sales:")
    table = table_of(sheet.row("Products", "1", "2", x=58).row("Services", "3", "4", x=58))
    assert [row.section for row in table.rows] == [(), ("Net sales",), ("Net sales",)]


@pytest.mark.parametrize("unit", ["1.000", "x EUR 1.000", "CHF 1.000", "000"])
def test_the_unit_of_the_columns_is_no_row(unit: str) -> None:
    sheet = Sheet().row("", "2022", "2021").row("", unit, unit)
    sheet.row("Omzet", "12.345", "11.222").row("Kosten", "(7.345)", "(6.222)")
    table = table_of(sheet.row("", unit, unit).row("Winst", "5.000", "5.000"))
    assert [label for label, _ in figures(table)] == ["Omzet", "Kosten", "Winst"]
    assert [line.text for line in table.header] == ["2022 2021", f"{unit} {unit}"]


def test_columns_may_have_ascending_years_and_a_translation() -> None:
    sheet = Sheet((300, 360, 440)).text(270, "Yen").text(410, "U.S. dollars").down()
    sheet.row("", "2021", "2022", "2022").row("Net sales", "1,234,567", "1,300,000", "9,848")
    table = table_of(sheet.row("Net income", "12,345", "(13,000)", "(98)"))
    assert value(table, "Net income") == decimals("12345", "-13000", "-98")
    assert [line.text for line in table.header] == ["Yen U.S. dollars", "2021 2022 2022"]


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        (("1.234.567", "-1.234"), ("1234567", "-1234")),
        (("1'234'567", "-1'234"), ("1234567", "-1234")),
        (("1\u2019234\u2019567", "\u2212 1\u2019234"), ("1234567", "-1234")),
        (("1 234 567", "(1 234)"), ("1234567", "-1234")),
        (("12,34,567", "(1,234)"), ("1234567", "-1234")),
        (("1,234.5", "(0.5)"), ("1234.5", "-0.5")),
    ],
)
def test_the_ways_to_write_numbers(cells: tuple[str, str], values: tuple[str, str]) -> None:
    sheet = Sheet().row("", "2022", "2021")
    for label in ("Revenue", "Costs", "Tax"):
        sheet.row(label, *cells)
    assert value(table_of(sheet), "Tax") == decimals(*values)


def test_a_hint_settles_what_a_small_table_leaves_open() -> None:
    sheet = Sheet().row("Revenue", "1.234", "1.300").row("Costs", "1.100", "1.200")
    assert value(table_of(sheet), "Costs") == [None, None]
    assert value(table_of(sheet, decimal=","), "Costs") == decimals("1100", "1200")
    assert value(table_of(sheet, decimal="."), "Costs") == decimals("1.100", "1.200")


def test_a_column_of_nothing_but_dashes_is_a_column() -> None:
    sheet = Sheet().row("", "2022", "2021")
    for label in ("Revenue", "Costs", "Tax"):
        sheet.row(label, "123", "\u2013")
    table = table_of(sheet)
    assert len(table.columns) == 2
    assert value(table, "Tax") == decimals("123", "0")


def test_text_among_the_columns_makes_figures_unread_and_not_a_footnote() -> None:
    table = table_of(usual(Sheet()).text(375, "abc def").row("Tax", "", "99"))
    assert ("unread_figures", "Tax abc def 99") in skipped(table)


def test_figures_that_do_not_apply_are_no_cells() -> None:
    table = table_of(usual(Sheet()).row("Tax", "n/a", "99").row("Ratio", "n/a", "n/a"))
    assert table.rows[-1].label == "Tax"
    assert {index: cell.v for index, cell in table.rows[-1].cells.items()} == {1: Decimal(99)}


@pytest.mark.parametrize(
    ("label", "section", "kind"),
    [
        ("Basic earnings per share", "", "per_share"),
        ("Ergebnis je Aktie (unverwässert)", "", "per_share"),
        ("Résultat par action", "", "per_share"),
        ("Winst per gewoon aandeel", "", "per_share"),
        ("Basic", "Earnings per share:", "per_share"),
        ("Basic", "Shares used in computing earnings per share:", "shares"),
        ("Weighted average number of shares", "", "shares"),
        ("Durchschnittliche Anzahl der Aktien", "", "shares"),
        ("Nombre moyen pondéré d'actions", "", "shares"),
        ("Gewogen gemiddeld aantal aandelen", "", "shares"),
        ("Common stock, $.01 par value per share", "", "line"),
        ("Purchase of treasury shares", "", "line"),
        ("of which: goodwill", "", "memo"),
        ("davon nahestehende Unternehmen", "", "memo"),
        ("dont charges financières", "", "memo"),
        ("waarvan goodwill", "", "memo"),
        ("Interest paid", "Supplemental disclosures:", "memo"),
        ("Depreciation", "Adjustments for non-cash items:", "line"),
        ("Total assets", "", "total"),
        ("Summe Aktiva", "", "total"),
        ("Inventories", "", "line"),
    ],
)
def test_what_a_label_says_of_its_figures(label: str, section: str, kind: str) -> None:
    sheet = usual(Sheet())
    if section:
        sheet.row(section)
    row = table_of(sheet.row(label, "11", "22", x=58 if section else 50)).rows[-1]
    assert (row.label, row.kind) == (label, kind)


def test_small_units_of_figures_per_share_are_told() -> None:
    sheet = usual(Sheet()).row("Basic earnings per share (pence)", "5.93", "7.83")
    sheet.row("Margin", "41.5%", "45.1%").row("Dividend per share", "1.2p", "1.1p")
    assert [row.unit for row in table_of(sheet).rows[3:]] == ["pence", "%", "p"]


def test_text_with_figures_among_the_rows_is_listed_and_opens_no_section() -> None:
    sheet = usual(Sheet()).row("Share capital", "1", "2")
    sheet.row("Shares outstanding - 2022: 576,575,168").row("Reserves", "3", "4")
    table = table_of(sheet)
    assert ("running_text", "Shares outstanding - 2022: 576,575,168") in skipped(table)
    assert table.rows[-1].section == ()


def test_running_text_is_no_table() -> None:
    def draw(canvas: Canvas) -> None:
        for row in range(12):
            canvas.drawString(50, 700 - 12 * row, f"In {2000 + row} sales rose by {row}% to 1{row}")

    assert read_table(lines_of(draw)) is None
    assert read_table([]) is None


def test_a_statement_goes_on_at_the_next_page_if_it_has_as_many_columns() -> None:
    first, second = table_of(usual(Sheet())), table_of(usual(Sheet((300, 380))))
    joined = join_tables(first, second)
    assert joined is not None
    assert len(joined.rows) == 6
    assert len(joined.skipped) == 2
    one = table_of(Sheet((300,)).row("A thing", "1,234").row("Others", "55"))
    assert join_tables(first, one) is None


@pytest.mark.parametrize(
    "cell", ["\u2013 \u00a3525", "\u2013 \u00a3 525", "( \u00a3 525 )", "(\u00a3 525)"]
)
def test_a_sign_before_the_currency_is_the_sign_of_the_figure(cell: str) -> None:
    table = table_of(usual(Sheet()).row("Tax", cell, cell))
    assert value(table, "Tax") == decimals("-525", "-525")


def test_a_dash_left_of_its_column_is_the_minus_of_the_figure() -> None:
    sheet = usual(Sheet()).text(360, "\u2013").text(365, "\u00a3")
    assert value(table_of(sheet.row("Tax", "525", "99")), "Tax") == decimals("-525", "99")


def test_an_of_which_line_is_no_part_of_the_label_above() -> None:
    sheet = usual(Sheet()).text(58, "davon mit nahestehenden").down()
    table = table_of(sheet.row("Unternehmen", "5", "6", x=63))
    assert figures(table)[-2:] == [
        ("Gross profit", decimals("5000", "5000")),
        ("davon mit nahestehenden Unternehmen", decimals("5", "6")),
    ]


def test_dates_that_stand_close_together_are_no_figure() -> None:
    sheet = Sheet((400, 450), size=9).text(352, "27.06.2015").text(399.5, "28.06.2014").down()
    sheet.row("Revenue", "1,234", "1,000").row("Costs", "(34)", "(30)")
    table = table_of(sheet.row("Profit", "1,200", "970"))
    assert [label for label, _ in figures(table)] == ["Revenue", "Costs", "Profit"]
    assert [line.text for line in table.header] == ["27.06.2015 28.06.2014"]
