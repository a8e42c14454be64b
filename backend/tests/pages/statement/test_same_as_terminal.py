"""The figures of a page are those of the terminal: each of them, with the same marks."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.cli.compiled_table import Grid, draw_grid, lay_out
from app.pages.statement.marks import MARKS, OF_TERMINAL
from app.pipeline.compile.build import compile_statement
from app.pipeline.compile.view import View, view_of
from app.pipeline.compiled import Compiled
from app.pipeline.show.marks import CHANGES
from app.pipeline.statement import StatementName
from tests.filings.decade import DEMO, DEMO_SEED, make_decade
from tests.filings.decade_readings import true_readings
from tests.helpers.compiled_years import typed_years
from tests.helpers.statement_pages import shown

ON_PAGE = {sign: MARKS[name].sign for sign, name in OF_TERMINAL.items()}
FIGURE = re.compile(r"[0-9,.()?—]*[ᶜˡᵘʳˢ±ᵐ*]*")
PAGE_ALONE = str.maketrans(dict.fromkeys("≈†‡", ""))
"""Marks that a terminal has not."""


@cache
def demo(name: StatementName) -> Compiled:
    """Return a statement of the demo company."""
    compiled = compile_statement(name, true_readings(make_decade(DEMO_SEED, DEMO)))
    assert compiled is not None
    return compiled


def in_terminal(compiled: Compiled, years: int | None, view: View) -> list[tuple[str, list[str]]]:
    """Return label and figures of each line that a terminal prints, in the marks of the page."""
    grid = lay_out(view_of(compiled, years=years, view=view), None, view)
    lines = list(draw_grid(grid, lambda text, *_: text))
    return list(_rows(grid, lines[1 + grid.dated :]))


def _rows(grid: Grid, lines: list[str]) -> Iterator[tuple[str, list[str]]]:
    label = ""
    for line in lines:
        label = f"{label} {line[: grid.label].strip()}".strip()
        figures = _figures(grid, line)
        if not all(FIGURE.fullmatch(each) for each in figures):  # a rule, or a heading
            label = ""
        elif any(figures):
            yield label, ["".join(ON_PAGE.get(each, each) for each in one) for one in figures]
            label = ""


def _figures(grid: Grid, line: str) -> list[str]:
    place = grid.label
    found = []
    for each in grid.measures:
        width = len(grid.gap) + each.all
        found.append("".join(line[place : place + width].split()))
        place += width
    return found


def on_page(compiled: Compiled, **options: Any) -> list[tuple[str, list[str]]]:
    page = shown(compiled, **options)
    kept = [n for n, year in enumerate(page.years) if _is_stated(page.rows, n)]
    return [
        (label.rstrip("'"), [figures[n].translate(PAGE_ALONE).replace("○", "") for n in kept])
        for label, figures in page.rows.items()
        if any(figures)
    ]


def _is_stated(rows: dict[str, list[str]], column: int) -> bool:
    return any(figures[column] for figures in rows.values())


@pytest.mark.parametrize("view", get_args(View))
@pytest.mark.parametrize("years", [5, None])
@pytest.mark.parametrize("name", get_args(StatementName))
def test_all_figures_of_the_demo_company(name: StatementName, years: int, view: View) -> None:
    compiled = demo(name)
    expected = in_terminal(compiled, years, view)
    assert len(expected) > 10
    found = on_page(compiled, years=years, view=view)
    assert [figures for _, figures in found] == [figures for _, figures in expected]
    for (label, _), (printed, _) in zip(found, expected, strict=True):
        assert printed.endswith(label.split("]")[0][-10:]) or label.endswith(printed[-10:])


FIGURES = st.sampled_from(
    ["", "-", "?", "0", "0.00", "-0.5", "1234.567", "-1234567", "12 < 13 restated", "7 < -7 sign"]
)
LINES = st.lists(
    st.tuples(st.sampled_from(["", "=", "%", "@", "~"]), st.lists(FIGURES, min_size=3, max_size=3)),
    min_size=1,
    max_size=6,
)


@settings(max_examples=25)
@given(LINES, st.sampled_from(get_args(View)))
def test_any_figures(lines: list[tuple[str, list[str]]], view: View) -> None:
    text = "\n".join(
        f"{kind}Line {n} | {' | '.join(figures)}" for n, (kind, figures) in enumerate(lines)
    )
    compiled = typed_years(text, years=[2023, 2022, 2021])
    expected = [figures for _, figures in in_terminal(compiled, 10, view)]
    grid = lay_out(view_of(compiled, view=view), None, view)
    page = shown(compiled, view=view)
    found = [[one.translate(PAGE_ALONE) for one in each] for each in page.rows.values()]
    assert len(page.rows) == len(grid.shown.rows)
    assert [each for each in found if any(each)] == expected


def test_each_mark_of_a_terminal_is_one_of_the_page() -> None:
    assert {*CHANGES.values()} <= {*OF_TERMINAL}
    assert len({each.sign for each in MARKS.values()}) == len(MARKS)
    assert len({each.id for each in MARKS.values()}) == len(MARKS)
