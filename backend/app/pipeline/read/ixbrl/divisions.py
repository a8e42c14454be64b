"""Rows that are printed without a table: divisions in a row, or texts positioned on a page."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from lxml import etree

from app.pipeline.read.ixbrl.document import Document, Tag
from app.pipeline.read.ixbrl.figures import is_label
from app.pipeline.read.ixbrl.grid import FLOW, indent_of, is_bold
from app.pipeline.read.ixbrl.layout import Block, Line, Run, clean, walk_blocks
from app.pipeline.read.ixbrl.styles import Place, Styles
from app.pipeline.read.ixbrl.wrapped import arrange

_FEWEST_FIGURES: Final = 4
_MOST_WORDS: Final = 10
_SENTENCE: Final = 120
_SAME_LINE: Final = 3.0
_MOST_IN_ROW: Final = 16
_NUMBER: Final = r"\d{1,2}(?:\.\d{1,2})?[a-z]?"
_NOTE_AT_END: Final = re.compile(rf"\s({_NUMBER}(?:\s*[,;/&+]\s*{_NUMBER})*)$")
_FIGURE_AT_END: Final = re.compile(
    r"\s(\u2014|[(\-\u2013\u2212]?\d{1,3}(?:[.,'\u2019]\d{3})+(?:[.,]\d+)?\)?)$"
)
_END: Final = 40
"""Characters at the end of a text that may hold a figure or the numbers of notes."""
_LONE_SIGN: Final = re.compile(r"[(\[\-\u2010-\u2015\u2212]")
_SIGN_GAP: Final = 12.0
"""Pixels from a sign in a box of its own to its number; columns are further apart."""
# An em dash with a space behind it is a nil, and no sign of the next figure.
_SIGN_BEFORE: Final = re.compile(r"(?:(?<=\s)|^)(?:[(\[\-\u2010-\u2013\u2015\u2212]\s*|\u2014)$")
_CLOSING: Final = re.compile(r"^\s*[)\]](?!\s*\d)")
_PIECE: Final = re.compile(r"[()\[\]]|[^()\[\]]+")


def read_blocks(document: Document) -> list[Block]:
    """Return the tables, lines and texts of all documents of a report in reading order."""
    blocks: list[Block] = []
    for root in document.roots:
        styles = Styles(root)
        blocks += _join_rows(walk_blocks(root, document.tags, styles), styles)
    return blocks


def _join_rows(blocks: Sequence[Block], styles: Styles) -> list[Block]:
    """Return the blocks with texts joined to lines, if figures stand outside of tables.

    Args:
        blocks: Of a document, in reading order.
        styles: Of the document.
    """
    figures = sum(bool(block.tags) and not block.table and _bare(block) for block in blocks)
    if figures < _FEWEST_FIGURES:
        return list(blocks)
    joined: list[Block] = []
    texts: list[Block] = []
    for block in blocks:
        if block.table:
            joined += _lines(texts, styles)
            joined.append(block)
            texts = []
        else:
            texts.append(block)
    return joined + _lines(texts, styles)


def _bare(block: Block) -> bool:
    """Return whether a text is a tagged figure, or ends with one, and is no sentence."""
    words = re.findall(r"[^\W\d_]{2,}", "".join(text for text, tag in block.pieces if not tag))
    return len(words) <= _MOST_WORDS


def _lines(texts: Sequence[Block], styles: Styles) -> list[Block]:
    """Return a block for each line of a run of texts."""
    placed = [(block, styles.place(block.element)) for block in texts]
    known = sum(place is not None for _, place in placed)
    if known * 2 > len(texts):
        return list(_by_position(placed))
    return list(_by_container(texts))


def _by_position(placed: Sequence[tuple[Block, Place | None]]) -> Iterator[Block]:
    """Yield lines of texts that stand at the same height of the same page."""
    page: etree._Element | None = None
    current: list[tuple[Block, Place]] = []
    for block, place in placed:
        if place is None:
            yield from _page_lines(current)
            current = []
            yield block
            continue
        if place.page is not page:
            yield from _page_lines(current)
            current, page = [], place.page
        current.append((block, place))
    yield from _page_lines(current)


def _page_lines(texts: list[tuple[Block, Place]]) -> Iterator[Block]:
    """Yield the lines of one page; a page without tagged numbers holds no statement."""
    if not any(block.tags for block, _ in texts):
        return
    rows: list[list[tuple[Block, Place]]] = []
    for block, place in sorted(texts, key=lambda each: (each[1].y, each[1].x)):
        if rows and abs(rows[-1][0][1].y - place.y) <= _SAME_LINE:
            rows[-1].append((block, place))
        else:
            rows.append([(block, place)])
    for row in rows:
        row.sort(key=lambda each: each[1].x)
    for row in arrange(rows):
        yield _line(_with_signs(row), row[0][1].x, row[0][1].page)


def _with_signs(row: Sequence[tuple[Block, Place]]) -> list[Block]:
    """Return the texts of a line; a sign in a box of its own belongs to the number behind it."""
    blocks: list[Block] = []
    sign: tuple[Block, Place] | None = None
    for block, place in row:
        if sign and block.tags and place.x - sign[1].x <= _SIGN_GAP:
            blocks[-1] = Block(
                block.element,
                table=False,
                tags=block.tags,
                pieces=[*sign[0].pieces, *block.pieces],
            )
        else:
            blocks.append(block)
        alone = not block.tags and _LONE_SIGN.fullmatch(block.text)
        sign = (block, place) if alone else None
    return blocks


def _by_container(texts: Sequence[Block]) -> Iterator[Block]:
    """Yield lines of texts whose common element has one label: a row."""
    labels: Counter[etree._Element] = Counter()
    every: Counter[etree._Element] = Counter()
    paths: list[list[etree._Element]] = []
    for block in texts:
        path = [block.element, *block.element.iterancestors()]
        paths.append(path)
        every.update(path)
        if re.search(r"[^\W\d_]{2}", "".join(text for text, tag in block.pieces if not tag)):
            labels.update(path)
    current: list[Block] = []
    for at, block in enumerate(texts):
        if current:
            around = set(paths[at - 1])
            common = next(each for each in paths[at] if each in around)
            if labels[common] > 1 or every[common] > _MOST_IN_ROW:
                yield _line(current, None, None)
                current = []
        current.append(block)
    if current:
        yield _line(current, None, None)


def _line(blocks: Sequence[Block], x: float | None, page: etree._Element | None) -> Block:
    """Return a block of one line; a lone text without figures stays as it is, but has a page."""
    runs = _joined([run for block in blocks for run in _runs(block)])
    for order, run in enumerate(runs):
        run.x0, run.x1 = float(order), float(order + 1)
    tags = [tag for block in blocks for tag in block.tags]
    line = Line(runs, unit=FLOW, page=page)
    first = blocks[0].element
    line.indent = indent_of(first) if x is None else x
    line.bold = is_bold(first)
    pieces = [piece for block in blocks for piece in (*block.pieces, (" ", None))]
    joined = Block(first, table=False, tags=tags, pieces=pieces, line=line)
    line.prose = page is None and len(blocks) == 1 and not tags and _is_sentence(joined.text)
    return joined


def _joined(runs: Sequence[Run]) -> list[Run]:
    """Return runs with the words of a label joined to numbers and units within it.

    Some software positions each word by itself: then "at 1 January" is three texts.
    """
    first = next((at for at, run in enumerate(runs) if run.tags), 0)
    words = [at for at in range(first) if is_label(runs[at])]
    if not words:
        return list(runs)
    last = words[-1]
    while last + 1 < first and not re.search(r"[\d\-\u2010-\u2015]", runs[last + 1].text):
        last += 1  # a unit, such as the end of "(in EUR)"
    start = words[0]
    if all(at in words for at in range(start, last + 1)):
        return list(runs)
    text = " ".join(run.text for run in runs[start : last + 1])
    label = Run(text, 0, 0, runs[start].element)
    return [*runs[:start], label, *runs[last + 1 :]]


def _is_sentence(text: str) -> bool:
    return len(text) > _SENTENCE or bool(re.search(r"[a-z]{3,}\.$", text))


def _runs(block: Block) -> Iterator[Run]:
    """Yield the runs of a text: each tag one, and each text between; parentheses apart."""
    pieces = block.pieces
    if any(tag for _, tag in pieces):
        whole = Run(block.text, 0, 0, block.element, list(block.tags))
        if is_label(whole) and pieces[-1][1] is None and re.search(r"[^\W\d_]{2}", pieces[-1][0]):
            yield whole  # words go on behind the number: it is within a label
            return
    merged: dict[int, tuple[str, Tag | None]] = {}
    for text, tag in pieces:
        last = max(merged, default=-1)
        if tag is None and last >= 0 and merged[last][1] is None:
            merged[last] = (merged[last][0] + text, None)
        else:
            merged[last + 1] = (text, tag)
    parts = list(merged.values())
    for at, (text, tag) in enumerate(parts):
        if tag is None:
            yield from _untagged(_between(parts, at), block)
            continue
        sign = _SIGN_BEFORE.search(parts[at - 1][0]) if at else None
        closing = _CLOSING.match(parts[at + 1][0]) if at + 1 < len(parts) else None
        printed = f"{sign[0] if sign else ''}{text}{closing[0] if closing else ''}"
        yield Run(clean(printed), 0, 0, tag.element, [tag, *_inner(block, tag)])


def _between(parts: Sequence[tuple[str, Tag | None]], at: int) -> str:
    """Return an untagged part without the signs that belong to the numbers around it."""
    text = parts[at][0]
    if at + 1 < len(parts):
        text = _SIGN_BEFORE.sub("", text)
    return _CLOSING.sub("", text) if at else text


def _inner(block: Block, tag: Tag) -> list[Tag]:
    return [
        each
        for each in block.tags
        if each is not tag and tag.element in each.element.iterancestors()
    ]


def _untagged(text: str, block: Block) -> Iterator[Run]:
    text = clean(text)
    if not text:
        return
    if not re.search(r"[^\W\d_]{2}", text):
        for part in _PIECE.findall(text) if block.tags else [text]:
            if part.strip():
                yield Run(part.strip(), 0, 0, block.element)
        return
    figures: list[str] = []
    notes: list[str] = []
    if block.tags:
        while len(figures) < _MOST_IN_ROW and (found := _split_end(text, _FIGURE_AT_END)):
            text = found[0]
            figures.insert(0, found[1])
        if found := _split_end(text, _NOTE_AT_END):
            text, notes = found[0], [found[1]]
    for part in (text, *notes, *figures):
        yield Run(part, 0, 0, block.element)


def _split_end(text: str, pattern: re.Pattern[str]) -> tuple[str, str] | None:
    """Return the words of a text and what a pattern finds at its end."""
    found = pattern.search(text[-_END:])
    if found is None:
        return None
    words = text[: len(text) - len(found[0])].rstrip()
    return (words, found[1]) if re.search(r"[^\W\d_]", words) else None
