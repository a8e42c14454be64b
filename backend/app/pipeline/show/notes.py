"""How much of a statement is proved, and the splits that its figures tell of, in words."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Final

from app.pipeline.compiled import Compiled, CompiledCell, CompiledPeriod, Stated
from app.pipeline.plain import plain

NEARLY: Final = Decimal("0.02")
"""How far the ratio of rounded figures per share may be from a whole number."""


def splits_of(compiled: Compiled, periods: Sequence[CompiledPeriod]) -> str:
    """Return the splits of shares, with the first figure per share as example."""
    for row in compiled.rows:
        for period in periods:
            cell = row.cells.get(period.key)
            if row.kind == "per_share" and cell and cell.change == "split" and cell.history:
                splits = ", ".join(_splits(cell, compiled))
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


def proof_of(compiled: Compiled, periods: Sequence[CompiledPeriod]) -> list[str]:
    """Return how many of the figures shown are proved, and what contradicts them."""
    checks = [
        (period, compiled.checks[period.key]) for period in periods if period.key in compiled.checks
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
