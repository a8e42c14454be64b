"""Which lines of the document are a primary statement: candidates, and the choice among them."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from app.pipeline.read.concepts import anchors, is_complete, is_comprehensive
from app.pipeline.read.ixbrl.document import Document, Tag
from app.pipeline.read.ixbrl.figures import bare, is_figure, is_label, is_unit
from app.pipeline.read.ixbrl.grid import head_lines, table_lines
from app.pipeline.read.ixbrl.layout import Block, Line, Run
from app.pipeline.read.ixbrl.sides import split_sides
from app.pipeline.read.ixbrl.titles import (
    TitleKind,
    announces,
    is_detailed,
    scope_of,
    title_kind,
)
from app.pipeline.statement import StatementName

STATEMENTS: Final[tuple[StatementName, ...]] = (
    "income_statement",
    "balance_sheet",
    "cash_flow_statement",
)
_ENDS: Final = re.compile(
    r"approved by|authori[sz]ed for issue|accompanying notes|signed on (?:its|their) behalf|"
    r"notes (?:on pages .{1,20} |set out .{1,40} )?(?:form|are) (?:an integral )?part|"
    r"integral part of th|have been prepared in accordance",
    re.IGNORECASE,
)
# Words on the face of a statement without tags, which only small English accounts have.
_FACE: Final[dict[StatementName, re.Pattern[str]]] = {
    "income_statement": re.compile(
        r"^(?:revenue|turnover|gross (?:profit|loss)|administrative expenses|operating "
        r"(?:profit|loss)|(?:profit|loss)\S* (?:on ordinary activities )?before tax\w*|tax\b.*|"
        r"(?:profit|loss)\S* for the (?:financial )?(?:year|period))"
    ),
    "balance_sheet": re.compile(
        r"^(?:(?:non-)?current assets|fixed assets|debtors|net current (?:assets|liabilities)|"
        r"total assets.*|net (?:assets|liabilities)|capital and reserves|total equity.*|"
        r"(?:share|stock)holders\S* (?:funds|equity)|called up share capital|creditors.*)"
    ),
    "cash_flow_statement": re.compile(
        r"^(?:(?:net )?cash (?:flows? )?(?:generated |used |provided )?(?:from|in|by)\b.*activities"
        r"|.*cash and cash equivalents at (?:the )?(?:beginning|end).*)"
    ),
}
_FOOT: Final = re.compile(
    r"accompanying notes|notes .*(?:integral )?part|integral part", re.IGNORECASE
)
_CONTINUED: Final = re.compile(r"\bcont(?:inued|['\u2019]?d|\.)", re.IGNORECASE)
_NOTE_HEADING: Final = re.compile(r"(?:note\s*)?\d{1,2}[.:)]?\s+[^\W\d_]{3}", re.IGNORECASE)
_DATES: Final = re.compile(r"(?:\d{1,2}\.? [^\W\d_]{3,}\.? )?\b(?:19|20)\d{2}\b")
_PROSE: Final = 300
_TITLED, _CONSOLIDATED, _NOT_GROUP, _UNTAGGED = 30.0, 15.0, 60.0, 15.0
_ROWS_COUNTED: Final = 40
_FEWEST_ANCHORS: Final = 3
_FEWEST_ROWS: Final = 5
_SMALL_TABLE: Final = 3
_MANY_ROWS: Final = 8
_HEAD_ROWS: Final = 6


@dataclass(slots=True, eq=False)
class Region:
    """The lines of one candidate for a statement.

    Attributes:
        lines: From the title on; those before the first figures are its header.
        start: Index of the first block, so that the earlier of two equal candidates is taken.
        stop: Index behind the last block.
    """

    statement: StatementName
    title: str | None
    kind: TitleKind | None
    lines: list[Line]
    start: int
    stop: int
    score: float = 0
    tags: list[Tag] = field(default_factory=list)


class Pages:
    """The blocks of a document, with the lines of each table read once."""

    def __init__(self, document: Document, blocks: Sequence[Block]) -> None:
        self.document = document
        self.blocks = blocks
        self._lines: dict[int, list[Line]] = {}

    def lines(self, index: int) -> list[Line]:
        """Return the lines of a block; a text is one line of prose."""
        if index not in self._lines:
            block = self.blocks[index]
            line = [block.line] if block.line else [_prose(block)]
            self._lines[index] = split_sides(table_lines(block)) if block.table else line
        return self._lines[index]

    def title(self, index: int) -> tuple[TitleKind, str] | None:
        """Return the title that a block is, or has above its first figures."""
        block = self.blocks[index]
        if block.line and has_figures(block.line):
            return None
        if not block.table:
            texts = [block.text] if block.tags else [*block.printed_lines(), block.text]
            kinds = ((title_kind(text), text) for text in texts)
            return next(((kind, text) for kind, text in kinds if kind), None)
        if not block.tags and _has_many_rows(block):
            return None
        head = head_lines(block, _HEAD_ROWS)
        data = next((at for at, line in enumerate(head) if has_figures(line)), len(head))
        if data < len(head) and not block.tags and len(head) <= _SMALL_TABLE:
            return None
        for line in head[:data]:
            kind = title_kind(line.text) if len(line.runs) == 1 else None
            if kind:
                return kind, line.text
        return None


def _has_many_rows(block: Block) -> bool:
    rows = block.element.iter("{http://www.w3.org/1999/xhtml}tr")
    return next(islice(rows, _MANY_ROWS, None), None) is not None


def _prose(block: Block) -> Line:
    runs = [Run(block.text, 0, 1, block.element, list(block.tags))]
    return Line(runs, unit="text", prose=True)


def has_figures(line: Line) -> bool:
    """Return whether a line is one of a table with a figure; a year alone is none."""
    if line.prose or (not line.runs[0].tags and is_unit(line.text, alone=True)):
        return False
    figures = [run for run in line.runs if is_figure(run)]
    if any(run.tags for run in figures):
        return True
    if line.page is not None and not re.search(r"\d", _DATES.sub("", line.text)):
        return False  # each word of a date may be a text by itself
    return any(re.search(r"\d", run.text) and not is_year(bare(run.text)) for run in figures)


def is_year(text: str) -> bool:
    """Return whether a text is a year, or a date in figures: part of a header."""
    return bool(
        re.fullmatch(
            r"(?:FY\s?)?(?:19|20)\d{2}\*?|\d{1,2}[./]\d{1,2}[./](?:\d{2}|\d{4})", text.strip()
        )
    )


def find_regions(pages: Pages) -> dict[StatementName, Region]:
    """Return the best candidate for each statement that the document has."""
    candidates = list(_titled(pages))
    candidates += _untitled(pages, candidates)
    best: dict[StatementName, Region] = {}
    for region in candidates:
        score(region, pages.document)
        rival = best.get(region.statement)
        if region.score > 0 and (rival is None or region.score > rival.score):
            best[region.statement] = region
    return best


def _titled(pages: Pages) -> Iterator[Region]:
    """Yield a candidate for each title: the lines up to the next title."""
    titles = [(at, found) for at in range(len(pages.blocks)) if (found := pages.title(at))]
    for index, (start, (kind, text)) in enumerate(titles):
        if kind == "other":
            continue
        stop = len(pages.blocks)
        for after, (next_kind, next_text) in titles[index + 1 :]:
            if next_kind != kind or not (_CONTINUED.search(next_text) or next_text == text):
                stop = after
                break
        lines, end = _collect(pages, start, stop, kind)
        for statement in STATEMENTS:
            if announces(kind, statement) and any(has_figures(line) for line in lines):
                yield Region(statement, text, kind, lines, start, end)


def _collect(pages: Pages, start: int, stop: int, kind: TitleKind | None) -> tuple[list[Line], int]:
    """Return the lines of a statement from its title on, and the index behind its last block."""
    lines: list[Line] = []
    names: set[str] = set()
    seen = False
    for index in range(start, stop):
        block = pages.blocks[index]
        if seen and _is_next(block, lines[-1], kind, names):
            return lines, index
        for line in pages.lines(index):
            if seen and _is_end(line, kind):
                if not _goes_on(line, kind, names):
                    return lines, index
                continue
            seen = seen or has_figures(line)
            lines.append(line)
        names.update(tag.concept for tag in block.tags)
    return lines, stop


def _goes_on(line: Line, kind: TitleKind | None, names: set[str]) -> bool:
    """Return whether a line is the foot of a page, and the statement not yet complete."""
    statement = "income_statement" if kind == "comprehensive" else kind
    if statement is None or statement == "other" or not names:
        return False
    return bool(_FOOT.search(line.text)) and not is_complete(statement, names)


def _is_next(block: Block, last: Line, kind: TitleKind | None, names: set[str]) -> bool:
    """Return whether a block is of what follows a statement that is complete."""
    statement = "income_statement" if kind == "comprehensive" else kind
    if statement is None or statement == "other" or not is_complete(statement, names):
        return False
    if block.line and block.line.page is not last.page:
        return True
    apart = kind == "income_statement" and block.table and len(block.tags) > _SMALL_TABLE
    return apart and is_comprehensive(tag.concept for tag in block.tags)


def _is_end(line: Line, kind: TitleKind | None) -> bool:
    """Return whether a line below the first figures is of the statement no more."""
    text = line.text
    if (line.prose and len(text) > _PROSE) or _ENDS.search(text) or _is_note_heading(line):
        return True
    if has_figures(line):
        return False
    other = None if line.prose else title_kind(text)
    return bool(_NOTE_HEADING.match(text)) or (other is not None and other != kind)


def _is_note_heading(line: Line) -> bool:
    """Return whether a line is "1 General information": a number before the words, none behind."""
    kinds = [is_label(run) for run in line.runs]
    return not line.prose and len(kinds) > 1 and not kinds[0] and all(kinds[1:])


def _untitled(pages: Pages, titled: Sequence[Region]) -> Iterator[Region]:
    """Yield a candidate for each table or page with concepts of a face that no title announces."""
    for start, stop in _units(pages.blocks):
        names = {tag.concept for block in pages.blocks[start:stop] for tag in block.tags}
        for statement in STATEMENTS:
            if anchors(statement, names) < _FEWEST_ANCHORS:
                continue
            if any(
                each.statement == statement and each.start <= start < each.stop for each in titled
            ):
                continue
            lines, _ = _collect(pages, start, stop, None)
            found = pages.title(start)
            kind, text = found or (None, None)
            if kind is None or announces(kind, statement):
                yield Region(statement, text, kind, lines, start, stop)


def _units(blocks: Sequence[Block]) -> Iterator[tuple[int, int]]:
    """Yield the first index of each table, or page of lines, and the index behind it."""
    start = 0
    for index, block in enumerate(blocks):
        if block.table:
            yield index, index + 1
        follows = index + 1 < len(blocks) and _is_same_page(block, blocks[index + 1])
        if not follows:
            if block.line:
                yield start, index + 1
            start = index + 1


def _is_same_page(block: Block, after: Block) -> bool:
    if block.line is None or after.line is None:
        return False
    return block.line.page is after.line.page


def score(region: Region, document: Document) -> None:
    """Rate a candidate by its concepts, its rows without dimensions and its title."""
    rows = untagged = words = 0
    names: set[str] = set()
    plain_names: set[str] = set()
    for line in region.lines:
        figures = [run for run in line.runs if is_figure(run)] if has_figures(line) else []
        tags = [tag for run in figures for tag in run.tags]
        region.tags += tags
        names.update(tag.concept for tag in tags)
        plain = [tag.concept for tag in tags if not tag.context.axes]
        plain_names.update(plain)
        rows += bool(plain)
        untagged += bool(figures and not tags)
        label = next((run.text for run in line.runs if is_label(run)), "")
        words += bool(_FACE[region.statement].match(label.lower()))
    # A subsidiary that reports in the same document has a dimension on all of its facts.
    found = anchors(region.statement, plain_names) or anchors(region.statement, names) // 2
    # A taxonomy of another country has none of the known concepts: then the title must do.
    titled = region.title is not None and (found >= 1 or rows >= _FEWEST_ROWS)
    tagged = titled or found >= _FEWEST_ANCHORS
    if not tagged and words < _FEWEST_ANCHORS:
        region.score = 0
        return
    counted = min(rows + (0 if tagged else untagged), _ROWS_COUNTED)
    region.score = (
        3.0 * max(found, 0 if tagged else words)
        + counted * 0.5
        + (_TITLED if region.title else 0)
        - (0 if tagged else _UNTAGGED)
        - 0.001 * region.start
    )
    scope = scope_of(region.title or "")
    if scope == "consolidated":
        region.score += _CONSOLIDATED
    elif scope == "parent":
        region.score = max(region.score - _NOT_GROUP, 0.1)
    if region.title and is_detailed(region.title):
        region.score = max(region.score - _TITLED, 0.1)
    if document.period and tagged and not _states(region.tags, document):
        region.score = max(region.score - _NOT_GROUP, 0.1)


def _states(tags: Sequence[Tag], document: Document) -> bool:
    """Return whether a fact is one of the report's own period, not of a quarter or another year."""
    period = document.period
    if period is None:
        return True
    return any(
        tag.context.end == period.end and tag.context.start in {None, period.start} for tag in tags
    )
