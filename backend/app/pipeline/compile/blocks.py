"""The sums of the filings between compiled lines, and blocks whose parts are of two filings."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import chain

from app.pipeline.compile.grid import Grid, Point, converted, is_figure
from app.pipeline.statement import Equation, Row

Chosen = list[dict[str, Point]]
"""By line: the figure of each column that is shown."""


@dataclass(slots=True, eq=False)
class Sum:
    """A sum or an equality between lines, and the filings that prove it, by column.

    Attributes:
        total: Of a sum; of an equality its first line.
        terms: Sign and line.
        is_equal: Two lines that state the same; no rounding is allowed.
        claims: By column: the ages of the filings, and the difference that rounding explains.
    """

    total: int
    terms: tuple[tuple[int, int], ...]
    is_equal: bool
    is_balance: bool = False
    claims: dict[str, list[tuple[int, Decimal]]] = field(default_factory=dict)

    @property
    def lines(self) -> list[int]:
        """Return all lines, the total first."""
        return [self.total, *(line for _, line in self.terms)]

    def tolerance(self, column: str) -> Decimal:
        """Return the largest difference that rounding explains."""
        return max(tolerance for _, tolerance in self.claims[column])

    def newest(self, column: str) -> int:
        """Return the age of the newest filing that proves it."""
        return min(age for age, _ in self.claims[column])


def find_sums(grid: Grid, turned: Iterable[tuple[int, int]]) -> list[Sum]:
    """Return the equations of all filings between compiled lines, in the order of the lines."""
    is_turned = set(turned)
    found: dict[tuple[object, ...], Sum] = {}
    for rank, entry in enumerate(grid.entries):
        at, columns = grid.at[rank], grid.columns[rank]
        for equation in entry.statement.equations:
            mapped = _mapped(_without_zeros(equation, at, entry.statement.rows), at)
            if mapped is None:
                continue
            total, terms = mapped
            whole = -1 if (rank, total) in is_turned else 1
            signed = tuple(
                (sign * whole * (-1 if (rank, line) in is_turned else 1), line)
                for sign, line in terms
            )
            is_equal = equation.total is None
            key = (is_equal, total, frozenset(signed))
            each = found.setdefault(key, Sum(total, signed, is_equal))
            each.is_balance |= equation.id == "balance"
            shift = entry.scale_of(grid.lines[total].rows[rank].scale) - grid.scales[total]
            tolerance = converted(equation.tolerance, shift) or Decimal(0)
            for period in equation.diff:
                if (column := columns.get(period)) is not None:
                    each.claims.setdefault(column, []).append((grid.ages[rank], tolerance))
    sums = [each for each in found.values() if each.claims]
    return sorted(sums, key=lambda each: (each.total, each.is_equal, sorted(each.terms)))


def _without_zeros(equation: Equation, at: Mapping[int, int], rows: Sequence[Row]) -> Equation:
    """Return an equation without terms that are on no line, and add nothing in any period."""
    return equation.model_copy(
        update={
            "terms": [
                (sign, row)
                for sign, row in equation.terms
                if row in at or any(each.v != 0 for each in rows[row].cells.values())
            ]
        }
    )


def _mapped(
    equation: Equation, at: Mapping[int, int]
) -> tuple[int, tuple[tuple[int, int], ...]] | None:
    """Return total and terms of an equation as lines; None of a tie to another statement."""
    if equation.other is not None:
        return None
    if equation.total is not None:
        rows = [equation.total, *(row for _, row in equation.terms)]
        signs: list[int] = [sign for sign, _ in equation.terms]
    else:
        rows = sorted(equation.rows, key=lambda row: at.get(row, -1))
        signs = [1] * (len(rows) - 1)
    if any(row not in at for row in rows) or len(rows) < 2:  # noqa: PLR2004
        return None
    total, *lines = (at[row] for row in rows)
    return total, tuple(zip(signs, lines, strict=True))


def unite(sums: Sequence[Sum], chosen: Chosen) -> None:
    """Say each sum once in a column: with all terms, those that no filing states there as well."""
    for each in sums:
        wider = [
            other
            for other in sums
            if not (each.is_equal or other.is_equal or each.is_balance)
            and other.total == each.total
            and set(other.terms) > set(each.terms)
        ]
        for column in list(each.claims):
            more = [
                other
                for other in wider
                if not any(column in chosen[line] for _, line in set(other.terms) - set(each.terms))
            ]
            if more:
                most = max(more, key=lambda other: len(other.terms))
                most.claims.setdefault(column, []).extend(each.claims.pop(column))


def difference(
    each: Sum, column: str, chosen: Chosen, grid: Grid, turned: frozenset[tuple[int, int]]
) -> Decimal | None:
    """Return total minus terms of the figures that are shown; None where it cannot be tested."""
    total = shown(chosen, each.total, column, turned)
    if total is None:
        return None
    stated = 0
    for sign, line in each.terms:
        if column not in chosen[line]:
            continue
        value = shown(chosen, line, column, turned)
        if value is None:
            return None
        stated += 1
        shift = grid.scales[line] - grid.scales[each.total]
        total -= sign * value.scaleb(shift)
    if not stated or (each.is_equal and stated < len(each.terms)):
        return None
    return total if is_figure(total) else None


def shown(
    chosen: Chosen, line: int, column: str, turned: frozenset[tuple[int, int]]
) -> Decimal | None:
    """Return the figure of a cell with the sign of the newest filing that has the line."""
    point = chosen[line].get(column)
    if point is None or point.value is None:
        return None
    return -point.value if (point.rank, line) in turned and point.value else point.value


@dataclass(slots=True)
class Blocks:
    """Sees to it that each block of a column is of one filing where those of several do not close.

    Attributes:
        chosen: Is changed.
        replaced: Line and column that only older filings state, of a sum that a newer filing
            breaks down without it.
        taken: Line and column of totals whose block was taken from an older filing.
        open: Line and column of totals whose block does not close.
    """

    grid: Grid
    turned: frozenset[tuple[int, int]]
    sums: Sequence[Sum]
    chosen: Chosen
    replaced: set[tuple[int, str]] = field(default_factory=set)
    taken: set[tuple[int, str]] = field(default_factory=set)
    open: set[tuple[int, str]] = field(default_factory=set)

    def settle(self, column: str) -> None:
        """Choose the figures of one column."""
        sums = sorted(
            (each for each in self.sums if column in each.claims),
            key=lambda each: (each.newest(column), each.total),
        )
        for _ in range(len(sums) + 1):
            changed = [each for each in sums if self._settle(each, column, sums)]
            if not changed:
                break
        closed = {each.total for each in sums if self.holds(each, column)}
        for each in sums:
            if (
                each.total not in closed
                and column in self.chosen[each.total]
                and difference(each, column, self.chosen, self.grid, self.turned) is not None
            ):
                self.open.add((each.total, column))

    def holds(self, each: Sum, column: str) -> bool:
        """Return whether a sum holds for the figures that are shown."""
        if column not in each.claims:
            return False
        diff = difference(each, column, self.chosen, self.grid, self.turned)
        return diff is not None and abs(diff) <= each.tolerance(column)

    def _settle(self, each: Sum, column: str, sums: Sequence[Sum]) -> bool:
        """Make one block of one filing; return whether anything changed."""
        newer = self._breakdown(each.total, column, sums)
        if newer is not None and newer is not each:
            age = newer.newest(column)
            if each.newest(column) > age:
                return self._replace(each, column, age, sums)
        if self.holds(each, column):
            return False
        if newer is not None or column not in self.chosen[each.total]:
            return False
        return self._take(each, column, sums)

    def _breakdown(self, total: int, column: str, sums: Sequence[Sum]) -> Sum | None:
        """Return the newest sum that proves a total that is shown, of figures of one filing."""
        for each in sums:
            if each.total != total or each.is_equal or not self.holds(each, column):
                continue
            age = each.newest(column)
            if all(
                self.chosen[line][column].age == age
                for line in each.lines
                if column in self.chosen[line]
            ):
                return each
        return None

    def _replace(self, each: Sum, column: str, age: int, sums: Sequence[Sum]) -> bool:
        """Take away the terms that a newer breakdown of the same total has not."""
        changed = False
        for _, line in each.terms:
            if not self._is_left_over(line, column, age) or self._is_subtotal(
                line, column, age, sums
            ):
                continue
            self._take_away(line, column, age, sums)
            changed = True
        return changed

    def _is_left_over(self, line: int, column: str, age: int) -> bool:
        point = self.chosen[line].get(column)
        return point is not None and point.age > age

    def _is_subtotal(self, line: int, column: str, age: int, sums: Sequence[Sum]) -> bool:
        """Return whether a line adds up terms of which newer filings state each."""
        return any(
            each.total == line
            and self.holds(each, column)
            and not any(self._is_left_over(term, column, age) for _, term in each.terms)
            for each in sums
        )

    def _take_away(self, line: int, column: str, age: int, sums: Sequence[Sum]) -> None:
        """Take a figure away, and what only adds up to it."""
        del self.chosen[line][column]
        self.replaced.add((line, column))
        terms = chain.from_iterable(each.terms for each in sums if each.total == line)
        for _, term in terms:
            if self._is_left_over(term, column, age):
                self._take_away(term, column, age, sums)

    def _take(self, each: Sum, column: str, sums: Sequence[Sum]) -> bool:
        """Take all of a block from the newest filing in which it closes."""
        age = each.newest(column)
        points = {
            line: next((p for p in self.grid.points[line].get(column, []) if p.age == age), None)
            for line in each.lines
        }
        for line, point in points.items():
            now = self.chosen[line].get(column)
            if now is None or now is point or now.age > age:
                continue
            if now.corrected or (
                (point is None or point.value != now.value) and self._is_firm(line, column, sums)
            ):
                return False
        changed = False
        for line, point in points.items():
            now = self.chosen[line].get(column)
            if now is point:
                continue
            changed = True
            if now is not None and now.age < age:
                self.taken.add((each.total, column))
            if point is not None:
                self.chosen[line][column] = point
            elif now is not None:
                self._take_away(line, column, age, sums)
        return changed

    def _is_firm(self, line: int, column: str, sums: Sequence[Sum]) -> bool:
        """Return whether a sum of the filing that gives a figure proves it as it is shown."""
        age = self.chosen[line][column].age
        return any(
            line in each.lines
            and any(claim == age for claim, _ in each.claims[column])
            and self.holds(each, column)
            for each in sums
        )
