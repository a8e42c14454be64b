"""Figures as a spreadsheet keeps them: binary floats, of which 15 digits are certain."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from app.pipeline.compiled import Compiled, CompiledRow

DIGITS: Final = 15
"""Significant digits that every binary float of 64 bits keeps, and that spreadsheets show."""


def is_number(figure: Decimal) -> bool:
    """Return whether a spreadsheet keeps a figure exactly; another is written as text."""
    _, digits, _ = figure.as_tuple()
    return len("".join(map(str, digits)).strip("0")) <= DIGITS


def as_number(figure: Decimal) -> int | float:
    """Return a figure that is kept exactly as the number that a workbook stores."""
    whole = int(figure)
    return whole if whole == figure else float(figure)


def decimals_of(figure: Decimal) -> int:
    """Return how many decimals are printed."""
    return max(0, -int(figure.as_tuple().exponent))


def shown_decimals(compiled: Compiled) -> list[int]:
    """Return how many decimals each row shows; its cells hold more where older filings print more.

    Money has those of the newest filing, so that a change of scale does not pretend digits that
    no filing prints; figures per share have all.
    """
    money = _newest_decimals([row for row in compiled.rows if _is_money(row)])
    return [money if _is_money(row) else _newest_decimals([row]) for row in compiled.rows]


def _is_money(row: CompiledRow) -> bool:
    """Return whether the figures are in the statement's currency and scale."""
    return row.unit is None and row.scale is None and row.kind not in {"per_share", "shares"}


def _newest_decimals(rows: Sequence[CompiledRow]) -> int:
    cells = [(row, cell) for row in rows for cell in row.cells.values()]
    newest = min((cell.input for _, cell in cells), default=0)
    counted = (
        decimals_of(cell.v)
        for row, cell in cells
        if cell.v is not None and (cell.input == newest or row.kind == "per_share")
    )
    return max(counted, default=0)


def format_of(decimals: int, *, is_nil: bool = False) -> str:
    """Return a number format: thousands separated, negatives in parentheses, a dash for nil."""
    digits = "#,##0" + ("." + "0" * min(decimals, 20) if decimals else "")
    return f"{digits}_);({digits})" + (';"—"_)' if is_nil else "")
