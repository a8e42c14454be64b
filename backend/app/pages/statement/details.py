"""What a mark stands for: what the figure was, and in which filing."""

from collections.abc import Collection, Iterator
from decimal import Decimal
from itertools import pairwise

from app.pages.statement.marks import Name
from app.pages.statement.words import Words, filing_of, outside, say
from app.pipeline.compiled import Change, Compiled, CompiledCell, Place
from app.pipeline.statement import RowKind
from app.services.change_words import describe_change


def figure_text(value: Decimal | None) -> str:
    """Return a figure with all its digits, negative in parentheses."""
    if value is None:
        return "illegible"
    text = f"{value.copy_abs():,f}"
    return f"({text})" if value < 0 else text


def details_of(
    names: Collection[Name],
    cell: CompiledCell,
    compiled: Compiled,
    kind: RowKind,
    *,
    is_rounded: bool,
) -> list[Words]:
    """Return a sentence for each thing that a reader has to know of a figure.

    Args:
        names: Its marks.
        cell: The figure.
        compiled: Its statement.
        kind: Of its line.
        is_rounded: Whether it is shown with fewer digits than its filing states.
    """
    found: list[Words] = []
    if cell.corrected:
        found.append(_correction(cell))
    if is_rounded:
        found.append(say(f"stated as {figure_text(cell.v)}, rounded here"))
    if cell.turned and cell.v:
        stated = figure_text(-cell.v)
        found.append(say(f"stated as {stated} in ", *_place(cell, compiled)))
    if "later" in names:
        found.append(say("first stated in ", *_place(cell, compiled)))
    if "unadjusted" in names:
        ratio = f" {cell.unadjusted}" if cell.unadjusted else ""
        found.append(say(f"before a{ratio} split; stated in ", *_place(cell, compiled)))
    found.extend(_history(cell, compiled, kind))
    return found


def _correction(cell: CompiledCell) -> Words:
    correction = cell.corrected
    assert correction is not None  # noqa: S101 the caller has seen it
    return say(
        f"read as {figure_text(correction.was)}; corrected by ",
        outside(correction.by),
        f" on {correction.on.day} {correction.on:%b %Y}, because: ",
        outside(correction.because),
    )


def _place(stated: Place, compiled: Compiled) -> Words:
    page = f", page {stated.page}" if stated.page else ""
    return say(*filing_of(compiled.inputs[stated.input]), page)


def _history(cell: CompiledCell, compiled: Compiled, kind: RowKind) -> Iterator[Words]:
    """Yield how each filing states a figure otherwise than the one before, the oldest first."""
    if cell.change == "none":
        return
    own = -cell.v if cell.turned and cell.v else cell.v
    every: list[tuple[Place, Decimal | None, Change]] = [
        (cell, own, cell.change),
        *((each, each.v, each.change) for each in cell.history),
    ]
    every.sort(key=lambda each: -each[0].input)  # the newest filing is 0
    for (older, before, change), (newer, after, _) in pairwise(every):
        if change == "none" or before == after:
            continue
        how = describe_change(change, before, after, kind)
        yield say(
            f"{how}: {figure_text(before)} in ",
            *_place(older, compiled),
            f", then {figure_text(after)} in ",
            *_place(newer, compiled),
        )
