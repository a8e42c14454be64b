"""Accounts with two columns for each year: details in the inner one, totals in the outer one."""

from tests.pipeline.read.pdf.sheets import Sheet, decimals, figures, table_of

EDGES = (300.0, 360.0, 420.0, 480.0)


def accounts() -> Sheet:
    sheet = Sheet(EDGES).text(315, "31.12.22").text(435, "31.12.21").down()
    sheet.row("", "\u00a3", "\u00a3", "\u00a3", "\u00a3")
    sheet.row("Tangible assets", "", "1,234", "", "1,345")
    return sheet.row("Debtors", "2,311", "", "1,058")


def test_both_columns_of_a_year_are_one_period() -> None:
    sheet = accounts().row("Cash at bank", "1,398", "", "884").row("", "3,709", "", "1,942")
    sheet.row("Creditors", "3,769", "", "2,546").row(
        "Net current liabilities", "", "(60)", "", "(604)"
    )
    table = table_of(sheet.row("Net assets", "", "1,174", "", "741"))
    assert len(table.columns) == 2
    assert figures(table) == [
        ("Tangible assets", decimals("1234", "1345")),
        ("Debtors", decimals("2311", "1058")),
        ("Cash at bank", decimals("1398", "884")),
        ("", decimals("3709", "1942")),
        ("Creditors", decimals("3769", "2546")),
        ("Net current liabilities", decimals("-60", "-604")),
        ("Net assets", decimals("1174", "741")),
    ]


def test_a_total_beside_the_last_detail_is_a_row_of_its_own() -> None:
    sheet = accounts().row("Stocks", "12", "", "13")
    sheet.row("Cash at bank", "1,398", "3,721", "884", "1,955")
    sheet.row("Creditors", "", "(721)", "", "(955)").row("Net assets", "", "3,000", "", "1,000")
    assert figures(table_of(sheet))[3:5] == [
        ("Cash at bank", decimals("1398", "884")),
        ("", decimals("3721", "1955")),
    ]


def test_columns_with_a_year_each_are_no_pairs() -> None:
    sheet = Sheet(EDGES).row("", "2022", "2021", "2020", "2019")
    sheet.row("Revenue", "12,345", "", "11,222").row("Costs", "", "(345)", "", "(222)")
    sheet.row("Tax", "12,345", "", "11,222").row("Fees", "", "(345)", "", "(222)")
    assert len(table_of(sheet).columns) == 4
