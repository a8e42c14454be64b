"""Which changes a split explains, and which it does not."""

import pytest

from app.pipeline.compile.build import compile_statement
from app.pipeline.compiled import Compiled
from tests.helpers.reports import as_reading, reading, row, statement

NEW = """
    Revenue | 48,211 | 44,087
    Cost of sales | -30,172 | -28,450
    = Gross profit | 18,039 | 15,637
    % Basic earnings per share | 1.17 | 2.37"""
OLD = """
    Revenue | 44,087 | 40,112
    Cost of sales | -28,450 | -26,003
    = Gross profit | 15,637 | 14,109
    % Basic earnings per share | 47.40 | 31.10"""


def changes(result: Compiled | None, label: str) -> dict[str, str]:
    return {key: each.change for key, each in row(result, label).cells.items()}


def told(new: str, old: str, label: str = "Basic earnings per share") -> str:
    """Return the change of 2022 between a report and the one before."""
    readings = [reading(2023, new, accepted=True), reading(2022, old, accepted=True)]
    return changes(compile_statement("income_statement", readings), label)["2022"]


@pytest.mark.parametrize(
    ("others", "change"),
    [
        ([("1.05", "3.00")], "restated"),
        ([("2.30", "46.00")], "split"),
        ([("2.30", "46.00"), ("1.05", "3.00")], "split"),
    ],
    ids=["one of two", "two of two", "two of three"],
)
def test_a_split_explains_two_of_three_figures_per_share(
    others: list[tuple[str, str]], change: str
) -> None:
    names = ("Diluted earnings per share", "Dividends declared per share")
    new, old = NEW, OLD
    for name, (now, first) in zip(names[-len(others) :], others, strict=True):
        new += f"\n    % {name} | 1.00 | {now}"
        old += f"\n    % {name} | {first} | 20.00"
    assert told(new, old) == change


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("44,087", "44,187"),
        ("    = Gross profit | 15,637 | 14,109\n", ""),
    ],
    ids=["money changed", "too little money"],
)
def test_few_digits_tell_a_split_only_where_all_of_enough_money_stayed(
    before: str, after: str
) -> None:
    assert told(NEW, OLD) == "split"
    assert told(NEW, OLD.replace(before, after)) == "restated"


def test_money_that_changed_by_the_ratio_of_a_split_is_restated() -> None:
    rows = "\n    % Diluted earnings per share | {}\n    Levy | {}"
    new = NEW + rows.format("1.15 | 2.30", "-500 | -8,000")
    old = OLD + rows.format("46.00 | 30.00", "-400 | -300")
    assert told(new, old) == "split"
    assert told(new, old, "Levy") == "restated"


def test_a_figure_with_fewer_digits_is_explained_as_far_as_it_was_rounded() -> None:
    old = OLD.replace("47.40", "12.0")
    assert told(NEW.replace("2.37", "2.98"), old) == "split"
    assert told(NEW.replace("2.37", "2.96"), old) == "restated"


@pytest.mark.parametrize(
    ("now", "first"), [("2.37", "237.00"), ("237.00", "2.37")], ids=["100:1", "1:100"]
)
def test_a_ratio_of_cents_is_a_split_where_numbers_of_shares_tell_it(now: str, first: str) -> None:
    counts = ["300,000", "290,000"], ["2,900", "2,800"]
    if now > first:
        counts = ["3,000", "2,900"], ["290,000", "280,000"]
    readings = []
    for year, text, count in (
        (2023, NEW.replace("2.37", now), counts[0]),
        (2022, OLD.replace("47.40", first), counts[1]),
    ):
        read = statement(year, f"{text}\n    Weighted shares | {' | '.join(count)}")
        read.rows[-1].kind, read.rows[-1].scale = "shares", 3
        readings.append(as_reading(read, f"{year}", accepted=True))
    result = compile_statement("income_statement", readings)

    assert changes(result, "Weighted shares")["2022"] == "split"
    assert changes(result, "Basic earnings per share")["2022"] == "split"
