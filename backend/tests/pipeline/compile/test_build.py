"""Reports of one company side by side: the hard cases."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from app.pipeline.compile.build import compile_statement
from tests.helpers.reports import as_reading, cell, codes, figures, period, reading, row, statement
from tests.pipeline.compile.compiling import Y2022, Y2023, changes, compiled


def test_each_year_is_of_the_newest_report_that_states_it() -> None:
    result = compiled(reading(2023, Y2023), reading(2022, Y2022))

    assert figures(result, "Revenue") == {"2023": "48211", "2022": "44087", "2021": "40112"}
    assert [each.key for each in result.periods] == ["2023", "2022", "2021"]
    revenue = cell(result, "Revenue", "2022")
    assert (revenue.input, revenue.period, revenue.row, revenue.page) == (0, "p1", 0, 3)
    assert [(each.input, str(each.v), each.change) for each in revenue.history] == [
        (1, "44087", "none")
    ]
    assert cell(result, "Revenue", "2021").input == 1
    assert all(each.verified == each.checkable == 5 for each in result.checks.values())
    assert not [*result.gaps, *result.breaks, *result.issues]


def test_nothing_gives_nothing() -> None:
    assert compile_statement("income_statement", []) is None
    assert compile_statement("balance_sheet", [reading(2023, Y2023)]) is None


def test_a_restated_year_keeps_what_was_reported_first() -> None:
    old = Y2022.replace("44,087", "44,187").replace("15,637", "15,737").replace("5,747", "5,847")
    result = compiled(reading(2023, Y2023), reading(2022, old))

    assert changes(result, "Revenue") == {"2022": "restated"}
    assert cell(result, "Revenue", "2022").history[0].v == 44187
    assert changes(result, "Selling expenses") == {}
    assert cell(result, "Operating profit", "2022").verified


def test_another_scale_is_converted_and_its_rounding_no_restatement() -> None:
    old = """
        Revenue | 44,087,400 | 40,112,300
        Cost of sales | -28,450,200 | -26,003,100
        = Gross profit | 15,637,200 | 14,109,200"""
    result = compiled(reading(2023, Y2023), reading(2022, old, scale=3))

    assert result.scale == 6
    assert figures(result, "Revenue") == {"2023": "48211", "2022": "44087", "2021": "40112.3"}
    assert changes(result, "Revenue") == {"2022": "rounding"}
    assert cell(result, "Gross profit", "2021").verified


def test_a_line_that_an_older_report_has_alone_is_in_the_scale_of_the_newest() -> None:
    old = """
        Revenue | 44,087,000 | 40,112,300
        Levy | -87,000 | -12,300
        = Net revenue | 44,000,000 | 40,100,000"""
    result = compiled(reading(2023, Y2023), reading(2022, old, scale=3))

    assert figures(result, "Levy") == {"2022": "-87", "2021": "-12.3"}
    assert {each.scale for each in result.rows if each.kind != "per_share"} == {None}
    assert cell(result, "Net revenue", "2021").verified


def test_a_last_digit_that_differs_by_one_is_rounding() -> None:
    old = Y2022.replace("-9,890", "-9,889").replace("5,747", "5,748")
    result = compiled(reading(2023, Y2023), reading(2022, old))

    assert changes(result, "Selling expenses") == changes(result, "Operating profit")
    assert changes(result, "Selling expenses") == {"2022": "rounding"}


def test_reports_that_restate_all_years_before_have_the_same_lines() -> None:
    newer = """
    Revenue | 48,211 | 41,087 | 37,112
    Cost of sales | -30,172 | -26,450 | -24,003
    = Gross profit | 18,039 | 14,637 | 13,109"""
    older = """
    Revenue | 44,087 | 40,112 | 38,105
    Cost of sales | -28,450 | -26,003 | -24,700
    = Gross profit | 15,637 | 14,109 | 13,405"""
    result = compiled(reading(2023, newer), reading(2022, older))

    assert figures(result, "Revenue") == {
        "2023": "48211",
        "2022": "41087",
        "2021": "37112",
        "2020": "38105",
    }
    assert changes(result, "Cost of sales") == {"2022": "restated", "2021": "restated"}


def test_an_amendment_supersedes_its_year_and_leaves_what_it_does_not_hold() -> None:
    text = Y2022.replace("44,087", "44,187").replace("15,637", "15,737").replace("5,747", "5,847")
    amended = reading(2022, text, form="10-K/A")
    result = compiled(reading(2022, Y2022), amended)

    assert figures(result, "Revenue") == {"2022": "44187", "2021": "40112"}
    assert [each.amends for each in result.inputs] == [True, False]
    assert {each.role for each in result.inputs} == {"compiled"}
    balance = reading(2022, "Cash | 5\n", "balance_sheet", form="10-K/A")
    assert compiled(reading(2022, Y2022), balance) == compiled(reading(2022, Y2022))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"currency": "EUR"}, "currency EUR, then USD"),
        ({"framework": "us-gaap"}, "framework us-gaap, then ifrs"),
        ({"scope": "parent"}, "scope parent, then consolidated"),
    ],
)
def test_currencies_frameworks_and_entities_are_never_mixed(
    change: dict[str, Any], words: str
) -> None:
    result = compiled(reading(2023, Y2023), reading(2022, Y2022, **change))

    assert figures(result, "Revenue") == {"2023": "48211", "2022": "44087"}
    (other,) = result.others
    assert figures(other, "Revenue") == {"2022": "44087", "2021": "40112"}
    assert [(each.between, each.reason) for each in result.breaks] == [(("2021", "2022"), words)]


@pytest.mark.parametrize("change", [{"currency": None}, {"framework": None}, {"scope": None}])
def test_what_is_not_known_joins_the_reports_with_equal_figures(change: dict[str, Any]) -> None:
    result = compiled(reading(2023, Y2023), reading(2022, Y2022, **change))
    assert result.others == []
    assert figures(result, "Revenue")["2021"] == "40112"

    text = Y2022.replace("4,", "3,").replace("5,", "6,").replace("8,450", "9,450")
    alone = compiled(reading(2023, Y2023), reading(2022, text, accepted=True, **change))
    assert len(alone.others) == 1


def test_reports_that_do_not_overlap_stand_side_by_side_with_a_gap() -> None:
    result = compiled(reading(2023, Y2023), reading(2019, Y2022))

    assert [each.key for each in result.periods] == ["2023", "2022", "2019", "2018"]
    assert [each.fiscal_year for each in result.gaps] == [2021, 2020]
    assert figures(result, "Revenue")["2018"] == "40112"


def test_doubtful_filings_of_one_file_are_one_issue() -> None:
    doubtful = [
        reading(year, Y2022, kind="companyfacts", accession=f"0001-{year}", status="doubtful")
        for year in (2019, 2018)
    ]
    of_one_file = [replace(each, sha256="ab" * 32, file="facts.json") for each in doubtful]
    result = compiled(reading(2023, Y2023), *of_one_file)

    (issue,) = result.issues
    assert issue.code == "doubtful_left_out"
    assert issue.message.startswith("2 filings of facts.json (0001-2019, 0001-2018) are doubtful")


def test_a_doubtful_statement_is_compiled_only_when_asked() -> None:
    doubtful = reading(2022, Y2022, status="doubtful")
    result = compiled(reading(2023, Y2023), doubtful)
    assert figures(result, "Revenue") == {"2023": "48211", "2022": "44087"}
    assert codes(result) == ["doubtful_left_out"]

    accepted = reading(2022, Y2022, status="doubtful", accepted=True)
    result = compiled(reading(2023, Y2023), accepted)
    assert figures(result, "Revenue")["2021"] == "40112"
    assert compile_statement("income_statement", [doubtful]) is None


def test_a_second_reading_of_a_filing_is_compared_and_gives_no_figure() -> None:
    pdf = reading(2023, Y2023.replace("1.17", "1.71"))
    result = compiled(pdf, reading(2023, Y2023, kind="ixbrl"))

    assert [(each.kind, each.role) for each in result.inputs] == [
        ("ixbrl", "compiled"), ("pdf", "second_reading")
    ]  # fmt: skip
    second = result.inputs[1]
    assert (second.equal, second.different) == (11, 1)
    assert cell(result, "Basic earnings per share", "2023").v is not None
    (issue,) = result.issues
    assert (issue.code, issue.period) == ("second_reading_differs", "2023")
    assert "1.17, and 1.71" in issue.message
    assert cell(result, "Revenue", "2022").history == []


def test_a_figure_that_a_second_reading_states_otherwise_is_not_proved() -> None:
    text = Y2023.replace("48,211", "47,211").replace("18,039", "17,039").replace("7,832", "6,832")
    result = compiled(reading(2023, text), reading(2023, Y2023, kind="ixbrl"))

    revenue = row(result, "Revenue").cells
    assert revenue["2023"].v == 48211
    assert not revenue["2023"].verified
    assert revenue["2022"].verified
    assert result.inputs[1].different == 3


def test_the_better_status_gives_the_figures_before_the_better_kind() -> None:
    tagged = reading(2023, Y2023, kind="ixbrl", status="partly")
    result = compiled(reading(2023, Y2023, status="verified"), tagged)

    assert [each.role for each in result.inputs] == ["second_reading", "compiled"]


def test_facts_without_a_printed_sign_take_that_of_the_print() -> None:
    facts = Y2022.replace("-", "")
    result = compiled(
        reading(2023, Y2023), reading(2022, facts, kind="companyfacts", accession="22")
    )

    assert figures(result, "Cost of sales")["2021"] == "-26003"
    assert cell(result, "Cost of sales", "2021").turned
    assert changes(result, "Cost of sales") == {}
    assert result.inputs[1].accession == "22"


def test_facts_alone_are_no_frame_where_there_is_a_print() -> None:
    facts = statement(2023, Y2023.replace("Revenue", "Revenues"), kind="companyfacts")
    result = compiled(as_reading(facts, "facts"), reading(2022, Y2022))

    assert result.rows[0].label == "Revenue"
    assert cell(result, "Revenue", "2023").input == 0


def test_other_three_times_stays_three_lines() -> None:
    text = """
        # Operating
        Sales | 100 | 90
        Other | {} | {}
        = Total operating | {} | {}
        # Investing
        Machines | -50 | -40
        Other | {} | {}
        = Total investing | {} | {}
        # Financing
        Loans | 30 | 20
        Other | {} | {}
        = Total financing | {} | {}"""
    new = text.format(11, 12, 111, 102, -13, -14, -63, -54, 15, 16, 45, 36)
    old = text.format(12, 17, 102, 107, -14, -18, -54, -58, 16, 19, 36, 39)
    result = compiled(reading(2023, new, accepted=True), reading(2022, old, accepted=True))

    others = [each for each in result.rows if each.label == "Other"]
    assert [each.id for each in others] == ["operating-other", "investing-other", "financing-other"]
    assert [[int(c.v or 0) for c in each.cells.values()] for each in others] == [
        [11, 12, 17], [-13, -14, -18], [15, 16, 19]
    ]  # fmt: skip


def test_a_renamed_and_moved_line_is_one_row_with_both_labels() -> None:
    old = Y2022.replace("Revenue", "Turnover")
    result = compiled(reading(2023, Y2023), reading(2022, old))

    revenue = row(result, "Revenue")
    assert [(each.label, each.inputs) for each in revenue.labels] == [
        ("Revenue", [0]), ("Turnover", [1])
    ]  # fmt: skip
    assert revenue.cells["2021"].v == 40112
    assert revenue.cells["2022"].history[0].label == "Turnover"


def test_a_statement_without_a_scale_has_that_of_equal_figures() -> None:
    result = compiled(reading(2023, Y2023), reading(2022, Y2022, scale=None))
    assert figures(result, "Revenue")["2021"] == "40112"
    assert codes(result) == ["scale_from_other_report"]

    thousands = Y2022.replace("\n    %", "\n    ~")
    result = compiled(reading(2023, Y2023), reading(2015, thousands, scale=None))
    assert codes(result) == ["scale_unknown_left_out"]
    assert [each.key for each in result.periods] == ["2023", "2022"]


def test_an_unreadable_figure_stays_unreadable_and_is_not_proved() -> None:
    result = compiled(reading(2023, Y2023.replace("48,211", "?"), accepted=True))

    revenue = cell(result, "Revenue", "2023")
    assert (revenue.v, revenue.verified) == (None, False)


def test_the_filing_of_a_period_is_its_own_report() -> None:
    result = compiled(reading(2023, Y2023), reading(2022, Y2022))

    assert [each.input for each in result.periods] == [0, 1, 1]
    assert result.inputs[1].period_end == date(2022, 12, 31)


def test_a_period_that_is_not_dated_is_placed_by_its_year_or_left_out() -> None:
    undated = statement(
        2022, Y2022, periods=[period("p0", None, None, 2022), period("p1", None, None, 2021)]
    )
    result = compiled(reading(2023, Y2023), as_reading(undated, "undated"))

    assert figures(result, "Revenue") == {"2023": "48211", "2022": "44087"}
    assert len(cell(result, "Revenue", "2022").history) == 1
    assert codes(result) == ["period_end_unknown"]


def test_a_figure_with_more_digits_than_a_scale_leaves_is_unreadable_and_never_cut() -> None:
    long = "4408700000000000000000000000000000000001"
    older = reading(2022, f"Revenue | {long} | 40,112\n Tax | 1 | 2", accepted=True, scale=9)
    result = compiled(reading(2023, Y2023), older)

    stated = cell(result, "Revenue", "2022").history[0]
    assert (stated.v, stated.printed) == (None, long)


def test_sums_of_forty_digits_are_tested_to_the_last_one() -> None:
    newest = "1000000000000000000000000000000000000{} | {}"
    first = reading(
        2023, f"A | {newest.format('001', 5)}\n B | 1 | 1\n = C | {newest.format('002', 6)}"
    )
    amended = reading(2023, f"= C | {newest.format('009', 6)}", form="10-K/A", accepted=True)

    shown = cell(compiled(first, amended), "C", "2023")
    assert (str(shown.v)[-3:], shown.verified, shown.input) == ("002", True, 1)
