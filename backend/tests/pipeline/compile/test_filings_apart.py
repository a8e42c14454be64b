"""Which statements are one filing, or one group: amendments, accessions, facts, unknown scales."""

from datetime import date
from typing import Any

import pytest

from app.pipeline.compile.build import compile_statement
from app.pipeline.compile.readings import Reading
from app.pipeline.compile.row_ids import row_ids
from app.pipeline.statement import Issue, SourceKind
from tests.helpers.reports import cell, codes, figures, period, reading, row

TEXT = """
    Revenue | 48,211 | 44,087
    Cost of sales | -30,172 | -28,450
    = Gross profit | 18,039 | 15,637"""
RESTATED = TEXT.replace("48,211", "48,311").replace("18,039", "18,139")
OLD = """
    Revenue | 44,087 | 40,112
    Cost of sales | -28,450 | -26,003
    = Gross profit | 15,637 | 14,109"""


def roles(*readings: Any) -> list[str]:
    result = compile_statement("income_statement", readings)
    assert result
    return [each.role for each in result.inputs]


def test_two_accessions_of_one_period_are_two_filings() -> None:
    facts = [
        reading(2023, text, kind="companyfacts", accession=number, form=number)
        for text, number in ((TEXT, "23-1"), (RESTATED, "23-2"))
    ]
    assert roles(*facts) == ["compiled", "compiled"]


def test_an_amendment_is_no_second_reading_of_what_it_amends() -> None:
    for amended in (
        reading(2023, RESTATED, kind="ixbrl", form="10-K/A"),
        reading(2023, RESTATED, kind="ixbrl", supersedes="0" * 64),
    ):
        result = compile_statement("income_statement", [reading(2023, TEXT), amended])
        assert result
        assert [each.role for each in result.inputs] == ["compiled"] * 2
        assert figures(result, "Revenue")["2023"] == "48311"


def test_a_reader_may_say_that_a_filing_amends_another() -> None:
    amended = reading(2023, RESTATED, kind="ixbrl")
    amended.statement.issues.append(Issue(code="amendment", message="it amends"))
    assert roles(reading(2023, TEXT), amended) == ["compiled"] * 2


def test_a_year_that_was_amended_twice_has_three_filings() -> None:
    first = reading(2023, RESTATED, form="10-K/A")
    second = reading(2023, RESTATED.replace("48,311", "48,411"), form="20-F/A", accepted=True)
    assert roles(reading(2023, TEXT), first, second) == ["compiled"] * 3


def test_reports_of_unknown_currency_that_share_nothing_stay_apart() -> None:
    result = compile_statement(
        "income_statement", [reading(2023, TEXT, currency=None), reading(2019, OLD, currency=None)]
    )
    assert result
    assert len(result.others) == 1


def test_facts_alone_are_compared_without_their_signs() -> None:
    facts = TEXT.replace("-", "")
    result = compile_statement(
        "income_statement", [reading(2023, TEXT), reading(2023, facts, kind="companyfacts")]
    )
    assert result
    assert (result.inputs[1].equal, result.inputs[1].different) == (6, 0)


def test_a_fact_of_the_notes_is_no_line_of_a_printed_statement() -> None:
    facts = reading(
        2022, f"{OLD}\n Depreciation | 1,234 | 1,111", kind="companyfacts", accepted=True
    )
    result = compile_statement("income_statement", [reading(2023, TEXT), facts])

    assert result
    assert "Depreciation" not in {each.label for each in result.rows}
    assert [(each.label, each.reason) for each in result.unplaced] == [
        ("Depreciation", "not_on_a_printed_statement")
    ]
    assert cell(result, "Revenue", "2021").v == 40112


def test_a_doubtful_reading_of_a_filing_that_is_there_lacks_nothing() -> None:
    doubtful = reading(2023, TEXT, kind="ixbrl", status="doubtful")
    result = compile_statement("income_statement", [reading(2023, TEXT), doubtful])
    assert codes(result) == ["doubtful_not_compared"]


def test_figures_that_show_two_scales_show_none() -> None:
    text = OLD.replace("44,087", "44,087,000").replace("28,450", "28,450,000")
    result = compile_statement(
        "income_statement",
        [reading(2023, TEXT), reading(2022, text, scale=None, accepted=True)],
    )
    assert codes(result) == ["scale_unknown_left_out"]


def test_a_second_reading_of_an_older_filing_leaves_newer_figures_alone() -> None:
    second = OLD.replace("44,087", "44,000")
    result = compile_statement(
        "income_statement",
        [reading(2023, TEXT), reading(2022, OLD), reading(2022, second, kind="llm", accepted=True)],
    )
    assert codes(result) == []
    assert row(result, "Revenue").cells["2022"].verified


def test_ids_are_unique_also_beside_a_label_with_a_number() -> None:
    rows: list[tuple[str, list[str], str]] = [
        ("Other", [], ""),
        ("Other", [], ""),
        ("Other 2", [], ""),
        ("", [], "NetIncome"),
    ]
    assert row_ids(rows) == ["other", "other-3", "other-2", "netincome"]
    assert row_ids([("その他", [], "line")]) == ["その他"]


def spanning(months: int, kind: SourceKind) -> Reading:
    """Return a report on the months to the end of 2023."""
    last = period("p0", date(2023, 13 - months, 1), date(2023, 12, 31))
    text = "\n".join(line.rpartition(" | ")[0] for line in TEXT.strip().splitlines())
    return reading(2023, text, kind=kind, periods=[last])


def test_a_half_year_to_one_day_is_no_second_reading_of_the_year() -> None:
    assert roles(spanning(12, "pdf"), spanning(6, "ixbrl")) == ["compiled"] * 2
    assert roles(spanning(12, "pdf"), spanning(12, "ixbrl")) == ["compiled", "second_reading"]


def test_amendments_of_two_days_are_two_filings_and_of_one_day_one() -> None:
    days = date(2024, 5, 2), date(2024, 6, 3)
    tagged, later, same = (
        reading(2023, text, kind=kind, form="10-K/A", filed=filed)
        for text, kind, filed in (
            (TEXT, "ixbrl", days[0]),
            (RESTATED, "pdf", days[1]),
            (TEXT, "pdf", days[0]),
        )
    )
    assert roles(tagged, later) == ["compiled"] * 2
    assert roles(tagged, same) == ["compiled", "second_reading"]


@pytest.mark.parametrize("unknown", ["currency", "framework", "scope"])
def test_what_one_report_does_not_say_is_known_from_the_other(unknown: str) -> None:
    silent: dict[str, Any] = {unknown: None}
    said: dict[str, Any] = {}
    for newer, older in ((said, silent), (silent, said)):
        readings = [reading(2023, TEXT, **newer), reading(2022, OLD, **older)]
        result = compile_statement("income_statement", readings)
        assert result
        assert result.others == []
        assert (result.framework, result.currency, result.scope) == ("ifrs", "USD", "consolidated")
