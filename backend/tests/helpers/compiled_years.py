"""Compiled statements with restated figures, typed as text, for tests of views and tables."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, get_args

from app.pipeline.compiled import (
    Change,
    Compiled,
    CompiledCell,
    CompiledPeriod,
    CompiledRow,
    Input,
    LabelUse,
    Stated,
    YearChecks,
)
from app.pipeline.statement import Equation, RowKind

NEWEST = 2023
_KINDS: dict[str, RowKind] = {"=": "total", "~": "memo", "%": "per_share", "@": "shares"}


def typed_years(
    text: str,
    sums: Mapping[str, Sequence[str]] | None = None,
    *,
    years: Sequence[int] | None = None,
    **changes: Any,
) -> Compiled:
    """Return an income statement in millions of dollars, of one report for each year.

    Each report states its year and the one before; a year's figure is that of the next report.

    Args:
        text: Lines `label | 2023 | 2022`. A label begins with `=` at a total, `~` at a memo, `%` at
            a figure per share, `@` at a number of shares, `#` at a heading, and `>` for each level.
            A lone `-` is nil, `?` cannot be read, an empty figure is not printed. What the year's
            own report states otherwise stands behind, `390 < 400 restated`, and so does the split
            for which a figure is not adjusted, `11.91 / 4:1`.
        sums: The terms of each total, by label; `-` before a term that is subtracted.
        years: Of the columns; by default from 2023 on.
        changes: Other values of the statement.
    """
    lines = [[part.strip() for part in line.split("|")] for line in text.splitlines()]
    lines = [line for line in lines if line[0]]
    years = years or [NEWEST - n for n in range(max(len(line) - 1 for line in lines))]
    rows: list[CompiledRow] = []
    section: list[str] = []
    for line in lines:
        row = _row(line, years)
        if row.kind == "heading":
            section = [row.label]
        else:
            row.section = [] if row.kind == "total" and row.level == 0 else section
        rows.append(row)
    values: dict[str, Any] = {
        "statement": "income_statement",
        "framework": "us-gaap",
        "currency": "USD",
        "scope": "consolidated",
        "scale": 6,
        "title": "CONSOLIDATED STATEMENTS OF OPERATIONS",
        "inputs": [_input(year) for year in years],
        "periods": [period(year, number) for number, year in enumerate(years)],
        "rows": rows,
    }
    compiled = Compiled(**{**values, **changes})
    return prove(compiled, sums or {})


def period(year: int, filing: int, **changes: Any) -> CompiledPeriod:
    """Return the period of a fiscal year that ends with December."""
    values: dict[str, Any] = {
        "key": str(year),
        "label": f"FY{year}",
        "fiscal_year": year,
        "start": date(year, 1, 1),
        "end": date(year, 12, 31),
        "days": 365,
        "input": filing,
    }
    return CompiledPeriod(**{**values, **changes})


def prove(compiled: Compiled, sums: Mapping[str, Sequence[str]]) -> Compiled:
    """Return the statement with sums, the figures that they prove, and the checks of each year."""
    number = {row.label: n for n, row in enumerate(compiled.rows)}
    for total, terms in sums.items():
        signed = [(-1 if each[0] == "-" else 1, number[each.lstrip("-")]) for each in terms]
        equation = Equation(id=f"e{len(compiled.equations)}", total=number[total], terms=signed)
        for each in compiled.periods:
            _test(compiled, equation, each.key)
        compiled.equations.append(equation)
    for each in compiled.periods:
        cells = [(row, row.cells[each.key]) for row in compiled.rows if each.key in row.cells]
        checkable = [cell for row, cell in cells if row.kind in {"line", "total"}]
        verified = sum(cell.verified for cell in checkable)
        compiled.checks[each.key] = YearChecks(
            cells=len(cells), checkable=len(checkable), verified=verified
        )
    return compiled


def _test(compiled: Compiled, equation: Equation, key: str) -> None:
    signed = [(-1, equation.total or 0), *equation.terms]
    cells = [(sign, compiled.rows[row].cells.get(key)) for sign, row in signed]
    diff = sum((sign * (cell.v or Decimal(0)) for sign, cell in cells if cell), Decimal(0))
    if cells[0][1] is None or diff:
        return
    equation.diff[key] = diff
    for _, cell in cells:
        if cell:
            cell.by.append(equation.id)
            cell.verified = True


def _input(year: int) -> Input:
    return Input(
        sha256=f"{year:064x}",
        file=f"report-{year}.pdf",
        kind="pdf",
        reader="test/1",
        form="10-K",
        filed=date(year + 1, 2, 1),
        period_end=date(year, 12, 31),
        fiscal_year=year,
        status="verified",
    )


def _row(line: Sequence[str], years: Sequence[int]) -> CompiledRow:
    label = line[0].lstrip(">")
    level = len(line[0]) - len(label)
    kind: RowKind = "heading" if label.startswith("#") else _KINDS.get(label[:1], "line")
    label = label.lstrip("=~%@# ")
    units = {"per_share": ("USD/share", 0), "shares": ("shares", 3)}
    unit, scale = units.get(kind, (None, None))
    return CompiledRow(
        id=label.lower().replace(" ", "-"),
        label=label,
        level=level,
        kind=kind,
        unit=unit,
        scale=scale,
        labels=[LabelUse(label=label, inputs=list(range(len(years))))],
        cells={
            str(year): _cell(figure, number, label)
            for number, (year, figure) in enumerate(zip(years, line[1:], strict=False))
            if figure
        },
    )


def _cell(figure: str, column: int, label: str) -> CompiledCell:
    figure, _, split = map(str.strip, figure.partition("/"))
    shown, _, before = figure.partition("<")
    older, change = [*before.split(), "none"][:2] if before else (shown, "none")
    known: Change = next(each for each in get_args(Change) if each == change)
    history = [Stated(**_place(older, column), label=label, change=known)] if column else []
    return CompiledCell(
        **_place(shown, max(0, column - 1)),
        change=known,
        history=history,
        unadjusted=split or None,
    )


def _place(figure: str, filing: int) -> dict[str, Any]:
    figure = figure.strip()
    value = {"-": "0", "?": None}.get(figure, figure)
    printed = "—" if figure == "-" else figure
    return {"v": value, "input": filing, "row": 0, "period": "p0", "page": 1, "printed": printed}
