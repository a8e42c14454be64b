"""Tables with two sides: assets on the left, equity and liabilities on the right."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from app.pipeline.read.ixbrl.figures import is_figure, is_label
from app.pipeline.read.ixbrl.layout import Line, Run

_FEWEST: Final = 3
_MOST: Final = 0.5
_FEWEST_RUNS: Final = 4
"""Two labels with a figure each."""


def split_sides(lines: Sequence[Line]) -> list[Line]:
    """Return the lines of the left side and then those of the right, of a table that has both.

    Args:
        lines: Of one table; those of any other table are returned as they are.
    """
    wide = [line for line in lines if len(line.runs) >= _FEWEST_RUNS]
    if len(wide) < _FEWEST:
        return list(lines)
    starts = Counter(x0 for line in wide if (x0 := _second_label(line)) is not None)
    x0, count = starts.most_common(1)[0] if starts else (0.0, 0)
    if count < _FEWEST or count < _MOST * len(wide):
        return list(lines)
    sides: tuple[list[Line], list[Line]] = ([], [])
    for line in lines:
        left = [run for run in line.runs if run.x0 < x0]
        right = [replace(run, x0=run.x0 - x0, x1=run.x1 - x0) for run in line.runs if run.x0 >= x0]
        if left:
            sides[0].append(replace(line, runs=left))
        if right:
            sides[1].append(replace(line, runs=right, indent=0, bold=False))
    return [*sides[0], *sides[1]]


def _second_label(line: Line) -> float | None:
    """Return the left edge of a label between two figures, behind the first label."""
    runs: list[Run] = line.runs
    if not is_label(runs[0]):
        return None
    figures = [at for at, run in enumerate(runs) if is_figure(run)]
    if not figures:
        return None
    between = [at for at in range(figures[0], figures[-1]) if is_label(runs[at])]
    return runs[between[0]].x0 if between else None
