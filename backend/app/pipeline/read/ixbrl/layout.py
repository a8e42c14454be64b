"""The printed part of an XHTML document, as blocks in reading order: tables and lines of text."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from lxml import etree

from app.pipeline.read.ixbrl.document import NAMESPACES, Tag
from app.pipeline.read.ixbrl.styles import Styles

_XHTML: Final = "{http://www.w3.org/1999/xhtml}"
_BLOCK_NAMES: Final = (
    "address article aside blockquote body caption center dd div dl dt fieldset figure footer form "
    "h1 h2 h3 h4 h5 h6 header hr li main nav ol p pre section table tbody td tfoot th thead tr ul"
)
_BLOCKS: Final = frozenset(_XHTML + name for name in _BLOCK_NAMES.split())
_TABLE: Final = f"{_XHTML}table"
_BREAK: Final = f"{_XHTML}br"
_SKIPPED: Final = frozenset(
    [f"{_XHTML}{name}" for name in ("head", "script", "style", "title")]
    + [f"{{{namespace}}}header" for namespace in NAMESPACES]
)
_NUMBERS: Final = frozenset(f"{{{namespace}}}nonFraction" for namespace in NAMESPACES)
BREAK: Final = "\n"
"""The piece that stands for a line break."""


# Filing software fills empty cells with spaces of no width, and breaks words with soft hyphens.
_INVISIBLE: Final = dict.fromkeys((0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF, 0x00AD))


def clean(text: str) -> str:
    """Return a text as it is seen: single spaces, and no characters without width."""
    if not text.isascii():
        text = text.translate(_INVISIBLE)
    return " ".join(text.split())


@dataclass(slots=True, eq=False)
class Run:
    """Characters that stand together in a line: a cell of a table, or a positioned text.

    Attributes:
        text: With single spaces.
        x0: Left edge, in a unit that all lines of a block share; so x1.
        tags: The tagged numbers within, outermost first.
    """

    text: str
    x0: float
    x1: float
    element: etree._Element
    tags: list[Tag] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Line:
    """One printed line.

    Attributes:
        unit: Name of the unit of its edges, which lines of one unit share.
        page: The element of the page, where texts are positioned on pages.
        indent: Of the first text, in points, whatever causes it.
        prose: Whether it is no line of a table.
        ruled: Whether a rule is printed above a figure of it.
    """

    runs: list[Run]
    unit: str = ""
    page: etree._Element | None = None
    indent: float = 0
    prose: bool = False
    bold: bool = False
    ruled: bool = False

    @property
    def text(self) -> str:
        """All of the line, with single spaces."""
        return " ".join(run.text for run in self.runs if run.text)


@dataclass(slots=True, eq=False)
class Block:
    """A table, or text between tables.

    Attributes:
        element: The table, or the innermost block element of the text.
        table: Whether it has rows and cells.
        pieces: Of a text: characters, with the tag around them.
        line: Of a text that is one line of a layout without tables.
    """

    element: etree._Element
    table: bool
    tags: list[Tag]
    pieces: list[tuple[str, Tag | None]] = field(default_factory=list)
    line: Line | None = None

    @property
    def text(self) -> str:
        """The characters of a text, with single spaces."""
        return clean("".join(text for text, _ in self.pieces))

    def printed_lines(self) -> list[str]:
        """Return the lines of a text that are broken by an element, each with single spaces."""
        parts = [""]
        for text, _ in self.pieces:
            if text == BREAK:
                parts.append("")
            else:
                parts[-1] += text
        return [line for line in map(clean, parts) if line]


def walk_blocks(root: etree._Element, tags: Iterable[Tag], styles: Styles) -> list[Block]:
    """Return the tables and texts of a document in reading order; empty ones are left out."""
    return list(_Walk(root, {tag.element: tag for tag in tags}, styles).blocks())


class _Walk:
    """Collects the blocks of one document."""

    def __init__(
        self, root: etree._Element, by_element: dict[etree._Element, Tag], styles: Styles
    ) -> None:
        body = root.find(f"{_XHTML}body")
        self.top = root if body is None else body
        self.styles = styles
        self.by_element = by_element
        self.current = Block(self.top, table=False, tags=[])

    def blocks(self) -> Iterator[Block]:
        """Yield tables and texts in the order of the document."""
        walk = etree.iterwalk(self.top, events=("start", "end"))
        for event, element in walk:
            name = element.tag
            if not isinstance(name, str):
                continue
            if name in _BLOCKS or self.styles.is_apart(element):
                if self.current.pieces and self.current.text:
                    yield self.current
                inner = element if event == "start" else element.getparent()
                element_of = element if inner is None else inner
                self.current = Block(element_of, table=False, tags=[])
            if event == "end":
                if element is not self.top and element.tail:
                    self.current.pieces.append((element.tail, None))
            elif name == _TABLE and next(element.iterdescendants(_TABLE), None) is None:
                yield Block(element, table=True, tags=self._tags(element))
                walk.skip_subtree()
            elif self._is_read(element, name):
                walk.skip_subtree()
        if self.current.pieces and self.current.text:
            yield self.current

    def _is_read(self, element: etree._Element, name: str) -> bool:
        """Add the text of an element; return whether nothing within it is to be read."""
        pieces = self.current.pieces
        if name in _SKIPPED or self.styles.is_hidden(element):
            return True
        if name in _NUMBERS:
            self.current.tags += self._tags(element)
            pieces.append(("".join(element.itertext()), self.by_element.get(element)))
            return True
        if name == _BREAK:
            pieces.append((BREAK, None))
        elif element.text:
            pieces.append((element.text, None))
        return False

    def _tags(self, element: etree._Element) -> list[Tag]:
        found = (self.by_element.get(each) for each in element.iter(*_NUMBERS))
        return [tag for tag in found if tag]
