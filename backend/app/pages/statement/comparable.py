"""Which figures of a line can be compared: whole years one after the other, on one basis."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from app.pipeline.compiled import Compiled, CompiledCell, CompiledPeriod, CompiledRow

_YEAR: Final = range(350, 381)
"""Days between the ends of two fiscal years that follow each other."""
_OF_SHARES: Final = frozenset({"per_share", "shares"})


@dataclass(frozen=True, slots=True)
class Comparing:
    """The years of a statement that follow each other, and the splits of shares between filings.

    Attributes:
        before: By key of a period: the key of the year before, where the two can be compared.
        splits: Positions of two filings, the newer first, between which shares were split.
    """

    before: dict[str, str]
    splits: frozenset[tuple[int, int]]

    @classmethod
    def of_statement(cls, compiled: Compiled) -> "Comparing":
        """Return what can be compared in a statement with all its years."""
        broken = {frozenset(each.between) for each in compiled.breaks}
        before = {
            newer.key: older.key
            for newer, older in pairwise(each for each in compiled.periods if each.regular)
            if _follows(newer, older) and frozenset((newer.key, older.key)) not in broken
        }
        return cls(before, frozenset(_splits(compiled)))

    def is_one_basis(self, row: CompiledRow, newer: CompiledCell, older: CompiledCell) -> bool:
        """Return whether no split of shares that one figure is not adjusted for is between them."""
        if row.kind not in _OF_SHARES:
            return True
        if newer.unadjusted != older.unadjusted:
            return False
        first, last = sorted((newer.input, older.input))
        return all(last <= after or first >= before for after, before in self.splits)


def _follows(newer: CompiledPeriod, older: CompiledPeriod) -> bool:
    return (newer.end - older.end).days in _YEAR


def _splits(compiled: Compiled) -> Iterator[tuple[int, int]]:
    """Yield the filings around each split, the newer first."""
    for row in compiled.rows:
        if row.kind not in _OF_SHARES:
            continue
        for cell in row.cells.values():
            if cell.change != "split":
                continue
            stated = sorted({each.input for each in (cell, *cell.history)})
            changed = {each.input for each in cell.history if each.change == "split"}
            for newer, older in pairwise(stated):
                # As first reported, the figure that is shown has lost its own kind of change.
                if older in changed or (older == cell.input and cell.history):
                    yield newer, older
