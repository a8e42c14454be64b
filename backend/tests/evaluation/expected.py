"""The figures that a tagged file's own statements must have, found apart from the readers."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from lxml import etree

from app.pipeline.statement import StatementName
from tests.evaluation.concepts import CORE, is_statement
from tests.evaluation.facts import Tagged, TaggedFact, parser, tag
from tests.evaluation.inline_facts import facts_with_elements
from tests.evaluation.truth import STATEMENTS

_XLINK = "{http://www.w3.org/1999/xlink}"
_LINK = "{http://www.xbrl.org/2003/linkbase}"
_LABEL_LETTERS = 8  # in the cell of a fact that is a part of a label, as "of $86"
_MOST_FACTS = 160  # in one statement: an element with more is a document or its notes
_CELLS = {"td", "th", "div", "p"}
_FLOW_DAYS = (350, 380)
_COLUMNS: dict[StatementName, int] = {
    "income_statement": 3,
    "balance_sheet": 2,
    "cash_flow_statement": 3,
}


@dataclass(frozen=True, slots=True)
class Expected:
    """A figure of a statement.

    Attributes:
        negated: Whether it is printed with the opposite sign; None where that is not known.
        others: Facts that the same printed figure is tagged as, too: any of them will do.
    """

    fact: TaggedFact
    negated: bool | None
    labels: tuple[str, ...]
    others: tuple[TaggedFact, ...] = ()


Statements = dict[StatementName, list[Expected]]


def of_inline(path: Path) -> Statements:
    """Return the figures of each statement of an iXBRL document.

    A statement is the smallest element with the concepts that tell it; of several such the one
    with most of the usual concepts, which is the statement itself and no note.
    """
    pairs = list(facts_with_elements(path.read_bytes()))
    within: dict[etree._Element, list[int]] = defaultdict(list)
    for index, (element, _) in enumerate(pairs):
        for ancestor in element.iterancestors():
            within[ancestor].append(index)
    found: Statements = {}
    for name in STATEMENTS:
        whole = _element(name, within, [fact for _, fact in pairs])
        if whole is None:
            continue
        figures: dict[etree._Element, list[TaggedFact]] = defaultdict(list)
        for element, fact in (pairs[index] for index in within[whole]):
            if fact.value is not None and not _in_label(element):
                outer = [each for each in element.iterancestors() if tag(each) == "nonFraction"]
                figures[outer[-1] if outer else element].append(fact)
        found[name] = [
            Expected(first, _opposite(first), first.labels, tuple(others))
            for first, *others in figures.values()
        ]
    return found


def _element(
    name: StatementName,
    within: Mapping[etree._Element, Sequence[int]],
    facts: Sequence[TaggedFact],
) -> etree._Element | None:
    best: tuple[int, int] | None = None
    chosen: etree._Element | None = None
    for element, indexes in within.items():
        if len(indexes) > _MOST_FACTS:
            continue
        concepts = {facts[index].concept for index in indexes if not facts[index].axes}
        if not is_statement(name, concepts):
            continue
        if any(
            is_statement(name, {facts[i].concept for i in within[child] if not facts[i].axes})
            for child in element
            if child in within
        ):
            continue
        score = (len(concepts & CORE[name]), -indexes[0])
        if best is None or score > best:
            best, chosen = score, element
    if chosen is None:
        return None
    return next((each for each in chosen.iterancestors() if tag(each) == "table"), chosen)


def _in_label(element: etree._Element) -> bool:
    cell = next((each for each in element.iterancestors() if tag(each) in _CELLS), None)
    if cell is None:
        return False
    words = " ".join("".join(cell.itertext()).split()).replace("".join(element.itertext()), "")
    return len(re.findall(r"[^\W\d_]", words)) > _LABEL_LETTERS


def _opposite(fact: TaggedFact) -> bool | None:
    """Return whether the printed sign is the opposite of the tagged one."""
    if not fact.value or fact.negative is None:
        return None
    return fact.negative != (fact.value < 0)


@dataclass(frozen=True, slots=True)
class _Node:
    concept: str
    preferred: str


def of_folder(
    tagged: Tagged, linkbase: Path, labels: Mapping[str, Mapping[str, str]]
) -> Statements:
    """Return the figures of each statement of an XBRL instance by its presentation linkbase.

    Args:
        tagged: The facts.
        linkbase: The presentation linkbase.
        labels: By local name of the concept: the role of a label and its text.
    """
    found: Statements = {}
    best: dict[StatementName, int] = {}
    for nodes in _roles(linkbase):
        concepts = {node.concept for node in nodes}
        stated = {fact.concept for fact in tagged.facts if not fact.axes} & concepts
        for name in STATEMENTS:
            score = len(stated & CORE[name])
            if is_statement(name, stated) and score > best.get(name, 0):
                best[name] = score
                found[name] = list(_presented(name, nodes, tagged, labels))
    return found


def _roles(path: Path) -> Iterator[list[_Node]]:
    """Yield the concepts of each role in the order of its tree, with their preferred labels."""
    root = etree.parse(path, parser()).getroot()
    for link in root.iter(f"{_LINK}presentationLink"):
        places: dict[str, str] = {}
        arcs: dict[str, list[tuple[float, _Node, str]]] = defaultdict(list)
        targets: set[str] = set()
        for each in link.iter(f"{_LINK}loc"):
            href = each.get(f"{_XLINK}href", "").rpartition("#")[2]
            places[each.get(f"{_XLINK}label", "")] = href.partition("_")[2] or href
        for each in link.iter(f"{_LINK}presentationArc"):
            start, to = each.get(f"{_XLINK}from", ""), each.get(f"{_XLINK}to", "")
            preferred = each.get("preferredLabel") or ""
            node = _Node(places.get(to, ""), preferred)
            arcs[start].append((float(each.get("order") or 0), node, to))
            targets.add(to)
        nodes: list[_Node] = []
        for start in list(arcs):
            if start not in targets:
                _walk(start, arcs, nodes)
        yield nodes


def _walk(
    place: str, arcs: Mapping[str, list[tuple[float, _Node, str]]], into: list[_Node]
) -> None:
    for _, node, to in sorted(arcs.get(place, ()), key=lambda arc: arc[0]):
        into.append(node)
        _walk(to, arcs, into)


def _presented(
    name: StatementName,
    nodes: Sequence[_Node],
    tagged: Tagged,
    labels: Mapping[str, Mapping[str, str]],
) -> Iterator[Expected]:
    by_concept: dict[str, list[TaggedFact]] = defaultdict(list)
    keys: set[object] = set()
    for fact in tagged.facts:
        if not fact.axes and fact.value is not None and fact.key not in keys:
            keys.add(fact.key)
            by_concept[fact.concept].append(fact)
    days = _columns(name, nodes, by_concept)
    openings = {start - timedelta(days=1) for start, _ in days if start}
    seen: set[tuple[str, str]] = set()
    for node in nodes:
        if (node.concept, node.preferred) in seen:
            continue
        seen.add((node.concept, node.preferred))
        own = labels.get(node.concept, {})
        text = own.get(node.preferred) if node.preferred else None
        names = (text,) if text else tuple(own.values())
        for fact in by_concept[node.concept]:
            column = (fact.start, fact.end) in days or (
                fact.start is None
                and name == "cash_flow_statement"
                and fact.end in (openings if "Start" in node.preferred else {d for _, d in days})
            )
            if column:
                yield Expected(fact, "negated" in node.preferred.casefold(), names)


def _columns(
    name: StatementName, nodes: Sequence[_Node], facts: Mapping[str, Sequence[TaggedFact]]
) -> set[tuple[date | None, date]]:
    """Return the periods that the statement prints: those of most of its usual concepts."""
    counts: dict[tuple[date | None, date], int] = defaultdict(int)
    for concept in {node.concept for node in nodes} & CORE[name]:
        for period in {(fact.start, fact.end) for fact in facts.get(concept, ())}:
            if _suits(name, *period):
                counts[period] += 1
    usual = [each for each, count in counts.items() if 2 * count >= max(counts.values())]
    return set(sorted(usual, key=lambda each: each[1], reverse=True)[: _COLUMNS[name]])


def _suits(name: StatementName, start: date | None, end: date) -> bool:
    if name == "balance_sheet":
        return start is None
    return start is not None and _FLOW_DAYS[0] <= (end - start).days <= _FLOW_DAYS[1]


def of_facts(tagged: Tagged) -> Statements:
    """Return the usual figures of each statement of facts without order, labels and signs."""
    facts = [each for each in tagged.facts if not each.axes and each.value is not None]
    by_concept: dict[str, list[TaggedFact]] = defaultdict(list)
    for fact in {each.key: each for each in facts}.values():
        by_concept[fact.concept].append(fact)
    found: Statements = {}
    for name in STATEMENTS:
        nodes = [_Node(each, "") for each in by_concept]
        days = _columns(name, nodes, by_concept)
        newest = {period for period in days if period[1] == tagged.end}
        concepts = {fact.concept for fact in facts if (fact.start, fact.end) in newest}
        if is_statement(name, concepts):
            found[name] = [
                Expected(fact, negated=False, labels=())
                for concept in by_concept
                if concept in CORE[name]
                for fact in by_concept[concept]
                if (fact.start, fact.end) in newest
            ]
    return found
