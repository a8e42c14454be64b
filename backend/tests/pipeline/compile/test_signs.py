"""Lines of which a filer turned the sign, and what proves it."""

from decimal import Decimal

import pytest

from app.pipeline.compiled import CompiledRow
from app.pipeline.statement import SourceKind
from tests.helpers.reports import cell, codes, figures, reading, row
from tests.pipeline.compile.compiling import Y2022, Y2023, changes, compiled

TAXED = """
    Profit before tax | 12,999 | 12,063
    Benefit from (provision for) taxes | 747 | -1,928
    = Profit for the year | 13,746 | 10,135"""
PROVIDED = """
    Profit before tax | 11,517 | 11,442
    Provision for taxes | 2,182 | 2,541
    = Profit for the year | 9,335 | 8,901"""
EARNED = """
    Revenue | 31,517 | 30,442
    Cost of sales | -22,182 | -22,541
    = Profit for the year | 9,335 | 7,901"""
LOSS_WITHOUT_SIGN = """
    Revenue | 11,517 | 11,442
    Cost of sales | 22,182 | 22,541
    = Profit for the year | 10,665 | 11,099"""


def test_a_sign_is_turned_by_the_sums_where_no_year_is_shared() -> None:
    result = compiled(reading(2021, TAXED), reading(2017, PROVIDED))
    taxes = row(result, "Benefit from (provision for) taxes").cells

    assert {key: str(each.v) for key, each in taxes.items()} == {
        "2021": "747",
        "2020": "-1928",
        "2017": "-2182",
        "2016": "-2541",
    }
    assert [each.turned for _, each in sorted(taxes.items())] == [True, True, False, False]
    assert all(each.verified for each in taxes.values())


SPENT = "Capital expenditure | -3,172 | -2,845"


@pytest.mark.parametrize(
    ("older", "turned"),
    [
        ("Capital expenditure | 2,845 | 2,413", True),
        ("Capital expenditure | 2,845 | -2,413", False),
    ],
)
def test_one_year_turns_a_line_whose_figures_have_one_sign_in_each_report(
    older: str, *, turned: bool
) -> None:
    result = compiled(reading(2023, SPENT, accepted=True), reading(2022, older, accepted=True))

    assert cell(result, "Capital expenditure", "2021").turned is turned


def test_a_total_of_the_other_sign_turns_no_term() -> None:
    result = compiled(reading(2021, EARNED), reading(2017, LOSS_WITHOUT_SIGN))

    assert not any(each.turned for each in row(result, "Revenue").cells.values())


def test_a_sign_that_the_filer_turned_is_turned_in_older_years_too() -> None:
    old = Y2022.replace("-28,450", "28,450").replace("-26,003", "26,003")
    result = compiled(reading(2023, Y2023), reading(2022, old))

    cost = row(result, "Cost of sales").cells
    assert figures(result, "Cost of sales") == {
        "2023": "-30172", "2022": "-28450", "2021": "-26003"
    }  # fmt: skip
    assert [each.turned for each in cost.values()] == [False, False, True]
    assert changes(result, "Cost of sales") == {"2022": "sign", "2021": "sign"}
    assert cost["2022"].history[0].v == 28450
    assert cost["2021"].printed == "26003"
    assert cost["2021"].verified


def test_one_common_year_turns_a_sign_if_the_newer_sums_hold_only_then() -> None:
    newer = """
        Capital expenditure | -1,911 | -1,703
        Disposals | 311 | 203
        = Cash used in investing | -1,600 | -1,500"""
    older = """
        Capital expenditure | 1,703 | -507
        Disposals | 203 | 106
        Cash used in investing | -1,500 | 613"""
    old = reading(2022, older, accepted=True)
    old.statement.equations = []
    result = compiled(reading(2023, newer), old)

    assert figures(result, "Capital expenditure")["2021"] == "507"
    assert cell(result, "Capital expenditure", "2021").turned
    assert "sign_not_proved" not in codes(result)


SPENT_NET = """
    Capital expenditure | -1,911 | -1,703
    Disposals | 311 | 203
    = Cash used in investing | -1,600 | -1,500"""


def test_a_restated_year_turns_a_sign_if_the_newer_sums_hold_only_then() -> None:
    older = """
        Capital expenditure | 1,690 | 1,507
        Disposals | 190 | 106
        Cash used in investing | -1,500 | -1,401"""
    old = reading(2022, older, accepted=True)
    old.statement.equations = []
    result = compiled(reading(2023, SPENT_NET), old)

    assert cell(result, "Capital expenditure", "2021").turned
    assert "sign_not_proved" not in codes(result)


def test_an_older_report_tells_the_sign_that_newer_ones_do_not() -> None:
    """The middle one shares only a restated year with the newest, and has no sums."""
    middle = "Capital expenditure | 1,690 | 1,507"
    oldest = """
        Capital expenditure | 1,507 | 1,303
        Disposals | 106 | 101
        = Cash used in investing | -1,401 | -1,202"""
    result = compiled(
        reading(2023, SPENT_NET), reading(2022, middle, accepted=True), reading(2021, oldest)
    )

    spent = row(result, "Capital expenditure").cells
    assert spent["2021"].input == 1
    assert {key: str(each.v) for key, each in spent.items()} == {
        "2023": "-1911",
        "2022": "-1703",
        "2021": "-1507",
        "2020": "-1303",
    }
    assert "sign_not_proved" not in codes(result)


def test_a_sign_that_is_not_proved_leaves_those_of_older_reports_open_too() -> None:
    newest = "Revenue | 48,211 | 44,087\n Tax | -977 | -803"
    middle = "Revenue | 44,087 | 40,112\n Tax | 811 | 702"
    oldest = "Revenue | 40,112 | 39,007\n Tax | 702 | -17"
    reports = ((2023, newest), (2022, middle), (2021, oldest))
    result = compiled(*(reading(year, text, accepted=True) for year, text in reports))

    named = [each.message for each in result.issues if each.code == "sign_not_proved"]
    assert [each.rpartition(": ")[2] for each in named] == ["2021", "2020"]


@pytest.mark.parametrize(("year", "before"), [(2022, "-702"), (2019, "702")])
def test_a_sign_that_nothing_proves_is_named(year: int, before: str) -> None:
    """With one common year; and with none, where all figures are of the other sign."""
    newer = "Revenue | 48,211 | 44,087\n Tax | -977 | -803"
    older = f"Revenue | 44,087 | 40,112\n Tax | 803 | {before}"
    result = compiled(*(reading(y, t, accepted=True) for y, t in ((2023, newer), (year, older))))

    own = str(year - 1)
    assert figures(result, "Tax")[own] == before
    (issue,) = [each for each in result.issues if each.code == "sign_not_proved"]
    assert issue.row == result.rows.index(row(result, "Tax"))
    assert own in issue.message


FLIPPED = """
    Revenue | -44,087 | -40,112
    Cost of sales | 28,450 | 26,003
    = Gross profit | -15,637 | -14,109
    Selling expenses | 9,890 | 9,355
    = Operating profit | -5,747 | -4,754"""


def test_a_statement_of_which_all_signs_are_turned_is_turned_with_one_common_year() -> None:
    result = compiled(reading(2023, Y2023), reading(2022, FLIPPED))

    assert figures(result, "Revenue") == {"2023": "48211", "2022": "44087", "2021": "40112"}
    assert cell(result, "Revenue", "2021").turned
    assert figures(result, "Cost of sales")["2021"] == "-26003"


def test_the_nearest_report_tells_whether_a_sign_was_turned() -> None:
    """The newest one shares one year with the oldest, and the middle one two."""
    newest = "Revenue | 50,211 | 48,211 | 44,087\n Tax | 1,011 | 977 | 803"
    middle = "Revenue | 48,211 | 44,087 | 40,112\n Tax | 977 | 803 | 702"
    oldest = "Revenue | 44,087 | 40,112 | 39,007\n Tax | -803 | -702 | -655"
    result = compiled(
        *(
            reading(year, text, accepted=True)
            for year, text in ((2024, newest), (2023, middle), (2022, oldest))
        )
    )

    assert figures(result, "Tax")["2020"] == "655"


PRINTED = "Revenue | 48,211 | 44,087\n Cost of sales | -30,172 | -28,450"
FACTS = "Revenue | 39,911 | 38,700\n Cost of sales | 26,003 | -24,700"


def costs(*tagged: int) -> CompiledRow:
    """Return the costs of a tagged print, and of facts alone that share no year with it."""
    printed = reading(2023, PRINTED, kind="ixbrl", accepted=True)
    cells = printed.statement.rows[1].cells
    for key, value in zip(cells, tagged, strict=True):
        cells[key].tagged = Decimal(value)
    facts = reading(2019, FACTS, kind="companyfacts", accepted=True, accession="19")
    return row(compiled(printed, facts), "Cost of sales")


@pytest.mark.parametrize(
    ("tagged", "shown"),
    [
        ((30172, 28450), [-26003, 24700]),
        ((-30172, -28450), [26003, -24700]),
        ((30172, -28450), [26003, -24700]),
    ],
    ids=["printed with the other sign", "printed as tagged", "not told"],
)
def test_facts_that_share_no_year_are_shown_as_a_print_shows_what_it_tags(
    tagged: tuple[int, int], shown: list[int]
) -> None:
    found = costs(*tagged).cells

    assert [found[key].v for key in ("2019", "2018")] == shown
    assert found["2023"].v == -30172
    assert {found[key].change for key in ("2019", "2018")} == {"none"}
    assert found["2019"].turned is (shown[0] < 0)


@pytest.mark.parametrize(("kind", "shown"), [("companyfacts", 52), ("pdf", -52)])
def test_one_year_turns_a_line_of_both_signs_only_where_one_side_is_facts(
    kind: SourceKind, shown: int
) -> None:
    newer = reading(2023, "Revenue | 911 | 887\n Other | 110 | -84", accepted=True)
    older = reading(2022, "Revenue | 887 | 854\n Other | 84 | -52", kind=kind, accepted=True)
    result = compiled(newer, older)

    assert cell(result, "Other", "2022").v == -84
    assert cell(result, "Other", "2021").v == shown


def test_a_zero_of_a_turned_line_is_not_turned() -> None:
    newer = reading(2023, "Revenue | 911 | 887 | 854\n Levy | -110 | -84 | -91", accepted=True)
    older = reading(2022, "Revenue | 887 | 854 | 821\n Levy | 84 | 91 | -", accepted=True)
    levy = row(compiled(newer, older), "Levy").cells

    assert (levy["2022"].change, levy["2020"].turned) == ("sign", False)
    assert str(levy["2020"].v) == "0"


def turned(newer: str, older: str, label: str = "Other") -> bool:
    """Return whether a report has the other sign than the newer one, in its oldest year."""
    readings = [reading(2023, newer, accepted=True), reading(2022, older, accepted=True)]
    cells = row(compiled(*readings), label).cells
    return cells[min(cells)].turned


def test_two_years_turn_a_line_of_both_signs_and_one_does_not() -> None:
    newer = "Revenue | 911 | 887 | 854\n Other | 110 | -84 | 52"
    older = "Revenue | 887 | 854 | 821\n Other | 84 | -52 | 11"
    assert turned(newer, older)
    assert turned(newer, older.replace("84", "85", 1))  # rounded otherwise
    assert not turned(newer, older.replace("84", "-84", 1))
    assert not turned(newer, older.replace("-52", "-61"))


def test_one_year_turns_a_line_of_both_signs_that_the_sums_use_otherwise() -> None:
    newer = "Profit before tax | 1,000 | 900\n Other | -200 | 50\n = Profit | 800 | 950"
    older = "Profit before tax | 900 | 850\n Other | -50 | 170\n = Profit | 950 | 680"
    assert turned(newer, older)
    alone = "Profit before tax | {} | {}\n Other | {} | {}"
    assert not turned(alone.format("1,000", 900, -200, 50), alone.format(900, 850, -50, 170))


@pytest.mark.parametrize("same", [False, True])
def test_a_report_of_which_all_common_figures_have_other_signs_is_turned(*, same: bool) -> None:
    amounts = {"Wages": 811, "Rent": 412, "Energy": 303, "Travel": 214}
    newer = "\n".join(f"{name} | {each + 7} | {each}" for name, each in amounts.items())
    older = "\n".join(f"{name} | {-each} | {5 - each}" for name, each in amounts.items())
    newer += "\n Other | 95 | -66"
    older += "\n Other | 66 | -37"
    assert turned(newer, older)
    newer += "\n Levies | 75 | 71"
    older += f"\n Levies | {71 if same else -71} | 64"
    assert turned(newer, older) is not same
