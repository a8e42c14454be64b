"""A compiled statement as a person reads it: its title, the years side by side, what to know."""

import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from rich.cells import cell_len

from app.cli.colours import Paint
from app.cli.compiled_missing import missing_of
from app.cli.compiled_notes import legend_of
from app.cli.compiled_table import READABLE, draw_grid, lay_out
from app.cli.text import plain, sentence, wrap
from app.pipeline.compile.view import View
from app.pipeline.compiled import Compiled
from app.pipeline.show.headings import measures_of, title_of
from app.pipeline.show.notes import proof_of
from app.pipeline.statement import Issue

MOST_ISSUES: Final = 4
BETWEEN: Final = "   "  # entries of a line
MARKED: Final = frozenset({"not_proved", "unreadable_figure"})
"""Codes of the issues that a mark beside the figure shows."""


@dataclass(frozen=True, slots=True)
class Page:
    """A statement to draw.

    Attributes:
        company: Its name.
        reference: The company as a command names it.
        shown: The years, figures and group that are asked for.
        stored: All of them.
    """

    company: str
    reference: str
    shown: Compiled
    stored: Compiled
    view: View = "latest"


def draw_statement(page: Page, width: int | None, paint: Paint) -> Iterator[str]:
    """Yield the lines of a statement.

    Args:
        page: The statement.
        width: Columns of the terminal, or None in a pipe, where all years are shown.
        paint: Colours a text.
    """
    shown = page.shown
    grid = lay_out(shown, width, page.view)
    prose = width or READABLE
    parts = [
        plain(page.company),
        title_of(shown),
        *measures_of(shown, grid.periods, page.view),
    ]
    title = _joined(parts, " · ", prose)
    yield from (paint(line, "bold") for line in title)
    yield ""
    yield from draw_grid(grid, paint)
    yield ""
    yield from _joined(legend_of(grid, page.view), BETWEEN, prose)
    notes = [*proof_of(grid.shown, grid.periods), *missing_of(shown, page.stored, grid, width)]
    for line in _joined(notes, BETWEEN, prose):
        yield line.replace("✓", paint("✓", "green"), 1)
    yield from _issues(page, prose, paint)


def _issues(page: Page, width: int, paint: Paint) -> Iterator[str]:
    """Yield the gravest issues in a line each, and where all of them are."""
    compiled = page.shown
    files = [each.file or each.sha256[:12] for each in compiled.inputs if each.status == "doubtful"]
    doubtful = [
        Issue(code="doubtful", message=f"accepted by a person, though doubtful: {file}")
        for file in dict.fromkeys(files)
    ]
    issues = [*doubtful, *(each for each in compiled.issues if each.code not in MARKED)]
    for issue in issues[:MOST_ISSUES]:
        first, *others = wrap(f"! {sentence(issue.message)}", width - 2)
        yield paint(first, "yellow")
        yield from (paint(f"  {line}", "yellow") for line in others)
    if len(issues) > MOST_ISSUES:
        check = f"fde check {shlex.quote(plain(page.reference))}"
        yield paint(f"! {len(issues) - MOST_ISSUES} more: {check}", "yellow")


def _joined(entries: Iterable[str], between: str, width: int) -> Iterator[str]:
    """Yield entries in lines; one that is too long for a line is wrapped."""
    line = ""
    for entry in entries:
        longer = f"{line}{between}{entry}" if line else entry
        if cell_len(longer) <= width:
            line = longer
            continue
        if line:
            yield line
        *whole, line = wrap(entry, width)
        yield from whole
    if line:
        yield line
