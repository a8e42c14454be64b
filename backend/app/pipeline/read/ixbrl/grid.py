"""The rows of a table as lines, with the edges of the cells."""

import re
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from lxml import etree

from app.pipeline.read.ixbrl.document import Tag
from app.pipeline.read.ixbrl.layout import Block, Line, Run, clean

_XHTML: Final = "{http://www.w3.org/1999/xhtml}"
_ROW: Final = f"{_XHTML}tr"
_CELLS: Final = (f"{_XHTML}td", f"{_XHTML}th")
_SPACED: Final = tuple(_XHTML + name for name in ("br", "p", "div", "li"))
_WIDTH: Final = re.compile(r"(?:^|;)\s*width\s*:\s*([\d.]+)%")
_LENGTH: Final = re.compile(r"(-?[\d.]+)(pt|px|em|rem|mm|cm|in|%)?")
_LEFT: Final = re.compile(
    r"(?:^|;)\s*(padding-left|margin-left|text-indent|padding|margin)\s*:\s*([^;]+)"
)
_BOLD: Final = re.compile(r"font-weight\s*:\s*(?:bold|[6-9]00)")
_RULE: Final = re.compile(
    r"border-top\s*:(?!\s*(?:0|none|hidden))[^;]*|border-top-style\s*:\s*(?:solid|double)"
)
# Points of a unit; an em is taken as the usual 10 points.
_POINTS: Final = {"pt": 1, "px": 0.75, "em": 10, "rem": 10, "mm": 2.83, "cm": 28.3, "in": 72}
FLOW: Final = "flow"
"""The unit of lines whose figures have an order, but no edges that can be compared."""
_MAX_SPAN: Final = 200
_ALL_SIDES: Final = 4
_SPACE_POINTS: Final = 2.5


@dataclass(slots=True)
class _Row:
    element: etree._Element
    cells: list[tuple[etree._Element, int, int]] = field(default_factory=list)
    widths: list[float] = field(default_factory=list)


def head_lines(block: Block, count: int) -> list[Line]:
    """Return the first rows of a table, whose edges are comparable with each other only."""
    rows = list(islice(block.element.iter(_ROW), count))
    for row in rows:
        _space_out(row)
    lines = [_line(_row(row, {}), {}, "head") for row in rows]
    return [line for line in lines if line.runs]


def table_lines(block: Block) -> list[Line]:
    """Return the rows of a table that has none within.

    Edges are in percent of the page where every cell states its width so, and comparable with
    those of other tables; else in columns of this table.
    """
    _space_out(block.element)
    tags: dict[etree._Element, list[Tag]] = {}
    for tag in block.tags:
        cell = next(tag.element.iterancestors(*_CELLS), None)
        if cell is not None:
            tags.setdefault(cell, []).append(tag)
    rows = _rows(block.element)
    percent = all(len(row.widths) == len(row.cells) for row in rows)
    unit = "%" if percent else f"#{id(block)}" if len(rows) > 1 else FLOW
    lines = [_line(row, tags, unit) for row in rows]
    return [line for line in lines if line.runs]


def _space_out(element: etree._Element) -> None:
    """Put a space behind each element that begins a new line, which its text does not have."""
    for each in element.iter(*_SPACED):
        each.tail = f" {each.tail or ''}"


def _rows(table: etree._Element) -> list[_Row]:
    below: dict[int, int] = {}  # column: rows that a cell above still covers
    return [_row(element, below) for element in table.iter(_ROW)]


def _row(element: etree._Element, below: dict[int, int]) -> _Row:
    """Return a row; the columns that its cells cover further below are kept for the next."""
    row = _Row(element)
    column = 0
    covered = {at: left - 1 for at, left in below.items() if left > 1}
    for cell in element.iterchildren(*_CELLS):
        while below.get(column, 0) > 0:
            column += 1
        span, height = _span(cell.get("colspan")), _span(cell.get("rowspan"))
        row.cells.append((cell, column, column + span))
        width = _WIDTH.search(cell.get("style") or "")
        if width:
            row.widths.append(float(width[1]))
        if height > 1:
            covered.update(dict.fromkeys(range(column, column + span), height - 1))
        column += span
    below.clear()
    below.update(covered)
    return row


def _span(text: str | None) -> int:
    return min(int(text), _MAX_SPAN) if text and text.isdigit() and text != "0" else 1


def _line(row: _Row, tags: dict[etree._Element, list[Tag]], unit: str) -> Line:
    line = Line([], unit)
    percent = unit == "%"
    at = 0.0
    for index, (cell, start, end) in enumerate(row.cells):
        x0, x1 = float(start), float(end)
        if percent:
            x0, x1 = at, round(at + row.widths[index], 2)
            at = x1
        raw = "".join(cell.itertext()) if len(cell) else cell.text or ""
        text = clean(raw)
        if not text:
            continue
        run = Run(text, x0, x1, cell, tags.get(cell, []))
        if not line.runs:
            spaces = len(raw) - len(raw.lstrip(" \xa0")) if raw[:1] == "\xa0" else 0
            line.indent = x0 * (1 if percent else 12) + indent_of(cell) + spaces * _SPACE_POINTS
            line.bold = is_bold(cell)
        elif _RULE.search(cell.get("style") or ""):
            line.ruled = True
        line.runs.append(run)
    return line


def indent_of(cell: etree._Element) -> float:
    """Return the left padding, margins and indentation of a cell's first text, in points."""
    total = 0.0
    element: etree._Element | None = cell
    while element is not None:
        style = element.get("style")
        if style:
            for name, value in _LEFT.findall(style):
                total += _left(value) if name in {"padding", "margin"} else _points(value.strip())
        if (element.text or "").strip() or not len(element):
            break
        element = element[0]
    return total


def _left(shorthand: str) -> float:
    parts = shorthand.split()
    return _points(parts[-1] if len(parts) == _ALL_SIDES else parts[len(parts) > 1])


def _points(value: str) -> float:
    match = _LENGTH.match(value)
    return float(match[1]) * _POINTS.get(match[2] or "px", 1) if match else 0.0


def is_bold(element: etree._Element) -> bool:
    """Return whether the first text of a cell is bold by its inline style or element."""
    for each in element.iter():
        if _BOLD.search(each.get("style") or "") or each.tag in {f"{_XHTML}b", f"{_XHTML}strong"}:
            return True
        if (each.text or "").strip():
            return False
    return False
