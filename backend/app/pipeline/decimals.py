"""How many decimals the figures of a compiled statement are shown with."""

from collections.abc import Sequence
from decimal import Decimal

from app.pipeline.compiled import Compiled, CompiledRow


def decimals_of(figure: Decimal) -> int:
    """Return how many decimals are printed."""
    return max(0, -int(figure.as_tuple().exponent))


def shown_decimals(compiled: Compiled) -> list[int]:
    """Return how many decimals each row shows; its cells hold more where older filings print more.

    Money has those of the newest filing, so that a change of scale does not pretend digits that
    no filing prints; figures per share have all.
    """
    money = _newest_decimals([row for row in compiled.rows if is_money(row)])
    return [money if is_money(row) else _newest_decimals([row]) for row in compiled.rows]


def is_money(row: CompiledRow) -> bool:
    """Whether the figures are in the statement's currency and scale."""
    return row.unit is None and row.scale is None and row.kind not in {"per_share", "shares"}


def _newest_decimals(rows: Sequence[CompiledRow]) -> int:
    """Return the most decimals in the newest report that states the rows; if per share, in any."""
    cells = [(row, cell) for row in rows for cell in row.cells.values()]
    newest = min((cell.input for _, cell in cells), default=0)
    counted = (
        decimals_of(cell.v)
        for row, cell in cells
        if cell.v is not None and (cell.input == newest or row.kind == "per_share")
    )
    return max(counted, default=0)
