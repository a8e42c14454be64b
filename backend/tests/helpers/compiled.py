"""Compiled statements typed as text, for tests of views, tables and exports."""

import re
from datetime import date
from decimal import Decimal
from typing import Any, get_args

from app.pipeline.compiled import (
    Change,
    Compiled,
    CompiledCell,
    CompiledPeriod,
    CompiledRow,
    Corrected,
    Input,
    Stated,
    YearChecks,
)
from app.pipeline.statement import Equation, RowKind, StatementName

NEWEST = 2024
"""The fiscal year of the first column."""
_KINDS: dict[str, RowKind] = {"=": "total", "~": "memo", "%": "per_share", "^": "shares"}
_UNITS = {"per_share": "USD/share", "shares": "shares"}
_CELL = re.compile(
    r"(?P<v>\S+?)(?P<unproved>\*?)(?:\s*<\s*(?P<change>\w+)\s+(?P<was>\S+))?"
    r"(?:\s*!\s*(?P<read>\S+))?"
)


def typed_compiled(name: StatementName, text: str, *sums: str, **changes: Any) -> Compiled:
    """Return a group's statement over years, in millions of dollars.

    Each filing states two years. A figure is that of the newest filing that states it; the filing
    of its own year is in its history.

    Args:
        name: Of the statement.
        text: Rows of lines `label | 2024 | 2023 | …`, newest first. A label begins with `=` at a
            total, `~` at a memo, `%` at a figure per share, `^` at a number of shares; `#` begins a
            heading, which is the section of the rows below it, `##` one within it. A figure may
            have commas, and is negative in parentheses; `-` is nil, `?` cannot be read, an empty
            one is not stated. Behind it may stand `*` (not proved), `< restated 265,595` (the
            change, and the figure of the filing of its own year) and `! 26,074` (corrected by a
            person, and the figure that was read).
        sums: Equations by row, such as `3 = 1 + 2 - 0`, tested in each year that states the total.
        changes: Fields of the statement.
    """
    rows: list[CompiledRow] = []
    section: list[str] = []
    columns = 0
    for line in filter(None, map(str.strip, text.splitlines())):
        label, *figures = (part.strip() for part in line.split("|"))
        columns = max(columns, len(figures))
        if label.startswith("#"):
            depth = len(label) - len(label.lstrip("#"))
            label = label.lstrip("# ")
            section = section[: depth - 1]
            rows.append(_row(rows, label, section, "heading"))
            section = [*section, label] if label else section
            continue
        kind = _KINDS.get(label[:1], "line")
        row = _row(rows, label.lstrip("=~%^ "), section, kind)
        for column, figure in enumerate(figures):
            if figure:
                row.cells[str(NEWEST - column)] = _cell(figure, column, row, len(rows))
        rows.append(row)
    equations = [_equation(f"e{number}", each, rows) for number, each in enumerate(sums)]
    values: dict[str, Any] = {
        "framework": "us-gaap",
        "currency": "USD",
        "scope": "consolidated",
        "scale": 6,
        "title": f"Consolidated {name.replace('_', ' ')}",
        "inputs": [_input(number) for number in range(max(columns, 1))],
        "periods": [_period(name, number) for number in range(columns)],
        "rows": rows,
        "equations": equations,
        "checks": {
            str(NEWEST - number): _checks(rows, str(NEWEST - number)) for number in range(columns)
        },
    }
    return Compiled(statement=name, **{**values, **changes})


def _row(rows: list[CompiledRow], label: str, section: list[str], kind: RowKind) -> CompiledRow:
    name = "-".join(re.findall(r"\w+", label.lower())) or "no-label"
    taken = sum(each.id == name or each.id.startswith(f"{name}-") for each in rows)
    return CompiledRow(
        id=f"{name}-{taken + 1}" if taken else name,
        label=label,
        section=section,
        level=len(section),
        kind=kind,
        unit=_UNITS.get(kind),
        scale={"per_share": 0, "shares": 3}.get(kind),
    )


def _cell(text: str, column: int, row: CompiledRow, number: int) -> CompiledCell:
    parts = _CELL.fullmatch(text)
    assert parts, text
    value = _figure(parts["v"])
    newest = max(column - 1, 0)
    period = f"p{column - newest}"
    change = next((each for each in get_args(Change) if each == parts["change"]), "none")
    history = []
    if column:
        was = _figure(parts["was"]) if parts["was"] else value
        history.append(
            Stated(
                input=column,
                row=number,
                period="p0",
                page=31,
                v=was,
                label=row.label,
                change=change,
            )
        )
    corrected = parts["read"] and Corrected(
        was=_figure(parts["read"]), because="misread", by="ann", on=date(2025, 1, 2)
    )
    return CompiledCell(
        input=newest,
        row=number,
        period=period,
        page=30 + newest,
        printed="—" if parts["v"] == "-" else parts["v"],
        v=value,
        verified=row.kind in {"line", "total"} and value is not None and not parts["unproved"],
        change=change,
        corrected=corrected or None,
        history=history,
    )


def _figure(text: str) -> Decimal | None:
    if text == "?":
        return None
    digits = text.strip("()").replace(",", "")
    return Decimal("0" if text == "-" else f"-{digits}" if text.startswith("(") else digits)


def _equation(name: str, text: str, rows: list[CompiledRow]) -> Equation:
    total, _, terms = text.partition("=")
    signed: list[tuple[Any, int]] = [
        (-1 if sign == "-" else 1, int(row)) for sign, row in re.findall(r"([+-]?)\s*(\d+)", terms)
    ]
    equation = Equation(id=name, total=int(total), terms=signed, tolerance=Decimal(1))
    for key, cell in rows[int(total)].cells.items():
        if cell.v is None:
            continue
        parts = [(sign, rows[row].cells.get(key)) for sign, row in signed]
        equation.diff[key] = cell.v - sum(
            (sign * each.v for sign, each in parts if each and each.v is not None), Decimal(0)
        )
        cell.by.append(name)
        for _, each in parts:
            if each:
                each.by.append(name)
    return equation


def _input(number: int) -> Input:
    year = NEWEST - number
    return Input(
        sha256=f"{year:064x}",
        file=f"report-{year}.pdf",
        kind="pdf",
        reader="pdf-geometry/1",
        form="10-K",
        filed=date(year + 1, 2, 20),
        period_end=date(year, 12, 31),
        fiscal_year=year,
        status="verified",
        title="Consolidated statements",
        pages=[31],
    )


def _period(name: StatementName, number: int) -> CompiledPeriod:
    year = NEWEST - number
    start, end = date(year, 1, 1), date(year, 12, 31)
    instant = name == "balance_sheet"
    return CompiledPeriod(
        key=str(year),
        label=f"FY{year}",
        fiscal_year=year,
        start=None if instant else start,
        end=end,
        days=None if instant else (end - start).days + 1,
        input=number,
    )


def _checks(rows: list[CompiledRow], key: str) -> YearChecks:
    stated = [(row, row.cells[key]) for row in rows if key in row.cells]
    return YearChecks(
        cells=len(stated),
        checkable=sum(row.kind in {"line", "total"} for row, _ in stated),
        verified=sum(cell.verified for _, cell in stated),
    )
