"""Periods, currency, scale and units of the statements that were chosen."""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal

from app.pipeline.read import versions
from app.pipeline.read.pdf.document import Document
from app.pipeline.read.pdf.drafts import Draft, issue, key_of, left_out_lines
from app.pipeline.read.pdf.headings import Column
from app.pipeline.read.pdf.language import find_language, fold, is_read
from app.pipeline.read.pdf.periods import set_periods
from app.pipeline.read.pdf.scales import find_currencies, find_scales
from app.pipeline.read.pdf.titles import Scope
from app.pipeline.statement import Issue, Period, Row, Source, Statement, StatementName

_LABEL_SCALE = re.compile(
    r"\(?(?:in |en |x ?)?(?:(thousands?|tausend|tsd\.?|milliers|duizend(?:en)?|'?000s?|1[.,]000)"
    r"|(millions?|millionen|mio\.?|miljoen(?:en)?|mln\.?))(?![a-z])\)?"
)
_OF_GROUP = re.compile(
    r"(?<!non-)(?<!un)consolidat|(?<![a-z])the group(?![a-z])|"
    r"group (?:income|balance|statement|cash)|"
    r"konzern(?:abschluss|bilanz|-|anhang|kapital|gesamt)|konsolidiert|consolide|geconsolideerd"
)
_EARNED = re.compile(r"profit|income|earnings|loss|ergebnis|result|winst")
_FEW_MENTIONS = 5
_FEW_WORDS = 5
_SHARES_TOLERANCE = Decimal(3)
_TOO_MANY = Decimal(10**12)  # no company has so many shares


def finish(drafts: Mapping[StatementName, Draft], document: Document) -> list[Statement]:
    """Return the statements of the form, with what is not known left unknown and said."""
    issues: dict[StatementName, list[Issue]] = {name: [] for name in drafts}
    set_periods(drafts, document, issues)
    currencies = find_currencies(drafts, document, issues)
    scales = find_scales(drafts, document, issues)
    found = []
    for name, draft in drafts.items():
        for said in draft.said:
            issues[name].append(issue("column_left_out", said, draft.pages[0]))
        _units_of_rows(draft, currencies[name], scales[name])
        found.append(
            Statement(
                statement=name,
                framework=document.framework,
                scope=_scope(draft, document, issues[name]),
                language=_language(draft) or document.language,
                title=draft.title.text if draft.title else None,
                currency=currencies[name],
                scale=scales[name],
                source=Source(
                    kind="pdf", reader=versions.PDF, pages=draft.pages, form=document.form
                ),
                periods=[
                    _period(position, column, instant=name == "balance_sheet")
                    for position, column in enumerate(draft.columns)
                ],
                rows=draft.rows,
                skipped=left_out_lines(draft),
                issues=issues[name],
            )
        )
    return found


def _period(position: int, column: Column, *, instant: bool) -> Period:
    start = None if instant else column.start
    year = column.fiscal_year
    return Period(
        key=key_of(position),
        fiscal_year=year,
        label=str(year) if year is not None else column.printed or key_of(position),
        printed=column.printed or None,
        start=start,
        end=column.end,
        days=(column.end - start).days + 1 if start and column.end else None,
    )


def _scope(draft: Draft, document: Document, issues: list[Issue]) -> Scope | None:
    """Return whose statement it is: as its title, its columns or its page says.

    None is right for a company without a group; of one with a group it is said.
    """
    if draft.scope is not None:
        return draft.scope
    if any(_OF_GROUP.search(document.texts[page - 1]) for page in draft.pages):
        return "consolidated"
    groups = sum(bool(_OF_GROUP.search(text)) for text in document.texts)
    if groups >= max(_FEW_MENTIONS, len(document.texts) // 10):
        message = "the page does not say whether this is the group's statement or the parent's"
        issues.append(issue("scope_unknown", message, draft.pages[0]))
    return None


def _language(draft: Draft) -> str | None:
    """Return the language of a statement's labels, which need not be that of the report."""
    labels = fold(" ".join(row.label for row in draft.rows))
    found = find_language(labels, fewest=_FEW_WORDS)
    return found if is_read(found) else None


def _units_of_rows(draft: Draft, currency: str | None, scale: int | None) -> None:
    """Give the rows of shares and of figures per share their units and scales."""
    shares = draft.header.units.shares
    for row in draft.rows:
        if row.kind == "per_share":
            row.scale = 0
            if row.unit in {None, "p", "c", "\u00a2", "pence", "cents", "cent"}:
                small = {"p": "pence", "c": "cents", "\u00a2": "cents", "cent": "cents"}
                unit = small.get(row.unit or "", row.unit) or currency
                row.unit = f"{unit}/share" if unit else None
        elif row.kind == "shares":
            row.unit = "shares"
            row.scale = _scale_of_shares(row, draft.rows, shares, scale)


def _scale_of_shares(
    row: Row, rows: Sequence[Row], stated: int | None, scale: int | None
) -> int | None:
    """Return the scale of a number of shares: of its label, of the title, else by arithmetic."""
    label = fold(" ".join([*row.section, row.label]))
    if found := _LABEL_SCALE.search(label):
        return 3 if found.group(1) else 6
    key, cell = next(((key, cell) for key, cell in row.cells.items() if cell.v), ("", None))
    if stated is not None or scale is None or cell is None or cell.v is None:
        return stated
    wanted = _shares_of(key, rows)
    if wanted is None:
        return 0 if scale and abs(cell.v).scaleb(scale) >= _TOO_MANY else None
    for power in (0, 3, 6):
        ratio = abs(cell.v).scaleb(power) / wanted.scaleb(scale)
        if 1 / _SHARES_TOLERANCE < ratio < _SHARES_TOLERANCE:
            return power
    return None


def _shares_of(key: str, rows: Sequence[Row]) -> Decimal | None:
    """Return net income divided by the earnings per share: about the number of shares."""
    position = next((row.n for row in rows if row.kind == "per_share" and key in row.cells), None)
    if position is None or not (per_share := rows[position].cells[key].v):
        return None
    small = (rows[position].unit or "").startswith(("pence", "cents"))
    profits = [
        abs(value)
        for row in rows[:position]
        if row.kind in {"line", "total"} and key in row.cells and _EARNED.search(fold(row.label))
        for value in [row.cells[key].v]
        if value
    ]
    return profits[-1] / abs(per_share) * (100 if small else 1) if profits else None
