"""Columns in pairs, as British accounts print them: details in the inner, totals in the outer."""

import re
from collections.abc import Sequence
from dataclasses import replace

from app.pipeline.read.pdf.columns import Column
from app.pipeline.read.pdf.labels import Entry
from app.pipeline.read.pdf.layout import Layout

_FEWEST = 2  # figures of a column of a pair
_BOTH = 0.34  # of the rows of an inner column may have a figure in the outer one too
_YEAR = re.compile(r"(?<![0-9])(?:(?:19|20)[0-9]{2}|[0-9]{1,2}[./][0-9]{1,2}[./][0-9]{2})(?![0-9])")


def join_inner(layout: Layout, entries: Sequence[Entry]) -> tuple[list[Entry], dict[int, Column]]:
    """Return the rows with one figure a period, and the columns of values by number.

    A row with figures in both columns of a pair ends with the total of the rows above it: this
    is a row of its own, without a label.
    """
    columns = {index: layout.columns[index] for index in layout.values}
    pairs = _pairs(layout, entries)
    if not pairs:
        return list(entries), columns
    for inner, outer in pairs.items():
        columns[outer] = replace(columns[outer], x0=columns.pop(inner).x0)
    found: list[Entry] = []
    for entry in entries:
        details = {pairs[i]: tokens for i, tokens in entry.figures.items() if i in pairs}
        totals = {i: tokens for i, tokens in entry.figures.items() if i not in pairs}
        if details and totals:
            found.append(replace(entry, figures=details))
            found.append(replace(entry, label="", figures=totals, note=None, bold=False))
        else:
            found.append(replace(entry, figures=details or totals))
    return found, columns


def _pairs(layout: Layout, entries: Sequence[Entry]) -> dict[int, int]:
    """Return the outer column by the inner one; none unless all columns stand in pairs."""
    values = layout.values
    if len(values) % 2 or not values:
        return {}
    heads = [len(_YEAR.findall(line.text)) for line in layout.lines[: layout.start]]
    if max(heads, default=0) > len(values) // 2:
        return {}  # each column has a year of its own
    pairs = dict(zip(values[::2], values[1::2], strict=True))
    for inner, outer in pairs.items():
        details = {number for number, entry in enumerate(entries) if inner in entry.figures}
        totals = {number for number, entry in enumerate(entries) if outer in entry.figures}
        if min(len(details), len(totals)) < _FEWEST or len(details - totals) < _FEWEST:
            return {}
        if len(details & totals) > _BOTH * len(details):
            return {}
    return pairs
