"""Give a reading made elsewhere what its document says of the places of its figures.

A figure is right only in its line, under its headings, and in its year: what a reading says of
them is replaced as far as the document shows it.
"""

from collections.abc import Iterator

from app.pipeline.statement import Cell, Issue, Period, Row, Statement
from app.pipeline.verify.confirm import FACTS, Comparison
from app.pipeline.verify.vocabulary import normalise


def with_places(stated: Statement, result: Comparison) -> Statement:
    """Return a reading with the places, tags, headings and periods of the document.

    Those that it claims are discarded. A figure that the document does not show is unconfirmed.
    """
    return stated.model_copy(
        update={
            "rows": [_row(row, result) for row in stated.rows],
            "periods": [_period(each, result) for each in stated.periods],
        }
    )


def unplaced(stated: Statement, result: Comparison) -> list[Issue]:
    """Return the periods and headings of a reading that are not those of the document."""
    issues = []
    for own in stated.periods:
        shown = _shown_period(own, result)
        if shown is None:
            message = f"the document does not show the period {own.label[:40]!r}"
        elif own.fiscal_year not in {None, shown.fiscal_year} and shown.fiscal_year is not None:
            message = f"the document calls it fiscal {shown.fiscal_year}, not {own.fiscal_year}"
        else:
            continue
        issues.append(Issue(code="period_not_confirmed", message=message, period=own.key))
    return [*issues, *_other_headings(stated, result)]


def _other_headings(stated: Statement, result: Comparison) -> Iterator[Issue]:
    """Yield the headings that the document does not print directly above the same line."""
    above = _headings_above(result)
    if not above:
        return
    known = frozenset().union(*above.values())
    open_: list[Row] = []
    for row in stated.rows:
        if row.kind == "heading":
            open_.append(row)
            continue
        line = result.lines.get(row.n)
        here = above.get(id(line.row), known) if line else known
        yield from (_no_heading(each) for each in open_ if normalise(each.label) not in here)
        open_ = []
    yield from (_no_heading(each) for each in open_ if normalise(each.label) not in known)


def _no_heading(row: Row) -> Issue:
    message = f"the document does not have the heading {row.label[:80]!r} there"
    return Issue(code="heading_not_confirmed", message=message, row=row.n)


def _headings_above(result: Comparison) -> dict[int, frozenset[str]]:
    """Return the headings directly above each line of the printed statements, by its identity."""
    found: dict[int, frozenset[str]] = {}
    for shown in result.used:
        names: list[str] = []
        for row in shown.rows if shown.title != FACTS else ():
            if row.kind == "heading":
                names.append(normalise(row.label))
            else:
                found[id(row)] = frozenset(names)
                names = []
    return found


def _shown_period(own: Period, result: Comparison) -> Period | None:
    """Return the period as the document has it, of a printed column if there is one."""
    found = [
        each
        for shown, keys in zip(result.used, result.periods, strict=True)
        for each in sorted(shown.periods, key=lambda _: shown.title == FACTS)
        if each.key == keys.get(own.key)
    ]
    return found[0] if found else None


def _period(own: Period, result: Comparison) -> Period:
    shown = _shown_period(own, result)
    if shown is None:
        return own
    update = {"fiscal_year": shown.fiscal_year, "label": shown.label, "printed": shown.printed}
    if shown.fiscal_year is None:
        del update["fiscal_year"]
    if shown.end is None:  # the reading alone says when it is
        return own.model_copy(update=update)
    return own.model_copy(update={**update, "start": shown.start, "days": shown.days})


def _row(row: Row, result: Comparison) -> Row:
    line = result.lines.get(row.n)
    update: dict[str, object] = {
        "concept": line.row.concept if line else None,
        "anchor": line.row.anchor if line else None,
        "axes": line.row.axes if line else {},
        "cells": {key: _cell(row, key, cell, result) for key, cell in row.cells.items()},
    }
    if line is not None and line.shown.title != FACTS:
        update |= {"section": line.row.section, "level": line.row.level}
    return row.model_copy(update=update)


def _cell(row: Row, key: str, cell: Cell, result: Comparison) -> Cell:
    line = result.lines.get(row.n)
    if line is None or (row.n, key) not in result.found:
        return Cell(
            v=cell.v, printed=cell.printed, unconfirmed=True if cell.v is not None else None
        )
    there = line.row.cells[line.keys[key]]
    return Cell(v=cell.v, printed=there.printed, at=there.at, fact=there.fact, tagged=there.tagged)
