"""Titles in a narrow column to the left of their table."""

from app.pipeline.read.pdf.aside import lift_aside
from app.pipeline.read.pdf.lines import read_lines
from tests.pipeline.read.pdf.sheets import Sheet, words_of


def beside(*column: str, header: str = "Annual Report 2022 of a company with a long name") -> Sheet:
    """Draw a table whose title stands to its left, from its third line on."""
    sheet = Sheet((440.0, 500.0)).text(40, header).down().down().row("", "2022", "2021")
    lines = [*column, *[""] * 12]
    for number in range(12):
        sheet.text(40, lines[number])
        sheet.row("Trade receivables", f"{number + 11},345", "11,222", x=150)
    return sheet.down().text(40, "112")


def texts(sheet: Sheet) -> list[str]:
    return [line.text for line in read_lines(lift_aside(words_of(sheet)))]


def test_a_title_beside_its_table_is_read_above_it() -> None:
    found = texts(beside("Consolidated", "balance sheet", "at 31 May 2022"))
    assert found[:3] == ["Consolidated", "balance sheet", "at 31 May 2022"]
    assert "Trade receivables 11,345 11,222" in found


def test_text_beside_a_table_that_is_no_title_stays() -> None:
    assert "Governance Trade receivables 11,345 11,222" in texts(beside("Governance", "Other"))


def test_labels_are_no_title_beside_their_figures() -> None:
    sheet = Sheet((440.0, 500.0)).text(40, "Consolidated balance sheet").down()
    for number in range(12):
        sheet.row("Receivables", f"{number + 11},345", "11,222")
    assert texts(sheet)[1] == "Receivables 11,345 11,222"
