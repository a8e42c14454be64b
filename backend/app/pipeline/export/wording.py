"""Units, names and figures of compiled statements, in the words of every export."""

from decimal import Decimal
from typing import Final

from app.pipeline.compiled import Compiled, CompiledCell, CompiledRow, Input
from app.pipeline.plain import plain
from app.pipeline.statement import StatementName
from app.pipeline.wording import framework_name, scale_name, unit_name

NAMES: Final[dict[StatementName, str]] = {
    "income_statement": "Income statement",
    "balance_sheet": "Balance sheet",
    "cash_flow_statement": "Cash flow statement",
}
CHANGES: Final[dict[str, str]] = {
    "none": "unchanged",
    "rounding": "rounded otherwise",
    "restated": "restated",
    "split": "split of shares",
    "sign": "sign changed",
    "reclassified": "reclassified",
}
CHECKABLE: Final = frozenset({"line", "total"})
"""Kinds of rows whose figures an equation can prove."""


def scale_of(row: CompiledRow, compiled: Compiled) -> int | None:
    """Return the power of ten of a row's figures; None where it is not known."""
    return compiled.scale if row.scale is None else row.scale


def unit_of(row: CompiledRow, compiled: Compiled) -> str | None:
    """Return the unit of a row's figures, such as USD or shares; None where it is not known."""
    if row.unit is not None:
        return plain(row.unit)
    if row.kind in {"per_share", "shares"}:
        return "shares" if row.kind == "shares" else None
    return plain(compiled.currency) if compiled.currency else None


def own_unit(row: CompiledRow, compiled: Compiled) -> str:
    """Return the unit of a row that has another than the statement, such as "thousand shares"."""
    if row.unit is None and row.scale is None:
        return ""
    unit = unit_of(row, compiled) or "unit not known"
    scale = scale_of(row, compiled)
    return f"{'scale not known' if scale is None else scale_name(scale)} {unit}".strip()


def unit_of_statement(compiled: Compiled) -> str:
    """Return currency and scale of a statement, such as "USD million"."""
    return unit_name(compiled.currency, compiled.scale)


def framework_of(compiled: Compiled) -> str:
    """Return the name of the accounting framework."""
    return framework_name(compiled.framework) if compiled.framework else "framework not known"


def worth(v: Decimal, scale: int) -> Decimal:
    """Return `v * 10^scale` exactly, whatever the precision of the context."""
    sign, digits, exponent = v.as_tuple()
    return Decimal((sign, digits, int(exponent) + scale))


def written(value: Decimal) -> str:
    """Return a figure with all its digits and without an exponent; zero has no sign."""
    text = format(value, "f")
    return text.removeprefix("-") if value == 0 else text


def as_read(cell: CompiledCell) -> Decimal | None:
    """Return a figure as its filing states it: before a correction, and with its own sign."""
    if cell.corrected:
        return cell.corrected.was
    return cell.v.copy_negate() if cell.turned and cell.v is not None else cell.v


def is_unproved(row: CompiledRow, cell: CompiledCell) -> bool:
    """Return whether an equation could prove a figure, and none does."""
    return row.kind in CHECKABLE and cell.v is not None and not cell.verified


def filing_of(source: Input) -> str:
    """Return a filing in a few words: its form, the day on which it was filed, or its year."""
    name = plain(source.form or "") or f"report for {source.fiscal_year or 'an unknown year'}"
    return f"{name} of {source.filed.isoformat()}" if source.filed else name
