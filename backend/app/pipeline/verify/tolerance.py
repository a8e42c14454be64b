"""How far a printed sum may be off because its figures are rounded, in units of the last digit.

Each of n terms and the total has an error that is spread evenly over one unit: a variance of 1/12.
What is off by more than three standard deviations of the n + 1 errors is not rounding.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from math import isqrt


def _deviation(terms: int) -> int:
    """Return three standard deviations of the errors of a total and its terms, cut to a whole."""
    return isqrt(9 * (terms + 1) // 12)


def _sign(value: int) -> int:
    return (value > 0) - (value < 0)


class Rounding(ABC):
    """A way of rounding the figures of a statement."""

    @abstractmethod
    def slack(self, terms: int) -> int:
        """Return the largest difference that any sum of so many terms may have."""

    @abstractmethod
    def explains(self, diff: int, total: int, terms: Sequence[int]) -> bool:
        """Return whether a difference is rounding.

        Args:
            diff: Total minus terms, in units of the last digit.
            total: As printed.
            terms: With the signs by which they are added, none of them zero.
        """


class Exact(Rounding):
    """Figures that are not rounded, or whose sums were made to close: no difference is allowed."""

    def slack(self, terms: int) -> int:
        """Return 0."""
        return 0 * terms

    def explains(self, diff: int, total: int, terms: Sequence[int]) -> bool:
        """Return whether there is no difference."""
        del total, terms
        return diff == 0


class Rounded(Rounding):
    """Figures rounded to the nearest unit: at most half a unit for each term and the total."""

    def slack(self, terms: int) -> int:
        """Return 1 for two terms, 2 for five, 3 for eleven."""
        return 0 if terms <= 1 else min((terms + 1) // 2, _deviation(terms))

    def explains(self, diff: int, total: int, terms: Sequence[int]) -> bool:
        """Return whether a difference is within the slack."""
        del total
        return abs(diff) <= self.slack(len(terms))


class CutOff(Rounding):
    """Figures whose digits are cut off, as in Japan: a total is larger than what is printed of it.

    Each error has the sign of its figure, and is half a unit on average.
    """

    def slack(self, terms: int) -> int:
        """Return half a unit for each term and three standard deviations, at most one a term."""
        return 0 if terms <= 1 else min(terms, terms // 2 + _deviation(terms))

    def explains(self, diff: int, total: int, terms: Sequence[int]) -> bool:
        """Return whether a difference is near the one that cutting off makes on average."""
        apart = 2 * diff - twice_expected(total, terms)
        return abs(diff) <= self.slack(len(terms)) and apart**2 <= 3 * (len(terms) + 1)


def twice_expected(total: int, terms: Sequence[int]) -> int:
    """Return twice the difference that cutting digits off makes on average."""
    return sum(map(_sign, terms)) - _sign(total)


EXACT, ROUNDED, CUT_OFF = Exact(), Rounded(), CutOff()
