"""How many lines that two reports of a company state are one compiled line."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import pairwise

from app.pipeline.compile.entry import UNPRINTED
from app.pipeline.statement import Row, Statement
from tests.evaluation.alignment import scale_of
from tests.evaluation.companies import Group, Shelf
from tests.evaluation.concepts import local

_DIGITS = 3
_Key = Callable[[Statement, Row, set[date]], object]


@dataclass(slots=True)
class Fill:
    """Lines of a report that the next older one, which repeats a year, states too."""

    joined: int = 0
    apart: list[str] = field(default_factory=list)


def fill(shelf: Shelf) -> Fill:
    """Look at each report and the next older one that states one of its years."""
    found = Fill()
    for group in shelf.groups():
        inputs = [
            each
            for each in group.compiled_inputs
            if group.compiled.inputs[each].kind not in UNPRINTED
        ]
        for newer, older in pairwise(inputs):
            at = _lines(group)
            for one, other in _same(group.statements[newer], group.statements[older]):
                if at.get((newer, one.n)) == at.get((older, other.n)):
                    found.joined += 1
                else:
                    files = [group.compiled.inputs[each].file for each in (newer, older)]
                    found.apart.append(
                        f"{group.name}: {one.label!r} of {files[0]}, {other.label!r} of {files[1]}"
                    )
    return found


def _lines(group: Group) -> dict[tuple[int, int], int]:
    """Return the compiled row by input and row."""
    found: dict[tuple[int, int], int] = {}
    for number, row in enumerate(group.compiled.rows):
        stated = [each for cell in row.cells.values() for each in (cell, *cell.history)]
        stated += [each for replaced in row.replaced.values() for each in replaced]
        found |= {(each.input, each.row): number for each in stated}
    return found


def _same(newer: Statement, older: Statement) -> Iterator[tuple[Row, Row]]:
    """Yield rows that are surely one line, by all their figures, or by concept, or by label.

    What they have in common must be unique in both statements, and only a line that has not yet
    been found counts: a restated line by its concept, or by its label and heading.
    """
    shared = _ends(newer) & _ends(older)
    left, right = set[int](), set[int]()
    for key in (_figures, _concept, _label):
        one, other = _unique(newer, key, shared), _unique(older, key, shared)
        for value, row in one.items():
            twin = other.get(value)
            if twin is None or row.n in left or twin.n in right or row.kind != twin.kind:
                continue
            left.add(row.n)
            right.add(twin.n)
            if _states(newer, row, shared) and _states(older, twin, shared):
                yield row, twin


def _states(statement: Statement, row: Row, shared: set[date]) -> bool:
    ends = {each.key: each.end for each in statement.periods}
    return any(ends.get(key) in shared for key in row.cells)


def _ends(statement: Statement) -> set[date]:
    return {each.end for each in statement.periods if each.end}


def _unique(statement: Statement, key: _Key, shared: set[date]) -> Mapping[object, Row]:
    rows = [row for row in statement.rows if row.cells]
    keys = [key(statement, row, shared) for row in rows]
    counts = Counter(keys)
    return {each: row for each, row in zip(keys, rows, strict=True) if each and counts[each] == 1}


def _figures(statement: Statement, row: Row, shared: set[date]) -> frozenset[tuple[date, Decimal]]:
    """Return the amounts of the shared years; nothing where one of them is small or absent."""
    ends = {each.key: each.end for each in statement.periods}
    found = set()
    for key, cell in row.cells.items():
        end = ends.get(key)
        if end in shared and end and cell.v:
            worth = abs(cell.v).scaleb(scale_of(row, statement) or 0).normalize()
            if len(worth.as_tuple().digits) >= _DIGITS:
                found.add((end, worth))
    return frozenset(found)


def _concept(_: Statement, row: Row, __: set[date]) -> object:
    return row.concept and (local(row.concept), tuple(sorted(row.axes.items())))


def _label(_: Statement, row: Row, __: set[date]) -> object:
    label = "".join(filter(str.isalnum, row.label.casefold()))
    return label and (label, tuple(row.section[-1:]))
