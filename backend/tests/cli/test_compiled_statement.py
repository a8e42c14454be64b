"""Years side by side as a person reads them: at 80 and 100 columns, and in a pipe."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from app.cli.compiled_statement import Page, draw_statement
from app.pipeline.compile.view import view_of
from app.pipeline.compiled import Break, Compiled, Corrected, Gap, Stated, Unplaced
from app.pipeline.statement import Issue
from tests.helpers.compiled_years import period, prove, typed_years

SUMS = {"Total net sales": ["Products", "Services"], "Gross margin": ["Total net sales", "Cost"]}
TEXT = """
    # Net sales:
    >Products | 298085 | 316199 | 297392 | 220747 | 213883 < 213884 restated | 225847
    >Services | 85200 | 78129 | 68425 | 53768 | 46291 | 39748
    >=Total net sales | 383285 | 394328 | 365817 | 274515 | 260174 | 265595
    Cost | -214137 | -223546 | -212981 | -169559 | -161782 | -163756
    =Gross margin | 169148 | 170782 | 152836 | 104956 | 98392 | 101839
    Other income/(expense), net | -565 | - | 258 | ? | 1807
    # Earnings per share:
    >%Diluted | 6.13 | 6.11 | 5.61 | 3.28 | 2.97 < 11.89 split | 11.91 / 4:1
"""
ALL = """\
Apple Inc. · Consolidated statements of operations · USD million · US GAAP · years to 31 December
6 reports

                              FY2023     FY2022     FY2021     FY2020     FY2019     FY2018
Net sales:
  Products                   298,085    316,199    297,392    220,747    213,883ʳ   225,847
  Services                    85,200     78,129     68,425     53,768     46,291     39,748
                            ────────   ────────   ────────   ────────   ────────   ────────
  Total net sales            383,285    394,328    365,817    274,515    260,174    265,595
Cost                        (214,137)  (223,546)  (212,981)  (169,559)  (161,782)  (163,756)
                            ────────   ────────   ────────   ────────   ────────   ────────
Gross margin                 169,148    170,782    152,836    104,956     98,392    101,839
Other income/(expense), net     (565)*        —*       258*         ?      1,807*
Earnings per share:
  Diluted [USD/share]           6.13       6.11       5.61       3.28       2.97ˢ     11.91ᵘ

ʳ restated: first reported otherwise
ˢ split 4:1 before FY2020's report (FY2019 first reported 11.89)
ᵘ not adjusted for the split: no later report states it   * in no sum that holds
? a figure stands there, and cannot be read
✓ 30 of 35 figures proved by sums
"""
AT_80 = """\
Apple Inc. · Consolidated statements of operations · USD million · US GAAP
years to 31 December · 6 reports

                            FY2023     FY2022     FY2021     FY2020     FY2019
Net sales:
  Products                 298,085    316,199    297,392    220,747    213,883ʳ
  Services                  85,200     78,129     68,425     53,768     46,291
                          ────────   ────────   ────────   ────────   ────────
  Total net sales          383,285    394,328    365,817    274,515    260,174
Cost                      (214,137)  (223,546)  (212,981)  (169,559)  (161,782)
                          ────────   ────────   ────────   ────────   ────────
Gross margin               169,148    170,782    152,836    104,956     98,392
Other income/(expense),
  net                         (565)*        —*       258*         ?      1,807*
Earnings per share:
  Diluted [USD/share]         6.13       6.11       5.61       3.28       2.97ˢ

ʳ restated: first reported otherwise
ˢ split 4:1 before FY2020's report (FY2019 first reported 11.89)
* in no sum that holds   ? a figure stands there, and cannot be read
✓ 25 of 30 figures proved by sums
FY2018 not shown: 80 columns; --years 6 --format csv has all
"""


def drawn(
    stored: Compiled, width: int | None = 80, reference: str = "AAPL", **asked: Any
) -> list[str]:
    """Return the lines of a view."""
    shown = view_of(stored, **asked)
    page = Page("Apple Inc.", reference, shown, stored, asked.get("view", "latest"))
    return list(draw_statement(page, width, lambda text, _: text))


def line_of(lines: list[str], label: str) -> str:
    return next(line for line in lines if line.strip().startswith(label))


def text_of(lines: list[str]) -> str:
    return " ".join(" ".join(lines).split())


def test_all_years_stand_side_by_side_where_they_fit() -> None:
    assert drawn(typed_years(TEXT, SUMS), 100) == ALL.splitlines()
    assert drawn(typed_years(TEXT, SUMS), None) == ALL.splitlines()


def test_the_newest_years_that_fit_are_shown_and_the_others_named() -> None:
    assert drawn(typed_years(TEXT, SUMS)) == AT_80.splitlines()


def test_figures_as_first_reported_have_marks_of_their_own() -> None:
    lines = drawn(typed_years(TEXT, SUMS), 120, view="original")
    assert "as first reported" in lines[1]
    assert line_of(lines, "Products").split()[5] == "213,884ʳ*"
    assert line_of(lines, "Diluted").split()[-2:] == ["11.89ˢ", "11.91ᵘ"]
    assert "ʳ restated in a later report   ˢ before a split" in "\n".join(lines)


def test_a_total_that_a_sum_proves_is_ruled_whatever_its_label() -> None:
    stored = typed_years("Net income | 5\nOther | 2\nCash generated | 7\nPaid | 1", years=[2023])
    prove(stored, {"Cash generated": ["Net income", "Other"]})
    lines = drawn(stored)
    assert lines[lines.index("Cash generated       7") - 1].strip() == "──────"
    assert sum("─" in line for line in lines) == 1


def test_a_heading_is_not_deeper_than_its_rows() -> None:
    stored = typed_years("# LIABILITIES\n# Current:\n>Debt | 5")
    stored.rows[0].level = 5
    assert "LIABILITIES" in drawn(stored)


def test_every_split_is_told() -> None:
    stored = typed_years("%Basic | 1 | 1 | 1\nSales | 1 | 1 | 1")
    cell = stored.rows[0].cells["2021"]
    cell.input, cell.change = 0, "split"
    cell.history = [
        Stated(v=v, label="Basic", change="split", input=n, row=0, period="p0")
        for n, v in ((2, Decimal(8)), (1, Decimal(2)))
    ]
    text = text_of(drawn(stored))
    assert "split 4:1 before FY2022's report, 2:1 before FY2023's report (FY2021 first" in text


def test_a_line_that_the_years_own_report_does_not_state_is_marked_in_the_original_view() -> None:
    stored = typed_years("Sales | 5 | 4\nOther | 2 | 1")
    stored.rows[1].cells["2022"].history = []
    lines = drawn(stored, view="original")
    assert line_of(lines, "Other").split() == ["Other", "2*", "1ˡ*"]
    assert "ˡ first stated in a later report" in text_of(lines)
    assert "ˡ" not in text_of(drawn(stored))


def test_lines_that_newer_reports_break_down_otherwise_are_in_the_original_view() -> None:
    stored = typed_years("Sales | 5 | 4\nOther |  | 1")
    row = stored.rows[1]
    stated = Stated(**row.cells.pop("2022").history[0].model_dump())
    row.replaced = {"2022": [stated]}
    lines = drawn(stored)
    assert not any(line.startswith("Other") for line in lines)
    assert "1 line is broken down otherwise by newer reports: --view original" in text_of(lines)
    assert line_of(drawn(stored, view="original"), "Other").split() == ["Other", "1ᵐ*"]


def test_marks_are_explained_only_where_they_are_shown() -> None:
    stored = typed_years("=Sales | 5 | 4\n=Sum | 5 | 4", {"Sum": ["Sales"]})
    assert drawn(stored)[-1] == "✓ 4 of 4 figures proved by sums"
    assert drawn(stored)[-2] == ""


@pytest.mark.parametrize(
    ("change", "mark"), [("sign", "4±*"), ("reclassified", "4ᵐ*"), ("rounding", "4*")]
)
def test_each_kind_of_change_has_its_mark(change: str, mark: str) -> None:
    lines = drawn(typed_years(f"Sales | 5 | 4 < 3 {change}"))
    assert line_of(lines, "Sales").split()[-1] == mark


def test_a_corrected_figure_is_marked() -> None:
    stored = typed_years("Sales | 5")
    corrected = Corrected(was=Decimal(6), because="a slip", by="me", on=date(2026, 1, 1))
    stored.rows[0].cells["2023"].corrected = corrected
    assert "5ᶜ*" in line_of(drawn(stored), "Sales")
    assert "ᶜ corrected by a person" in text_of(drawn(stored))


def test_a_figure_of_any_length_has_all_its_digits() -> None:
    digits = "1234567890" * 4
    printed = f"{int(digits):,}"
    assert f"{printed}*" in line_of(drawn(typed_years(f"Sales | {digits}"), None), "Sales")
    assert f"({printed})*" in line_of(drawn(typed_years(f"Loss | -{digits}"), None), "Loss")
    finer = typed_years(f"Sales | 5 | {digits}.0000009")
    assert f"{printed}.000001*" in line_of(drawn(finer, None), "Sales")


def test_decimals_are_aligned_and_those_of_other_scales_are_rounded() -> None:
    stored = typed_years(
        """
        Sales | 1250 | 1300.5 | 1222.437
        Loss | -0.4 | -12.5 | 7
        %Basic | 0.12 | 0.125 | 1.1
        @Shares | 10000 | 9000 | 8000.456
        """
    )
    lines = [line.rstrip() for line in drawn(stored)]
    assert lines[4:8] == [
        "Sales                    1,250*    1,300.5*  1,222.4*",
        "Loss                        (0.4)*   (12.5)*     7*",
        "Basic [USD/share]           0.12     0.125      1.10",
        "Shares [thousand shares]  10,000     9,000     8,000",
    ]
    assert "older figures with more digits are rounded here" in text_of(lines)


def test_days_are_shown_where_years_end_on_several() -> None:
    stored = typed_years("Sales | 5 | 4 | 3")
    for each, end in zip(stored.periods, ("2024-02-03", "2023-01-28", "2022-01-29"), strict=True):
        each.end = date.fromisoformat(end)
    lines = drawn(stored)
    assert "years to" not in text_of(lines)
    assert lines[3:5] == [
        "         FY2023      FY2022      FY2021",
        "       3 Feb 24   28 Jan 23   29 Jan 22",
    ]


def test_a_short_period_is_named_and_not_called_a_year() -> None:
    stored = typed_years("Sales | 5 | 4 | 3")
    stored.periods[1] = period(2022, 1, label="6 months to 2022-12-31", regular=False, key="2022")
    lines = drawn(stored)
    assert lines[3:5] == [
        "       FY2023    6 months   FY2021",
        "       31 Dec   31 Dec 22   31 Dec",
    ]
    assert (
        "6 months to 2022-12-31: not a whole year to the usual day, and not counted as one"
        in text_of(lines)
    )


def test_what_is_missing_stands_below_in_short() -> None:
    other = typed_years("Sales | 9", years=[2012], framework="ifrs", currency="EUR")
    sales = " | ".join("5" for _ in range(12))
    stored = typed_years(
        f"Sales | {sales}",
        gaps=[Gap(fiscal_year=2017, reason="no report"), Gap(fiscal_year=2016, reason="no report")],
        breaks=[Break(between=("2018", "2019"), reason="fiscal year to 30 June, then to 31 May")],
        unplaced=[Unplaced(input=0, row=3, label="x", reason="y")],
        issues=[Issue(code=f"c{n}", message=f"message {n}") for n in range(6)],
        others=[other],
    )
    stored.inputs[0].status = "doubtful"
    text = text_of(drawn(stored, 200, reference="A B"))
    for part in (
        "FY2017, FY2016 missing: no report",
        "FY2018 and FY2019 are not comparable: fiscal year to 30 June, then to 31 May",
        "older: FY2012–FY2013 (--years all)",  # noqa: RUF001 an en dash
        "also IFRS in EUR, FY2012: --framework ifrs --currency EUR",
        "1 line of a report has no place among these",
        "! Accepted by a person, though doubtful: report-2023.pdf",
        "! Message 2 ! 3 more: fde check 'A B'",
    ):
        assert part in text


def test_a_check_that_fails_is_named_with_its_year() -> None:
    stored = typed_years("Sales | 5 | 4")
    stored.checks["2022"].balance = "fail"
    assert "FY2022: balance sheet does not close" in text_of(drawn(stored))


def test_nothing_proved_has_no_check_mark() -> None:
    assert "0 of 2 figures proved by sums" in drawn(typed_years("Sales | 5 | 4"))


def test_long_labels_are_wrapped_and_hostile_ones_harmless() -> None:
    stored = typed_years("Sales | 5 | 4 | 3 | 2 | 1 | 0 | 9 | 8 | 7\nb | 1\nc | 2")
    stored.rows[0].label = "Common stock and additional paid-in capital, " * 5
    stored.rows[1].label = "\x1b[31m現金及び現金同等物の期末残高、連結\u202e子会社を含む"
    stored.rows[2].label = " "
    lines = drawn(stored, 60)
    first = next(n for n, line in enumerate(lines) if line.startswith("Common"))
    assert lines[first + 3].split()[-5:] == ["paid-i…", "5*", "4*", "3*", "2*"]
    text = "\n".join(lines)
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert line_of(lines, "(no label)")
    assert max(map(cell_len, lines)) <= 60


def test_titles_in_capitals_and_missing_ones_are_readable() -> None:
    assert "· Consolidated statements of operations ·" in drawn(typed_years("Sales | 5"))[0]
    stored = typed_years("Sales | 5", title=None, framework=None, currency=None, scope="parent")
    assert text_of(drawn(stored)[:2]).startswith(
        "Apple Inc. · Income statement · currency not known million · framework not known "
        "parent company alone"
    )


def test_a_heading_has_the_width_of_the_table() -> None:
    heading = "Adjustments to reconcile net income to cash generated by operations:"
    assert heading in drawn(typed_years(f"# {heading}\nSales | 5 | 4 | 3 | 2 | 1 | 100000"))


CELLS = st.one_of(
    st.just(""),
    st.just("-"),
    st.just("?"),
    st.decimals(-(10**9), 10**9, places=2, allow_nan=False).map(lambda each: f"{each:f}"),
)


@given(
    st.lists(st.tuples(st.text(max_size=60), st.lists(CELLS, min_size=3, max_size=3)), min_size=1),
    st.integers(40, 200),
)
def test_no_line_is_wider_than_the_terminal(rows: list[tuple[str, list[str]]], width: int) -> None:
    stored = typed_years("\n".join(f"row{n} | {' | '.join(c)}" for n, (_, c) in enumerate(rows)))
    for row, (label, _) in zip(stored.rows, rows, strict=True):
        row.label = label
    stored = prove(stored, {})
    assert max(map(cell_len, drawn(stored, width))) <= width
