"""The figures of a compiled statement in the columns of a table: digits, signs and marks."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich.cells import cell_len

from app.cli.text import pad, pad_left
from app.pipeline.compile.first_reported import is_own
from app.pipeline.compiled import Compiled, CompiledPeriod, CompiledRow
from app.pipeline.show.figures import MOST_DECIMALS, Drawn, draw_figure, level_of
from app.pipeline.show.headings import date_of, name_of
from app.pipeline.show.marks import Marking


@dataclass(frozen=True, slots=True)
class Measures:
    """The columns that the figures of a period take: digits, fraction, and what stands behind."""

    digits: int
    fraction: int
    after: int

    @property
    def number(self) -> int:
        """Return the columns of the number."""
        return self.digits + self.fraction

    @property
    def all(self) -> int:
        """Return all columns."""
        return self.number + self.after

    def align(self, drawn: Drawn | None) -> str:
        """Return a figure in its place: points of money below each other, others on the right."""
        if drawn is None:
            return " " * self.all
        if drawn.fraction is None:
            return pad_left(drawn.digits, self.number) + pad(drawn.after, self.after)
        behind = pad(drawn.fraction + drawn.after, self.fraction + self.after)
        return pad_left(drawn.digits, self.digits) + behind


class Column:
    """The figures of a period, and its heading.

    Attributes:
        drawn: By position of the row.
        heading: Two lines.
    """

    def __init__(
        self,
        compiled: Compiled,
        period: CompiledPeriod,
        decimals: Sequence[int],
        marking: Marking,
    ) -> None:
        self.period = period
        own = {number for number, each in enumerate(compiled.inputs) if is_own(period, each)}
        self.drawn = {
            number: draw_figure(
                cell, row, min(MOST_DECIMALS, decimals[number]), marking.of(cell, row, own)
            )
            for number, row in enumerate(compiled.rows)
            if (cell := row.cells.get(period.key))
        }
        self.heading = [name_of(period), date_of(period)]

    def measure(self, *, dated: bool) -> Measures:
        """Return the columns that it takes, with one line of heading or two."""
        money = [each for each in self.drawn.values() if each.fraction is not None]
        others = [each for each in self.drawn.values() if each.fraction is None]
        fraction = _longest(each.fraction or "" for each in money)
        number = max(
            _longest(each.digits for each in money) + fraction,
            _longest(each.digits for each in others),
            _longest(self.heading if dated else self.heading[:1]),
        )
        behind = _longest((each.fraction or "") + each.after for each in money)
        after = max(behind - fraction, _longest(each.after for each in others))
        return Measures(number - fraction, fraction, after)


def _longest(texts: Iterable[str]) -> int:
    return max(map(cell_len, texts), default=0)


def indent_of(row: CompiledRow) -> int:
    """Return the columns by which a row is indented."""
    return 2 * level_of(row)
