"""A line of the figures of a row over the years, in a picture of a few dozen bytes (SVG)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

WIDTH: Final = 56
HEIGHT: Final = 18
_EDGE: Final = 2
"""Free space around the line, so that its ends are not cut."""


@dataclass(frozen=True, slots=True)
class Point:
    """A figure of a trend.

    Attributes:
        key: Of its period.
        value: What is drawn.
        name: Of its year.
        text: As it is shown.
    """

    key: str
    value: Decimal
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Trend:
    """A picture.

    Attributes:
        path: Commands of an SVG path in a box of `WIDTH` and `HEIGHT`.
        dots: Commands of a path of no length at each year that no line reaches.
        zero: Where the line of zero is, from the top.
        is_crossing: Whether there are negative figures.
        words: The same in words.
    """

    path: str
    dots: str
    zero: int
    is_crossing: bool
    words: str


def trend_of(
    points: Sequence[Point | None], is_next: Callable[[Point, Point], bool]
) -> Trend | None:
    """Return the line through the figures of a row; it begins at zero, and breaks at gaps.

    Args:
        points: By year, the oldest first; None where there is no figure.
        is_next: Whether the line goes on from a point to the next.
    """
    known = [each for each in points if each is not None]
    if len(known) < 2:  # noqa: PLR2004 a trend has two ends
        return None
    lowest = min(Decimal(0), *(each.value for each in known))
    highest = max(Decimal(0), *(each.value for each in known))
    space = highest - lowest
    if not space:
        return None

    def y(value: Decimal) -> int:
        return _EDGE + int((highest - value) * (HEIGHT - 2 * _EDGE) / space)

    steps = max(1, len(points) - 1)
    lines: list[list[str]] = []
    last: Point | None = None
    for number, point in enumerate(points):
        if point is not None:
            if last is None or not is_next(last, point):
                lines.append([])
            x = _EDGE + number * (WIDTH - 2 * _EDGE) // steps
            lines[-1].append(f"{x} {y(point.value)}")
        last = point
    return Trend(
        path="".join(f"M{'L'.join(line)}" for line in lines if len(line) > 1),
        dots="".join(f"M{line[0]}h0" for line in lines if len(line) == 1),
        zero=y(Decimal(0)),
        is_crossing=lowest < 0,
        words=_words(known),
    )


def _words(known: Sequence[Point]) -> str:
    first, last = known[0], known[-1]
    return f"{first.name} {first.text} to {last.name} {last.text}"
