"""Tests of titles: which statement a line announces, in the ways that reports print it."""

import pytest

from app.pipeline.read.ixbrl.titles import scope_of, title_kind


@pytest.mark.parametrize(
    ("kind", "titles"),
    [
        (
            "income_statement",
            [
                "CONSOLIDATED STATEMENTS OF OPERATIONS",
                "ACME CORP. CONSOLIDATED STATEMENTS OF INCOME (In millions)",
                "Statement of Consolidated Earnings",
                "Consolidated\u00a0Income\n Statement",
                "Profit and loss account for the year ended 31 March 2021",
                "Konzern-Gewinn- und Verlustrechnung",
                "Compte de r\u00e9sultat consolid\u00e9",
                "Geconsolideerde winst-en-verliesrekening",
                "Cuenta de resultados consolidada",
                "Conto economico consolidato",
                "STATEMENT 1 Consolidated Results of Operations",
                "Koncernens resultatr\u00e4kning",
            ],
        ),
        (
            "balance_sheet",
            [
                "CONSOLIDATED BALANCE SHEETS",
                "STATEMENT 3 Consolidated Financial Position at December 31",
                "Consolidated Statements of Condition",
                "Consolidated statement of financial position",
                "Abridged Balance Sheet as at 31 March 2021",
                "Consolidated Statements of Financial Condition",
                "Konzernbilanz",
                "\u00c9tat consolid\u00e9 de la situation financi\u00e8re",
                "Geconsolideerde balans",
            ],
        ),
        (
            "cash_flow_statement",
            [
                "CONSOLIDATED STATEMENTS OF CASH FLOWS",
                "Cash flow statement",
                "STATEMENTS OF CONSOLIDATED CASH FLOWS",
                "Konzern-Kapitalflussrechnung",
                "Tableau des flux de tr\u00e9sorerie consolid\u00e9s",
                "Geconsolideerd kasstroomoverzicht",
                "Geconsolideerd overzicht van kasstromen",
                "Rendiconto finanziario",
            ],
        ),
        (
            "comprehensive",
            [
                "Consolidated Statements of Comprehensive Income",
                "Statement of profit or loss and other comprehensive income",
                "CONSOLIDATED STATEMENTS OF OPERATIONS AND COMPREHENSIVE LOSS",
                "Gesamtergebnisrechnung",
            ],
        ),
        (
            "other",
            [
                "Consolidated statement of changes in equity",
                "CONSOLIDATED STATEMENTS OF STOCKHOLDERS\u2019 EQUITY",
                "Notes to the financial statements",
                "CONSOLIDATED BALANCE SHEETS (Parenthetical)",
                "Statements of Convertible Preferred Stock and Stockholders\u2019 Deficit",
                "Eigenkapitalver\u00e4nderungsrechnung",
            ],
        ),
        (
            None,
            [
                "Cash flows from operating activities",
                "Flux de tr\u00e9sorerie li\u00e9s aux activit\u00e9s op\u00e9rationnelles",
                "Kasstroom uit operationele activiteiten",
                "Total comprehensive income for the year",
                "See the accompanying notes to the balance sheet",
                "Financial assets at fair value through profit or loss",
                "The income statement shows growth. Revenue rose in all regions",
                "Balance sheet:",
                "2022",
                "Note 2022 2021",
            ],
        ),
    ],
)
def test_a_title_says_which_statement_follows(kind: str | None, titles: list[str]) -> None:
    assert {title: title_kind(title) for title in titles} == dict.fromkeys(titles, kind)


@pytest.mark.parametrize(
    ("title", "scope"),
    [
        ("Consolidated balance sheet", "consolidated"),
        ("Group statement of financial position", "consolidated"),
        ("Konzernbilanz", "consolidated"),
        ("Company statement of financial position", "parent"),
        ("Balance sheet of the company", "parent"),
        ("Condensed financial information of the registrant", "parent"),
        ("Balance sheet", None),
    ],
)
def test_a_title_says_whose_statement_it_is(title: str, scope: str | None) -> None:
    assert scope_of(title) == scope
