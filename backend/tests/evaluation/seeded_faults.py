"""How many wrong figures are noticed: damage statements that are verified, and verify again."""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from app.pipeline.statement import Filing, Row, Statement
from app.pipeline.verify import verify
from app.pipeline.verify.alignment import align
from app.pipeline.verify.compare import compare
from app.pipeline.verify.lookup import shared_periods, worth
from app.pipeline.verify.status import is_checkable
from tests.evaluation.damage import DAMAGES, Damage

GOAL = 0.99
"""With the neighbouring report, of the cells that both state."""
_SAME_COMPANY = 0.6
"""Share of equal figures in a shared period from which on two reports are of one company."""


@dataclass(slots=True)
class Noticed:
    """How many damaged cells were noticed, of how many.

    Attributes:
        alone: By the report itself.
        checkable: The same, of money that sums should prove.
        together: With the neighbour, of cells that both state.
        silent: Where a damaged statement and its neighbour stayed verified without an issue.
    """

    alone: list[bool] = field(default_factory=list)
    checkable: list[bool] = field(default_factory=list)
    together: list[bool] = field(default_factory=list)
    silent: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Neighbour:
    """A report that states a year of another one: its statements, and the partner of each cell."""

    statements: list[Statement]
    index: int
    partners: Mapping[tuple[int, str], tuple[int, str]]


def seed_faults(
    filings: Mapping[str, Filing], *, cells: int | None = 12, seed: int = 11
) -> dict[str, Noticed]:
    """Return what is noticed of each kind of damage, alone and with the neighbouring report.

    Args:
        filings: As they were read, by name; those of one company that share a year are neighbours.
        cells: How many of each verified statement are damaged in each way; None for all.
        seed: Of the choice of cells and digits.
    """
    draw = random.Random(seed)  # noqa: S311
    reports = {
        name: verify(filing.statements)
        for name, filing in filings.items()
        if filing.kind != "companyfacts"
    }
    noticed = {name: Noticed() for name in DAMAGES}
    for name, statements in reports.items():
        for index, statement in enumerate(statements):
            if statement.checks is None or statement.checks.status != "verified":
                continue
            neighbour = _neighbour(statement, [each for n, each in reports.items() if n != name])
            for kind, damage in DAMAGES.items():
                for row, period in _chosen(statement, cells, draw):
                    found = _try(damage, statements, index, (row.n, period), neighbour, draw)
                    _count(
                        noticed[kind], found, row, f"{name} {statement.statement} {row.n} {period}"
                    )
    return noticed


def _chosen(
    statement: Statement, number: int | None, draw: random.Random
) -> Iterator[tuple[Row, str]]:
    cells = [(row, period) for row, period, cell in statement.cells() if cell.v]
    yield from cells if number is None or number >= len(cells) else draw.sample(cells, number)


def _count(noticed: Noticed, found: tuple[bool, bool | None] | None, row: Row, place: str) -> None:
    if found is None:
        return
    alone, together = found
    noticed.alone.append(alone)
    if is_checkable(row):
        noticed.checkable.append(alone)
    if together is not None:
        noticed.together.append(together)
        if not together:
            noticed.silent.append(place)


def _try(
    damage: Damage,
    statements: Sequence[Statement],
    index: int,
    cell: tuple[int, str],
    neighbour: _Neighbour | None,
    draw: random.Random,
) -> tuple[bool, bool | None] | None:
    """Return whether a damaged cell is noticed alone, and with the neighbour if it states it."""
    damaged = damage(statements[index], *cell, draw)
    if damaged is None:
        return None
    reread = verify([*statements[:index], damaged, *statements[index + 1 :]])
    lost = _loses_status(statements, reread)
    alone = lost or _names(reread[index], cell)
    if neighbour is None or cell not in neighbour.partners:
        return alone, None
    ours, theirs = compare([reread[index]], [neighbour.statements[neighbour.index]])
    together = lost or _names(ours[0], cell) or _names(theirs[0], neighbour.partners[cell])
    return alone, together


def _loses_status(before: Sequence[Statement], after: Sequence[Statement]) -> bool:
    """Whether a statement of the report is no longer verified."""
    return any(
        old.checks is not None
        and new.checks is not None
        and old.checks.status == "verified" != new.checks.status
        for old, new in zip(before, after, strict=True)
    )


def _names(statement: Statement, cell: tuple[int, str]) -> bool:
    """Whether an issue names a cell, or its row for all periods.

    A restatement is named only where the total changed too: `compare` calls no other one so.
    """
    return any(
        issue.row == cell[0] and issue.period in {cell[1], None} for issue in statement.issues
    )


def _neighbour(statement: Statement, reports: Sequence[list[Statement]]) -> _Neighbour | None:
    """Return the report that shares most verified cells of a statement, if there is one."""
    best: _Neighbour | None = None
    for statements in reports:
        for index, other in enumerate(statements):
            if (
                other.statement != statement.statement
                or other.currency != statement.currency
                or other.checks is None
                or other.checks.status != "verified"
            ):
                continue
            partners = _partners(statement, other)
            if len(partners) > (len(best.partners) if best else 0):
                best = _Neighbour(statements, index, partners)
    return best


def _partners(statement: Statement, other: Statement) -> dict[tuple[int, str], tuple[int, str]]:
    """Return which cell of another report states which cell; none for another company's."""
    if {each.end for each in statement.periods} == {each.end for each in other.periods}:
        return {}  # another copy of the same report
    periods = shared_periods(statement, other)
    if not periods:
        return {}
    partners: dict[tuple[int, str], tuple[int, str]] = {}
    equal = 0
    for row, partner in align(statement, other, periods):
        if row is None or partner is None:
            continue
        for here, there in periods:
            if here in row.cells and there in partner.cells:
                partners[row.n, here] = (partner.n, there)
                equal += worth(statement, row, here) == worth(other, partner, there)
    return partners if equal > _SAME_COMPANY * len(partners) else {}


def table(noticed: Mapping[str, Noticed]) -> str:
    """Return the shares of noticed cells as lines of text."""
    heads = ("alone", "alone, checkable", "with the neighbour")
    lines = ["damage".ljust(24) + "".join(head.rjust(24) for head in heads)]
    for name, each in noticed.items():
        shares = (each.alone, each.checkable, each.together)
        lines.append(name.ljust(24) + "".join(_share(share).rjust(24) for share in shares))
    return "\n".join(lines)


def _share(found: Sequence[bool]) -> str:
    whole = len(found)
    return f"{sum(found)}/{whole} {100 * sum(found) / whole:6.2f} %" if whole else "-"
