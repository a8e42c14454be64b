"""Facts alone: those of the statement's face, and those of the notes."""

from app.pipeline.compile.build import compile_statement
from app.pipeline.compile.readings import Reading
from app.pipeline.compiled import Compiled
from tests.helpers.reports import cell, reading

FACTS = "companyfacts"
PRINTED = """
    Revenue | 48,211 | 44,087
    Staff | -30,172 | -28,450
    Other costs | -10,207 | -9,890
    = Operating profit | 7,832 | 5,747"""
OF_NOTES = """
    Revenue | {} | {}
    Staff | {} | {}
    Wages | {} | {}
    Pensions | {} | {}
    Other costs | {} | {}
    = Operating profit | {} | {}"""


def facts(year: int, text: str) -> Reading:
    """Return facts alone; the label of a row is its concept too."""
    read = reading(year, text, kind=FACTS, accession=f"0001-{year}", status="partly")
    for row in read.statement.rows:
        row.concept = f"us-gaap:{row.label}"
    return read


def compiled(*readings: Reading) -> Compiled:
    result = compile_statement("income_statement", readings)
    assert result is not None
    return result


def labels(result: Compiled) -> list[str]:
    return [each.label for each in result.rows]


def unplaced(result: Compiled) -> list[str]:
    return [each.label for each in result.unplaced]


def test_a_fact_between_the_terms_of_a_sum_that_holds_without_it_is_of_the_notes() -> None:
    text = PRINTED.replace("Other costs", "Depreciation | 1,234 | 1,117\nOther costs")
    result = compiled(facts(2023, text))

    assert "Depreciation" not in labels(result)
    assert unplaced(result) == ["Depreciation"]


def test_a_fact_that_a_subtotal_may_hold_is_kept() -> None:
    """Half of the terms of current assets are not known, so that no sum proves the others."""
    text = """
        Cash | 1,234 | 1,117
        = Current assets | 5,310 | 4,820
        Plant | 3,217 | 2,917
        = Non-current assets | 4,117 | 3,711
        = Total assets | 9,427 | 8,531"""
    read = reading(2023, text, "balance_sheet", kind=FACTS, accepted=True)
    assert read.statement.equations
    result = compile_statement("balance_sheet", [read])

    assert result is not None
    assert {"Cash", "Plant"} <= set(labels(result))
    assert unplaced(result) == []


def _with_breakdown() -> list[Reading]:
    newest = ("48,211", "44,087", "-30,172", "-28,450", "-25,117", "-24,013", "-5,055", "-4,437")
    older = ("44,087", "40,112", "-28,450", "-26,003", "-24,013", "-21,777", "-4,437", "-4,226")
    tails = ("-10,207", "-9,890", "7,832", "5,747"), ("-9,890", "-9,355", "5,747", "4,754")
    return [
        reading(2023, PRINTED, status="verified"),
        facts(2023, OF_NOTES.format(*newest, *tails[0])),
        facts(2022, OF_NOTES.format(*older, *tails[1])),
    ]


def test_a_breakdown_that_the_print_of_the_same_filing_has_not_is_of_the_notes() -> None:
    readings = _with_breakdown()
    wages = readings[2].statement.rows[2]
    wages.cells["p1"].by = ["e0"]  # a sum of the notes proves it
    result = compiled(*readings)

    assert labels(result) == ["Revenue", "Staff", "Other costs", "Operating profit"]
    assert sorted(set(unplaced(result))) == ["Pensions", "Wages"]


def test_a_sum_of_the_notes_is_no_proof() -> None:
    """An equation with lines that are not shown cannot be tested by a reader."""
    readings = _with_breakdown()
    rows = {each.label: each for each in readings[2].statement.rows}
    (sum_of_notes,) = [
        each for each in readings[2].statement.equations if each.total == rows["Operating profit"].n
    ]
    readings[2].statement.equations = [
        sum_of_notes.model_copy(update={"total": 1, "terms": [(1, 2), (1, 3)]})
    ]
    for each in readings[2].statement.rows:
        each.cells["p1"].by = [sum_of_notes.id] if each.n in {1, 2, 3} else []
    result = compiled(*readings)

    staff = cell(result, "Staff", "2021")
    assert (staff.verified, staff.own) == (False, [])


def test_a_zero_of_the_notes_takes_no_proof_from_a_sum() -> None:
    text = PRINTED.replace("Other costs", "Impairment | 0 | 0\nOther costs")
    older = text.replace("48,211", "44,087").replace("30,172", "28,450")
    older = older.replace("10,207", "9,890").replace("7,832", "5,747")
    older = older.replace("44,087\n", "40,112\n").replace("-28,450\n", "-26,003\n")
    older = older.replace("-9,890\n", "-9,355\n")
    read = facts(2022, older.replace("| 5,747 | 5,747", "| 5,747 | 4,754"))
    total = read.statement.rows[-1].n
    (summed,) = [each for each in read.statement.equations if each.total == total]
    summed.terms.append((1, 2))
    result = compiled(reading(2023, PRINTED, status="verified"), read)

    assert "Impairment" not in labels(result)
    assert cell(result, "Operating profit", "2021").by
