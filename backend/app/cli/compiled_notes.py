"""The meaning of the marks of a compiled statement, which stands below it."""

from app.cli.compiled_table import Grid
from app.pipeline.compile.view import View
from app.pipeline.show.marks import (
    CHANGES,
    CORRECTED,
    LATER,
    UNADJUSTED,
    UNPROVED,
    UNREADABLE,
)
from app.pipeline.show.notes import splits_of


def legend_of(grid: Grid, view: View) -> list[str]:
    """Return the meaning of each mark that occurs."""
    marks = {
        mark for column in grid.columns for each in column.drawn.values() for mark in each.after
    }
    later = " in a later report" if view == "original" else ""
    earlier = "" if view == "original" else ": first reported otherwise"
    legend = {
        CHANGES["restated"]: f"restated{later}{earlier}",
        CHANGES["split"]: _split(grid, view),
        CHANGES["sign"]: f"sign changed{later}{earlier}",
        CHANGES["reclassified"]: f"moved between lines of one sum{later}{earlier}",
        UNADJUSTED: "not adjusted for the split: no later report states it",
        LATER: "first stated in a later report",
        CORRECTED: "corrected by a person",
        UNPROVED: "in no sum that holds",
    }
    entries = [f"{mark} {meaning}" for mark, meaning in legend.items() if mark in marks]
    drawn = [each for column in grid.columns for each in column.drawn.values()]
    if any(each.digits == UNREADABLE for each in drawn):
        entries.append(f"{UNREADABLE} a figure stands there, and cannot be read")
    if any(each.is_rounded for each in drawn):
        entries.append("older figures with more digits are rounded here, not in csv and json")
    return entries


def _split(grid: Grid, view: View) -> str:
    """Return the meaning of the mark of a split, with the first figure per share as example."""
    if view == "original":
        return "before a split: a later report states it adjusted"
    return splits_of(grid.shown, grid.periods)
