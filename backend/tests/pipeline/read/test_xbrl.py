"""Tests of XBRL folders: order, labels, signs and dimensions of the face of a statement."""

from datetime import date
from decimal import Decimal

import pytest

from app.pipeline.read.xbrl import read_xbrl
from tests.pipeline.read.xbrl_builder import (
    NEGATED,
    STANDARD,
    YEAR,
    F,
    R,
    codes,
    figures,
    package,
    row,
    statement,
    text,
    tree,
)
from tests.pipeline.read.xbrl_examples import (
    AXIS,
    BALANCE,
    BALANCE_FACTS,
    BY_PRODUCT,
    CASH,
    INCOME,
    NOW,
    THEN,
    US,
    cash_facts,
    income_facts,
    read_income,
)


def test_rows_have_the_order_labels_levels_and_totals_of_the_presentation() -> None:
    texts = [
        (f"{US}AssetsAbstract", STANDARD + "label", "en-US", "Assets [Abstract]"),
        (f"{US}Cash", STANDARD + "label", "en-US", "Cash, long label"),
        (f"{US}Cash", STANDARD + "terseLabel", "en-US", "Cash"),
        (f"{US}Assets", STANDARD + "totalLabel", "en-US", "Total assets"),
        (f"{US}StockholdersEquity", STANDARD + "label", "en-US", "Equity"),
    ]
    found = statement(read_xbrl(package(BALANCE_FACTS, [BALANCE], texts)), "balance_sheet")
    assert [(each.label, each.level, each.kind, each.section) for each in found.rows] == [
        ("Assets", 0, "heading", []),
        ("Cash", 1, "line", ["Assets"]),
        ("Total assets", 1, "total", ["Assets"]),
        ("Equity", 0, "line", []),
    ]
    assert figures(found.rows[2]) == {"p0": "9", "p1": "8"}
    assert (found.title, found.scope, found.currency) == (
        "CONSOLIDATED BALANCE SHEETS",
        "consolidated",
        "USD",
    )
    assert (found.scale, found.framework, found.language) == (6, "us-gaap", "en")
    assert [(each.label, each.start, each.end) for each in found.periods] == [
        ("2023", None, date(2023, 12, 31)),
        ("2022", None, date(2022, 12, 31)),
    ]
    assert found.rows[2].cells["p0"].tagged == Decimal(9_000_000)


@pytest.mark.parametrize(
    "role",
    [
        NEGATED,
        "http://www.xbrl.org/2009/role/negatedTotalLabel",
        "http://www.xbrl.org/2009/role/negatedTerseLabel",
        "http://xbrl.us/us-gaap/role/label/negated",
        "http://example.com/own/negatedNetLabel",
    ],
)
def test_any_negated_role_prints_the_other_sign_and_keeps_the_tagged_value(role: str) -> None:
    arcs = tree(f"{US}A", f"{US}Revenues", (f"{US}OperatingIncomeLoss", role), f"{US}NetIncomeLoss")
    found = read_income(income_facts(YEAR), R("r", arcs, "1 - Statement - Income"))
    cell = row(found, f"{US}OperatingIncomeLoss").cells["p0"]
    assert (cell.v, cell.tagged) == (Decimal(-30), Decimal(30_000_000))
    assert row(found, f"{US}Revenues").cells["p0"].v == Decimal(100)


def test_what_follows_closing_cash_is_a_disclosure_and_no_term() -> None:
    facts = [*cash_facts(YEAR), F(f"{US}Cash", 9, NOW), F(f"{US}Cash", 4, THEN)]
    sheet = statement(read_xbrl(package(facts, [CASH])), "cash_flow_statement")
    assert row(sheet, f"{US}InterestPaid").kind == "memo"
    assert row(sheet, f"{US}NetCashProvidedByUsedInOperatingActivities").kind == "line"


def test_parts_by_dimension_that_sum_up_stand_above_the_total_with_their_axes() -> None:
    parts = [
        F(f"{US}Revenues", 60_000_000, axes={AXIS: f"{US}ProductMember"}),
        F(f"{US}Revenues", 40_000_000, axes={AXIS: f"{US}ServiceMember"}),
        F(f"{US}Revenues", 1_000_000, axes={AXIS: "x:NoteMember"}),
    ]
    found = read_income(parts + income_facts(YEAR), BY_PRODUCT)
    assert [(each.label, each.kind, dict(each.axes)) for each in found.rows[:4]] == [
        ("Revenues", "heading", {}),
        ("Product", "line", {AXIS: f"{US}ProductMember"}),
        ("Service", "line", {AXIS: f"{US}ServiceMember"}),
        ("Revenues", "total", {}),
    ]
    assert figures(found.rows[3]) == {"p0": "100"}


def test_a_member_is_never_taken_for_the_total() -> None:
    facts = [
        *income_facts(YEAR),
        F(f"{US}Revenues", 60_000_000, axes={AXIS: f"{US}ProductMember"}),
    ]
    found = read_income(facts, BY_PRODUCT)
    assert figures(row(found, f"{US}Revenues")) == {"p0": "100"}
    part = next(each for each in found.rows if each.axes)
    assert (part.kind, figures(part), part.n) == ("memo", {"p0": "60"}, 1)


def test_figures_of_another_legal_entity_are_named_as_skipped() -> None:
    axis = "dei:LegalEntityAxis"
    arcs = [*BY_PRODUCT.arcs, (f"{US}StatementTable", axis, None), (axis, "x:ParentMember", None)]
    facts = [*income_facts(YEAR), F(f"{US}Revenues", 7_000_000, axes={axis: "x:ParentMember"})]
    found = read_income(facts, R("r", arcs, "1 - Statement - INCOME"))
    assert not any(each.axes for each in found.rows)
    assert [each.reason for each in found.skipped] == ["other_entity_or_scenario"]


def test_a_negated_total_has_the_label_of_a_total() -> None:
    role = "http://www.xbrl.org/2009/role/negatedTotalLabel"
    arcs = tree(f"{US}A", f"{US}Revenues", (f"{US}OperatingIncomeLoss", role), f"{US}NetIncomeLoss")
    concept = f"{US}OperatingIncomeLoss"
    texts = [
        (concept, STANDARD + "label", "en", "Operating income"),
        (concept, STANDARD + "totalLabel", "en", "Total operating income"),
    ]
    files = package(income_facts(YEAR), [R("r", arcs, "1 - Statement - Income")], texts)
    found = row(statement(read_xbrl(files), "income_statement"), concept)
    assert (found.label, found.kind) == ("Total operating income", "total")


@pytest.mark.parametrize(
    ("document", "language", "expected"), [("de", "de", "Umsatz"), (None, "en", "Sales")]
)
def test_labels_are_in_the_documents_language_or_in_english(
    document: str | None, language: str, expected: str
) -> None:
    texts = [
        (f"{US}Revenues", STANDARD + "label", "fr", "Ventes"),
        (f"{US}Revenues", STANDARD + "label", "de", "Umsatz"),
        (f"{US}Revenues", STANDARD + "label", "en", "Sales"),
    ]
    facts = income_facts(YEAR)
    if document:
        facts.append(text("x:Name", "Beispiel AG", document))
    found = statement(read_xbrl(package(facts, [INCOME], texts)), "income_statement")
    assert (found.rows[0].label, found.language) == (expected, language)


def test_a_concept_without_label_is_spelled_out_and_said_so() -> None:
    found = read_income(income_facts(YEAR))
    assert [each.label for each in found.rows] == [
        "Revenues",
        "Operating income loss",
        "Net income loss",
    ]
    assert "labels_from_concepts" in codes(found)
