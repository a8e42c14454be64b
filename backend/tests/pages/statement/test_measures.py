"""Shares and growth: of which base, between which years, and where there is none."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.pages.statement.percentages import growth_of, percentage, ratio_of
from app.pipeline.compiled import Break, Compiled, Gap, Stated
from tests.helpers.compiled import typed_compiled
from tests.helpers.compiled_years import period, prove, typed_years
from tests.helpers.statement_pages import shown

INCOME = """
    Revenue | 400 | 200
    Cost of sales | (300) | (150)
    = Gross profit | 100 | 50
    % Basic | 1.5 | 1.2
"""


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("12.25", "12.3%"),
        ("-12.25", "(12.3%)"),
        ("0", "0.0%"),
        ("-0.04", "0.0%"),
        ("-0.05", "(0.1%)"),
        ("123456.78", "123,456.8%"),
    ],
)
def test_a_percentage_has_one_decimal(value: str, text: str) -> None:
    assert percentage(Decimal(value)) == text


@given(st.decimals(-(10**40), 10**40, places=6), st.decimals(1, 10**40, places=6))
def test_a_share_is_exact(part: Decimal, base: Decimal) -> None:
    difference = Decimal(percentage(ratio_of(part, base)).strip("()%").replace(",", ""))
    assert abs(difference - abs(part * 100 / base)) <= max(Decimal("0.0500001"), abs(part) / 10**20)
    assert growth_of(base, base) == 0


def test_a_share_of_revenue() -> None:
    page = shown(typed_compiled("income_statement", INCOME, "2 = 0 + 1"), show="share")
    assert page.rows == {
        "Revenue": ["100.0%", "100.0%"],
        "Cost of sales": ["(75.0%)", "(75.0%)"],
        "Gross profit": ["25.0%", "25.0%"],
        "Basic [USD/share]": ["n/a", "n/a"],
    }
    assert page.notices == ["Percentages are of Revenue."]
    assert page.legend == {"n/a": "not available: no sum of money, or no base in that year"}
    unit = page.document.xpath("string(//thead//span[@class = 'unit'])")
    assert unit == "% of revenue"
    assert "USD million" in page.document.xpath("string(//p[@class = 'measures'])")


def test_a_share_of_total_assets() -> None:
    text = """
        # Assets
        Cash | 30 | 10
        Other | 70 | 30
        = Total assets | 100 | 40
        # Liabilities and equity
        = Total liabilities and equity | 100 | 40
    """
    page = shown(typed_compiled("balance_sheet", text, "3 = 1 + 2"), show="share")
    assert page.row("Cash") == ["30.0%", "25.0%"]
    assert page.row("Total liabilities and equity") == ["100.0%", "100.0%"]
    assert page.notices == ["Percentages are of Total assets."]


@pytest.mark.parametrize(
    ("label", "concept"),
    [
        ("Total net sales", None),
        ("Net revenues", None),
        ("Turnover", None),
        ("Umsatzerlöse", None),
        ("Chiffre d'affaires", None),
        ("Netto-omzet", None),
        ("Revenue from contracts with customers", None),
        ("What we earned", "ifrs-full:Revenue"),
        ("What we earned", "us-gaap:Revenues"),
    ],
)
def test_revenue_is_known_by_its_label_or_its_concept(label: str, concept: str | None) -> None:
    compiled = typed_compiled("income_statement", f"{label} | 400\nTax | 100")
    compiled.rows[0].concepts = [concept] if concept else []
    assert shown(compiled, show="share").row("Tax") == ["25.0%"]


@pytest.mark.parametrize(
    "label",
    [
        "Cost of revenue",
        "Cost of sales",
        "Gain on sales of assets",
        "Deferred revenue",
        "Net interest income",
        "Marketing and sales",
        "Sales and marketing",
        "Other revenue",
        "Income",
    ],
)
def test_no_other_line_is_taken_for_the_revenue(label: str) -> None:
    page = shown(typed_compiled("income_statement", f"{label} | 400\nTax | 100"), show="share")
    assert page.row("Tax") == ["n/a"]
    assert page.notices == ["No percentages: no line is surely the revenue."]


def test_of_several_lines_it_is_the_sum_of_the_others() -> None:
    text = "Net sales | 300\nMembership fees | 100\n= Total revenue | 400\nTax | 40"
    page = shown(typed_compiled("income_statement", text, "2 = 0 + 1"), show="share")
    assert page.row("Tax") == ["10.0%"]
    assert page.notices == ["Percentages are of Total revenue."]


def test_of_several_lines_that_are_in_no_sum_there_is_none() -> None:
    text = "Net sales | 300\nMembership fees | 100\n= Total revenue | 400\nTax | 40"
    page = shown(typed_compiled("income_statement", text), show="share")
    assert page.row("Tax") == ["n/a"]
    assert page.notices == ["No percentages: several lines may be the revenue."]


def test_a_sum_that_does_not_hold_in_a_year_decides_nothing_of_it() -> None:
    text = "Net sales | 300 | 300\nFees | 100 | 100\n= Total revenue | 400 | 500\nTax | 40 | 40"
    compiled = typed_compiled("income_statement", text, "2 = 0 + 1")
    compiled.equations[0].diff.pop("2023")
    assert shown(compiled, show="share").row("Tax") == ["10.0%", "n/a"]


def test_lines_that_are_equal_are_as_good() -> None:
    compiled = typed_compiled("income_statement", "Revenue | 400\n= Total revenue | 400\nTax | 40")
    assert shown(compiled, show="share").row("Tax") == ["10.0%"]


def test_a_year_has_its_own_base() -> None:
    text = "Revenue | 400 |\nTurnover | | 200 |\nOther | 40 | 40 | 40"
    page = shown(typed_compiled("income_statement", text), show="share")
    assert page.row("Other") == ["10.0%", "20.0%", "n/a"]
    assert page.notices == [
        "No percentages for FY2022: no line is surely the revenue.",
        "Percentages are of Revenue, Turnover.",
    ]


@pytest.mark.parametrize("base", ["0", "-", "(5)"])
def test_a_share_of_nothing_is_not_meaningful(base: str) -> None:
    page = shown(typed_compiled("income_statement", f"Revenue | {base}\nTax | 4"), show="share")
    assert page.row("Tax") == ["n/m"]
    assert page.legend["n/m"] == "not meaningful: the base is not positive"


def test_a_base_that_cannot_be_read_or_is_not_in_its_place_is_none() -> None:
    compiled = typed_compiled("income_statement", "Revenue | ? | 100\nTax | 4 | 4")
    compiled.rows[0].cells["2023"].unconfirmed = True
    page = shown(compiled, show="share")
    assert page.row("Tax") == ["n/a", "n/a"]
    assert page.row("Revenue")[0] == "?"


def test_a_dimension_of_the_revenue_is_not_the_revenue() -> None:
    compiled = typed_compiled("income_statement", "Revenue | 400\nTax | 4")
    compiled.rows[0].axes = {"srt:ProductOrServiceAxis": "us-gaap:ProductMember"}
    assert shown(compiled, show="share").row("Tax") == ["n/a"]


def test_a_share_of_a_base_that_is_not_proved_is_not_proved() -> None:
    page = shown(typed_compiled("income_statement", "Revenue | 400*\nTax | 4"), show="share")
    assert page.row("Tax") == ["1.0%*"]


def test_nil_stays_nil() -> None:
    page = shown(typed_compiled("income_statement", "Revenue | 400\nTax | -"), show="share")
    assert page.row("Tax") == ["\N{EM DASH}"]


FLOW = "Operating activities | 100 | 50 | 10"


def test_a_cash_flow_is_a_share_of_the_revenue_of_the_income_statement() -> None:
    income = typed_compiled("income_statement", "Revenue | 400000 | 200000", scale=3)
    page = shown(typed_compiled("cash_flow_statement", FLOW), income, show="share")
    assert page.row("Operating activities") == ["25.0%", "25.0%", "n/a"]
    assert page.notices == [
        "No percentages for FY2022: the income statement has no such period.",
        "Percentages are of Revenue of the income statement.",
    ]


@pytest.mark.parametrize("changes", [{"currency": "EUR"}, {"framework": "ifrs"}, {"scale": None}])
def test_a_cash_flow_is_no_share_of_a_revenue_in_another_currency(changes: dict[str, Any]) -> None:
    income = typed_compiled("income_statement", "Revenue | 400 | 200 | 10", **changes)
    flow = typed_compiled("cash_flow_statement", FLOW)
    assert shown(flow, income, show="share").row("Operating activities") == ["n/a"] * 3
    assert shown(flow, show="share").row("Operating activities") == ["n/a"] * 3


def test_a_cash_flow_is_a_share_of_the_revenue_of_the_same_period() -> None:
    income = typed_compiled("income_statement", "Revenue | 400 | 200 | 10")
    income.periods[0] = income.periods[0].model_copy(update={"end": date(2024, 6, 30)})
    flow = typed_compiled("cash_flow_statement", FLOW)
    assert shown(flow, income, show="share").row("Operating activities")[0] == "n/a"


def test_growth() -> None:
    page = shown(typed_compiled("income_statement", INCOME, "2 = 0 + 1"), show="growth")
    assert page.rows == {
        "Revenue": ["100.0%", "n/a"],
        "Cost of sales": ["100.0%n", "n/a"],
        "Gross profit": ["100.0%", "n/a"],
        "Basic [USD/share]": ["25.0%", "n/a"],
    }
    assert page.legend["n/a"] == "not available: no figure of the year before is comparable"
    assert page.legend["n"].startswith("growth of a negative amount")


@pytest.mark.parametrize(
    ("figures", "expected"),
    [
        ("110 | 100", "10.0%"),
        ("90 | 100", "(10.0%)"),
        ("0 | 100", "(100.0%)"),
        ("(50) | 100", "(150.0%)"),
        ("100 | 0", "n/m"),
        ("100 | -", "n/m"),
        ("100 | (50)", "n/m"),
        ("(110) | (100) | 5", "n/m"),
        ("(110) | (100) | (5)", "10.0%n"),
        ("(110) | (100) | ?", "n/m"),
        ("100 | ?", "n/a"),
        ("? | 100", "?"),
        ("100 |", "n/a"),
        ("100 | 90*", "11.1%*"),
    ],
)
def test_growth_of(figures: str, expected: str) -> None:
    page = shown(typed_compiled("income_statement", f"Tax | {figures}"), show="growth")
    assert page.row("Tax")[0] == expected


def test_growth_of_the_oldest_year_that_is_shown() -> None:
    figures = " | ".join(str(2**n) for n in range(7, 0, -1))
    page = shown(typed_compiled("income_statement", f"Sales | {figures}"), show="growth", years=5)
    assert page.row("Sales") == ["100.0%"] * 5


def test_no_growth_over_a_missing_year() -> None:
    gap = [Gap(fiscal_year=2022, reason="no report")]
    compiled = typed_years("Tax | 3 | 2 | 1", years=[2023, 2021, 2020], gaps=gap)
    assert shown(compiled, show="growth").row("Tax") == ["n/a*", "", "100.0%*", "n/a*"]


def test_no_growth_over_a_break() -> None:
    broken = [Break(between=("2021", "2022"), reason="currency EUR, then USD")]
    compiled = typed_years("Tax | 3 | 2 | 1", breaks=broken)
    assert shown(compiled, show="growth").row("Tax") == ["50.0%*", "n/a*", "n/a*"]


def test_no_growth_over_or_of_a_short_period() -> None:
    compiled = typed_years("Tax | 3 | 2 | 1", years=[2023, 2022, 2021])
    short = period(2022, 1, key="2022-06", label="6 months to 2022-06-30", regular=False)
    compiled.periods[1] = short.model_copy(update={"end": date(2022, 6, 30)})
    compiled.rows[0].cells["2022-06"] = compiled.rows[0].cells.pop("2022")
    assert shown(compiled, show="growth").row("Tax") == ["n/a*", "n/a*", "n/a*"]


def test_no_growth_where_the_year_end_moved() -> None:
    compiled = typed_years("Tax | 3 | 2", years=[2023, 2022])
    compiled.periods[1] = compiled.periods[1].model_copy(update={"end": date(2022, 9, 30)})
    assert shown(compiled, show="growth").row("Tax") == ["n/a*", "n/a*"]


def test_growth_of_years_of_52_and_53_weeks() -> None:
    compiled = typed_years("Tax | 3 | 2", years=[2023, 2022])
    ends = date(2024, 2, 3), date(2023, 1, 28)
    compiled.periods = [
        each.model_copy(update={"end": end})
        for each, end in zip(compiled.periods, ends, strict=True)
    ]
    assert shown(compiled, show="growth").row("Tax")[0] == "50.0%*"


def split() -> Compiled:
    """Return figures per share before and after a split of 4:1 in 2022's report."""
    return typed_years(
        "%Basic | 3 | 2.50 | 2 < 8 split | 7 / 4:1 | 6 / 4:1\nTax | 5 | 4 | 3 | 2 | 1",
        years=[2023, 2022, 2021, 2020, 2019],
    )


def test_no_growth_over_a_split_that_is_not_adjusted_for() -> None:
    page = shown(split(), show="growth")
    assert page.row("Basic [USD/share]") == ["20.0%", "25.0%", "n/as", "16.7%u", "n/au"]
    assert page.row("Tax")[2] == "50.0%*"


def test_no_growth_from_a_figure_that_alone_is_from_before_a_split() -> None:
    compiled = typed_years("%Basic | 3 | 7 / 4:1 | 6 / 4:1", years=[2023, 2022, 2021])
    page = shown(compiled, show="growth")
    assert page.row("Basic [USD/share]") == ["n/a", "16.7%u", "n/au"]


def test_no_growth_over_a_split_as_first_reported() -> None:
    page = shown(split(), show="growth", view="original")
    assert page.row("Basic [USD/share]") == ["20.0%", "n/a", "14.3%s", "16.7%u", "n/au"]


def test_no_growth_over_two_splits_as_first_reported() -> None:
    compiled = typed_years(
        "%Basic | 3 | 2 < 8 split | 1 < 14 split | 13", years=[2023, 2022, 2021, 2020]
    )
    page = shown(compiled, show="growth", view="original")
    assert page.row("Basic [USD/share]") == ["n/a", "n/as", "7.7%s", "n/au"]


def test_a_share_as_first_reported_is_of_the_revenue_as_first_reported() -> None:
    compiled = typed_years("Revenue | 500 | 400 < 200 restated\nTax | 50 | 20", years=[2023, 2022])
    assert shown(compiled, show="share").row("Tax")[1] == "5.0%*"
    assert shown(compiled, show="share", view="original").row("Tax")[1] == "10.0%*"


def test_a_cash_flow_as_first_reported_likewise() -> None:
    income = typed_years("Revenue | 500 | 400 < 200 restated", years=[2023, 2022])
    flow = typed_years("Paid | 50 | 20", years=[2023, 2022], statement="cash_flow_statement")
    page = shown(flow, income, show="share", view="original")
    assert page.row("Paid")[1] == "10.0%*"


def test_shares_of_sums_that_are_proved() -> None:
    compiled = typed_years("Goods | 30\nServices | 70\n=Revenue | 100", years=[2023])
    compiled = prove(compiled, {"Revenue": ["Goods", "Services"]})
    assert shown(compiled, show="share").row("Goods") == ["30.0%"]


def test_a_history_makes_no_difference_to_what_is_comparable() -> None:
    compiled = typed_years("Tax | 3 | 2", years=[2023, 2022])
    compiled.rows[0].cells["2023"].history = [
        Stated(input=1, row=0, period="p", v=Decimal(4), label="Tax", change="none")
    ]
    assert shown(compiled, show="growth").row("Tax")[0] == "50.0%*"
