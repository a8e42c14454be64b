"""Which years, filings, frameworks and currencies of a compiled statement are shown."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.pipeline.compile.view import NoSuchGroupError, view_of
from app.pipeline.compiled import Break, Compiled, Gap
from app.pipeline.statement import Equation, Issue, OtherRow
from tests.helpers.compiled_years import period, typed_years

MARGIN = {"Margin": ["Sales", "-Cost"]}
RESTATED = """
    # Sales and cost
    >Sales | 500 | 450 | 390 < 400 restated | 350
    >Cost | 300 | 260 | 240 | 200
    >=Margin | 200 | 190 | 150 < 160 restated | 150
    # Per share
    >%Basic | 2.00 | 1.90 | 1.50 < 3.20 split | 3.00
"""


def keys(compiled: Compiled) -> list[str]:
    return [each.key for each in compiled.periods]


def figures(compiled: Compiled, key: str) -> dict[str, str]:
    return {row.label: str(row.cells[key].v) for row in compiled.rows if key in row.cells}


def ten(**changes: Any) -> Compiled:
    """Return fifteen years with a line that ended in 2010."""
    sales = " | ".join(str(100 + n) for n in range(15))
    return typed_years(
        f"# Now\nSales | {sales}\n# Formerly\nRent {'|' * 14} 5 | 7\n=Total | {sales}", **changes
    )


def test_all_years_of_the_newest_filings_are_the_stored_statement() -> None:
    stored = typed_years(RESTATED, MARGIN)
    assert view_of(stored, years=None).as_json() == stored.as_json()


def test_the_newest_ten_years_have_no_trace_of_the_others() -> None:
    stored = ten(
        gaps=[Gap(fiscal_year=year, reason="no report") for year in (2011, 2020)],
        breaks=[
            Break(between=("2012", "2013"), reason="currency"),
            Break(between=("2018", "2019"), reason="currency"),
        ],
        issues=[
            Issue(code="a", message="of a row that is left out", row=3),
            Issue(code="b", message="of a year that is left out", row=1, period="2010"),
            Issue(code="c", message="of the total", row=4, period="2023"),
            Issue(code="d", message="of the statement"),
        ],
        equations=[
            Equation(id="old", total=4, terms=[(1, 3)], diff={"2010": "0"}),
            Equation(id="kept", total=4, terms=[(1, 1), (1, 3)], diff={"2023": "0", "2009": "0"}),
            Equation(id="same", kind="equal", rows=[1, 4], diff={"2020": "0"}),
        ],
    )
    shown = view_of(stored)
    assert keys(shown) == [str(year) for year in range(2023, 2013, -1)]
    assert [row.label for row in shown.rows] == ["Now", "Sales", "Total"]
    assert [each.fiscal_year for each in shown.gaps] == [2020]
    assert [each.between for each in shown.breaks] == [("2018", "2019")]
    assert [(each.code, each.row) for each in shown.issues] == [("c", 2), ("d", None)]
    assert set(shown.checks) == set(keys(shown))
    kept, same = shown.equations
    assert (kept.id, kept.total, kept.terms, set(kept.diff)) == ("kept", 2, [(1, 1)], {"2023"})
    assert (same.id, same.rows) == ("same", [1, 2])
    assert len(shown.inputs) == 15
    assert len(stored.rows) == 5


def test_a_missing_year_counts_among_the_years() -> None:
    stored = typed_years("Sales | 5 | 4 | 2 | 1", years=[2023, 2022, 2020, 2019])
    assert keys(view_of(stored, years=3)) == ["2023", "2022"]
    assert keys(view_of(stored, years=4)) == ["2023", "2022", "2020"]


def test_a_short_period_stands_beside_the_years_and_is_not_counted() -> None:
    stored = typed_years("Sales | 5 | 4 | 2 | 1", years=[2023, 2022, 2021, 2020])
    short = {"key": "2021-6m", "label": "6 months to 2021-06-30", "regular": False}
    stored.periods[2] = period(2021, 2, **short, end=date(2021, 6, 30))
    assert keys(view_of(stored, years=2)) == ["2023", "2022"]
    assert keys(view_of(stored, years=4)) == ["2023", "2022", "2021-6m", "2020"]
    assert keys(view_of(stored, years=9)) == ["2023", "2022", "2021-6m", "2020"]


def test_headings_above_one_another_stay_with_their_rows() -> None:
    stored = typed_years("# Assets\n# Current\nCash | 1 | 2 | 3\n# Gone\nLoan ||| 4\n# Notes")
    assert [row.label for row in view_of(stored, years=2).rows] == [
        "Assets",
        "Current",
        "Cash",
        "Notes",
    ]


def test_original_figures_are_those_of_the_years_own_report() -> None:
    shown = view_of(typed_years(RESTATED, MARGIN), view="original")
    assert figures(shown, "2021") == {
        "Sales": "400",
        "Cost": "240",
        "Margin": "160",
        "Basic": "3.20",
    }
    sales = shown.rows[1].cells["2021"]
    assert (sales.input, sales.change, sales.verified) == (2, "restated", True)
    assert [(each.input, str(each.v), each.label) for each in sales.history] == [
        (1, "390", "Sales")
    ]


def test_original_figures_are_proved_by_their_own_sums_only() -> None:
    """The margin that was first reported closes; the cost was not stated then."""
    stored = typed_years(RESTATED.replace("| 240 |", "| 240 < 250 restated |"), MARGIN)
    assert stored.checks["2021"].verified == 3
    shown = view_of(stored, view="original")
    assert shown.checks["2021"].verified == 0
    assert not any(row.cells["2021"].by for row in shown.rows if "2021" in row.cells)
    assert set(shown.equations[0].diff) == {"2023", "2022", "2020"}
    assert shown.checks["2022"] == stored.checks["2022"]


def test_an_original_sum_is_proved_that_does_not_hold_for_the_newest_figures() -> None:
    stored = typed_years(
        RESTATED.replace("| 150 < 160 restated |", "| 155 < 160 restated |"), MARGIN
    )
    assert stored.checks["2021"].verified == 0
    shown = view_of(stored, view="original")
    assert shown.checks["2021"].verified == 3
    assert shown.rows[3].cells["2021"].by == ["e0"]


def test_a_sum_with_a_figure_that_no_filing_states_is_not_proved_anew() -> None:
    stored = typed_years("Sales | 5 | 4 < 6 restated\nCost | 2\n=Margin | 3 | 6", MARGIN)
    assert view_of(stored, view="original").checks["2022"].verified == 0


def test_rounding_explains_as_much_of_an_original_sum_as_it_did() -> None:
    stored = typed_years("Sales | 5 | 40 < 41 rounding\nCost | 2 | 30\n=Margin | 3 | 10", MARGIN)
    assert view_of(stored, view="original").checks["2022"].verified == 0
    stored.equations[0].tolerance = Decimal(1)
    assert view_of(stored, view="original").checks["2022"].verified == 3


def test_balance_and_ties_with_other_statements_are_known_for_the_tested_figures_only() -> None:
    stored = typed_years("Cash | 5 | 4 < 6 restated\nDebt | 2 | 2")
    tie = OtherRow(statement="cash_flow_statement", row=3)
    stored.equations += [
        Equation(id="closing_cash", kind="equal", rows=[0], other=tie, diff={"2022": "0"}),
        Equation(id="debt", kind="equal", rows=[1], other=tie, diff={"2022": "0"}),
    ]
    stored.checks["2022"].balance = "pass"
    shown = view_of(stored, view="original")
    assert [each.id for each in shown.equations] == ["debt"]
    assert shown.checks["2022"].balance == "unknown"
    assert shown.checks["2022"].cash == "not_applicable"


def test_an_earlier_filing_counts_where_the_years_own_does_not_state_the_line() -> None:
    stored = typed_years("Sales | 5 | 4")
    cell = stored.rows[0].cells["2022"]
    cell.history[0].input = 1
    stored.inputs[1].period_end = date(2023, 6, 30)
    assert view_of(stored, view="original").rows[0].cells["2022"].input == 1


def test_the_newest_filing_gives_an_original_figure_that_it_alone_states() -> None:
    stored = typed_years("Sales | 5 | 4")
    assert view_of(stored, view="original").rows[0].cells["2023"] is stored.rows[0].cells["2023"]


def test_a_correction_of_another_filings_figure_is_not_shown_with_the_original() -> None:
    corrected = {"was": "450", "because": "a slip", "by": "me", "on": "2026-01-01"}
    stored = typed_years(RESTATED)
    stored = Compiled.model_validate(stored.as_json())
    data = stored.as_json()
    data["rows"][1]["cells"]["2022"]["corrected"] = corrected
    shown = view_of(Compiled.model_validate(data), view="original")
    assert shown.rows[1].cells["2022"].corrected is None


def two_groups() -> Compiled:
    old = typed_years("Umsatz | 9 | 8", years=[2018, 2017], framework="ifrs", currency="EUR")
    return typed_years("Sales | 5 | 4 | 3", others=[old])


@pytest.mark.parametrize("asked", ["ifrs", "IFRS", "I-F-R-S"])
def test_a_framework_is_found_whatever_its_case(asked: str) -> None:
    shown = view_of(two_groups(), framework=asked)
    assert (shown.framework, shown.currency, shown.others) == ("ifrs", "EUR", [])


def test_a_currency_chooses_a_group() -> None:
    assert view_of(two_groups(), currency="eur").framework == "ifrs"
    assert view_of(two_groups(), framework="US GAAP", currency="usd").currency == "USD"


def test_other_groups_are_cut_alike() -> None:
    shown = view_of(two_groups(), years=1)
    assert [keys(shown), keys(shown.others[0])] == [["2023"], ["2018"]]


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"framework": "frs-102"}, "in frs-102:"),
        ({"currency": "GBP"}, "in GBP:"),
        ({"framework": "ifrs", "currency": "USD"}, "in ifrs in USD:"),
    ],
)
def test_a_group_that_does_not_exist_is_refused_with_those_that_do(
    asked: dict[str, str], words: str
) -> None:
    with pytest.raises(NoSuchGroupError) as refused:
        view_of(two_groups(), framework=asked.get("framework"), currency=asked.get("currency"))
    assert words in str(refused.value)
    assert "us-gaap (USD) and ifrs (EUR)" in str(refused.value)


def test_a_framework_that_no_filing_says_can_be_asked_for() -> None:
    stored = typed_years("Sales | 5", framework=None)
    assert view_of(stored, framework="unknown").framework is None


NUMBERS = st.lists(st.tuples(st.integers(-9, 9), st.integers(-9, 9)), min_size=1, max_size=6)


@given(NUMBERS, st.integers(1, 8), st.booleans())
def test_every_proof_in_a_view_holds_for_the_figures_in_it(
    numbers: list[tuple[int, int]], years: int, original: bool
) -> None:
    sales = " | ".join(f"{new} < {old} restated" for new, old in numbers)
    cost = " | ".join(f"{old}" for new, old in numbers)
    margin = " | ".join(f"{new - old}" for new, old in numbers)
    stored = typed_years(f"Sales | {sales}\nCost | {cost}\n=Margin | {margin}", MARGIN)
    before = stored.as_json()
    shown = view_of(stored, years=years, view="original" if original else "latest")
    assert stored.as_json() == before
    assert Compiled.model_validate(shown.as_json()).as_json() == shown.as_json()
    assert keys(shown) == keys(stored)[:years]
    rows = shown.rows
    for key in keys(shown):
        one, other, total = (row.cells[key] for row in rows)
        holds = one.v is not None and other.v is not None and one.v - other.v == total.v
        assert {one.verified, other.verified, total.verified} == {holds}
        assert shown.checks[key].verified == 3 * holds
        if original:
            assert one.v == numbers[keys(shown).index(key)][1] or key == "2023"


def test_a_figure_that_another_reading_contradicts_is_not_proved_by_the_view() -> None:
    stored = typed_years(RESTATED, MARGIN)
    stored.rows[2].cells["2021"].verified = False
    shown = view_of(stored, view="original")
    assert shown.rows[1].cells["2021"].verified
    assert not shown.rows[2].cells["2021"].verified
    assert shown.checks["2021"].verified == 2


def test_the_years_own_report_counts_before_an_earlier_one() -> None:
    stored = typed_years("Sales | 5 | 4 | 3")
    cell = stored.rows[0].cells["2022"]
    before = cell.history[0].model_copy(update={"input": 2, "v": Decimal(7)})
    cell.history.insert(0, before)
    shown = view_of(stored, view="original").rows[0].cells["2022"]
    assert (shown.input, shown.v) == (1, Decimal(4))
    assert [each.input for each in shown.history] == [2, 0]


def test_the_history_has_the_sign_that_the_newest_report_states() -> None:
    stored = typed_years("Tax | 5 | 4 < -4 sign")
    stored.rows[0].cells["2022"].turned = True
    shown = view_of(stored, view="original").rows[0].cells["2022"]
    assert (shown.v, shown.history[-1].v) == (Decimal(-4), Decimal(-4))


def test_rows_in_another_scale_are_added_up_in_the_statements() -> None:
    stored = typed_years(
        "Sales | 5 | 4 < 6 restated\nCost | 2 | 2\n=Margin | 3 | 2 < 4 restated", MARGIN
    )
    row = stored.rows[1]
    row.scale = 3
    for cell in row.cells.values():
        cell.v = Decimal(2000)
        for each in cell.history:
            each.v = Decimal(2000)
    assert view_of(stored, view="original").checks["2022"].verified == 3


def test_a_figure_of_an_older_filing_than_others_was_reported_first() -> None:
    """Newer filings do not add up to the block, so that an older one's is shown."""
    stored = typed_years("Sales | 5 | 4 | 3")
    stored.inputs[2].period_end = date(2020, 12, 31)
    cell = stored.rows[0].cells["2021"]
    newer = stored.rows[0].cells["2022"].history[0].model_copy(update={"v": Decimal(9)})
    cell.input, cell.history = 2, [newer]
    shown = view_of(stored, view="original").rows[0].cells["2021"]
    assert (newer.input, shown.input, shown.v) == (1, 2, Decimal(3))
