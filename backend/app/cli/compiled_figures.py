"""The figures of a compiled statement in the columns of a table: digits, signs and marks."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Final

from rich.cells import cell_len

from app.cli.figures import CHECKABLE, DEEPEST, UNPROVED, UNREADABLE
from app.cli.text import pad, pad_left, plain
from app.pipeline.compile.first_reported import is_own
from app.pipeline.compile.view import View
from app.pipeline.compiled import Change, Compiled, CompiledCell, CompiledPeriod, CompiledRow
from app.pipeline.decimals import decimals_of, is_money
from app.pipeline.wording import is_nil, scale_name

CORRECTED: Final = "ᶜ"
LATER: Final = "ˡ"
UNADJUSTED: Final = "ᵘ"
CHANGES: Final[Mapping[Change, str]] = {
    "restated": "ʳ",
    "split": "ˢ",
    "sign": "±",
    "reclassified": "ᵐ",
}
"""Marks of the kinds of change; another rounding changes nothing that a reader has to know."""
MOST_DECIMALS: Final = 6
_EXACT: Final = Context(prec=200)  # a figure has up to 60 digits
CENTS: Final = 2  # decimals that a figure per share has at least
MONTHS: Final = (
    *("", "January", "February", "March", "April", "May", "June", "July", "August"),
    *("September", "October", "November", "December"),
)


@dataclass(frozen=True, slots=True)
class Drawn:
    """A figure in parts.

    Attributes:
        digits: Up to the decimal point of a sum of money; else all of them.
        fraction: The decimal point and what follows, of a sum of money; None of others.
        after: The closing parenthesis and the marks.
        is_rounded: Whether digits are left out.
    """

    digits: str
    fraction: str | None = ""
    after: str = ""
    is_rounded: bool = False


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


@dataclass(frozen=True, slots=True)
class Marking:
    """Which marks the figures of a table have.

    Attributes:
        view: Which filings give the figures.
        unadjusted: Of figures as first reported, the newest filing before a split: its figures per
            share, and those of older filings, are not comparable with those of newer filings.
    """

    view: View
    unadjusted: int | None = None

    def of(self, cell: CompiledCell, row: CompiledRow, own: Collection[int]) -> str:
        """Return what a reader has to know: by whom, of when, changed how, and whether proved.

        Args:
            cell: The figure.
            row: Its line.
            own: The filings of the year itself.
        """
        is_later = self.view == "original" and bool(own) and cell.input not in own
        is_before_split = (
            bool(cell.unadjusted)
            if self.view == "latest"
            else (
                self.unadjusted is not None
                and cell.change != "split"
                and row.kind in {"per_share", "shares"}
                and cell.input >= self.unadjusted
            )
        )
        is_unproved = cell.v is not None and row.kind in CHECKABLE and not cell.verified
        marks = [
            CORRECTED * bool(cell.corrected),
            LATER * is_later,
            UNADJUSTED * (is_before_split and bool(cell.v)),
            CHANGES.get(cell.change, ""),
            UNPROVED * is_unproved,
        ]
        return "".join(marks)


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
        self.heading = [_name_of(period), date_of(period)]

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


def _name_of(period: CompiledPeriod) -> str:
    """Return the first line of the heading: the year, or the length of a short period."""
    label = plain(period.label)
    return label if period.regular else label.partition(" to ")[0]


def date_of(period: CompiledPeriod) -> str:
    """Return the day on which a period ends, with its year where the fiscal year is another."""
    day = f"{period.end.day} {MONTHS[period.end.month][:3]}"
    is_own = period.regular and period.end.year == period.fiscal_year
    return day if is_own else f"{day} {period.end.year % 100:02}"


def _decimals(value: Decimal) -> int:
    return min(MOST_DECIMALS, decimals_of(value))


def draw_figure(cell: CompiledCell, row: CompiledRow, decimals: int, marks: str) -> Drawn:
    """Return a figure with its printed sign.

    Args:
        cell: The figure.
        row: Its line.
        decimals: The most that are shown.
        marks: Stand behind it.
    """
    if cell.v is None:
        return Drawn(UNREADABLE, after=marks)
    if is_nil(cell.v, cell.printed):
        return Drawn("—", after=marks)
    shown = _rounded(cell.v, decimals)
    opening, closing = ("(", ")") if cell.v < 0 else ("", "")
    least = CENTS if row.kind == "per_share" else 0
    digits = f"{opening}{shown.copy_abs():,.{max(least, _decimals(shown))}f}"
    is_rounded = shown != cell.v
    if not is_money(row):
        return Drawn(digits, None, closing + marks, is_rounded)
    whole, point, fraction = digits.partition(".")
    return Drawn(whole, point + fraction, closing + marks, is_rounded)


def _rounded(value: Decimal, decimals: int) -> Decimal:
    """Return a figure with at most so many decimals."""
    if _decimals(value) <= decimals:
        return value
    return value.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP, _EXACT)


def label_of(row: CompiledRow, scale: int | None) -> str:
    """Return the label of a row, with its unit where that is not the statement's."""
    label = " ".join(plain(row.label).split()) or "(no label)"
    own = scale if row.scale is None else row.scale
    if row.unit is None and own == scale:
        return label
    scaled = scale_name(own or 0)
    unit = plain(row.unit or "")
    return f"{label} [{' '.join(filter(None, [scaled, unit])) or 'units'}]"


def indent_of(row: CompiledRow) -> int:
    """Return the columns by which a row is indented."""
    return 2 * max(0, min(row.level, DEEPEST))
