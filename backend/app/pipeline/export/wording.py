"""Units, names and figures of compiled statements, in the words of every export."""

from decimal import Decimal
from typing import Final

from app.pipeline.compiled import Compiled, CompiledCell, CompiledRow, Input
from app.pipeline.plain import plain
from app.pipeline.statement import StatementName

NAMES: Final[dict[StatementName, str]] = {
    "income_statement": "Income statement",
    "balance_sheet": "Balance sheet",
    "cash_flow_statement": "Cash flow statement",
}
FRAMEWORKS: Final = {
    "us-gaap": "US GAAP",
    "ifrs": "IFRS",
    "frs-101": "FRS 101",
    "frs-102": "FRS 102",
    "frs-105": "FRS 105",
}
SCALES: Final = {0: "", 2: "hundred", 3: "thousand", 6: "million", 9: "billion"}
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


def scaled(scale: int | None) -> str:
    """Return a scale in words, such as million; nothing for units."""
    if scale is None:
        return "scale not known"
    return SCALES.get(scale, f"x 10^{scale}")


def own_unit(row: CompiledRow, compiled: Compiled) -> str:
    """Return the unit of a row that has another than the statement, such as "thousand shares"."""
    if row.unit is None and row.scale is None:
        return ""
    unit = unit_of(row, compiled) or "unit not known"
    return f"{scaled(scale_of(row, compiled))} {unit}".strip()


def unit_of_statement(compiled: Compiled) -> str:
    """Return currency and scale of a statement, such as "USD million"."""
    currency = plain(compiled.currency) if compiled.currency else "currency not known"
    scale = scaled(compiled.scale)
    return f"{currency}, {scale}" if compiled.scale is None else f"{currency} {scale}".strip()


def framework_of(compiled: Compiled) -> str:
    """Return the name of the accounting framework."""
    if not compiled.framework:
        return "framework not known"
    return FRAMEWORKS.get(compiled.framework, plain(compiled.framework))


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


def is_nil(cell: CompiledCell) -> bool:
    """Return whether a dash is printed instead of a figure."""
    printed = cell.printed
    return cell.v == 0 and bool(printed) and not any(each.isdigit() for each in printed or "")


def is_unproved(row: CompiledRow, cell: CompiledCell) -> bool:
    """Return whether an equation could prove a figure, and none does."""
    return row.kind in CHECKABLE and cell.v is not None and not cell.verified


def filing_of(source: Input) -> str:
    """Return a filing in a few words: its form, the day on which it was filed, or its year."""
    name = plain(source.form or "") or f"report for {source.fiscal_year or 'an unknown year'}"
    return f"{name} of {source.filed.isoformat()}" if source.filed else name
