"""Tests of xBRL-JSON: facts without labels, order or printed signs."""

import json
from typing import Any

import pytest

from app.pipeline.errors import ReadError
from app.pipeline.read.xbrl_json import read_xbrl_json
from app.pipeline.statement import Filing, Statement
from tests.pipeline.read.xbrl_builder import codes, figures, row, statement

IFRS = "ifrs-full:"
YEAR = "2023-01-01T00:00:00/2024-01-01T00:00:00"
BEFORE = "2022-01-01T00:00:00/2023-01-01T00:00:00"
PROFIT = {
    "Revenue": 100,
    "ProfitLossBeforeTax": 30,
    "IncomeTaxExpenseContinuingOperations": 10,
    "ProfitLoss": 20,
}


def fact(
    concept: str, value: object, period: str = YEAR, unit: str | None = "iso4217:GBP", **more: Any
) -> dict[str, Any]:
    dimensions = {"concept": concept, "entity": "e:529900T8BM49AURSDO55", "period": period}
    if unit:
        dimensions["unit"] = unit
    return {
        "value": value,
        "decimals": more.pop("decimals", -6),
        "dimensions": {**dimensions, **more},
    }


def text(concept: str, value: str) -> dict[str, Any]:
    each = fact(concept, value, unit=None, language="en")
    del each["decimals"]
    return each


def profit(period: str = YEAR, prefix: str = IFRS) -> list[dict[str, Any]]:
    return [fact(prefix + name, str(value * 10**6), period) for name, value in PROFIT.items()]


def document(
    facts: list[dict[str, Any]], kind: str = "https://xbrl.org/2021/xbrl-json"
) -> dict[str, Any]:
    return {
        "documentInfo": {
            "documentType": kind,
            "namespaces": {
                "ifrs-full": "http://xbrl.ifrs.org/taxonomy/2022-03-24/ifrs-full",
                "n1": "http://xbrl.ifrs.org/taxonomy/2022-03-24/ifrs-full",
                "x": "http://example.com/x",
                "e": "http://standards.iso.org/iso/17442",
                "iso4217": "http://www.xbrl.org/2003/iso4217",
                "xbrli": "http://www.xbrl.org/2003/instance",
            },
        },
        "facts": {f"f{number}": each for number, each in enumerate(facts)},
    }


def read(facts: list[dict[str, Any]], **more: Any) -> Filing:
    return read_xbrl_json(json.dumps(document(facts, **more)).encode())


def read_income(facts: list[dict[str, Any]]) -> Statement:
    return statement(read(facts), "income_statement")


@pytest.mark.parametrize(
    "kind",
    [
        "https://xbrl.org/2021/xbrl-json",
        "https://xbrl.org/2023/xbrl-json",
        "https://xbrl.org/CR/2021-02-03/xbrl-json",
        "http://www.xbrl.org/WGWD/YYYY-MM-DD/xbrl-json",
    ],
)
def test_rows_follow_the_published_order_whatever_the_files(kind: str) -> None:
    found = statement(read(profit()[::-1] + profit(BEFORE), kind=kind), "income_statement")
    assert [(each.label, each.kind, figures(each)) for each in found.rows] == [
        ("Revenue", "total", {"p0": "100", "p1": "100"}),
        ("Profit loss before tax", "total", {"p0": "30", "p1": "30"}),
        ("Income tax expense continuing operations", "line", {"p0": "10", "p1": "10"}),
        ("Profit loss", "total", {"p0": "20", "p1": "20"}),
    ]
    assert [(each.label, str(each.end)) for each in found.periods] == [
        ("2023", "2023-12-31"),
        ("2022", "2022-12-31"),
    ]
    assert (found.scale, found.currency, found.framework) == (6, "GBP", "ifrs")
    assert {"sign_as_tagged", "rows_by_concept_list"} <= codes(found)
    assert found.rows[0].cells["p0"].fact == "f3"


def test_prefixes_are_arbitrary() -> None:
    assert read_income(profit(prefix="n1:")).rows[0].concept == f"{IFRS}Revenue"


def test_a_member_is_never_taken_for_the_total() -> None:
    axis = {f"{IFRS}SegmentsAxis": f"{IFRS}OneMember"}
    found = read_income([fact(f"{IFRS}Revenue", "60000000", **axis), *profit()])
    assert figures(row(found, f"{IFRS}Revenue")) == {"p0": "100"}
    assert not any(each.axes for each in found.rows)


def test_the_company_is_named_with_its_lei() -> None:
    name = text(f"{IFRS}NameOfReportingEntityOrOtherMeansOfIdentification", "Example plc")
    company = read([name, *profit()]).company
    assert (company.name, company.identifiers) == ("Example plc", {"lei": "529900T8BM49AURSDO55"})


def test_a_concept_in_no_list_is_placed_between_neighbours_of_one_statement() -> None:
    before, *after = profit()
    found = read_income([before, fact("x:OwnCosts", "7000000"), *after])
    assert [each.concept for each in found.rows][:2] == [f"{IFRS}Revenue", "x:OwnCosts"]
    issue = next(each for each in found.issues if each.code == "placed_by_neighbours")
    assert issue.row == 1


def test_a_concept_without_a_certain_place_is_left_out_and_named() -> None:
    movement = fact("x:Movement", "7000000")
    axis = {f"{IFRS}ComponentsOfEquityAxis": f"{IFRS}RetainedEarningsMember"}
    part = fact(f"{IFRS}IncomeTaxExpenseContinuingOperations", "1", **axis)
    found = read([*profit(), part, movement, part])
    assert all(each.concept != "x:Movement" for each in found.statements[0].rows)
    issue = next(each for each in found.issues if each.code == "facts_without_place")
    assert "x:Movement" in issue.message


def test_the_most_precise_of_duplicates_is_taken_and_contradictions_are_no_figure() -> None:
    precise = fact(f"{IFRS}Revenue", "100400000", decimals=-5)
    assert figures(read_income([*profit(), precise]).rows[0]) == {"p0": "100.4"}
    wrong = fact(f"{IFRS}Revenue", "150000000")
    found = read_income([*profit(), wrong])
    assert figures(found.rows[0]) == {"p0": None}
    assert "inconsistent_duplicates" in codes(found)


def test_per_share_and_share_rows_have_their_units() -> None:
    facts = [
        *profit(),
        fact(
            f"{IFRS}BasicEarningsLossPerShare", "0.291", unit="iso4217:GBP/xbrli:shares", decimals=3
        ),
        fact(f"{IFRS}WeightedAverageShares", "122911000", unit="xbrli:shares", decimals=-3),
    ]
    rows = read_income(facts).rows[-2:]
    assert [(each.kind, each.unit, each.scale, figures(each)) for each in rows] == [
        ("per_share", "GBP/share", 0, {"p0": "0.291"}),
        ("shares", "shares", 3, {"p0": "122911"}),
    ]


def test_minus_zero_is_zero() -> None:
    found = read_income([fact(f"{IFRS}FinanceCosts", "-0"), *profit()])
    assert figures(row(found, f"{IFRS}FinanceCosts")) == {"p0": "0"}


@pytest.mark.parametrize("value", ["1e400", "NaN", "INF", True, 1.5e300, "x", "", ["1"]])
def test_a_value_that_is_no_figure_is_unknown_and_named(value: object) -> None:
    found = read_income([fact(f"{IFRS}Revenue", value), *profit()[1:]])
    assert figures(row(found, f"{IFRS}Revenue")) == {"p0": None}
    assert "unreadable_figure" in codes(found)


@pytest.mark.parametrize(
    ("adjustment", "start"),
    [
        ("AdjustmentsForIncomeTaxExpense", "ProfitLoss"),
        ("AdjustmentsForFinanceCosts", "ProfitLossBeforeTax"),
    ],
)
def test_a_cash_flow_starts_with_the_profit_that_its_adjustments_fit(
    adjustment: str, start: str
) -> None:
    flows = [
        fact(f"{IFRS}CashFlowsFromUsedIn{kind}Activities", "1000000")
        for kind in ("Operating", "Investing", "Financing")
    ]
    facts = [*profit(), fact(IFRS + adjustment, "3000000"), *flows]
    found = statement(read(facts), "cash_flow_statement")
    assert found.rows[0].concept == IFRS + start


def damaged(**more: object) -> bytes:
    return json.dumps({**document(profit()), **more}).encode()


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "not_json"),
        (b"[1, 2", "not_json"),
        (b"[]", "not_xbrl_json"),
        (b"{}", "not_xbrl_json"),
        (damaged(documentInfo={"documentType": "https://example.com/xbrl-json"}), "not_xbrl_json"),
        (damaged(facts=[]), "bad_xbrl_json"),
        (damaged(facts={"f": 1}), "bad_xbrl_json"),
        (damaged(facts={"f": {"dimensions": {"concept": 1}}}), "bad_xbrl_json"),
        (damaged(facts={"f": fact("x:A", "1", "2023-02-31/2024")}), "bad_date"),
        (damaged(facts={"f": fact("x:A", "1", "0001-01-01T00:00:00")}), "bad_date"),
        (b'{"a":' * 100_000, "too_deep"),
    ],
)
def test_what_cannot_be_read_is_one_clear_line(data: bytes, code: str) -> None:
    with pytest.raises(ReadError) as caught:
        read_xbrl_json(data)
    assert caught.value.code == code
    assert "\n" not in str(caught.value)
