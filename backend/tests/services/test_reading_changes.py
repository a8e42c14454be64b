"""Two readings of one file, figure by figure."""

from decimal import Decimal

from app.services.reading_changes import compare_readings
from tests.helpers.accounts import flow, group, income


def test_the_same_reading_changes_nothing() -> None:
    changes = compare_readings(group(), group())
    figures = sum(len(row.cells) for each in group() for row in each.rows)
    assert (changes.same, changes.figures, changes.lost) == (figures, [], [])
    assert not changes.is_less


def test_changed_new_and_gone_figures_are_named() -> None:
    new = income()
    new.rows[0].cells["p0"].v = Decimal(48_212)
    del new.rows[1].cells["p1"]
    new.rows[3].label = "Selling costs"
    changes = compare_readings([income()], [new])
    named = [
        (each.kind, each.label, each.period, each.before, each.after) for each in changes.figures
    ]
    assert named == [
        ("changed", "Revenue", "2023", Decimal(48_211), Decimal(48_212)),
        ("gone", "Cost of sales", "2022", Decimal(-28_450), None),
        ("gone", "Selling expenses", "2023", Decimal(-6_120), None),
        ("gone", "Selling expenses", "2022", Decimal(-5_988), None),
        ("new", "Selling costs", "2023", None, Decimal(-6_120)),
        ("new", "Selling costs", "2022", None, Decimal(-5_988)),
    ]
    assert changes.is_less


def test_figures_of_another_scale_are_compared_by_their_value() -> None:
    new = income(scale=3)
    for row in new.rows:
        for cell in row.cells.values():
            if row.scale is None and cell.v is not None:
                cell.v *= 1000
    assert not compare_readings([income()], [new]).figures
    other = income(scale=3)
    changed = compare_readings([income()], [other]).figures
    assert {each.label for each in changed} == {
        row.label for row in other.rows if row.scale is None and row.cells
    }


def test_another_currency_changes_every_sum_of_money() -> None:
    changes = compare_readings([income()], [income(currency="EUR")])
    assert changes.count("changed") == sum(len(r.cells) for r in income().rows if r.unit is None)


def test_a_figure_that_cannot_be_read_any_more_is_less() -> None:
    new = income()
    new.rows[0].cells["p0"].v = None
    changes = compare_readings([income()], [new])
    assert (changes.count("changed"), changes.is_less) == (1, True)


def test_a_statement_that_is_not_found_any_more_is_lost_and_not_gone() -> None:
    changes = compare_readings(group(), [income(), flow()])
    assert changes.lost == [("balance_sheet", None)]
    assert (changes.figures, changes.is_less) == ([], True)


def test_a_new_statement_is_new_figures() -> None:
    changes = compare_readings([income()], [income(), flow()])
    assert changes.count("new") == sum(len(row.cells) for row in flow().rows)
    assert not changes.is_less


def test_rows_of_one_name_are_compared_in_their_order() -> None:
    table = "Other | 1 | 2\nOther | 3 | 4"
    assert not compare_readings([income(table)], [income(table)]).figures
    swapped = compare_readings([income(table)], [income("Other | 3 | 4\nOther | 1 | 2")])
    assert swapped.count("changed") == 4
