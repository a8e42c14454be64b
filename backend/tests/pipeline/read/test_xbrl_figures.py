"""Tests of duplicates, units and scale of the figures of an XBRL report."""

import pytest

from app.pipeline.read.xbrl import read_xbrl
from tests.pipeline.read.xbrl_builder import (
    BEFORE,
    YEAR,
    F,
    codes,
    figures,
    package,
    row,
    statement,
)
from tests.pipeline.read.xbrl_examples import (
    BALANCE,
    BALANCE_FACTS,
    EARNINGS,
    NOW,
    THEN,
    US,
    income_facts,
    read_income,
)


def test_the_most_precise_of_duplicates_is_taken() -> None:
    exact = F(f"{US}Revenues", 100_400_000, decimals="-5")
    found = read_income([*income_facts(YEAR), exact])
    assert figures(row(found, f"{US}Revenues")) == {"p0": "100.4"}
    assert "inconsistent_duplicates" not in codes(found)


def test_duplicates_that_contradict_each_other_are_no_figure() -> None:
    found = read_income([*income_facts(YEAR), F(f"{US}Revenues", 150_000_000)])
    assert figures(row(found, f"{US}Revenues")) == {"p0": None}
    issue = next(each for each in found.issues if each.code == "inconsistent_duplicates")
    assert (issue.row, issue.period) == (0, "p0")
    found = read_income([*income_facts(YEAR), F(f"{US}Revenues", 101_400_000, decimals="-5")])
    assert figures(row(found, f"{US}Revenues")) == {"p0": None}


def test_another_currency_is_never_mixed_in() -> None:
    facts = [*income_facts(YEAR, BEFORE), F(f"{US}Revenues", 90_000_000, unit="EUR")]
    facts = [
        each
        for each in facts
        if (each.concept, each.period, each.unit) != (f"{US}NetIncomeLoss", YEAR, "USD")
    ]
    facts.append(F(f"{US}NetIncomeLoss", 18_000_000, unit="EUR"))
    found = read_income(facts)
    assert found.currency == "USD"
    assert figures(row(found, f"{US}Revenues")) == {"p0": "100", "p1": "100"}
    assert figures(row(found, f"{US}NetIncomeLoss")) == {"p1": "20"}
    assert [each.code for each in found.issues].count("other_currency") == 2


@pytest.mark.parametrize(
    ("decimals", "value", "scale", "printed"),
    [
        ("-6", 5_000_000, 6, "5"),
        ("-5", 5_100_000, 6, "5.1"),
        ("-3", 5_001_000, 3, "5001"),
        ("0", 5_000_000, 0, "5000000"),
        ("2", "5000000.25", 0, "5000000.25"),
        ("INF", 5_000_000, 6, "5"),
        ("INF", 5_000_100, 0, "5000100"),
        ("-6", 5_000_001, 6, "5.000001"),
    ],
)
def test_the_scale_is_that_of_the_accuracy_and_the_figure_exact(
    decimals: str, value: int | str, scale: int, printed: str
) -> None:
    names = ("Revenues", "OperatingIncomeLoss", "NetIncomeLoss")
    found = read_income([F(f"{US}{name}", value, decimals=decimals) for name in names])
    assert (found.scale, figures(found.rows[0])) == (scale, {"p0": printed})


def test_shares_and_figures_per_share_have_their_own_unit_and_scale() -> None:
    facts = [
        *income_facts(YEAR),
        EARNINGS,
        F(
            f"{US}WeightedAverageNumberOfSharesOutstandingBasic",
            16_215_000,
            unit="shares",
            decimals="-3",
        ),
    ]
    found = read_income(facts)
    per_share, shares = found.rows[-2:]
    assert (per_share.kind, per_share.unit, per_share.scale) == ("per_share", "USD/share", 0)
    assert figures(per_share) == {"p0": "6.10"}
    assert (shares.kind, shares.unit, shares.scale) == ("shares", "shares", 3)
    assert figures(shares) == {"p0": "16215"}


def test_nil_is_a_dash_beside_figures_and_nothing_alone() -> None:
    facts = [
        *BALANCE_FACTS[:3],
        *(each for each in BALANCE_FACTS[3:] if each.concept != f"{US}Cash"),
        F(f"{US}Cash", "", THEN, nil=True),
        F(f"{US}CommitmentsAndContingencies", "", NOW, nil=True),
    ]
    found = statement(read_xbrl(package(facts, [BALANCE])), "balance_sheet")
    assert figures(row(found, f"{US}Cash")) == {"p0": "5", "p1": "0"}
    assert row(found, f"{US}CommitmentsAndContingencies").cells == {}


@pytest.mark.parametrize("value", ["1e400", "NaN", "INF", "12,5", "", "9" * 60, "0." + "1" * 50])
def test_a_value_that_is_no_figure_is_unknown_and_named(value: str) -> None:
    facts = [each for each in income_facts(YEAR) if each.concept != f"{US}Revenues"]
    found = read_income([F(f"{US}Revenues", value, decimals="INF"), *facts])
    assert figures(row(found, f"{US}Revenues")) == {"p0": None}
    assert "unreadable_figure" in codes(found)


def test_earnings_per_share_in_plain_money_are_not_scaled() -> None:
    facts = [*income_facts(YEAR), F(f"{US}EarningsPerShareBasic", "6.10", decimals="2")]
    found = read_income(facts).rows[-1]
    assert (found.kind, found.scale, figures(found)) == ("per_share", 0, {"p0": "6.10"})
