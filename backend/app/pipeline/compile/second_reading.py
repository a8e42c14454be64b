"""Compare a further reading of a filing, as its PDF beside its iXBRL, with the one compiled."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from app.pipeline.compile.entry import UNPRINTED, Entry
from app.pipeline.compile.grid import Grid, make_grid
from app.pipeline.compile.lines import Evidence, Line, Numbered
from app.pipeline.compile.merge import merge
from app.pipeline.verify.lookup import shared_periods

_NAMED: frozenset[Evidence] = frozenset({"concept", "label"})


@dataclass(slots=True)
class Comparison:
    """What a second reading says of the figures of the compiled one.

    Attributes:
        different: By row and period of the compiled statement: the other figure.
        noted: Of facts alone beside print: the concepts of figures that the print has not, and
            which are therefore of the notes.
    """

    equal: int = 0
    different: dict[tuple[int, str], Decimal] = field(default_factory=dict)
    noted: frozenset[str] | None = None


def compare(entry: Entry, second: Entry) -> Comparison:
    """Return how far two readings of one filing agree.

    Only rows count that are surely the same: with a figure in common, one concept, or one label.
    Facts alone have no printed sign, so that their signs are not compared.
    """
    result = Comparison()
    keys = dict(shared_periods(entry.statement, second.statement))
    columns = [
        {each: each for each in keys},
        {other: each for each, other in keys.items()},
    ]
    lines = merge(
        [
            Numbered(0, entry.statement, columns[0]),
            Numbered(1, second.statement, columns[1]),
        ]
    )
    grid = make_grid([entry, second], [0, 1], columns, lines)
    is_signed = entry.kind not in UNPRINTED and second.kind not in UNPRINTED
    unprinted = [number for number, e in enumerate((entry, second)) if e.kind in UNPRINTED]
    if len(unprinted) == 1:
        result.noted = frozenset(_noted(lines, grid, unprinted[0]))
    for line, at in zip(lines, grid.points, strict=True):
        if len(line.rows) == 1:
            continue
        differing: dict[tuple[int, str], Decimal] = {}
        equal = 0
        for period, points in at.items():
            if len(points) == 1 or points[0].value is None or points[1].value is None:
                continue
            one, other = points[0].value, points[1].value
            apart = abs(one - other) if is_signed else abs(abs(one) - abs(other))
            # The same filing states the same: only digits that are not printed may differ.
            if apart == 0 or apart < max(points[0].unit, points[1].unit):
                equal += 1
            else:
                differing[points[0].row.n, period] = other
        result.equal += equal
        if equal or line.evidence.get(1) in _NAMED:
            result.different |= differing
    return result


def _noted(lines: Sequence[Line], grid: Grid, reading: int) -> Iterator[str]:
    """Yield the concepts of figures that only one of the two readings has."""
    for line, at in zip(lines, grid.points, strict=True):
        concept = line.newest.concept
        is_stated = any(point.value for points in at.values() for point in points)
        if concept and is_stated and set(line.rows) == {reading}:
            yield concept
