"""Totals and terms that several reports state otherwise: none is lost, and none added twice."""

from tests.helpers.reports import cell, codes, figures, reading, row
from tests.pipeline.compile.compiling import Y2022, Y2023, changes, compiled

NEW = """
    Wages | 1,130 | 1,070
    Rent | 250 | 240
    = Total expenses | 1,380 | 1,310"""


def test_a_block_whose_sum_stayed_is_reclassified() -> None:
    new = """
        Wages | 100 | 700
        Rent | 250 | 240
        = Total expenses | 350 | 940"""
    old = """
        Wages | 650 | 600
        Rent | 290 | 280
        = Total expenses | 940 | 880"""
    result = compiled(reading(2023, new), reading(2022, old))

    assert changes(result, "Wages") == changes(result, "Rent") == {"2022": "reclassified"}
    assert changes(result, "Total expenses") == {}


def test_a_total_that_changed_with_its_terms_is_restated_in_a_sum_that_stayed() -> None:
    """Liabilities that were left out lower the equity; both add up to the same."""
    text = """
    Provisions | {} | 1,120
    Loans | 9,000 | 8,800
    = Total liabilities | {} | 9,920
    Share capital | 2,000 | 2,000
    Retained earnings | {} | 4,310
    = Total equity | {} | 6,310
    = Total liabilities and equity | 16,843 | 16,230"""
    result = compiled(
        reading(
            2023,
            text.format("1,250", "10,250", "4,593", "6,593"),
            "balance_sheet",
            form="10-K/A",
            accepted=True,
        ),
        reading(
            2023, text.format("1,180", "10,180", "4,663", "6,663"), "balance_sheet", accepted=True
        ),
        name="balance_sheet",
    )

    assert changes(result, "Total equity") == {"2023": "restated"}
    assert changes(result, "Total liabilities") == {"2023": "restated"}


def test_a_line_that_newer_breakdowns_have_not_is_not_added_twice() -> None:
    old = """
        Wages | 900 | 850
        Bonuses | 170 | 160
        Rent | 240 | 230
        = Total expenses | 1,310 | 1,240"""
    result = compiled(reading(2023, NEW), reading(2022, old))

    assert figures(result, "Bonuses") == {"2021": "160"}
    assert [each.v for each in row(result, "Bonuses").replaced["2022"]] == [170]
    assert figures(result, "Wages") == {"2023": "1130", "2022": "1070", "2021": "850"}
    assert cell(result, "Total expenses", "2021").verified
    assert codes(result) == []


def test_a_sum_without_a_term_that_is_not_printed_in_that_year_is_the_same_sum() -> None:
    new = """
        Wages | 1,130 | 1,070
        Levy | 117 |
        Rent | 250 | 240
        = Total expenses | 1,497 | 1,310"""
    old = """
        Wages | 1,070 | 1,010
        Rent | 240 | 230
        = Total expenses | 1,310 | 1,240"""
    result = compiled(reading(2023, new), reading(2022, old))

    (summed,) = result.equations
    assert set(summed.diff) == {"2023", "2022", "2021"}
    assert cell(result, "Wages", "2021").by == [summed.id]


def test_a_row_that_was_not_read_is_taken_from_the_report_before() -> None:
    new = Y2023.replace("Selling expenses | -10,207 | -9,890\n", "")
    result = compiled(reading(2023, new, accepted=True), reading(2022, Y2022))

    assert figures(result, "Selling expenses") == {"2022": "-9890", "2021": "-9355"}
    assert cell(result, "Operating profit", "2022").verified
    assert not cell(result, "Operating profit", "2023").verified


def test_a_block_of_which_a_part_was_misread_is_taken_from_the_report_before() -> None:
    new = Y2023.replace("-9,890", "-6,890")
    result = compiled(reading(2023, new, accepted=True), reading(2022, Y2022))

    assert figures(result, "Selling expenses")["2022"] == "-9890"
    assert cell(result, "Selling expenses", "2022").history[0].v == -6890
    assert cell(result, "Operating profit", "2022").verified
    assert codes(result) == ["block_from_older_filing"]


def test_a_total_that_was_restated_alone_does_not_close() -> None:
    amended = reading(
        2022, "Gross profit | 15,600 | 14,109\n Tax | -1,000 | -1,000\n = Result | 14,600 | 13,109",
        form="10-K/A",
    )  # fmt: skip
    result = compiled(reading(2022, Y2022), amended)

    assert cell(result, "Gross profit", "2022").v == 15600
    assert "block_does_not_close" in codes(result)
    assert not cell(result, "Revenue", "2022").verified
    assert cell(result, "Revenue", "2021").verified


def test_parts_of_a_line_that_newer_breakdowns_have_not_go_with_it() -> None:
    old = """
        Wages | 900 | 850
        Cash bonuses | 110 | 105
        Bonuses in shares | 60 | 55
        = Bonuses | 170 | 160
        Rent | 240 | 230
        = Total expenses | 1,310 | 1,240"""
    result = compiled(reading(2023, NEW), reading(2022, old))

    for label, first, before in (
        ("Bonuses", 170, "160"),
        ("Cash bonuses", 110, "105"),
        ("Bonuses in shares", 60, "55"),
    ):
        assert figures(result, label) == {"2021": before}
        assert [each.v for each in row(result, label).replaced["2022"]] == [first]
    assert row(result, "Wages").replaced == {}
    assert all(cell(result, "Total expenses", key).verified for key in ("2023", "2022", "2021"))
    assert codes(result) == []


def test_a_subtotal_of_figures_that_newer_reports_state_stays() -> None:
    new = """
        Wages | 1,130 | 900
        Bonuses | 90 | 170
        Rent | 250 | 240
        = Total expenses | 1,470 | 1,310"""
    old = """
        Wages | 900 | 850
        Bonuses | 170 | 160
        = Staff costs | 1,070 | 1,010
        Rent | 240 | 230
        = Total expenses | 1,310 | 1,240"""
    result = compiled(reading(2023, new), reading(2022, old))

    assert figures(result, "Staff costs") == {"2022": "1070", "2021": "1010"}
    assert cell(result, "Staff costs", "2022").verified
    assert row(result, "Staff costs").replaced == {}


def test_a_sum_that_rounding_explains_is_proved_in_older_years_too() -> None:
    old = """
        Wages | 1,070 | 900
        Services | 31 | 27
        Rent | 210 | 200
        = Total expenses | 1,310 | 1,127"""
    newer = NEW.replace("Rent | 250 | 240", "Services | 41 | 31\n    Rent | 210 | 210")
    result = compiled(reading(2023, newer), reading(2022, old))

    assert cell(result, "Total expenses", "2022").verified
    assert codes(result) == []


def test_totals_of_a_turned_statement_are_proved() -> None:
    turned = """
        Wages | -1,070 | -850
        Services | -31 | -27
        Rent | -240 | -200
        = Total expenses | -1,341 | -1,077
        Taxes | -99 | -88
        = All expenses | -1,440 | -1,165"""
    new = """
        Wages | 1,130 | 1,070
        Services | 41 | 31
        Rent | 250 | 240
        = Total expenses | 1,421 | 1,341
        Taxes | 101 | 99
        = All expenses | 1,522 | 1,440"""
    result = compiled(reading(2023, new), reading(2022, turned))

    for label, shown in (("Total expenses", 1077), ("All expenses", 1165)):
        total = cell(result, label, "2021")
        assert total.v == shown
        assert total.turned
        assert total.verified
