"""Merging reports into lines: nothing is lost, and blocks are not torn apart."""

import random
import time
from dataclasses import replace

import pytest

from app.pipeline.compile.merge import merge
from tests.pipeline.compile.reports import NEWER, OLDER, SHEET, Report, changed, merged, shown


def test_nothing_is_merged_from_no_report() -> None:
    assert merge([]) == []


def test_equal_rows_are_one_line_in_the_newest_order() -> None:
    lines = merged(NEWER, OLDER)

    assert [list(each.rows) for each in lines] == [[0, 1]] * 5
    assert {each.evidence[1] for each in lines} == {"values"}
    assert [each.newest.label for each in lines][:2] == ["Revenue", "Cost of sales"]


def test_a_moved_line_is_joined_and_nothing_else_is_torn_apart() -> None:
    text = """
    Revenue | 4,820 | 4,410
    Selling expenses | -580 | -540
    Cost of sales | -2,930 | -2,700
    = Gross profit | 1,890 | 1,710
    = Operating profit | 1,310 | 1,170
    """
    assert shown(merged(NEWER, replace(OLDER, text=text))) == shown(merged(NEWER, OLDER))


def test_a_dropped_line_stays_in_its_block() -> None:
    lines = merged(
        NEWER,
        changed(
            ("Cost of sales | -2,930 | -2,700", "Materials | -930 | -900\nWages | -2,000 | -1,800")
        ),
    )

    assert shown(lines)[:5] == [
        "Revenue | Revenue",
        "- | Materials",
        "- | Wages",
        "Cost of sales | -",
        "Gross profit | Gross profit",
    ]


def test_other_three_times_stays_apart_without_shared_years() -> None:
    lines = merged(SHEET, replace(SHEET, year=2019))

    assert len(lines) == len(SHEET.numbered(0).statement.rows)
    assert all(each.rows[0].n == each.rows[1].n for each in lines)


def test_other_of_another_section_is_another_line() -> None:
    old = changed(("Other | 14 | 14\n", ""), ("Other | 141 | 151\n", ""), base=SHEET)
    lines = merged(changed(("Other | 414 | 421\n", ""), base=SHEET), replace(old, year=2019))
    others = [each for each in lines if each.newest.label == "Other"]

    assert [list(each.rows) for each in others] == [[1], [0], [0]]
    assert [each.section for each in others] == [
        ["Assets", "Non-current assets"],
        ["Assets", "Current assets"],
        ["Equity and liabilities", "Liabilities"],
    ]


def test_an_old_line_is_placed_below_the_renamed_heading_of_its_block() -> None:
    old = changed(
        ("## Current assets", "## Short-term items"),
        ("Inventories | 612 | 633", "Inventories | 633 | 640\nPrepaid taxes | 77 | 78"),
        ("Other | 141 | 151", "Other | 151 | 161"),
        ("Total current assets | 753 | 784", "Total current assets | 784 | 801"),
        base=SHEET,
    )
    lines = merged(SHEET, replace(old, year=2022))
    labels = [each.newest.label for each in lines]
    at = labels.index("Prepaid taxes")

    assert labels[at - 1 : at + 2] == ["Inventories", "Prepaid taxes", "Other"]
    assert lines[at].section == ["Assets", "Current assets"]
    assert "Current assets | Short-term items" in shown(lines)


def test_an_old_line_between_those_of_a_new_block_is_of_that_block() -> None:
    newer = Report(
        2023,
        "# Non-current assets\nLand | 5,310 | 5,121\nOther | 410 | 421\n= Total | 5,720 | 5,542",
        name="balance_sheet",
    )
    flat = Report(2022, "Land | 5,121 | 5,001\nGoodwill | 77 | 83\nOther | 421 | 433")
    lines = merged(newer, flat)

    assert [each.newest.label for each in lines][1:4] == ["Land", "Goodwill", "Other"]
    assert [each.section for each in lines][1:4] == [["Non-current assets"]] * 3


def test_a_missing_report_in_between_is_bridged_by_the_label() -> None:
    lines = merged(NEWER, replace(OLDER, year=2018), replace(OLDER, year=2017))

    assert [sorted(each.rows) for each in lines] == [[0, 1, 2]] * 5


def test_a_row_of_two_lines_shows_that_they_are_one() -> None:
    tagged = "us-gaap:AccountsReceivableNetCurrent"
    newest = Report(2023, "Accounts receivable | 5,310", {"Accounts receivable": tagged})
    renamed = Report(2019, "Amounts due from customers | 4,020 | 4,133")
    oldest = Report(2018, "Receivables, trade | 4,133 | 4,012", {"Receivables, trade": tagged})

    assert len(merged(newest, renamed)) == 2
    (line,) = merged(newest, renamed, oldest)
    assert line.newest.label == "Accounts receivable"


def test_a_row_unites_no_lines_that_one_report_has() -> None:
    tagged = "us-gaap:AccountsReceivableNetCurrent"
    text = "Accounts receivable | 5,310 | 5,001\nAmounts due | 4,020 | 4,133"
    oldest = Report(2022, "Receivables, trade | 4,133 | 4,012", {"Receivables, trade": tagged})
    lines = merged(Report(2023, text, {"Accounts receivable": tagged}), oldest)

    assert len(lines) == 2


def test_thousands_of_rows_of_one_name_take_no_minutes() -> None:
    text = "\n".join("Other | 7 | 7" for _ in range(600))
    started = time.process_time()
    lines = merged(Report(2023, text), Report(2022, text))

    assert len(lines) == 600
    assert time.process_time() - started < 10


@pytest.mark.parametrize("seed", range(12))
def test_random_reports_lose_no_row_and_join_no_two_of_one_report(seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311 - not for secrets
    labels = ["Other", "Sales", "Costs", "Trade receivables", "Cash", "Other income", "Taxes"]

    def text() -> str:
        rows = []
        for _ in range(rng.randint(0, 15)):
            kind = rng.choice(["", "", "", "= ", "~ ", "% ", "# ", "## "])
            figures = " | ".join(str(rng.choice([0, 7, 12, 1234, -1234])) for _ in range(3))
            rows.append(f"{kind}{rng.choice(labels)}" + ("" if "#" in kind else f" | {figures}"))
        return "\n".join(rows)

    reports = [Report(2023 - i, text()) for i in range(6)]
    assert merged(*reports) == merged(*reports)  # merged() counts the rows


def test_the_result_does_not_depend_on_chance() -> None:
    reports = (SHEET, replace(SHEET, year=2022))
    statements = [each.numbered(number) for number, each in enumerate(reports)]

    assert merge(statements) == merge(statements)


def test_a_line_of_an_older_report_is_indented_as_the_newer_block_that_takes_it_in() -> None:
    older = changed(
        ("Inventories | 612 | 633", "Inventories | 633 | 640\nPrepaid taxes | 77 | 78"), base=SHEET
    )
    newest, oldest = SHEET.numbered(0), replace(older, year=2022).numbered(1)
    for numbered, indent in ((newest, 1), (oldest, 3)):
        for row in numbered.statement.rows:
            row.level = indent * len(row.section)
    lines = {each.newest.label: each for each in merge([newest, oldest])}

    assert lines["Prepaid taxes"].newest.level == 6
    assert lines["Prepaid taxes"].level == lines["Inventories"].newest.level == 2
    assert lines["Inventories"].level is None
