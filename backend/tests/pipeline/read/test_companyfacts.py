"""Tests of companyfacts: a statement for each annual filing, by the dates of its facts alone."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from app.pipeline.errors import ReadError
from app.pipeline.read.companyfacts import read_companyfacts
from app.pipeline.statement import Filing, Statement
from tests.pipeline.read.xbrl_builder import codes, figures, row, statement

US = "us-gaap:"
Item = dict[str, Any]
INCOME = {"Revenues": 100, "OperatingIncomeLoss": 30, "IncomeTaxExpenseBenefit": 10}
BALANCE = {"Cash": 4, "Assets": 9, "Liabilities": 5, "StockholdersEquity": 4}


def item(
    value: object,
    end: str,
    start: str | None = None,
    *,
    form: str = "10-K",
    accn: str = "0000000001-24-000001",
    filed: str = "2024-02-01",
    **more: object,
) -> Item:
    begun = {"start": start} if start else {}
    return {"val": value, "end": end, "accn": accn, "form": form, "filed": filed, **begun, **more}


def income(
    start: str, end: str, million: int = 10**6, extra: Sequence[str] = (), **of: Any
) -> dict[str, Item]:
    values = {**INCOME, "NetIncomeLoss": 20}
    return {name: item(value * million, end, start, **of) for name, value in values.items()} | {
        name: item(7 * million, end, start, **of) for name in extra
    }


def balance(end: str, **of: Any) -> dict[str, Item]:
    return {name: item(value * 10**6, end, **of) for name, value in BALANCE.items()}


def payload(*facts: dict[str, Item], unit: str = "USD", prefix: str = "us-gaap") -> Item:
    concepts: dict[str, Any] = {}
    for group in facts:
        for name, each in group.items():
            units = concepts.setdefault(name, {"units": {}})["units"]
            units.setdefault(each.pop("unit", unit), []).append(each)
    return {"cik": 320193, "entityName": "Example Inc.", "facts": {prefix: concepts}}


def read(document: object) -> Filing:
    return read_companyfacts(json.dumps(document).encode())


def labels(found: Statement) -> list[str]:
    return [period.label for period in found.periods]


def test_each_annual_filing_has_its_statements_with_its_accession() -> None:
    older: dict[str, Any] = {"accn": "0000000001-23-000001", "filed": "2023-02-01"}
    found = read(
        payload(
            income("2023-01-01", "2023-12-31"),
            income("2022-01-01", "2022-12-31"),
            income("2022-01-01", "2022-12-31", **older),
            balance("2023-12-31"),
        )
    )
    assert [(each.statement, each.source.accession, labels(each)) for each in found.statements] == [
        ("income_statement", "0000000001-24-000001", ["2023", "2022"]),
        ("balance_sheet", "0000000001-24-000001", ["2023"]),
        ("income_statement", "0000000001-23-000001", ["2022"]),
    ]
    assert (found.company.name, found.company.identifiers) == (
        "Example Inc.",
        {"cik": "0000320193"},
    )


def test_rows_follow_the_published_order_with_names_spelled_out() -> None:
    found = statement(read(payload(income("2023-01-01", "2023-12-31"))), "income_statement")
    assert [(each.label, each.kind) for each in found.rows] == [
        ("Revenues", "total"),
        ("Operating income loss", "total"),
        ("Income tax expense benefit", "line"),
        ("Net income loss", "total"),
    ]
    assert (found.scale, found.currency, found.framework) == (6, "USD", "us-gaap")
    assert figures(found.rows[0]) == {"p0": "100"}
    assert {"sign_as_tagged", "rows_by_concept_list"} <= codes(found)


@pytest.mark.parametrize("wrapper", ["raw_payload", "data"])
def test_a_wrapped_file_is_read_as_a_bare_one(wrapper: str) -> None:
    bare = payload(income("2023-01-01", "2023-12-31"))
    wrapped = {"metadata": {"facts": "none"}, wrapper: bare}
    assert read(wrapped) == read(bare)


def test_fy_and_fp_of_a_fact_are_not_believed() -> None:
    wrong: dict[str, Any] = {"fy": 2019, "fp": "Q3", "frame": "CY2011Q4"}
    found = read(payload(income("2022-09-25", "2023-09-30", **wrong)))
    assert labels(statement(found, "income_statement")) == ["2023"]


@pytest.mark.parametrize("form", ["10-Q", "8-K", "6-K", "S-1", "", None, ["10-K"]])
def test_filings_that_are_not_annual_are_left_out(form: Any) -> None:
    found = read(payload(income("2023-01-01", "2023-12-31", form=form)))
    assert found.statements == []
    assert "statement_not_found" in codes(found)


def test_a_quarter_in_an_annual_filing_is_no_column_and_no_substitute() -> None:
    facts = income("2023-01-01", "2023-12-31")
    del facts["IncomeTaxExpenseBenefit"]
    quarter = income("2023-10-01", "2023-12-31", million=10**5)
    found = statement(read(payload(facts, quarter)), "income_statement")
    assert labels(found) == ["2023"]
    assert [each.concept for each in found.rows] == [
        f"{US}Revenues",
        f"{US}OperatingIncomeLoss",
        f"{US}NetIncomeLoss",
    ]


@pytest.mark.parametrize(
    ("start", "end", "label"),
    [
        ("2022-09-25", "2023-09-30", "2023"),
        ("2022-07-01", "2023-06-30", "2023"),
        ("2022-01-30", "2023-01-28", "2023"),
        ("2021-03-01", "2022-02-28", "2022"),
        ("2020-12-28", "2022-01-02", "2021"),
        ("2021-01-04", "2022-01-07", "2021"),
    ],
)
def test_the_fiscal_year_is_that_of_the_end(start: str, end: str, label: str) -> None:
    assert labels(statement(read(payload(income(start, end))), "income_statement")) == [label]


def test_a_transition_report_has_its_months() -> None:
    facts = income("2023-07-01", "2023-12-31", form="10-KT")
    found = read(payload(facts, income("2022-07-01", "2023-06-30", form="10-KT")))
    assert labels(statement(found, "income_statement")) == ["6 months to 2023-12-31", "2023"]


def test_a_transition_report_may_be_as_short_as_a_quarter() -> None:
    facts = income("2023-10-01", "2023-12-31", form="10-KT")
    assert labels(statement(read(payload(facts)), "income_statement")) == ["3 months to 2023-12-31"]


def test_an_amendment_is_marked_and_nothing_without_the_statement() -> None:
    amended: dict[str, Any] = {
        "form": "10-K/A",
        "accn": "0000000001-24-000009",
        "filed": "2024-05-01",
    }
    cover = {"Cash": item(1, "2023-12-31", **amended)}
    found = read(payload(income("2023-01-01", "2023-12-31"), cover))
    assert {each.source.accession for each in found.statements} == {"0000000001-24-000001"}
    found = read(payload(income("2023-01-01", "2023-12-31", **amended)))
    assert "amendment" in codes(found.statements[0])
    source = found.statements[0].source
    assert source.form == "10-K/A"
    assert source.filed


def test_all_concepts_that_are_stated_are_rows_and_none_stands_for_another() -> None:
    facts = income("2023-01-01", "2023-12-31", extra=["SalesRevenueNet"])
    found = statement(read(payload(facts)), "income_statement")
    assert figures(row(found, f"{US}Revenues")) == {"p0": "100"}
    assert figures(row(found, f"{US}SalesRevenueNet")) == {"p0": "7"}


def test_opening_cash_is_the_instant_of_the_day_before() -> None:
    flows = {
        f"NetCashProvidedByUsedIn{kind}Activities": item(10**6, "2023-12-31", "2023-01-01")
        for kind in ("Operating", "Investing", "Financing")
    }
    name = "CashAndCashEquivalentsAtCarryingValue"
    ends = [{name: item(n * 10**6, day)} for n, day in ((9, "2023-12-31"), (6, "2022-12-31"))]
    found = statement(read(payload(flows, *ends)), "cash_flow_statement")
    assert [(each.label, figures(each)) for each in found.rows[-2:]] == [
        ("Cash and cash equivalents at carrying value, beginning of period", {"p0": "6"}),
        ("Cash and cash equivalents at carrying value, end of period", {"p0": "9"}),
    ]


def test_per_share_and_share_rows_have_their_units() -> None:
    facts = income("2023-01-01", "2023-12-31")
    facts["EarningsPerShareBasic"] = item(6.13, "2023-12-31", "2023-01-01", unit="USD/shares")
    shares = item(15_744_231_000, "2023-12-31", "2023-01-01", unit="shares")
    facts["WeightedAverageNumberOfSharesOutstandingBasic"] = shares
    rows = statement(read(payload(facts)), "income_statement").rows[-2:]
    assert [(each.kind, each.unit, each.scale, figures(each)) for each in rows] == [
        ("per_share", "USD/share", 0, {"p0": "6.13"}),
        ("shares", "shares", 3, {"p0": "15744231"}),
    ]


def test_ifrs_filings_are_first_class() -> None:
    names = ("Revenue", "ProfitLossBeforeTax", "IncomeTaxExpenseContinuingOperations", "ProfitLoss")
    facts = {name: item(10**6, "2023-12-31", "2023-01-01", form="20-F") for name in names}
    found = statement(read(payload(facts, unit="EUR", prefix="ifrs-full")), "income_statement")
    assert (found.framework, found.currency, len(found.rows)) == ("ifrs", "EUR", 4)


def current_assets(**more: int) -> dict[str, Item]:
    """Return a balance sheet in millions; AssetsCurrent is the sum of its first three lines."""
    values = {
        "CashAndCashEquivalentsAtCarryingValue": 7,
        "InventoryNet": 11,
        "OtherAssetsCurrent": 13,
        "AssetsCurrent": 31,
        "Assets": 31,
        "StockholdersEquity": 31,
        **more,
    }
    return {name: item(value * 10**6, "2023-12-31") for name, value in values.items()}


def kinds(facts: dict[str, Item]) -> dict[str, str]:
    found = statement(read(payload(facts)), "balance_sheet")
    return {str(each.concept).removeprefix(US): each.kind for each in found.rows}


def test_a_figure_that_the_sum_leaves_out_is_no_line_of_the_face() -> None:
    facts = current_assets(RestrictedCashCurrent=3, IncomeTaxesReceivable=5)
    found = kinds(facts)
    assert [name for name, kind in found.items() if kind == "memo"] == [
        "RestrictedCashCurrent",
        "IncomeTaxesReceivable",
    ]
    assert "notes_by_sum" in codes(statement(read(payload(facts)), "balance_sheet"))


def test_nothing_is_left_out_where_two_ways_lead_to_the_sum() -> None:
    assert "memo" not in kinds(current_assets(RestrictedCashCurrent=11)).values()


def test_nothing_is_left_out_where_no_way_leads_to_the_sum() -> None:
    assert "memo" not in kinds(current_assets(AssetsCurrent=30)).values()


def test_payments_are_subtracted_and_net_proceeds_added() -> None:
    values = {
        "NetCashProvidedByUsedInOperatingActivities": 9,
        "NetCashProvidedByUsedInInvestingActivities": 0,
        "PaymentsOfDividends": 4,
        "ProceedsFromRepaymentsOfCommercialPaper": 3,
        "RepaymentsOfLongTermDebt": 2,
        "RepaymentsOfLinesOfCredit": 10,
        "NetCashProvidedByUsedInFinancingActivities": -3,
    }
    facts = {n: item(v * 10**6, "2023-12-31", "2023-01-01") for n, v in values.items()}
    found = statement(read(payload(facts)), "cash_flow_statement")
    assert [each.concept for each in found.rows if each.kind == "memo"] == [
        f"{US}RepaymentsOfLinesOfCredit"
    ]


def test_expenses_are_subtracted_where_a_total_follows_a_total() -> None:
    facts = income("2023-01-01", "2023-12-31")
    values = {"SellingGeneralAndAdministrativeExpense": 70, "DepreciationAndAmortization": 9}
    for name, value in values.items():
        facts[name] = item(value * 10**6, "2023-12-31", "2023-01-01")
    found = statement(read(payload(facts)), "income_statement")
    assert row(found, f"{US}DepreciationAndAmortization").kind == "memo"
    assert row(found, f"{US}SellingGeneralAndAdministrativeExpense").kind == "line"


@pytest.mark.parametrize("value", ["1e400", "NaN", "-Infinity", "true", '"x"', "null", "1" * 41])
def test_a_value_that_is_no_figure_is_unknown_and_named(value: str) -> None:
    facts = income("2023-01-01", "2023-12-31")
    facts["Revenues"]["val"] = "VALUE"
    text = json.dumps(payload(facts)).replace('"VALUE"', value)
    found = statement(read_companyfacts(text.encode()), "income_statement")
    assert figures(row(found, f"{US}Revenues")) == {"p0": None}
    assert "unreadable_figure" in codes(found)


def test_a_fraction_is_exact() -> None:
    facts = income("2023-01-01", "2023-12-31")
    facts["Revenues"]["val"] = "VALUE"
    text = json.dumps(payload(facts)).replace('"VALUE"', "100000000.10000000000000000001")
    found = statement(read_companyfacts(text.encode()), "income_statement")
    assert figures(row(found, f"{US}Revenues")) == {"p0": "100000000.10000000000000000001"}
    assert found.scale == 0


def test_two_values_for_one_cell_are_no_figure() -> None:
    facts = income("2023-01-01", "2023-12-31")
    found = read(payload(facts, {"Revenues": item(99 * 10**6, "2023-12-31", "2023-01-01")}))
    income_statement = statement(found, "income_statement")
    assert figures(row(income_statement, f"{US}Revenues")) == {"p0": None}
    assert "inconsistent_duplicates" in codes(income_statement)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "not_json"),
        (b"{", "not_json"),
        (b"\xff\xfe\x00", "not_json"),
        (b"[]", "not_companyfacts"),
        (b'{"facts": 1}', "not_companyfacts"),
        (b'{"facts": {}}', "not_companyfacts"),
        (b"[" * 200_000, "too_deep"),
        (b'{"a":' * 200_000, "too_deep"),
        (b'{"facts": {"us-gaap": {"Revenues": [1]}}}', "bad_companyfacts"),
        (b'{"facts": {"us-gaap": {"Revenues": {"units": {"USD": [1]}}}}}', "bad_companyfacts"),
        (b"9" * 5000, "not_json"),
        (
            json.dumps(payload({"Revenues": item(1, "2023-02-31")})).encode(),
            "bad_date",
        ),
    ],
)
def test_what_cannot_be_read_is_one_clear_line(data: bytes, code: str) -> None:
    with pytest.raises(ReadError) as caught:
        read_companyfacts(data)
    assert caught.value.code == code
    assert "\n" not in str(caught.value)
