"""Where a filing prints a line with the other sign than newer ones: turned, and never unnoticed."""

from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import combinations

from app.pipeline.compile.entry import UNPRINTED
from app.pipeline.compile.grid import Grid, Point
from app.pipeline.compile.labels import name_of
from app.pipeline.verify.tolerance import ROUNDED

_Sums = dict[int, list[dict[int, int]]]
"""By line of the total: of each sum, the signs by line of the term."""
_TWINS = 2
"""Figures with the other sign, none without, from which on a filing turned the sign."""
_ALL = 5
"""Lines with the other sign, none without, that tell that a whole statement was turned."""


@dataclass(frozen=True, slots=True)
class Signs:
    """Rank and line of what filings state with another sign than the newest that has the line.

    Attributes:
        turned: Where that is proved.
        unproved: Where it may be so: these keep the sign as stated.
    """

    turned: frozenset[tuple[int, int]]
    unproved: frozenset[tuple[int, int]]


def find_signs(grid: Grid) -> Signs:
    """Return where the sign is, or may be, not that of the newest filing that has the line.

    It has to be the other one in every period that both filings state alike: in two, or in one
    where the sums of both filings use the line with other signs, those of the newer one hold for
    the older only with the other sign, all lines have the other sign, all figures of the line have
    one sign in each, or one filing is made of facts alone. The nearest filing is asked, which
    shares most periods. Where they share no period, the sums decide: both add up to one total, and
    use this line with other signs.
    """
    signs = _Signs(grid)
    for line, columns in enumerate(grid.points):
        by_rank: dict[int, dict[str, Point]] = {}
        for column, points in columns.items():
            for point in points:
                by_rank.setdefault(point.rank, {})[column] = point
        ranks = sorted(by_rank, key=lambda rank: (_is_unprinted(grid, rank), grid.ages[rank]))
        for position, rank in enumerate(ranks[1:], 1):
            signs.tell(line, by_rank, rank, ranks[:position])
        signs.tell_by_older(line, by_rank)
    return Signs(frozenset(signs.turned), frozenset(signs.unproved))


@dataclass(frozen=True, slots=True)
class _Told:
    """Whether two filings state a line with other signs, and whether that is sure."""

    differs: bool
    is_sure: bool = True


class _Signs:
    """The signs of lines, by their figures, by their tags, and by the sums that use them.

    Attributes:
        turned: Rank and line, as far as they were told.
        unproved: Likewise.
    """

    def __init__(self, grid: Grid) -> None:
        ranks = range(len(grid.entries))
        self.turned: set[tuple[int, int]] = set()
        self.unproved: set[tuple[int, int]] = set()
        self._grid = grid
        self._signs = [_signs(grid, rank) for rank in ranks]
        self._sums = [_sums(grid, rank) for rank in ranks]
        self._flipped = _flipped(grid)
        self._stated: list[dict[int, dict[str, Point]]] = [{} for _ in ranks]
        for line, column, points in grid.all():
            for point in points:
                self._stated[point.rank].setdefault(line, {})[column] = point

    def tell(
        self,
        line: int,
        points: Mapping[int, Mapping[str, Point]],
        rank: int,
        newer: Sequence[int],
    ) -> None:
        """Tell whether a filing has the other sign than the frame, by the first that shows it.

        Args:
            line: Of the grid.
            points: Its figures by rank and column.
            rank: Of the filing.
            newer: Ranks of the filings that are newer and have the line, the newest first.
        """
        nearest = sorted(
            newer, key=lambda each: (_is_unprinted(self._grid, each), -self._grid.ages[each])
        )
        found = self._first(line, points, rank, [n for n in nearest if not self._is_open(n, line)])
        if found is None:
            open_ = self._first(line, points, rank, [n for n in nearest if self._is_open(n, line)])
            found = open_ and replace(open_, is_sure=False)
        if found is None:
            sides = points[rank].values(), points[newer[-1]].values()
            fewest = min(sum(bool(each.value) for each in side) for side in sides)
            is_sure = fewest < _TWINS or not _are_opposite(*sides)
            found = _Told(differs=False, is_sure=is_sure)
        self._note(rank, line, found)

    def tell_by_older(self, line: int, points: Mapping[int, Mapping[str, Point]]) -> None:
        """Tell what newer filings did not: by figures that an older filing states as well."""
        for rank in [each for each in points if self._is_open(each, line)]:
            for other in points:
                found = None
                if other != rank and not self._is_open(other, line):
                    found = self._by_figures(line, points, rank, other)
                if found is not None and found.is_sure:
                    differs = found.differs != ((other, line) in self.turned)
                    self.unproved.discard((rank, line))
                    self.turned.discard((rank, line))
                    self._note(rank, line, _Told(differs))
                    break

    def _is_open(self, rank: int, line: int) -> bool:
        return (rank, line) in self.unproved

    def _note(self, rank: int, line: int, told: _Told) -> None:
        if told.differs:
            self.turned.add((rank, line))
        if not told.is_sure:
            self.unproved.add((rank, line))

    def _first(
        self,
        line: int,
        points: Mapping[int, Mapping[str, Point]],
        rank: int,
        nearest: Sequence[int],
    ) -> _Told | None:
        """Return what the first of some filings tells, the nearest by figures, if any does."""
        newest = sorted(
            nearest, key=lambda each: (_is_unprinted(self._grid, each), self._grid.ages[each])
        )
        for others, differs in (
            (nearest, self._by_figures),
            (newest, self._by_tags),
            (newest, self._by_sums),
            (newest, self._by_closing),
        ):
            for other in others:
                found = differs(line, points, rank, other)
                if found is not None:
                    turned = (other, line) in self.turned
                    return replace(found, differs=found.differs != turned)
        return None

    def _by_figures(
        self, line: int, points: Mapping[int, Mapping[str, Point]], rank: int, other: int
    ) -> _Told | None:
        """Return whether two filings state other signs; None if no common figure tells."""
        twins = _twins(points[rank], points[other])
        if not twins:
            return None
        if twins < 0:
            return _Told(differs=False)
        used = self._signs[rank].get(line), self._signs[other].get(line)
        is_sure = (
            twins >= _TWINS
            or used in {(1, -1), (-1, 1)}
            or (rank, other) in self._flipped
            or _are_opposite(points[rank].values(), points[other].values())
            or _is_unprinted(self._grid, rank) != _is_unprinted(self._grid, other)
            or self._closes_turned(line, rank, other)
        )
        return _Told(is_sure, is_sure)

    def _by_closing(
        self, line: int, _: Mapping[int, Mapping[str, Point]], rank: int, other: int
    ) -> _Told | None:
        """Return that two filings state other signs, if the sums of one hold only then."""
        return _Told(differs=True) if self._closes_turned(line, rank, other) else None

    def _closes_turned(self, line: int, rank: int, other: int) -> bool:
        """Return whether sums of a newer filing hold for an older one with the other sign alone.

        The sign is that of the line, and of all lines of which both state a figure and its
        opposite.
        """
        own, newer = self._stated[rank], self._stated[other]
        found: set[bool] = set()
        for total, terms in ((t, each) for t, sums in self._sums[other].items() for each in sums):
            lines = [total, *terms]
            if line not in terms or len({self._grid.scales[each] for each in lines}) > 1:
                continue
            flipped = {
                each
                for each in lines
                if each == line or _twins(own.get(each, {}), newer.get(each, {})) > 0
            }
            for column, point in own.get(total, {}).items():
                at = {each: own[each][column] for each in lines if column in own.get(each, {})}
                if line in at and at[line].value:
                    stated = _closes(terms, at, point, set())
                    turned = _closes(terms, at, point, flipped)
                    found |= {turned} if stated != turned else set()
        return found == {True}

    def _by_tags(
        self, _: int, points: Mapping[int, Mapping[str, Point]], rank: int, other: int
    ) -> _Told | None:
        """Return whether a filing prints other signs than it tags; None if no tag tells."""
        if not _is_unprinted(self._grid, rank):
            return None
        seen = {
            (point.value > 0) == (tagged > 0)
            for point in points[other].values()
            if point.value and (tagged := point.cell.tagged or Decimal(0))
        }
        return _Told(not seen.pop()) if len(seen) == 1 else None

    def _by_sums(
        self, line: int, points: Mapping[int, Mapping[str, Point]], rank: int, other: int
    ) -> _Told | None:
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
        differs = not votes.pop()
        is_sure = not (differs and _are_of_one_sign(stated))
        return _Told(differs and is_sure, is_sure)


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


def _closes(
    terms: Mapping[int, int], at: Mapping[int, Point], total: Point, flipped: Container[int]
) -> bool:
    """Return whether a total is the sum of its terms, where the signs of some lines are turned."""
    if total.value is None or any(point.value is None for point in at.values()):
        return False
    values = {
        line: -point.value if line in flipped else point.value
        for line, point in at.items()
        if point.value is not None
    }
    first = next(line for line, point in at.items() if point is total)
    diff = values[first] - sum(sign * values.get(line, 0) for line, sign in terms.items())
    unit = max(point.unit for point in at.values())
    return abs(diff) <= unit * ROUNDED.slack(sum(line in values for line in terms))


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
