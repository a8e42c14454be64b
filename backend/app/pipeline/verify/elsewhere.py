"""Prove a reading that a person or a language model made: like every other, and only what it shows.

Everything that the reading claims of its proof is discarded.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from app.pipeline.statement import CheckResult, Issue, Row, SourceKind, Statement
from app.pipeline.verify.confirm import FACTS, Comparison, compare, confirmed
from app.pipeline.verify.filing import verify
from app.pipeline.verify.places import unplaced, with_places
from app.pipeline.verify.status import CONTRADICTIONS
from app.pipeline.verify.vocabulary import normalise

NOTE: Final = "reader_note"
"""The code of an issue in the words of the reader; issues of other codes are computed."""
NOT_SEARCHED: Final = "document_not_searched"
_CARRIED: Final = CONTRADICTIONS | {"amendment", "scope_unknown"}
"""Codes of issues of the document itself, which every reading of it has."""
_SHARED: Final = 3
"""Lines that two statements of a filing may share: the profit, depreciation, cash."""


def prove_elsewhere(
    stated: Statement,
    shown: Sequence[Statement],
    others: Sequence[Statement],
    *,
    kind: SourceKind,
    unsearched: str | None = None,
) -> Statement:
    """Return a reading made elsewhere with its proof, checks, issues and status.

    Args:
        stated: The reading.
        shown: What the program finds in the document as this statement.
        others: The other statements of the same filing, which it is tied to.
        kind: Of the document, whose rules it is proved by.
        unsearched: Why the document cannot be searched, in one line.
    """
    twin = next((each for each in others if _states_lines_of(stated, each)), None)
    comparison = compare(stated, shown if twin is None else [])
    comparison.issues += unplaced(stated, comparison)
    if twin is not None:
        message = f"its lines are those of the {twin.statement.replace('_', ' ')}"
        comparison.issues = [Issue(code="other_statement", message=message)]
    bare = _without_claims(stated, comparison)
    if unsearched is not None:
        message = f"the document cannot be searched, and shows none of the figures: {unsearched}"
        comparison.issues = [Issue(code=NOT_SEARCHED, message=message)]
    source = bare.source.model_copy(update={"kind": kind})
    searched = confirmed(bare).model_copy(update={"source": source})
    proved = verify([searched, *map(confirmed, others)])[0]
    return _restored(bare, proved, comparison)


def _states_lines_of(stated: Statement, other: Statement) -> bool:
    """Whether most lines of a reading are those of another statement of its filing.

    Two statements share a line or two, such as the profit or the cash.
    """
    lines = [_line(row) for row in stated.rows if row.cells]
    there = {_line(row) for row in other.rows if row.cells}
    return sum(each in there for each in lines) > max(_SHARED, len(lines) / 2)


def _line(row: Row) -> tuple[str, frozenset[Decimal | None]]:
    return normalise(row.label), frozenset(cell.v for cell in row.cells.values())


def _without_claims(stated: Statement, comparison: Comparison) -> Statement:
    """Return a reading without what it says of its proof, and with the places of the document."""
    notes = [each for each in stated.issues if each.code == NOTE]
    of_document = [
        Issue(code=each.code, message=each.message, page=each.page)
        for shown in comparison.used
        if shown.title != FACTS
        for each in shown.issues
        if each.code in _CARRIED
    ]
    return with_places(stated, comparison).model_copy(
        update={"equations": [], "checks": None, "issues": [*notes, *of_document]}
    )


def _restored(bare: Statement, proved: Statement, comparison: Comparison) -> Statement:
    """Return the proof with the figures that took no part in it, and what they lack."""
    rows = []
    for row, own in zip(proved.rows, bare.rows, strict=True):
        cells = {
            key: own.cells[key] if own.cells[key].unconfirmed else cell
            for key, cell in row.cells.items()
        }
        rows.append(row.model_copy(update={"cells": cells}))
    unconfirmed = {(row.n, key) for row, key, cell in bare.cells() if cell.unconfirmed}
    issues = [
        each
        for each in proved.issues
        if not (each.code == "unreadable_figure" and (each.row, each.period) in unconfirmed)
    ]
    checks = proved.checks
    if checks is not None and comparison.issues:
        left_out = any(each.code == "line_left_out" for each in comparison.issues)
        lines: CheckResult = "fail" if left_out else checks.lines
        status = "partly" if checks.status == "verified" else checks.status
        checks = checks.model_copy(update={"lines": lines, "status": status})
    return proved.model_copy(
        update={
            "rows": rows,
            "issues": [*issues, *comparison.issues],
            "checks": checks,
            "source": bare.source,
        }
    )
