"""The figures of all filings by line and column, in the scale of the compiled lines."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from app.pipeline.compile.entry import Entry
from app.pipeline.compile.lines import Line
from app.pipeline.compile.units import power_of
from app.pipeline.compiled import Corrected
from app.pipeline.statement import Cell, Row
from app.pipeline.verify.figures import EXACT

_WHOLE, _DECIMALS = 40, 20
"""Digits of a figure in the forms, before and behind the decimal point."""


@dataclass(slots=True, eq=False)
class Point:
    """A figure of one filing at a line and a column.

    Attributes:
        rank: Number of the filing among those compiled, the frame is 0.
        age: Position by age, of which the newest is 0; what is newest wins.
        period: Key of the period in that statement.
        value: As stated, in the scale of the compiled line; None if it cannot be read.
        unit: What the last printed digit is worth, in that scale.
        corrected: What a person corrected, figures in the scale of the compiled line.
    """

    rank: int
    age: int
    row: Row
    period: str
    cell: Cell
    value: Decimal | None
    unit: Decimal
    corrected: Corrected | None


@dataclass(slots=True)
class Grid:
    """Lines, and what each filing states of them.

    Attributes:
        entries: The filings by rank.
        scales: Of each line.
        points: By line: the figures by column, those of the newest filing first.
        at: By rank: line by position of the row in the statement.
    """

    entries: Sequence[Entry]
    ages: Sequence[int]
    lines: Sequence[Line]
    scales: list[int]
    points: list[dict[str, list[Point]]]
    at: list[dict[int, int]]
    columns: Sequence[Mapping[str, str]]

    def all(self) -> Iterator[tuple[int, str, list[Point]]]:
        """Yield line, column, and the figures there."""
        for line, columns in enumerate(self.points):
            for column, points in columns.items():
                yield line, column, points


def make_grid(
    entries: Sequence[Entry],
    ages: Sequence[int],
    columns: Sequence[Mapping[str, str]],
    lines: Sequence[Line],
) -> Grid:
    """Return the figures of statements by line and column.

    Args:
        entries: By rank.
        ages: By rank: position by age.
        columns: By rank: column by key of the statement's period.
        lines: Which row of each statement is which line, by rank.
    """
    units = [_unit_of_facts(each) for each in entries]
    grid = Grid(entries, ages, lines, [], [], [{} for _ in entries], columns)
    for number, line in enumerate(lines):
        # A line that older filings have alone is in the scale of the frame as well.
        scale = entries[0].scale_of(line.newest.scale)
        unit = power_of(line.newest.unit)
        grid.scales.append(scale)
        at: dict[str, list[Point]] = {}
        for rank in sorted(line.rows, key=lambda each: ages[each]):
            row, entry = line.rows[rank], entries[rank]
            grid.at[rank][row.n] = number
            shift = entry.scale_of(row.scale) + power_of(row.unit) - scale - unit
            for period, cell in row.cells.items():
                column = columns[rank].get(period)
                if column is None:
                    continue
                at.setdefault(column, []).append(
                    Point(
                        rank=rank,
                        age=ages[rank],
                        row=row,
                        period=period,
                        cell=cell,
                        value=converted(cell.v, shift),
                        unit=_unit(cell.v, shift, _zeros(row, cell.v, units[rank])),
                        corrected=_corrected(entry, row, period, shift),
                    )
                )
        grid.points.append(at)
    return grid


def converted(value: Decimal | None, shift: int) -> Decimal | None:
    """Return a figure in another scale, exactly and without zeros that are not printed.

    None if the form has not so many digits: it is left unreadable, and never cut.
    """
    if value is None or not shift:
        return value
    moved = EXACT.normalize(EXACT.scaleb(value, shift))
    return Decimal(format(moved, "f")) if is_figure(moved) else None


def is_figure(value: Decimal) -> bool:
    """Return whether the form has as many digits as a figure."""
    return value.adjusted() < _WHOLE and int(value.as_tuple().exponent) >= -_DECIMALS


def _corrected(entry: Entry, row: Row, period: str, shift: int) -> Corrected | None:
    made = entry.corrected.get((row.n, period)) if entry.corrected else None
    return made and made.model_copy(update={"was": converted(made.was, shift)})


def _zeros(row: Row, value: Decimal | None, of_money: int) -> int:
    """Return how many digits before the decimal point are zeros by rounding alone."""
    if row.kind != "shares" or not value:
        return of_money if row.kind in {"line", "total", "memo"} else 0
    digits = format(value, "f")
    return (len(digits) - len(digits.rstrip("0"))) // 3 * 3 if "." not in digits else 0


def _unit(value: Decimal | None, shift: int, zeros: int) -> Decimal:
    """Return what the last digit of a figure is worth."""
    exponent = 0 if value is None else int(value.as_tuple().exponent)
    return Decimal((0, (1,), max(exponent, zeros if exponent >= 0 else exponent) + shift))


def _unit_of_facts(entry: Entry) -> int:
    """Return the zeros at the end of all figures of a statement: facts have their rounding only."""
    fewest = 12
    for row, _, cell in entry.statement.cells():
        if not cell.v or row.kind not in {"line", "total"}:
            continue
        whole = int(cell.v)
        if whole != cell.v:
            return 0
        while fewest and whole % 10**fewest:
            fewest -= 1
        if not fewest:
            return 0
    return fewest if fewest < 12 else 0  # noqa: PLR2004 there is no figure
