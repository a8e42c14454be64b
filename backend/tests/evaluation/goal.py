"""A goal, and the figure that was measured."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Goal:
    """A goal and the figure measured.

    Attributes:
        key: A stable name.
        at_least: The lowest figure that reaches it, or None.
        at_most: The highest one, or None.
        measured: None where the folder holds nothing to measure it by.
        unit: Of the figures, such as "%".
        detail: What the figure is made of.
    """

    key: str
    name: str
    measured: float | None
    at_least: float | None = None
    at_most: float | None = None
    unit: str = ""
    detail: str = ""

    @property
    def missed(self) -> bool:
        """Whether the figure was measured and does not reach the goal."""
        if self.measured is None:
            return False
        low = self.at_least is not None and self.measured < self.at_least
        return low or (self.at_most is not None and self.measured > self.at_most)


def share(part: float, whole: float) -> float | None:
    """Return a part in percent, None of nothing."""
    return 100 * part / whole if whole else None
