"""Which lines are titles of statements, of which one, and whose."""

import pytest

from app.pipeline.read.pdf.titles import read_title


@pytest.mark.parametrize(
    ("text", "section"),
    [
        ("CASH FLOWS STATEMENTS", "cash_flow_statement"),
        ("Statement of Consolidated Earnings", "income_statement"),
        ("Consolidated statement of profit or loss", "income_statement"),
        ("Statement of Profit and Loss", "income_statement"),
        ("Consolidated Statements of Income (Loss)", "income_statement"),
        ("Profit and loss account", "income_statement"),
        ("GROUP INCOME STATEMENT", "income_statement"),
        ("Consolidated\u00a0Statements\u00a0of\u00a0Financial\u00a0Condition", "balance_sheet"),
        ("Consolidated Balance Shee t", "balance_sheet"),
        ("Consolidated Balance Sheet as at 31 December 2022", "balance_sheet"),
        ("Konzern-Gewinn- und Verlustrechnung", "income_statement"),
        ("Konzernbilanz zum 31. Dezember 2022", "balance_sheet"),
        ("Kapitalflussrechnung", "cash_flow_statement"),
        ("Konsolidierte Geldflussrechnung", "cash_flow_statement"),
        ("Compte de r\u00e9sultat consolid\u00e9", "income_statement"),
        ("Bilan consolid\u00e9 au 31 d\u00e9cembre 2022", "balance_sheet"),
        ("\u00c9tat de la situation financi\u00e8re consolid\u00e9e", "balance_sheet"),
        ("Tableau des flux de tr\u00e9sorerie", "cash_flow_statement"),
        ("Geconsolideerde winst-en-verliesrekening", "income_statement"),
        ("Geconsolideerde balans per 31 december 2022", "balance_sheet"),
        ("Geconsolideerd kasstroomoverzicht", "cash_flow_statement"),
        ("Consolidated statement of comprehensive income", "comprehensive"),
        ("Konzern-Gesamtergebnisrechnung", "comprehensive"),
        ("Consolidated statement of changes in equity", "other"),
        ("Notes to the consolidated financial statements", "other"),
    ],
)
def test_a_title_is_told_by_its_words(text: str, section: str) -> None:
    title = read_title(text)
    assert title is not None
    assert title.section == section


@pytest.mark.parametrize(
    "text",
    [
        "The consolidated balance sheet should be read in conjunction with the notes.",
        "Consolidated balance sheet ........................ 78",
        "Balance Sheet Components",
        "Off-Balance Sheet Arrangements",
        "Other comprehensive income that may be reclassified to profit and loss",
        "Autres \u00e9l\u00e9ments du r\u00e9sultat global",
        "Gesamtergebnis 205 185",
        "Cash and cash equivalents in the cash flow statement 306,416 303,994",
        "Certain Consolidated Statements of Earnings amounts are as follows:",
        "Net cash flows from operating activities",
        "Earnings per share",
    ],
)
def test_prose_contents_rows_and_headings_of_notes_are_no_titles(text: str) -> None:
    assert read_title(text) is None


@pytest.mark.parametrize(
    ("text", "scope"),
    [
        ("Consolidated balance sheet", "consolidated"),
        ("Group income statement", "consolidated"),
        ("Konzernbilanz", "consolidated"),
        ("Company balance sheet", "parent"),
        ("Parent company statement of cash flows", "parent"),
        ("Statement of financial position of the Company", "parent"),
        ("Unconsolidated balance sheet", "parent"),
        ("Bilan de la soci\u00e9t\u00e9 m\u00e8re", "parent"),
        ("Bilanz des Mutterunternehmens", "parent"),
        ("Balans van de moedermaatschappij", "parent"),
        ("Balance sheet", None),
    ],
)
def test_a_title_says_whose_statement_it_is(text: str, scope: str | None) -> None:
    title = read_title(text)
    assert title is not None
    assert title.scope == scope


@pytest.mark.parametrize(
    "text",
    [
        "Condensed consolidated balance sheet",
        "Pro forma income statement",
        "Consolidated Statements of Operations:",
        "Consolidated Statement of Financial Position (extract)",
        "Five-year summary of the balance sheet",
    ],
)
def test_summaries_and_extracts_are_no_primary_statements(text: str) -> None:
    title = read_title(text)
    assert title is None or not title.primary


def test_the_one_statement_form_is_an_income_statement() -> None:
    title = read_title("Statement of profit or loss and other comprehensive income")
    assert title is not None
    assert (title.section, title.one_statement) == ("income_statement", True)


def test_a_title_says_that_it_goes_on() -> None:
    title = read_title("Consolidated statement of cash flows (continued)")
    assert title is not None
    assert title.continued
