"""What two reports of one company say of the years that both state."""

import pytest

from app.pipeline.statement import Filing, Statement
from app.pipeline.verify import verify
from app.pipeline.verify.compare import compare
from tests.evaluation.damage import DAMAGES
from tests.evaluation.seeded_faults import GOAL, Noticed, seed_faults, table
from tests.helpers.accounts import (
    EARLIER_FLOW,
    EARLIER_INCOME,
    EARLIER_SHEET,
    a_year_earlier,
    flow,
    group,
    income,
    sheet,
)


def earlier(sheet_text: str = EARLIER_SHEET) -> list[Statement]:
    """Return the report of the year before, verified."""
    return verify(a_year_earlier([income(EARLIER_INCOME), sheet(sheet_text), flow(EARLIER_FLOW)]))


def later() -> list[Statement]:
    return verify(group())


def issues(statement: Statement) -> set[tuple[str, int | None, str | None]]:
    return {(each.code, each.row, each.period) for each in statement.issues}


def test_reports_that_agree_have_no_issues() -> None:
    for report in compare(earlier(), later()):
        assert [issues(each) for each in report] == [set(), set(), set()]


def test_a_figure_that_differs_is_named_in_both_reports() -> None:
    old = earlier(
        sheet_text=EARLIER_SHEET.replace("| 13,229", "| 12,229").replace("| 8,032", "| 9,032")
    )
    before, after = compare(old, later())

    named = ("differs_from_other_report", 5, "p0")
    assert named in issues(before[1])
    assert ("differs_from_other_report", 5, "p1") in issues(after[1])
    assert before[1].checks == old[1].checks


def test_a_figure_that_changed_with_its_total_is_restated() -> None:
    text = (
        EARLIER_SHEET.replace("13,229", "12,229")
        .replace("26,131", "25,131")
        .replace("77,731", "76,731")
    )
    text = text.replace("35,277", "34,277").replace("40,277", "39,277")
    before, after = compare(earlier(sheet_text=text), later())

    assert {code for code, _, _ in issues(after[1])} == {"restated"}
    assert {row for _, row, _ in issues(after[1])} == {5, 7, 8, 11, 12, 16}
    assert len(issues(before[1])) == 6


def test_a_line_that_the_other_report_has_not_is_named() -> None:
    text = EARLIER_SHEET.replace(
        "Goodwill | 12,480 | 12,480", "Goodwill | 12,000 | 12,000\n Brands | 480 | 480"
    )
    before, after = compare(earlier(sheet_text=text), later())

    assert ("not_in_other_report", 3, "p0") in issues(before[1])
    assert ("differs_from_other_report", 2, "p1") in issues(after[1])


def test_lines_that_were_renamed_and_moved_are_the_same() -> None:
    text = EARLIER_SHEET.replace("Inventories", "Stock of goods").replace(
        "Borrowings | 25,011 | 23,900\n", ""
    )
    text = text.replace("11,571\n", "11,571\n    Loans | 25,011 | 23,900\n")
    before, after = compare(earlier(sheet_text=text), later())

    assert issues(before[1]) == issues(after[1]) == set()


def test_exchanged_figures_of_renamed_lines_are_named() -> None:
    text = EARLIER_SHEET.replace("Inventories", "Inventories of goods").replace("Trade rec", "Rec")
    text = text.replace("8,032", "@").replace("13,229", "8,032").replace("@", "13,229")
    before, _ = compare(earlier(sheet_text=text), later())

    assert {row for _, row, _ in issues(before[1])} == {4, 5}


@pytest.mark.parametrize(
    "change", [{"currency": "EUR"}, {"scope": "parent"}, {"framework": "us-gaap"}]
)
def test_other_currencies_entities_and_frameworks_are_not_compared(change: dict[str, str]) -> None:
    new = verify([each.model_copy(update=change) for each in group()])
    _, after = compare(earlier(), new)

    assert after == new


def test_figures_in_another_scale_are_equal_after_rounding() -> None:
    text = "\n".join(line.replace(",", "") for line in EARLIER_SHEET.splitlines())
    (thousands,) = a_year_earlier([sheet(text)])
    for row, _, cell in thousands.cells():
        assert cell.v is not None
        assert row.kind in {"line", "total"}
        cell.v = cell.v * 1000 + 7
    thousands.scale = 3
    before, after = compare([thousands], later())

    assert issues(before[0]) == issues(after[1]) == set()


@pytest.fixture(scope="module")
def noticed() -> dict[str, Noticed]:
    filings = {
        "2023": Filing(kind="pdf", statements=group()),
        "2022": Filing(kind="pdf", statements=earlier()),
    }
    return seed_faults(filings, cells=3)


@pytest.mark.parametrize("kind", DAMAGES)
def test_each_kind_of_damage_is_noticed_with_the_neighbour(
    kind: str, noticed: dict[str, Noticed]
) -> None:
    found = noticed[kind]

    assert len(found.together) >= 6
    assert sum(found.together) >= GOAL * len(found.together), found.silent
    assert kind in table(noticed)


def test_damage_of_one_report_is_noticed_by_sums_but_for_exchanged_rows() -> None:
    noticed = seed_faults({"2023": Filing(kind="pdf", statements=group())}, cells=3)
    shares = {kind: sum(each.checkable) / len(each.checkable) for kind, each in noticed.items()}

    assert shares["two rows exchanged"] < shares["a digit"]
    assert all(shares[each] >= 0.9 for each in ("a sign", "times 1,000", "a digit"))
    assert not any(each.together for each in noticed.values())
