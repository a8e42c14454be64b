"""The rows of a table on a PDF page: labels with their figures by column, and what is left over."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from app.pipeline.read.pdf.body import Body
from app.pipeline.read.pdf.columns import Column
from app.pipeline.read.pdf.inner import join_inner
from app.pipeline.read.pdf.labels import Entry
from app.pipeline.read.pdf.layout import Layout, lay_out
from app.pipeline.read.pdf.lines import Line
from app.pipeline.read.pdf.numbers import Separator, Style, decide_style, read_number
from app.pipeline.read.pdf.rows import row_kind, row_unit, split_note, unit_of
from app.pipeline.read.pdf.sections import Heading, Sections
from app.pipeline.read.pdf.tokens import Token, has_figures
from app.pipeline.statement import RowKind, SkippedLine


@dataclass(frozen=True, slots=True)
class TableCell:
    """A figure.

    Attributes:
        v: In the printed scale with the printed sign; None where it cannot be read.
        box: Page, x0, y0, x1, y1 in points from the lower left of the page as displayed.
    """

    printed: str
    v: Decimal | None
    box: tuple[int, float, float, float, float]


@dataclass(frozen=True, slots=True)
class TableRow:
    """A label with its figures by position in `Table.columns`, or a heading without any.

    Attributes:
        section: Headings above, outermost first.
        level: Rank of its indentation among those of the table, from 0.
        unit: As printed where it is not the table's: %, p, pence.
    """

    label: str
    section: tuple[str, ...]
    level: int
    kind: RowKind
    cells: dict[int, TableCell]
    note: str | None = None
    unit: str | None = None
    bold: bool = False
    lines: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """What one page, or one half of a spread, says in columns.

    Attributes:
        columns: Those of values, from left to right.
        others: Those of notes, percentages and changes.
        header: The lines above the first row.
        style: How its numbers are written.
    """

    columns: tuple[Column, ...]
    others: tuple[Column, ...]
    header: tuple[Line, ...]
    rows: tuple[TableRow, ...]
    skipped: tuple[SkippedLine, ...]
    style: Style
    footer: tuple[Line, ...] = ()


def read_table(lines: Sequence[Line], *, decimal: Separator | None = None) -> Table | None:
    """Return the table of a page or of one half of it; None where no figures stand in columns.

    Args:
        lines: From top to bottom.
        decimal: The decimal separator of the report's other tables, for a table that leaves
            open whether `1.234` is a thousand.
    """
    layout = lay_out(lines)
    if layout is None:
        return None
    body = Body(layout)
    entries, columns = join_inner(layout, body.read())
    drafts = _drafts(entries)
    style = _style(drafts, _ratios(layout), decimal)
    return Table(
        columns=tuple(columns.values()),
        others=tuple(column for column in layout.columns if column.kind != "value"),
        header=tuple(
            line
            for number, line in enumerate(lines[: layout.start])
            if number not in layout.margins
        ),
        rows=tuple(_rows(drafts, list(columns), style)),
        skipped=tuple(body.skipped),
        style=style,
        footer=tuple(lines[layout.last + 1 :]),
    )


def _ratios(layout: Layout) -> list[str]:
    """Return the figures of the columns of percentages and changes, as printed."""
    return [
        token.text
        for number, placed in enumerate(layout.placed)
        if layout.rows[number]
        for index, tokens in placed.items()
        if layout.columns[index].kind in {"percent", "change"}
        for token in tokens
    ]


@dataclass(frozen=True, slots=True)
class _Draft:
    """A row before its figures are read: how they are written depends on all of the table."""

    entry: Entry
    label: str
    section: tuple[str, ...]
    level: int
    kind: RowKind
    note: str | None
    unit_above: str | None


def _drafts(entries: Sequence[Entry]) -> list[_Draft]:
    """Return headings and rows with their sections and kinds."""
    sections = Sections([entry.x0 for entry in entries if entry.label])
    drafts: list[_Draft] = []
    unit_above: str | None = None
    for index, entry in enumerate(entries):
        label, note = split_note(entry.label)
        kind: RowKind
        if not entry.figures:
            unit_above = unit_of(entry.above) or (None if entry.label else unit_above)
            if not label or has_figures(label):
                continue
            heading = Heading(label, entry.x0, entry.bold, outer=_is_outer(entries, index))
            section, kind = sections.open(heading), "heading"
        else:
            section = sections.of_row(label, entry.x0, row_kind(label, ()))
            kind = row_kind(label, section)
            if kind == "total" and label and not (drafts and drafts[-1].entry.figures):
                kind = "line"  # nothing above it can add up to it
            sections.after_row(label, kind)
        level = sections.level(entry.x0) if label else 0
        drafts.append(_Draft(entry, label, section, level, kind, entry.note or note, unit_above))
    return drafts


def _style(drafts: Sequence[_Draft], ratios: Sequence[str], decimal: Separator | None) -> Style:
    """Return how the table writes its numbers."""
    money: list[str] = []
    others = list(ratios)
    for draft in drafts:
        texts = [token.text for tokens in draft.entry.figures.values() for token in tokens]
        (others if draft.kind == "per_share" else money).extend(texts)
    return decide_style(money, others, decimal)


def _rows(drafts: Sequence[_Draft], values: Sequence[int], style: Style) -> list[TableRow]:
    rows: list[TableRow] = []
    for draft in drafts:
        cells, units = _cells(draft.entry, values, style)
        unit = None
        if cells:
            unit = row_unit(draft.label, draft.section, units)
            if unit is None and draft.kind == "per_share":
                unit = draft.unit_above
        elif draft.entry.figures:
            continue  # it says only that no figure applies
        rows.append(
            TableRow(
                draft.label,
                draft.section,
                draft.level,
                draft.kind,
                cells,
                draft.note,
                unit,
                draft.entry.bold,
                draft.entry.lines,
            )
        )
    return rows


def _is_outer(entries: Sequence[Entry], index: int) -> bool:
    """Whether the heading after which another one follows at once, no further out."""
    if index + 1 >= len(entries):
        return False
    entry, following = entries[index], entries[index + 1]
    return not following.figures and bool(following.label) and following.x0 >= entry.x0 - 1


def _cells(
    entry: Entry, values: Sequence[int], style: Style
) -> tuple[dict[int, TableCell], list[str | None]]:
    cells: dict[int, TableCell] = {}
    units: list[str | None] = []
    for position, index in enumerate(values):
        tokens = [token for token in entry.figures.get(index, ()) if token.kind != "absent"]
        if not tokens:
            continue
        printed = " ".join(token.text for token in tokens)
        number = read_number(printed, style)
        cells[position] = TableCell(printed, number.v if number else None, _box(tokens))
        units.append(number.unit if number else None)
    return cells, units


def _box(tokens: Sequence[Token]) -> tuple[int, float, float, float, float]:
    words = [word for token in tokens for word in token.words]
    return (
        words[0].page,
        round(min(word.box[0] for word in words), 2),
        round(min(word.box[1] for word in words), 2),
        round(max(word.box[2] for word in words), 2),
        round(max(word.box[3] for word in words), 2),
    )


def join_tables(first: Table, second: Table) -> Table | None:
    """Return one table of a statement that continues on the next page or half.

    None where the two have not as many columns.
    """
    if len(first.columns) != len(second.columns):
        return None
    return replace(
        first,
        rows=first.rows + second.rows,
        skipped=first.skipped + second.skipped,
        footer=second.footer,
    )
