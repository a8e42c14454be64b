"""What stands above and below a compiled statement: its title, its marks and its proof."""

from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise
from typing import Final

from app.cli.compiled_figures import CHANGES, CORRECTED, LATER, MONTHS, UNADJUSTED
from app.cli.compiled_table import Grid, has_one_day
from app.cli.figures import UNPROVED, UNREADABLE
from app.cli.text import plain
from app.pipeline.compile.view import View
from app.pipeline.compiled import Compiled, CompiledCell, Stated
from app.pipeline.wording import framework_name, unit_name

NEARLY: Final = Decimal("0.02")
"""How far the ratio of rounded figures per share may be from a whole number."""


def title_of(company: str, compiled: Compiled, grid: Grid, view: View) -> list[str]:
    """Return the parts of the title line."""
    title = plain(compiled.title or compiled.statement.replace("_", " "))
    title = title.lower() if title.isupper() else title
    reports = len(_reports(compiled))
    framework = compiled.framework
    return [
        plain(company),
        title[:1].upper() + title[1:],
        unit_name(compiled.currency, compiled.scale),
        framework_name(framework) if framework else "framework not known",
        *(["parent company alone"] if compiled.scope == "parent" else []),
        *_year_end(compiled, grid),
        f"{reports} report{'s' * (reports != 1)}",
        *(["as first reported"] if view == "original" else []),
    ]


def _reports(compiled: Compiled) -> set[tuple[str, str | None]]:
    """Return the filings that state a figure shown."""
    used = {
        each.input
        for row in compiled.rows
        for cell in row.cells.values()
        for each in (cell, *cell.history)
    }
    inputs = (compiled.inputs[number] for number in used)
    return {(each.sha256, each.accession) for each in inputs}


def _year_end(compiled: Compiled, grid: Grid) -> list[str]:
    if not has_one_day(grid.periods):
        return []
    end = grid.periods[0].end
    preposition = "at" if compiled.statement == "balance_sheet" else "years to"
    return [f"{preposition} {end.day} {MONTHS[end.month]}"]


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
    for row in grid.shown.rows:
        for period in grid.periods:
            cell = row.cells.get(period.key)
            if row.kind == "per_share" and cell and cell.change == "split" and cell.history:
                splits = ", ".join(_splits(cell, grid.shown))
                first = cell.history[0].v
                return f"split {splits} ({plain(period.label)} first reported {first})"
    return "adjusted for a split"


def _splits(cell: CompiledCell, compiled: Compiled) -> Iterator[str]:
    """Yield the splits between the filings that state a figure per share, the oldest first."""
    stated: list[Stated | CompiledCell] = [*cell.history, cell]
    for older, newer in pairwise(stated):
        if older.change != "split":
            continue
        year = compiled.inputs[newer.input].fiscal_year
        since = f"before FY{year}'s report" if year else "before a later report"
        yield f"{_ratio(older.v, newer.v)}{since}"


def _ratio(older: Decimal | None, newer: Decimal | None) -> str:
    """Return the ratio of a split of shares, such as `4:1 `; nothing where it is no whole one."""
    if not older or not newer:
        return ""
    for quotient, text in ((older / newer, "{}:1 "), (newer / older, "1:{} ")):
        whole = round(quotient)
        if whole > 1 and abs(quotient / whole - 1) < NEARLY:
            return text.format(whole)
    return ""


def proof_of(grid: Grid) -> list[str]:
    """Return how many of the figures shown are proved, and what contradicts them."""
    compiled = grid.shown
    checks = [
        (period, compiled.checks[period.key])
        for period in grid.periods
        if period.key in compiled.checks
    ]
    verified = sum(each.verified for _, each in checks)
    checkable = sum(each.checkable for _, each in checks)
    parts = [f"{'✓ ' if verified else ''}{verified} of {checkable} figures proved by sums"]
    if equal := sum(each.equal for each in compiled.inputs):
        parts.append(f"{equal} read alike in another file of the same filing")
    for period, each in checks:
        for name, result in (("balance sheet", each.balance), ("cash", each.cash)):
            if result == "fail":
                parts.append(f"{plain(period.label)}: {name} does not close")
    return parts
