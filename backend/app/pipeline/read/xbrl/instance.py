"""An XBRL instance: its numeric facts, its texts, and the entity that reports.

Source: XBRL 2.1, section 4.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree

from app.pipeline.errors import ReadError
from app.pipeline.read.facts import (
    Context,
    Fact,
    local_name,
    parse_context,
    parse_unit,
    standard_prefix,
)
from app.pipeline.read.xbrl.values import parse_figure

INSTANCE = "http://www.xbrl.org/2003/instance"
_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
_LONGEST_TEXT = 400
MAX_FACTS = 500_000


@dataclass(frozen=True, slots=True)
class Text:
    """A fact that is no number, such as the entity's name."""

    concept: str
    context: Context
    value: str


@dataclass(slots=True)
class Instance:
    """What an instance states.

    Attributes:
        facts: Numeric facts of the reporting entity, in order of the document.
        texts: Short other facts, in order of the document.
        unreadable: Ids of objects in `facts` whose value is no figure.
        entity: (scheme, identifier) of the entity that most contexts name.
        language: ISO 639-1 code that most texts are marked with.
        prefixes: By namespace URI, the prefix that concepts of it have in `facts`.
    """

    facts: list[Fact] = field(default_factory=list)
    texts: list[Text] = field(default_factory=list)
    unreadable: set[int] = field(default_factory=set)
    entity: tuple[str, str] | None = None
    language: str | None = None
    prefixes: dict[str, str] = field(default_factory=dict)

    def text(self, *concepts: str) -> str | None:
        """Return the first text of one of the concepts, the one without dimensions first."""
        for concept in concepts:
            found = [each for each in self.texts if each.concept == concept and each.value]
            if found:
                return min(found, key=lambda each: len(each.context.axes)).value
        return None


def parse_instance(root: etree._Element) -> Instance:
    """Return the facts of an instance.

    Args:
        root: The `xbrli:xbrl` element.

    Raises:
        ReadError: A context has no date, or there are too many facts.
    """
    contexts: dict[str, Context] = {}
    entities: Counter[tuple[str, str]] = Counter()
    units: dict[str, str] = {}
    for element in root.iterdescendants(f"{{{INSTANCE}}}context", f"{{{INSTANCE}}}unit"):
        key = element.get("id", "")
        if local_name(element) == "unit":
            units[key] = parse_unit(element)
            continue
        contexts[key] = parse_context(element)
        for identifier in element.iter(f"{{{INSTANCE}}}identifier"):
            entities[identifier.get("scheme", "").strip(), (identifier.text or "").strip()] += 1
    instance = Instance()
    if entities:
        instance.entity = entities.most_common(1)[0][0]
    _add_facts(instance, root, contexts, units)
    return instance


def _add_facts(
    instance: Instance,
    root: etree._Element,
    contexts: dict[str, Context],
    units: dict[str, str],
) -> None:
    languages: Counter[str] = Counter()
    names: dict[str, str] = {}
    entity = instance.entity[1] if instance.entity else None
    for element in _items(root):
        context = contexts.get(element.get("contextRef", ""))
        if context is None or context.entity != entity:
            continue
        tag = str(element.tag)
        concept = names.get(tag)
        if concept is None:
            concept = names[tag] = _concept(element, instance.prefixes)
        unit = element.get("unitRef")
        if unit is None:
            text = (element.text or "").strip()
            if language := element.get(_LANGUAGE):
                languages[language[:2].lower()] += 1
            if len(text) <= _LONGEST_TEXT:
                instance.texts.append(Text(concept, context, text))
            continue
        _add_number(instance, element, Fact(concept, context, units.get(unit), None))
        if len(instance.facts) > MAX_FACTS:
            raise ReadError(
                "too_many_facts", f"There are more than {MAX_FACTS} facts: give one report alone"
            )
    instance.language = languages.most_common(1)[0][0] if languages else None


def _items(root: etree._Element) -> Iterator[etree._Element]:
    """Yield the facts, also those within tuples."""
    for element in root.iterdescendants(etree.Element):
        if element.get("contextRef") is not None:
            yield element


def _concept(element: etree._Element, prefixes: dict[str, str]) -> str:
    """Return `prefix:name` of a fact's concept, and note the prefix of its namespace."""
    name = etree.QName(element)
    namespace = name.namespace or ""
    prefix = prefixes.get(namespace)
    if prefix is None:
        prefix = standard_prefix(namespace) or element.prefix or ""
        prefixes[namespace] = prefix
    return f"{prefix}:{name.localname}" if prefix else name.localname


def _add_number(instance: Instance, element: etree._Element, blank: Fact) -> None:
    """Append a numeric fact; one whose value is no figure has None and is noted as unreadable."""
    nil = (element.get(_NIL) or "").strip() in {"true", "1"}
    value = None if nil else parse_figure(element.text or "")
    fact = Fact(
        concept=blank.concept,
        context=blank.context,
        unit=blank.unit,
        value=value,
        decimals=accuracy(element.get("decimals")),
        id=element.get("id"),
    )
    if value is None and not nil:
        instance.unreadable.add(id(fact))
    instance.facts.append(fact)


def accuracy(text: str | None) -> int | None:
    """Return the `decimals` of a fact; None for INF, or where it is not said."""
    if text is None or not re.fullmatch(r"\s*[+-]?\d{1,2}\s*", text, re.ASCII):
        return None
    return int(text)
