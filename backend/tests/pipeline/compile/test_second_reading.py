"""A second reading of a filing contradicts only rows that are surely the same."""

import pytest

from app.pipeline.compile.entry import Entry
from app.pipeline.compile.second_reading import compare
from app.pipeline.statement import SourceKind
from tests.helpers.reports import reading

TAGGED = """
    Revenue | 48,211 | 44,087
    Cost of sales | -30,172 | -28,450
    = Gross profit | 18,039 | 15,637
    {}
    = Operating profit | 7,832 | 5,747"""


def compared(one: str, other: str, kind: SourceKind = "pdf") -> tuple[int, list[tuple[int, str]]]:
    """Return how many figures are equal, and row and period of the others."""
    first, second = (
        Entry(each, each.statement)
        for each in (
            reading(2023, TAGGED.format(one), kind="ixbrl"),
            reading(2023, TAGGED.format(other), kind=kind),
        )
    )
    result = compare(first, second)
    return result.equal, sorted(result.different)


@pytest.mark.parametrize(
    ("other", "equal", "different"),
    [
        ("Selling expenses | -10,270 | -9,980", 8, [(3, "p0"), (3, "p1")]),
        ("Selling and marketing expenses | -10,270 | -9,890", 9, [(3, "p0")]),
        ("Selling and marketing expenses | -10,208 | -9,891", 8, []),
    ],
    ids=["one label", "a figure in common", "another row"],
)
def test_rows_differ_only_where_they_are_surely_the_same(
    other: str, equal: int, different: list[tuple[int, str]]
) -> None:
    assert compared("Selling expenses | -10,207 | -9,890", other) == (equal, different)


def test_the_last_printed_digit_has_to_be_the_same() -> None:
    one = "Selling expenses | -10,207 | -9,890"
    assert compared(one, one.replace("10,207", "10,206"))[1] == [(3, "p0")]
    assert compared(one, one.replace("10,207", "10,207.4"))[1] == []


def test_signs_count_where_both_are_printed() -> None:
    one = "Selling expenses | -10,207 | -9,890"
    assert compared(one, one.replace("-10", "10"))[1] == [(3, "p0")]
    assert compared(one, one.replace("-10", "10"), "companyfacts")[1] == []


def test_what_one_reading_has_not_or_cannot_read_is_not_compared() -> None:
    one = "Selling expenses | -10,207 | -9,890"
    assert compared(one, "Selling expenses | ? | -9,890") == (9, [])
    assert compared(one, "Selling expenses | | -9,890") == (9, [])
    assert compared("Selling expenses | ? | -9,890", one) == (9, [])
