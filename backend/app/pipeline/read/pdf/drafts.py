"""A statement as read from the pages of one candidate, before it is chosen."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from app.pipeline.read.pdf import pages, units
from app.pipeline.read.pdf.headings import Band, Column, Header, read_header
from app.pipeline.read.pdf.kept import leave_out
from app.pipeline.read.pdf.language import fold
from app.pipeline.read.pdf.lines import Line
from app.pipeline.read.pdf.segments import PageReader, Segment, line_pieces
from app.pipeline.read.pdf.table import Table, TableRow, join_tables, read_table
from app.pipeline.read.pdf.titles import Scope, Title
from app.pipeline.statement import Cell, Issue, Row, SkippedLine, StatementName
from app.pipeline.verify.equations import find_equations

_FEWEST_ROWS = 5
_FEW_ROWS = 3  # of a page that goes on without a title
_MOST_PAGES = 4
_PROFIT = re.compile(
    r"^(?:\W*)(?:consolidated |group )?(?:net )?(?:income|earnings|profit|\(?loss\)?|result)"
    r"(?:[ /()]|$)(?!before)(?!from operations)|^konzern(?:ergebnis|jahres|"
    r"gewinn)|^jahres(?:uberschuss|ergebnis)"
    r"|^(?:perioden)?ergebnis (?:nach|der periode)|^resultat net|"
    r"^benefice net|^netto(?:winst|resultaat)"
    r"|^(?:winst|resultaat) (?:over|na)|^reingewinn|^gewinn"
)
_ASSETS = re.compile(r"assets|aktiva|vermogenswerte|actif|activa|aktiven")
_EQUITY = re.compile(
    r"equity|liabilit|capital|passiva|eigenkapital|passif|capitaux|eigen vermogen|passiven|funds"
)
_CLOSING = re.compile(
    r"cash.{0,80}(?:end|close|december|june|march|september|\d{4})|"
    r"(?:end|close) of.{0,40}|am (?:ende|31)|"
    r"ende der|fin de|cloture|einde|eind van"
)
_TOTAL_ASSETS = re.compile(r"total assets|bilanzsumme|total de l'actif|totaal activa")
_FEW_KINDS, _MANY_KINDS = 2, 4  # of the five kinds of line items
_FINANCING = re.compile(r"financ|finanzierung")


@dataclass(slots=True)
class Draft:
    """A statement of one candidate.

    Attributes:
        kept: Positions of the table's columns that are periods of the statement.
        cells: Figures in them; `proved` of them take part in an equation.
        families: Kinds of line items found, of five.
        reasons: What speaks for it and against it, for people.
    """

    statement: StatementName
    title: Title | None
    segments: list[Segment]
    table: Table
    header: Header
    kept: list[int]
    rows: list[Row]
    said: list[str] = field(default_factory=list)
    cells: int = 0
    proved: int = 0
    families: int = 0
    score: float = 0.0
    reasons: list[str] = field(default_factory=list)

    @property
    def pages(self) -> list[int]:
        """Physical pages in reading order."""
        return list(dict.fromkeys(segment.page for segment in self.segments))

    @property
    def columns(self) -> list[Column]:
        """The headings of the columns that are kept."""
        return [self.header.columns[index] for index in self.kept]

    @property
    def scope(self) -> Scope | None:
        """As the title says it, else the headings of the columns."""
        if self.title is not None and self.title.scope:
            return self.title.scope
        scopes = {column.scope for column in self.columns} - {None}
        return scopes.pop() if len(scopes) == 1 else None

    @property
    def share(self) -> float:
        """The share of the figures that take part in an equation."""
        return self.proved / self.cells if self.cells else 0.0


def key_of(position: int) -> str:
    """Return the key of a period by its position among the kept columns."""
    return f"p{position}"


def read_draft(name: StatementName, segment: Segment, reader: PageReader) -> Draft | None:
    """Return the statement that starts with a piece of a page, None where none does."""
    draft = draft_at(name, segment, reader)
    if draft is None:
        return None
    text = " | ".join(fold(f"{' '.join(row.section)} {row.label}") for row in draft.rows)
    draft.families = pages.line_items(name, text)
    if not _fits(name, draft, text):
        return None
    _prove(draft)
    return draft


def draft_at(name: StatementName, segment: Segment, reader: PageReader) -> Draft | None:
    """Return the table that starts with a piece of a page, whatever its labels; None: no table."""
    table = read_table(segment.lines)
    if table is None or sum(bool(row.cells) for row in table.rows) < _FEWEST_ROWS:
        return None
    segments = [segment]
    table = _with_continuation(name, table, segments, reader)
    header = _header_of(segment, table)
    said = leave_out(header)
    kept = [index for index, column in enumerate(header.columns) if column.left_out is None]
    if not kept:
        return None
    draft = Draft(name, segment.title, segments, table, header, kept, [], said)
    draft.rows = to_rows(table.rows, kept)
    return draft


def _prove(draft: Draft) -> None:
    """Count the figures and those that take part in an equation."""
    keys = [key_of(position) for position in range(len(draft.kept))]
    equations = find_equations(draft.rows, keys)
    proved = {
        (row, key)
        for equation in equations
        for key in equation.diff
        for row in (equation.total, *(row for _, row in equation.terms), *equation.rows)
    }
    money = [row for row in draft.rows if row.kind in {"line", "total"}]
    draft.cells = sum(len(row.cells) for row in money)
    draft.proved = sum((row.n, key) in proved for row in money for key in row.cells)


def _header_of(segment: Segment, table: Table) -> Header:
    """Return the headings: the lines from the title to the first row."""
    above = max(segment.start - 1, 0) if segment.title else 0
    before = {id(line) for line in segment.lines[:above]}
    lines = [line for line in table.header if id(line) not in before]
    bands = [Band(column.x0, column.x1) for column in table.columns]
    others = [Band(column.x0, column.x1) for column in table.others]
    header = read_header(bands, lines, others)
    if header.units.scale is None and all(column.units.scale is None for column in header.columns):
        header.units = _units_around(header, segment.lines[:above], table.footer)
    return header


def _units_around(header: Header, above: Sequence[Line], below: Sequence[Line]) -> units.Units:
    """Return the units that a line above the title or below the table states."""
    for text in (piece for line in (*above, *below) for piece in line_pieces(line)):
        folded = units.fold_units(text)
        found = units.read_units(folded)
        if found.scale is not None and units.is_caption(folded):
            known = header.units
            if found.currency or found.sign or not (known.currency or known.sign):
                return found
            return units.Units(known.currency, known.sign, found.scale, found.shares)
    return header.units


def _with_continuation(
    name: StatementName, table: Table, segments: list[Segment], reader: PageReader
) -> Table:
    """Return the table with what the next half, or the next pages, add to it."""
    while len(segments) < _MOST_PAGES:
        last = segments[-1]
        whole = _is_whole(name, _labels(table))
        if name == "balance_sheet":
            whole = whole and _balances(table)
        following = _next(name, last, reader, whole=whole)
        if following is None or not _continues(name, table, following, segments[0].title):
            return table
        more = read_table(following.lines, decimal=table.style.decimal)
        if more is None or not any(row.cells for row in more.rows):
            return table
        joined = join_tables(table, more)
        if joined is None:
            return table
        table = joined
        segments.append(following)
    return table


def _next(name: StatementName, last: Segment, reader: PageReader, *, whole: bool) -> Segment | None:
    """Return the next piece of the page, or the first of the next page if that can go on."""
    here = reader.segments(last.page)
    if last.index + 1 < len(here):
        return here[last.index + 1]
    if not reader.may_continue(last.page + 1, name, whole=whole):
        return None
    there = reader.segments(last.page + 1)
    return there[0] if there else None


def _continues(name: StatementName, table: Table, following: Segment, title: Title | None) -> bool:
    """Return whether a piece goes on with the statement that a table has begun."""
    whole = _is_whole(name, _labels(table))
    head = following.title
    if head is not None:
        same = head.section == name or (
            head.section == "comprehensive"
            and title is not None
            and title.section == "comprehensive"
        )
        if not same or not head.primary or (title and head.scope not in {None, title.scope}):
            return False
        open_balance = name == "balance_sheet" and not _balances(table)
        return head.continued or not whole or open_balance
    if whole:
        return False
    text = " | ".join(fold(line.text) for line in following.lines)
    return pages.line_items(name, text) >= _FEW_KINDS and following.rows >= _FEW_ROWS


def _labels(table: Table) -> str:
    return " | ".join(fold(row.label) for row in table.rows)


def _is_whole(name: StatementName, text: str) -> bool:
    if name == "balance_sheet":
        return bool(_ASSETS.search(text) and _EQUITY.search(text))
    if name == "cash_flow_statement":
        return bool(_FINANCING.search(text) and _CLOSING.search(text))
    return any(_PROFIT.search(label) for label in text.split(" | "))


def _balances(table: Table) -> bool:
    """Return whether a row of assets equals one of equity and liabilities in every column."""
    rows = [
        (fold(row.label), tuple(cell.v for _, cell in sorted(row.cells.items())))
        for row in table.rows
        if len(row.cells) == len(table.columns)
    ]
    assets = {values for label, values in rows if _ASSETS.search(label)}
    return any(
        values in assets
        for label, values in rows
        if _EQUITY.search(label) and not _ASSETS.search(label)
    )


def _fits(name: StatementName, draft: Draft, text: str) -> bool:
    """Return whether the labels can be those of the statement."""
    if name == "balance_sheet":
        is_flows = "operating activities" in text
        return bool(_ASSETS.search(text)) and draft.families >= _FEW_KINDS and not is_flows
    if name == "cash_flow_statement":
        return draft.families > _FEW_KINDS
    flows = pages.line_items("cash_flow_statement", text)
    if flows >= _MANY_KINDS or _TOTAL_ASSETS.search(text) or draft.families < _FEW_KINDS:
        return False
    labels = [fold(row.label) for row in draft.rows if row.cells]
    if not any(_PROFIT.search(label) for label in labels):
        return False
    if draft.title is None or draft.title.section != "comprehensive":
        return True
    # One that starts with the profit is the second of two statements, and only the first is read.
    return not _PROFIT.search(labels[0]) and draft.families > _FEW_KINDS


def to_rows(rows: Sequence[TableRow], kept: Sequence[int]) -> list[Row]:
    """Return the rows of the form, with the figures of the kept columns only."""
    found: list[Row] = []
    for row in rows:
        cells = {
            key_of(position): Cell(
                v=row.cells[index].v, printed=row.cells[index].printed, at=row.cells[index].box
            )
            for position, index in enumerate(kept)
            if index in row.cells
        }
        if row.cells and not cells:
            continue
        found.append(
            Row(
                n=len(found),
                label=row.label,
                section=list(row.section),
                level=row.level,
                kind=row.kind,
                note=row.note,
                unit=row.unit,
                cells=cells,
            )
        )
    return found


def left_out_lines(draft: Draft) -> list[SkippedLine]:
    """Return the lines that only the columns that were left out have figures in."""
    found = [*draft.table.skipped]
    for row in draft.table.rows:
        if row.cells and not any(index in row.cells for index in draft.kept):
            page = row.lines[0].page if row.lines else None
            text = " ".join(line.text for line in row.lines)
            found.append(SkippedLine(text=text, reason="column_left_out", page=page))
    return found


def issue(code: str, message: str, page: int | None = None) -> Issue:
    """Return an issue of a statement or of a filing."""
    return Issue(code=code, message=message, page=page)
