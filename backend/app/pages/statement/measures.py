"""The figures of a statement as amounts, as shares of one line, or as growth over a year."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, Protocol

from app.pages.statement.bases import Bases
from app.pages.statement.comparable import Comparing
from app.pages.statement.percentages import (
    NOT_AVAILABLE,
    NOT_MEANINGFUL,
    growth_of,
    percentage,
    ratio_of,
)
from app.pipeline.compiled import Compiled, CompiledCell, CompiledRow
from app.pipeline.decimals import is_money, shown_decimals
from app.pipeline.export.wording import worth
from app.pipeline.show.figures import MOST_DECIMALS, draw_figure
from app.pipeline.show.marks import CHECKABLE, UNREADABLE
from app.pipeline.wording import is_nil

NIL: Final = "\N{EM DASH}"


@dataclass(frozen=True, slots=True)
class Measured:
    """A figure as it is shown.

    Attributes:
        text: With its sign.
        value: What a trend draws; None where there is nothing to draw.
        missing: Characters fewer than other sums of money have from the decimal point on.
        is_rounded: Whether digits of the figure are left out.
        is_unproved: Whether a figure that it is made with is not proved.
        is_of_deduction: Whether it is the growth of an amount that is negative in all years.
    """

    text: str
    value: Decimal | None = None
    missing: int = 0
    is_rounded: bool = False
    is_unproved: bool = False
    is_of_deduction: bool = False


class Measure(Protocol):
    """How figures are shown."""

    def of(self, number: int, row: CompiledRow, key: str, cell: CompiledCell) -> Measured:
        """Return a figure of a row and a period."""


class Amounts:
    """Figures as they are stated."""

    def __init__(self, compiled: Compiled) -> None:
        self._decimals = [min(MOST_DECIMALS, each) for each in shown_decimals(compiled)]
        drawn = (
            draw_figure(cell, row, decimals, "").fraction
            for row, decimals in zip(compiled.rows, self._decimals, strict=True)
            if decimals and is_money(row)  # mostly there are none
            for cell in row.cells.values()
        )
        self._most = max((len(each) for each in drawn if each), default=0)

    def of(self, number: int, row: CompiledRow, key: str, cell: CompiledCell) -> Measured:
        """Return a figure with its printed sign."""
        del key
        drawn = draw_figure(cell, row, self._decimals[number], "")
        text = f"{drawn.digits}{drawn.fraction or ''}{drawn.after}"
        missing = 0 if drawn.fraction is None else self._most - len(drawn.fraction)
        return Measured(text, cell.v, missing, drawn.is_rounded)


@dataclass(frozen=True, slots=True)
class Share:
    """Figures as percentages of the revenue, or of the total assets, of their year.

    Attributes:
        compiled: The statement.
        bases: Of which; those of another statement are in the same currency.
    """

    compiled: Compiled
    bases: Bases

    def of(self, number: int, row: CompiledRow, key: str, cell: CompiledCell) -> Measured:
        """Return a sum of money as a percentage; other figures have none."""
        del number
        if cell.v is None:
            return Measured(UNREADABLE)
        place = self.bases.rows.get(key)
        if place is None or not is_money(row):
            return Measured(NOT_AVAILABLE)
        line = self.bases.compiled.rows[place]
        base = line.cells[key]
        if base.v is None or base.v <= 0:
            return Measured(NOT_MEANINGFUL)
        if is_nil(cell.v, cell.printed):
            return Measured(NIL, cell.v, is_unproved=not base.verified)
        share = ratio_of(
            worth(cell.v, self.compiled.scale or 0), worth(base.v, self.bases.compiled.scale or 0)
        )
        return Measured(percentage(share), share, is_unproved=not base.verified)


@dataclass(frozen=True, slots=True)
class Growth:
    """Figures against those of the year before.

    Attributes:
        rows: Of the statement with all its years, by id.
        comparing: Which of its years can be compared.
    """

    rows: Mapping[str, CompiledRow] = field(repr=False)
    comparing: Comparing

    def of(self, number: int, row: CompiledRow, key: str, cell: CompiledCell) -> Measured:
        """Return by how much a figure is more than that of the year before."""
        del number
        if cell.v is None:
            return Measured(UNREADABLE)
        before = self.comparing.before.get(key)
        older = self.rows[row.id].cells.get(before) if before else None
        if older is None or older.v is None or not self.comparing.is_one_basis(row, cell, older):
            return Measured(NOT_AVAILABLE)
        is_of_deduction = older.v < 0 and _is_deduction(self.rows[row.id])
        if older.v <= 0 and not is_of_deduction:
            return Measured(NOT_MEANINGFUL)
        growth = growth_of(cell.v, older.v)  # of two negative figures, that of their amounts
        return Measured(
            percentage(growth),
            growth,
            is_unproved=row.kind in CHECKABLE and not older.verified,
            is_of_deduction=is_of_deduction,
        )


def _is_deduction(row: CompiledRow) -> bool:
    """Return whether no figure of a line is positive, as with costs in parentheses."""
    return all(each.v is not None and each.v <= 0 for each in row.cells.values())
