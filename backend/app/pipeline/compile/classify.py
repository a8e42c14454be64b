"""How a filing states a figure otherwise than the filing before."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Final

from app.pipeline.compile.blocks import Sum
from app.pipeline.compile.entry import UNPRINTED
from app.pipeline.compile.grid import Grid, Point
from app.pipeline.compiled import Change
from app.pipeline.verify.figures import EXACT

GRAVITY: Final[tuple[Change, ...]] = (
    "none",
    "rounding",
    "sign",
    "split",
    "reclassified",
    "restated",
)
"""Kinds of changes, the gravest last."""
_KEPT: Final = 2
_ROUNDED: Final = 2
"""Zeros more than the figures of a filing have, and digits before them, of a rounded fact."""
_RATIOS: Final = tuple(
    sorted(
        {
            ratio
            for new, old in (
                *((new, old) for new in range(2, 101) for old in (1,)),
                *((new, old) for new in range(3, 12) for old in range(2, 6)),
            )
            if new != old
            for ratio in (Fraction(new, old), Fraction(old, new))
        },
        key=lambda each: (max(each.numerator, each.denominator), each),
    )
)
"""New shares for old ones, the simplest first: splits, share dividends, and reverse splits."""
_SHARE_DIVIDENDS: Final = (Fraction(21, 20), Fraction(11, 10))
_OF_CENTS: Final = (Fraction(100), Fraction(1, 100))
"""Ratios of figures in cents whose unit was not read: only numbers of shares tell a split."""
_DIGITS, _FEW_DIGITS = 4.0, 2.0
"""Digits of all figures together that a split has to explain; the few are enough where the money
of both filings is the same, and the ratio is at least 3:2."""
_UNCHANGED: Final = 3
"""Figures of money, equal in both filings and none changed, that tell that only shares did."""
_MOST: Final = Fraction(2, 3)
"""Share of the changed figures that a split has to explain."""


def gravest(changes: Iterable[Change]) -> Change:
    """Return the gravest of some changes."""
    return max(changes, key=GRAVITY.index, default="none")


@dataclass(slots=True)
class Changes:
    """Tells the kinds of changes between the filings of a grid.

    Attributes:
        turned: Rank and line where the sign is turned to that of newer filings.
        blocks: By line: the sums of which it is a term.
        splits: By the ages of two filings: new shares for one old.
    """

    grid: Grid
    sums: Sequence[Sum]
    turned: frozenset[tuple[int, int]] = frozenset()
    blocks: dict[int, list[Sum]] = field(default_factory=dict)
    splits: dict[tuple[int, int], Fraction | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Index the sums by their terms."""
        for each in self.sums:
            if not each.is_equal:
                for _, line in each.terms:
                    self.blocks.setdefault(line, []).append(each)

    def between(self, line: int, column: str, older: Point, newer: Point) -> Change:
        """Return how a filing states a figure otherwise than an older one."""
        before, after = self._comparable(line, older, newer)
        if before is None or after is None or before == after:
            return "none"
        coarser = max(older.unit, newer.unit)
        is_per_share = newer.row.kind in {"per_share", "shares"}
        split = self._split(older.age, newer.age) if is_per_share else None
        found: Change = "restated"
        if split is not None and _explains(split, older, newer):
            found = "split"
        elif abs(after - before) <= coarser or self._is_rounded_fact(older, newer):
            found = "rounding"
        elif abs(after + before) <= coarser:
            found = "sign"
        elif self._is_reclassified(line, column, older, newer):
            found = "reclassified"
        return found

    def _is_rounded_fact(self, older: Point, newer: Point) -> bool:
        """Return whether one figure is the other one, rounded to hundreds or more.

        Facts alone do not say how they are rounded: one of the notes may be in tenths of a million
        where the statement is in thousands.
        """
        for rounded, other in ((older, newer), (newer, older)):
            is_fact = self.grid.entries[rounded.rank].kind in UNPRINTED
            if is_fact and rounded.value and other.value and _rounds(rounded, other.value):
                return True
        return False

    def _comparable(
        self, line: int, older: Point, newer: Point
    ) -> tuple[Decimal | None, Decimal | None]:
        """Return two figures as stated; of facts alone and a print with the sign of newer ones.

        A fact has the sign of its concept: that it is another one than the printed sign is no
        change.
        """
        kinds = [self.grid.entries[each.rank].kind in UNPRINTED for each in (older, newer)]
        if kinds[0] == kinds[1]:
            return older.value, newer.value
        before, after = (
            -each.value if each.value and (each.rank, line) in self.turned else each.value
            for each in (older, newer)
        )
        return before, after

    def _is_reclassified(self, line: int, column: str, older: Point, newer: Point) -> bool:
        """Return whether a sum of which the line is a term is the same in both filings.

        A total is restated with its own terms: equity, where liabilities were left out.
        """
        if newer.row.kind == "total" or self._has_changed_terms(line, column, older, newer):
            return False
        for each in self.blocks.get(line, ()):
            total = self._pair(each.total, column, older.age, newer.age)
            if total is None or not _is_same(*total):
                continue
            others = [
                self._pair(term, column, older.age, newer.age, both=False)
                for _, term in each.terms
                if term != line
            ]
            if any(pair is not None and not _is_same(*pair) for pair in others):
                return True
        return False

    def _has_changed_terms(self, line: int, column: str, older: Point, newer: Point) -> bool:
        """Return whether a line adds up others, one of which two filings state otherwise."""
        return any(
            pair is not None and not _is_same(*pair)
            for each in self.sums
            if each.total == line and not each.is_equal
            if all(sign > 0 for sign, _ in each.terms)
            for _, term in each.terms
            if (pair := self._pair(term, column, older.age, newer.age, both=False))
        )

    def _pair(
        self, line: int, column: str, older: int, newer: int, *, both: bool = True
    ) -> tuple[Point | None, Point | None] | None:
        """Return what two filings state at a cell; None where one, or neither, states it."""
        points = {each.age: each for each in self.grid.points[line].get(column, ())}
        pair = points.get(older), points.get(newer)
        wanted = all if both else any
        return pair if wanted(each is not None for each in pair) else None

    def _split(self, older: int, newer: int) -> Fraction | None:
        """Return how many new shares there are in a filing for one of an older filing."""
        key = older, newer
        if key not in self.splits:
            self.splits[key] = self._find_split(older, newer)
        return self.splits[key]

    def splits_since(self, age: int) -> Fraction:
        """Return new shares for one of a filing, by the splits that are known of newer filings.

        Splits are found while changes are told; all have to be told before.
        """
        found = {pair: ratio for pair, ratio in self.splits.items() if ratio is not None}
        since = Fraction(1)
        for (older, newer), ratio in found.items():
            # The same split stands between filings that are further apart as well.
            is_nearest = not any(
                newer <= other[1] and other[0] <= older and other != (older, newer)
                for other in found
            )
            if older <= age and is_nearest:
                since *= ratio
        return since

    def _find_split(self, older: int, newer: int) -> Fraction | None:
        changed: list[tuple[Point, Point]] = []
        for _, _, points in self.grid.all():
            if points[0].row.kind not in {"per_share", "shares"}:
                continue
            by_age = {each.age: each for each in points}
            before, after = by_age.get(older), by_age.get(newer)
            if (
                before
                and after
                and before.value
                and after.value
                and abs(before.value - after.value) > max(before.unit, after.unit)
            ):
                changed.append((before, after))
        if not changed:
            return None
        same_money = self._has_same_money(older, newer)
        ratios: list[Fraction] = [*_RATIOS, *(_SHARE_DIVIDENDS if same_money else ())]
        for ratio in ratios:
            fitting = [pair for pair in changed if _explains(ratio, *pair)]
            is_large = max(ratio, 1 / ratio) >= Fraction(3, 2)
            least = _FEW_DIGITS if same_money and is_large else _DIGITS
            if ratio in _OF_CENTS and all(new.row.kind == "per_share" for _, new in fitting):
                continue
            if len(fitting) >= _MOST * len(changed) and sum(map(_digits, fitting)) >= least:
                return ratio
        return None

    def _has_same_money(self, older: int, newer: int) -> bool:
        """Return whether two filings state the same money for the years of both."""
        same = 0
        for _, _, points in self.grid.all():
            if points[0].row.kind in {"per_share", "shares"}:
                continue
            by_age = {each.age: each for each in points}
            before, after = by_age.get(older), by_age.get(newer)
            if not (before and after and before.value and after.value):
                continue
            if abs(abs(before.value) - abs(after.value)) > max(before.unit, after.unit):
                return False
            same += 1
        return same >= _UNCHANGED


def _is_same(one: Point | None, other: Point | None) -> bool:
    """Return whether two filings state the same, after rounding; zero is the same as nothing."""
    value = (one and one.value) or Decimal(0)
    stated = (other and other.value) or Decimal(0)
    unit = max((each.unit for each in (one, other) if each), default=Decimal(0))
    return abs(value - stated) <= unit or value == stated


def _explains(ratio: Fraction, older: Point, newer: Point) -> bool:
    """Return whether a split explains a figure per share, or a number of shares."""
    before, after = older.value, newer.value
    if before is None or after is None:
        return False
    factor = 1 / ratio if newer.row.kind == "per_share" else ratio
    unit = max(Fraction(newer.unit), Fraction(older.unit) * factor)
    return abs(Fraction(before) * factor - Fraction(after)) <= unit


def _digits(pair: tuple[Point, Point]) -> float:
    """Return how many digits of a pair of figures a split explains."""
    older, newer = pair
    return min(_length(older.value, older.unit), _length(newer.value, newer.unit))


@lru_cache(maxsize=4096)
def _length(value: Decimal | None, unit: Decimal) -> float:
    return max(0.0, float((abs(value) / unit).log10())) if value else 0.0


def _rounds(rounded: Point, other: Decimal) -> bool:
    """Return whether a figure with at least two digits before its zeros is another one, rounded."""
    if rounded.value is None:
        return False
    _, digits, last = EXACT.normalize(rounded.value).as_tuple()
    if not isinstance(last, int) or len(digits) < _KEPT:
        return False
    is_coarse = last - rounded.unit.adjusted() >= _ROUNDED
    return is_coarse and abs(rounded.value - other) <= Decimal(5).scaleb(last - 1)
