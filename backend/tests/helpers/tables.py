"""Statements typed as text, for tests of what is proved about them."""

import re
from typing import Any

from app.pipeline.statement import Cell, Period, Row, RowKind, Source, Statement, StatementName

_KINDS: dict[str, RowKind] = {"=": "total", "~": "memo", "%": "per_share"}


def typed_rows(text: str) -> list[Row]:
    """Return rows of lines `label | 2023 | 2022`.

    A label begins with `=` at a total, `~` at a memo, `%` at a figure per share; `#` begins a
    heading, which is the section of the rows below it, `##` one within it. Figures may have
    commas; a lone `-` is nil, `?` cannot be read, and an empty one is not printed.
    """
    rows: list[Row] = []
    section: list[str] = []
    for line in filter(None, map(str.strip, text.splitlines())):
        label, *figures = (part.strip() for part in line.split("|"))
        if label.startswith("#"):
            depth = len(label) - len(label.lstrip("#"))
            label = label.lstrip("# ")
            rows.append(Row(n=len(rows), label=label, section=section[: depth - 1], kind="heading"))
            section = [*section[: depth - 1], *filter(None, [label])]
            continue
        kind = _KINDS.get(label[:1], "line")
        rows.append(
            Row(
                n=len(rows),
                label=label.lstrip("=~% "),
                section=section,
                kind=kind,
                unit="USD/share" if kind == "per_share" else None,
                scale=0 if kind == "per_share" else None,
                cells={
                    f"p{i}": Cell(v={"-": "0", "?": None}.get(each, each), printed=each)
                    for i, each in enumerate(re.sub(",", "", figure) for figure in figures)
                    if each
                },
            )
        )
    return rows


def typed_statement(name: StatementName, text: str, **changes: Any) -> Statement:
    """Return a group's statement in millions of dollars for 2023 and earlier years."""
    rows = typed_rows(text)
    columns = max((len(row.cells) for row in rows), default=0)
    instant = name == "balance_sheet"
    periods = [
        Period(
            key=f"p{i}",
            fiscal_year=2023 - i,
            label=str(2023 - i),
            start=None if instant else f"{2023 - i}-01-01",
            end=f"{2023 - i}-12-31",
        )
        for i in range(columns)
    ]
    values: dict[str, Any] = {
        "framework": "ifrs",
        "scope": "consolidated",
        "language": "en",
        "title": f"Consolidated {name.replace('_', ' ')}",
        "currency": "USD",
        "scale": 6,
        "source": Source(kind="pdf", reader="test/1", pages=[1]),
        "periods": periods,
        "rows": rows,
    }
    return Statement(statement=name, **{**values, **changes})
