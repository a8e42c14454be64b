"""Where a filing prints a line with the other sign than newer ones: turned, and never unnoticed."""

from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from decimal import Decimal
from itertools import combinations

from app.pipeline.compile.entry import UNPRINTED
from app.pipeline.compile.grid import Grid, Point
from app.pipeline.compile.labels import name_of

_Sums = dict[int, list[dict[int, int]]]
"""By line of the total: of each sum, the signs by line of the term."""
_TWINS = 2
"""Figures with the other sign, none without, from which on a filing turned the sign."""
_ALL = 5
"""Lines with the other sign, none without, that tell that a whole statement was turned."""


def find_turned(grid: Grid) -> set[tuple[int, int]]:
    """Return rank and line where the sign is not that of the newest filing that has the line.

    It has to be the other one in every period that both filings state alike: in two, or in one
    where the sums of both filings use the line with other signs, all lines have the other sign, all
    figures of the line have one sign in each, or one filing is made of facts alone. The nearest
    filing is asked, which shares most periods. Where they share no period, the sums decide: both
    add up to one total, and use this line with other signs.
    """
    signs = _Signs(grid)
    turned: set[tuple[int, int]] = set()
    for line, columns in enumerate(grid.points):
        by_rank: dict[int, dict[str, Point]] = {}
        for column, points in columns.items():
            for point in points:
                by_rank.setdefault(point.rank, {})[column] = point
        ranks = sorted(by_rank, key=lambda rank: (_is_unprinted(grid, rank), grid.ages[rank]))
        for position, rank in enumerate(ranks[1:], 1):
            if signs.is_turned(line, by_rank, rank, ranks[:position], turned):
                turned.add((rank, line))
    return turned


class _Signs:
    """The signs of lines, by their figures, by their tags, and by the sums that use them."""

    def __init__(self, grid: Grid) -> None:
        ranks = range(len(grid.entries))
        self._grid = grid
        self._signs = [_signs(grid, rank) for rank in ranks]
        self._sums = [_sums(grid, rank) for rank in ranks]
        self._flipped = _flipped(grid)

    def is_turned(
        self,
        line: int,
        points: Mapping[int, Mapping[str, Point]],
        rank: int,
        newer: Sequence[int],
        turned: Container[tuple[int, int]],
    ) -> bool:
        """Whether a filing has the other sign than the frame, by the first filing that tells.

        Args:
            line: Of the grid.
            points: Its figures by rank and column.
            rank: Of the filing.
            newer: Ranks of the filings that are newer and have the line, the newest first.
            turned: What was found of those.
        """
        nearest = sorted(
            newer, key=lambda each: (_is_unprinted(self._grid, each), -self._grid.ages[each])
        )
        for others, differs in (
            (nearest, self._by_figures),
            (newer, self._by_tags),
            (newer, self._by_sums),
        ):
            for other in others:
                found = differs(line, points, rank, other)
                if found is not None:
                    return found != ((other, line) in turned)
        return False

    def _by_figures(
        self, line: int, points: Mapping[int, Mapping[str, Point]], rank: int, other: int
    ) -> bool | None:
        """Return whether two filings state other signs; None if no common figure tells."""
        twins = _twins(points[rank], points[other])
        if not twins:
            return None
        used = self._signs[rank].get(line), self._signs[other].get(line)
        is_sure = (
            twins >= _TWINS
            or used in {(1, -1), (-1, 1)}
            or (rank, other) in self._flipped
            or _are_opposite(points[rank].values(), points[other].values())
            or _is_unprinted(self._grid, rank) != _is_unprinted(self._grid, other)
        )
        return is_sure and twins > 0

    def _by_tags(
        self, _: int, points: Mapping[int, Mapping[str, Point]], rank: int, other: int
    ) -> bool | None:
        """Return whether a filing prints other signs than it tags; None if no tag tells."""
        if not _is_unprinted(self._grid, rank):
            return None
        seen = {
            (point.value > 0) == (tagged > 0)
            for point in points[other].values()
            if point.value and (tagged := point.cell.tagged or Decimal(0))
        }
        return not seen.pop() if len(seen) == 1 else None

    def _by_sums(
        self, line: int, points: Mapping[int, Mapping[str, Point]], rank: int, other: int
    ) -> bool | None:
        """Return whether sums of one total use a line with other signs; None if none tells.

        The total has to have one name, as a net loss and a net income have not.
        """
        votes = set()
        for total in self._sums[rank].keys() & self._sums[other].keys():
            rows = self._grid.lines[total].rows
            if name_of(rows[rank].label) == name_of(rows[other].label):
                votes |= {
                    terms[line] == latter[line]
                    for terms in self._sums[rank][total]
                    for latter in self._sums[other][total]
                    if line in terms and line in latter
                }
        if len(votes) != 1:
            return None
        stated = [*points[rank].values(), *points[other].values()]
        return not votes.pop() and not _are_of_one_sign(stated)


def _flipped(grid: Grid) -> set[tuple[int, int]]:
    """Return ranks of filings, the older first, of which all common figures have other signs."""
    opposite: Counter[tuple[int, int]] = Counter()
    same: set[tuple[int, int]] = set()
    for _, _, points in grid.all():
        for newer, older in combinations(points, 2):
            if not newer.value or not older.value or newer.row.kind not in {"line", "total"}:
                continue
            if newer.value * older.value > 0:
                same.add((older.rank, newer.rank))
            elif abs(newer.value + older.value) <= max(newer.unit, older.unit):
                opposite[older.rank, newer.rank] += 1
    return {pair for pair, number in opposite.items() if number >= _ALL and pair not in same}


def _is_unprinted(grid: Grid, rank: int) -> bool:
    return grid.entries[rank].kind in UNPRINTED


def _twins(one: Mapping[str, Point], other: Mapping[str, Point]) -> int:
    """Return how many figures have the other sign; -1 where one has not; 0 if none tells.

    A restated figure with the other sign tells nothing: the sum that it was may have turned.
    """
    twins = alike = 0
    for column, point in one.items():
        value, stated = point.value, other[column].value if column in other else None
        if not value or not stated:
            continue
        unit = max(point.unit, other[column].unit)
        if abs(value - stated) <= unit and value * stated > 0:
            return -1
        twins += abs(value + stated) <= unit
        alike += value * stated > 0
    return twins or -min(alike, 1)


def _signs(grid: Grid, rank: int) -> dict[int, int]:
    """Return the sign by which the sums of a filing use each line, where it is always the same."""
    found: dict[int, int] = {}
    for equation in grid.entries[rank].statement.equations:
        if equation.kind != "sum" or equation.other is not None:
            continue
        for sign, row in equation.terms:
            line = grid.at[rank].get(row)
            if line is not None:
                found[line] = sign if found.get(line, sign) == sign else 0
    return found


def _sums(grid: Grid, rank: int) -> _Sums:
    """Return the signs of the lines of each sum of a filing, by the line of its total.

    Only lines with a figure other than zero: a zero has any sign.
    """
    stated = {
        line
        for line, columns in enumerate(grid.points)
        if any(point.rank == rank and point.value for each in columns.values() for point in each)
    }
    at = grid.at[rank]
    found: _Sums = {}
    for equation in grid.entries[rank].statement.equations:
        if equation.kind != "sum" or equation.other is not None or equation.total not in at:
            continue
        terms = {at[row]: int(sign) for sign, row in equation.terms if at.get(row) in stated}
        found.setdefault(at[equation.total], []).append(terms)
    return found


def _are_opposite(points: Iterable[Point], others: Iterable[Point]) -> bool:
    """Whether all figures of one filing are positive, and all of the other negative."""
    one, other = list(points), list(others)
    return (
        _are_of_one_sign(one) and _are_of_one_sign(other) and not _are_of_one_sign([*one, *other])
    )


def _are_of_one_sign(points: Iterable[Point]) -> bool:
    """Whether all figures but zeros are positive, or all negative."""
    return len({each.value > 0 for each in points if each.value}) == 1
