"""Tests of which presentation roles are the primary statements."""

from dataclasses import replace

import pytest

from app.pipeline.read.xbrl import read_xbrl
from tests.pipeline.read.xbrl_builder import (
    YEAR,
    F,
    R,
    codes,
    linkbase,
    locator,
    package,
    statement,
    tree,
)
from tests.pipeline.read.xbrl_examples import (
    EARNINGS,
    IFRS,
    INCOME_TREE,
    NOW,
    PROFIT,
    US,
    ifrs_income,
    income_facts,
    read_income,
)


@pytest.mark.parametrize(
    ("uri", "definition"),
    [
        (
            "http://xbrl.ifrs.org/role/ifrs/ias_1_2022-03-24_role-310000",
            "[310000] Statement of comprehensive income, profit or loss, by function of expense",
        ),
        ("http://example.com/role/ErgebnisRechnung", None),
        ("http://example.com/role/310", "Compte de résultat consolidé"),
        ("http://example.com/role/StatementOfProfitOrLoss", None),
    ],
)
def test_ifrs_statements_are_found_by_concept_and_role(uri: str, definition: str | None) -> None:
    role = R(uri, tree(f"{IFRS}A", *(f"{IFRS}{name}" for name in PROFIT)), definition)
    found = read_income(ifrs_income(*PROFIT), role)
    assert (found.framework, found.currency, found.scope) == ("ifrs", "EUR", "consolidated")
    assert [each.concept for each in found.rows] == [f"{IFRS}{name}" for name in PROFIT]


def test_comprehensive_income_is_no_income_statement() -> None:
    other = ("ProfitLoss", "OtherComprehensiveIncome", "ComprehensiveIncome")
    roles = [
        R("oci", tree(f"{IFRS}A", *(f"{IFRS}{name}" for name in other)), "Comprehensive income"),
        R("is", tree(f"{IFRS}A", *(f"{IFRS}{name}" for name in PROFIT)), "Income statement"),
    ]
    facts = ifrs_income(*PROFIT, *other[1:])
    assert statement(read_xbrl(package(facts, roles)), "income_statement").title == (
        "Income statement"
    )
    alone = read_xbrl(package(facts, roles[:1]))
    assert alone.statements == []


def test_the_one_statement_form_is_the_income_statement() -> None:
    names = (*PROFIT, "OtherComprehensiveIncome", "ComprehensiveIncome")
    role = R("oci", tree(f"{IFRS}A", *(f"{IFRS}{n}" for n in names)), "Comprehensive income")
    found = read_income(ifrs_income(*names), role)
    assert len(found.rows) == len(names)


@pytest.mark.parametrize(
    "definition",
    [
        "0003 - Statement - INCOME (Parenthetical)",
        "0099 - Disclosure - INCOME STATEMENT OF THE PARENT",
        "0099 - Schedule - CONDENSED FINANCIAL INFORMATION, INCOME",
        "Notes - income details",
    ],
)
def test_parenthetical_and_disclosure_roles_are_no_statements(definition: str) -> None:
    found = read_xbrl(package(income_facts(YEAR), [R("r", INCOME_TREE, definition)]))
    assert found.statements == []
    assert "statement_not_found" in codes(found)


def test_a_role_whose_title_contradicts_its_concepts_is_no_statement() -> None:
    role = R("r", INCOME_TREE, "0004 - Statement - CONSOLIDATED BALANCE SHEETS")
    assert read_xbrl(package(income_facts(YEAR), [role])).statements == []


def test_a_parents_statement_is_taken_last() -> None:
    roles = [
        R("a", tree(f"{US}A", *(each for _, each, _ in INCOME_TREE)), "Separate income statement"),
        R("b", INCOME_TREE[:3], "Income statement"),
    ]
    facts = [*income_facts(YEAR), EARNINGS]
    found = statement(read_xbrl(package(facts, roles)), "income_statement")
    assert found.title == "Income statement"


def test_the_number_of_an_ifrs_role_names_its_statement() -> None:
    concepts = ("x:A1", "x:A2", "x:A3")
    role = R("http://example.com/ias_1_role-220000", tree("x:A", *concepts))
    facts = [F(each, 10**6, NOW) for each in concepts]
    found = read_xbrl(package(facts, [role]))
    assert [each.statement for each in found.statements] == ["balance_sheet"]


def test_the_groups_statement_is_taken_before_the_parents() -> None:
    roles = [
        R("a", tree(f"{US}A", *(each for _, each, _ in INCOME_TREE)), "Company income statement"),
        R("b", INCOME_TREE[:3], "Consolidated income statement"),
    ]
    found = statement(read_xbrl(package(income_facts(YEAR), roles)), "income_statement")
    assert (found.title, found.scope) == ("Consolidated income statement", "consolidated")


def test_an_anchored_extension_concept_counts_as_the_wider_one() -> None:
    arcs = [
        ("x:A", "x:NetSales", None),
        ("x:A", f"{IFRS}ProfitLossBeforeTax", None),
        ("x:A", f"{IFRS}ProfitLoss", None),
    ]
    anchor = linkbase(
        '<definitionLink xlink:type="extended" xlink:role="anchoring">'
        + locator(f"{IFRS}Revenue", "wide")
        + locator("x:NetSales", "narrow")
        + '<definitionArc xlink:type="arc" xlink:from="wide" xlink:to="narrow"'
        ' xlink:arcrole="http://www.esma.europa.eu/xbrl/esef/arcrole/wider-narrower"/>'
        "</definitionLink>"
    )
    facts = [F("x:NetSales", 7_000_000), *ifrs_income("ProfitLossBeforeTax", "ProfitLoss")]
    facts = [F(each.concept, each.value, unit="EUR") for each in facts]
    role = R("r", arcs, "Ergebnis")
    files = package(facts, [role], elements=["NetSales"], others={"a_def.xml": anchor})
    found = statement(read_xbrl(files), "income_statement")
    assert found.rows[0].concept == "x:NetSales"
    assert [each.anchor for each in found.rows] == [f"{IFRS}Revenue", None, None]
    assert "found_by_title" not in codes(found)
    assert read_xbrl(package(facts, [R("r", arcs, None)], elements=["NetSales"])).statements == []


def test_statements_of_another_taxonomy_are_found_by_title_and_said_so() -> None:
    concepts = ("x:Bargeld", "x:Aktiva", "x:Passiva")
    facts = [F(each, 10**6, NOW) for each in concepts]
    roles = [
        R("http://example.com/role/rol_BalanceSheet", tree("x:A", *concepts)),
        R("http://example.com/role/rol_ConsolidatedBalanceSheet", tree("x:A", *concepts)),
    ]
    found = statement(read_xbrl(package(facts, roles)), "balance_sheet")
    assert (found.framework, found.scope) == (None, "consolidated")
    assert "found_by_title" in codes(found)


@pytest.mark.parametrize(
    ("definition", "kind"),
    [
        ("310010 連結貸借対照表", "balance_sheet"),
        ("321010 連結損益計算書", "income_statement"),
        ("351020 連結キャッシュ・フロー計算書、間接法", "cash_flow_statement"),
        ("[D210000] 재무상태표 - 연결", "balance_sheet"),
        ("合并利润表", "income_statement"),
    ],
)
def test_titles_in_scripts_of_east_asia_name_their_statement(definition: str, kind: str) -> None:
    concepts = ("x:A1", "x:A2", "x:A3")
    facts = [F(each, 10**6, NOW if kind == "balance_sheet" else YEAR) for each in concepts]
    found = read_xbrl(
        package(facts, [R("http://example.com/r", tree("x:A", *concepts), definition)])
    )
    assert [(each.statement, each.scope) for each in found.statements] == [(kind, "consolidated")]


def test_a_stated_member_of_the_group_is_no_dimension() -> None:
    axis = f"{IFRS}ConsolidatedAndSeparateFinancialStatementsAxis"
    facts = [
        replace(fact, axes={axis: f"{IFRS}{member}"}, value=value)
        for fact in income_facts(YEAR)
        for member, value in (("ConsolidatedMember", fact.value), ("SeparateMember", 10**6))
    ]
    found = read_income(facts)
    assert [str(row.cells["p0"].v) for row in found.rows if row.cells] == ["100", "30", "20"]
