"""The money of a table as scaled integers, by row and period: sums need no decimals."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Context, Decimal

from app.pipeline.statement import Row
from app.pipeline.verify.vocabulary import (
    ATTRIBUTION,
    COST,
    GAIN,
    NONCONTROLLING,
    OF_WHICH,
    TOTAL,
    normalise,
)

BLANK, STATED, UNREADABLE = 0, 1, 2
# Four in five rows decide how the figures are rounded; a few may be exact by chance or misread.
_SHARE_OF_ROWS = 0.8
# The form has up to 60 digits; the default context would round to 28.
EXACT = Context(prec=100)


def is_money(row: Row) -> bool:
    """Whether a row's figures can be terms of sums: money, and no "of which" line."""
    return (
        row.kind in {"line", "total"}
        and row.unit is None
        and not OF_WHICH.search(normalise(row.label))
    )


@dataclass(slots=True)
class Figures:
    """The figures of one row, in units of the table.

    Attributes:
        n: Number of the row.
        values: By period; 0 where nothing is stated.
        states: By period: BLANK, STATED or UNREADABLE.
        total_like: The reader or the label takes the row for a total.
        part: The row belongs to the split of the total above it between owners and others.
        gain: The label is that of an income or a gain, and not of either.
        section: The headings above.
        closed: Rows above it add up to it.
    """

    n: int
    values: tuple[int, ...]
    states: tuple[int, ...]
    total_like: bool
    part: bool
    gain: bool
    section: tuple[str, ...]
    closed: bool = False

    @property
    def is_zero(self) -> bool:
        """Whether no period states anything but zero."""
        return not any(self.values) and UNREADABLE not in self.states


@dataclass(frozen=True, slots=True)
class Table:
    """The money rows of a table.

    Attributes:
        unit: What an integer of the figures is worth in the printed scale.
        step: The rounding of the printed figures, in such units.
    """

    rows: list[Figures]
    unit: Decimal
    step: int


def _exponent(value: Decimal) -> int:
    """Return the largest power of ten that divides a figure other than zero."""
    whole = int(value)
    if whole == value:  # most figures: counting zeros is quicker than normalising
        zeros = 0
        while not whole % 10:
            whole //= 10
            zeros += 1
        return zeros
    return int(EXACT.normalize(value).as_tuple().exponent)


def _rounding(rows: Sequence[int]) -> int:
    """Return the power of ten of the last printed digit: -n for n decimals, else 0, 3 or 6.

    Args:
        rows: The least exponent of each row's figures.
    """
    exponents = sorted(rows, reverse=True)
    if not exponents:
        return 0
    common = exponents[int((len(exponents) - 1) * _SHARE_OF_ROWS)]
    return common // 3 * 3 if common > 0 else common


def tabulate(rows: Sequence[Row], periods: Sequence[str]) -> Table:
    """Return the figures of the money rows that have the commonest scale."""
    money = [row for row in rows if is_money(row) and row.cells]
    scales = [row.scale for row in money]
    common = max(set(scales), key=scales.count) if scales else None
    money = [row for row in money if row.scale == common]
    stated = [
        [cell.v for key in periods if (cell := row.cells.get(key)) and cell.v] for row in money
    ]
    exponents = [min(map(_exponent, row)) for row in stated if row]
    finest = min([0, *exponents])
    step = max(_rounding(exponents), finest)
    factor = Decimal(10) ** -finest
    figures: list[Figures] = []
    for row in money:
        cells = [row.cells.get(key) for key in periods]
        label = normalise(row.label)
        figures.append(
            Figures(
                n=row.n,
                values=tuple(
                    (int(EXACT.multiply(cell.v, factor)) if finest else int(cell.v))
                    if cell is not None and cell.v is not None
                    else 0
                    for cell in cells
                ),
                states=tuple(
                    BLANK if cell is None else STATED if cell.v is not None else UNREADABLE
                    for cell in cells
                ),
                total_like=row.kind == "total" or not label or bool(TOTAL.search(label)),
                part=bool(
                    NONCONTROLLING.search(label)
                    or any(ATTRIBUTION.search(normalise(each)) for each in row.section)
                ),
                gain=bool(GAIN.search(label)) and not COST.search(label),
                section=tuple(row.section),
            )
        )
    return Table(figures, Decimal(10) ** finest, int(10 ** (step - finest)))
