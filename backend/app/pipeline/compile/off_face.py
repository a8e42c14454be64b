"""Facts that are not on the face of a statement: figures of the notes, among facts alone."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

from app.pipeline.compile.entry import UNPRINTED, Entry
from app.pipeline.compile.lines import Line
from app.pipeline.compile.second_reading import Comparison
from app.pipeline.statement import Row, Statement

OFF_FACE: Final = "not_on_a_printed_statement"
"""A fact that no printed statement has, and no sum proves: one of the notes."""
_UNSUMMED: Final = frozenset({"heading", "per_share", "shares"})


def without_notes(
    lines: Sequence[Line], ranked: Sequence[Entry], second: Mapping[Entry, Comparison]
) -> tuple[list[Line], list[Line]]:
    """Return the lines, and those of facts alone that are figures of the notes.

    Facts alone do not tell a figure of the statement's face from one of the notes. One that a
    printed statement has is on the face. Another one is of the notes if no sum proves it; if the
    nearest filing that is there in print and in facts has it among its facts alone; or, where no
    filing is printed, if it stands between the terms of a sum that holds without it. Figures per
    share and numbers of shares are kept, for no sum proves any of them.

    Args:
        lines: Rows by rank.
        ranked: The filings.
        second: What further readings of filings say.
    """
    noted = _noted_concepts(second)
    kept: list[Line] = []
    left: list[Line] = []
    for line in lines:
        if line.newest.kind in _UNSUMMED or any(
            ranked[rank].kind not in UNPRINTED for rank in line.rows
        ):
            kept.append(line)
            continue
        off = {
            rank: row
            for rank, row in line.rows.items()
            if row.concept in _nearest(ranked[rank].end, noted)
        }
        rest = {rank: row for rank, row in line.rows.items() if rank not in off}
        is_proved = any(cell.by and cell.v for row in rest.values() for cell in row.cells.values())
        if not rest or not (is_proved or _may_be_on_face(rest, ranked)):
            left.append(line)
            continue
        if off:
            left.append(Line(off, line.evidence, line.signs, line.section))
            line.rows = rest
        kept.append(line)
    return kept, left


def _noted_concepts(second: Mapping[Entry, Comparison]) -> dict[date, frozenset[str]]:
    """Return by the end of a filing that is there in print and in facts: the concepts of notes."""
    return {
        entry.end: comparison.noted
        for entry, comparison in second.items()
        if entry.end is not None and comparison.noted is not None
    }


def _nearest(end: date | None, noted: Mapping[date, frozenset[str]]) -> frozenset[str]:
    """Return the concepts of notes of the filing that is nearest in time, the newer of two."""
    if end is None or not noted:
        return frozenset()
    return noted[min(sorted(noted, reverse=True), key=lambda each: abs((each - end).days))]


def _may_be_on_face(rows: Mapping[int, Row], ranked: Sequence[Entry]) -> bool:
    """Return whether facts that no sum proves may be on the face: no filing is printed."""
    return ranked[0].kind in UNPRINTED and not any(
        _passes_over(ranked[rank].statement, row) for rank, row in rows.items()
    )


def _passes_over(statement: Statement, row: Row) -> bool:
    """Return whether a sum of the statement passes over a row that no subtotal may hold."""
    totals = [each.n for each in statement.rows if each.kind == "total"]
    following = next((each for each in totals if each >= row.n), None)
    for each in statement.equations:
        if each.other is not None or each.total is None:
            continue
        places = [each.total, *(term for _, term in each.terms)]
        if row.n in places or not min(places) < row.n < max(places):
            continue
        behind = min(place for place in places if place > row.n)
        is_of_block = following is None or following > behind or following == each.total
        if is_of_block and any(
            (cell := row.cells.get(key)) is not None and cell.v for key in each.diff
        ):
            return True
    return False
