"""The facts of an iXBRL document, parsed a second time and apart from the reader."""

import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from lxml import etree

from tests.evaluation.concepts import local
from tests.evaluation.facts import (
    Tagged,
    TaggedFact,
    contexts,
    humanised,
    number,
    parser,
    tag,
    tagged_from,
    units,
)

_COMMA_DECIMAL = re.compile(r"num-?comma-?decimal|numdotcomma|numspacecomma|numcomma(?:-|$)")
_WORDS = {"no": 0, "none": 0, "nil": 0, "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4}
_BLANK = re.compile(r"[\s\u00a0\u2009\u202f]+")
_BLOCKS = {"p", "table", "body"}  # of a figure in no row of a table


def read_inline(path: Path) -> Tagged | None:
    """Return the facts of an iXBRL document, labelled by the text of their row."""
    data = path.read_bytes()
    about: dict[str, str] = {}
    for element in etree.fromstring(data, parser()).iter("{*}nonNumeric"):
        about.setdefault(local(element.get("name", "")), "".join(element.itertext()).strip())
    facts = [fact for _, fact in facts_with_elements(data)]
    return tagged_from("ixbrl", path, facts, about)


def facts_with_elements(data: bytes) -> Iterator[tuple[etree._Element, TaggedFact]]:
    """Yield each numeric fact of an iXBRL document with its element, in document order."""
    root = etree.fromstring(data, parser())
    by_context, by_unit = contexts(root), units(root)
    for element in root.iter("{*}nonFraction"):
        context = by_context.get(element.get("contextRef", ""))
        if context is None:
            continue
        start, end, axes = context
        concept = local(element.get("name", ""))
        label, negative = _surroundings(element)
        yield (
            element,
            TaggedFact(
                concept,
                start,
                end,
                axes,
                by_unit.get(element.get("unitRef", ""), ""),
                _value(element),
                tuple(each for each in (label, humanised(concept)) if each),
                element.get("id"),
                negative,
            ),
        )


def _value(element: etree._Element) -> Decimal | None:
    """Return the value by the transformation rules, with scale and sign."""
    if any(tag_of.endswith("}nil") and text in {"true", "1"} for tag_of, text in _items(element)):
        return None
    text = _BLANK.sub("", "".join(element.itertext()))
    form = local(element.get("format", "")).casefold()
    if "zero" in form or "nil" in form or "dash" in form:
        value: Decimal | None = Decimal(0)
    elif text.casefold() in _WORDS:
        value = Decimal(_WORDS[text.casefold()])
    elif _COMMA_DECIMAL.match(form):
        value = number(re.sub(r"[^\d,]", "", text).replace(",", "."))
    else:
        value = number(re.sub(r"[^\d.]", "", text))
    if value is None:
        return None
    value = value.scaleb(int(element.get("scale") or 0))
    return -value if element.get("sign") == "-" else value


def _items(element: etree._Element) -> list[tuple[str, str]]:
    return [(str(name), str(text)) for name, text in element.items()]


def _surroundings(element: etree._Element) -> tuple[str, bool | None]:
    """Return the text before a fact in its row, and whether a parenthesis or minus precedes it."""
    row = next(element.iterancestors("{*}tr"), None)
    if row is None:
        row = next((each for each in element.iterancestors() if tag(each) in _BLOCKS), element)
    cell = next((each for each in element.iterancestors() if tag(each) in {"td", "th"}), row)
    # A dash in the cell before is a nil; a parenthesis there is that of this figure.
    within = next(filter(None, (each.rstrip("$€£ ") for each in _before(cell, element))), "")
    negative = within.endswith(("(", "-", "−", "–"))  # noqa: RUF001
    if not within:
        negative = next(_before(row, element), "").rstrip("$€£ ").endswith("(")
    cells = ("".join(each.itertext()) for each in row if tag(each) in {"td", "th"})
    pieces = [" ".join(each.split()) for each in cells] or _before(row, element)
    label = next((each for each in pieces if re.search(r"[^\W\d_]{2}", each)), "")
    return label, negative


def _before(node: etree._Element, element: etree._Element) -> Iterator[str]:
    """Yield the texts of a node that stand before an element in it, the nearest first."""
    return (text for each in _backwards(node, element) if (text := _BLANK.sub(" ", each).strip()))


def _backwards(node: etree._Element, element: etree._Element) -> Iterator[str]:
    current = element
    while current is not node:
        for each in current.itersiblings(preceding=True):
            yield each.tail or ""
            yield from _reversed(each)
        parent = current.getparent()
        assert parent is not None
        yield parent.text or ""
        current = parent


def _reversed(node: etree._Element) -> Iterator[str]:
    for child in reversed(node):
        yield child.tail or ""
        yield from _reversed(child)
    if isinstance(node.tag, str):
        yield node.text or ""
