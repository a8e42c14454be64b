"""Roles, presentation, labels, sums and anchors of a filing's concepts, from its linkbases.

Source: XBRL 2.1, section 5.2 (linkbases) and 3.5.3.9.7 (prohibited and overriding arcs); the
ESEF regulation's arc role "wider-narrower" for anchors.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from lxml import etree

from app.pipeline.errors import ReadError
from app.pipeline.read.facts import local_name
from app.pipeline.read.xbrl.values import parse_figure, without_structure

LINKBASE = "http://www.xbrl.org/2003/linkbase"
_XLINK = "{http://www.w3.org/1999/xlink}"
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
_ANCHOR = "/wider-narrower"
_LINKS = ("presentationLink", "labelLink", "calculationLink", "definitionLink")
MAX_ARCS = 300_000

Resolve = Callable[[str], str | None]
"""Returns the concept that a locator's href points at."""


@dataclass(frozen=True, slots=True)
class Arc:
    """A relation of a parent to one of its children in a presentation."""

    parent: str
    child: str
    order: Decimal
    preferred: str | None = None


@dataclass(frozen=True, slots=True)
class Label:
    """A concept's label in one role and language (ISO 639-1, "" if it is not said)."""

    role: str
    language: str
    text: str


@dataclass(slots=True)
class Linkbases:
    """What the linkbases of one filing say.

    Attributes:
        presentation: By role, its arcs in order of the document.
        labels: By concept.
        totals: By role, the concepts that a calculation sums up to.
        wider: By concept of the filing, the standard concept it is anchored to.
        dangling: Locators and arcs that point at nothing.
    """

    presentation: dict[str, list[Arc]] = field(default_factory=dict)
    labels: dict[str, list[Label]] = field(default_factory=dict)
    totals: dict[str, set[str]] = field(default_factory=dict)
    wider: dict[str, str] = field(default_factory=dict)
    dangling: int = 0


@dataclass(frozen=True, slots=True)
class _Relation:
    """An arc between two ends that were found."""

    parent: str
    child: str | Label
    order: Decimal
    preferred: str | None
    arcrole: str
    priority: int
    prohibited: bool


def read_linkbases(roots: Iterable[etree._Element], resolve: Resolve) -> Linkbases:
    """Return what the linkbases say together; those within a schema count as well.

    Raises:
        ReadError: There are too many arcs.
    """
    found: dict[tuple[str, str], list[_Relation]] = defaultdict(list)
    links = Linkbases()
    total = 0
    for root in roots:
        for link in root.iter(*(f"{{{LINKBASE}}}{name}" for name in _LINKS)):
            relations = found[local_name(link), link.get(f"{_XLINK}role", "")]
            for relation in _relations(link, resolve, links):
                relations.append(relation)
                total += 1
                if total > MAX_ARCS:
                    raise ReadError(
                        "too_many_arcs",
                        f"The linkbases have more than {MAX_ARCS} arcs: give one report alone",
                    )
    for (kind, role), relations in found.items():
        _add(links, kind, role, _in_force(relations))
    return links


def _relations(link: etree._Element, resolve: Resolve, links: Linkbases) -> Iterator[_Relation]:
    """Yield the relations of one extended link."""
    ends = _ends(link, resolve, links)
    for arc in link.iterchildren(etree.Element):
        if arc.get(f"{_XLINK}type") != "arc":
            continue
        parents = ends.get(arc.get(f"{_XLINK}from", ""), [])
        children = ends.get(arc.get(f"{_XLINK}to", ""), [])
        if not parents or not children:
            links.dangling += 1
        for parent in parents:
            for child in children:
                if isinstance(parent, str):
                    yield _relation(arc, parent, child)


def _ends(link: etree._Element, resolve: Resolve, links: Linkbases) -> dict[str, list[str | Label]]:
    """Return what the arcs of an extended link may start and end at, by their xlink label."""
    ends: dict[str, list[str | Label]] = defaultdict(list)
    for element in link.iterchildren(etree.Element):
        kind = element.get(f"{_XLINK}type")
        if kind == "resource" and local_name(element) == "label":
            ends[element.get(f"{_XLINK}label", "")].append(_label(element))
        elif kind == "locator":
            concept = resolve(element.get(f"{_XLINK}href", ""))
            if concept is None:
                links.dangling += 1
            else:
                ends[element.get(f"{_XLINK}label", "")].append(concept)
    return ends


def _label(element: etree._Element) -> Label:
    text = without_structure("".join(element.itertext()))
    language = (element.get(_LANGUAGE) or "")[:2].lower()
    return Label(element.get(f"{_XLINK}role", ""), language, text)


def _relation(arc: etree._Element, parent: str, child: str | Label) -> _Relation:
    priority = arc.get("priority", "0").strip()
    return _Relation(
        parent=parent,
        child=child,
        order=parse_figure(arc.get("order", "1")) or Decimal(0),
        preferred=(arc.get("preferredLabel") or "").strip() or None,
        arcrole=arc.get(f"{_XLINK}arcrole", ""),
        priority=int(priority) if re.fullmatch(r"-?\d{1,9}", priority, re.ASCII) else 0,
        prohibited=arc.get("use") == "prohibited",
    )


def _in_force(relations: Sequence[_Relation]) -> list[_Relation]:
    """Return the relations that no equivalent one of higher priority prohibits or overrides."""
    if not any(each.prohibited for each in relations):
        return list(relations)
    equivalent: dict[object, list[_Relation]] = defaultdict(list)
    for each in relations:
        key = each.parent, each.child, each.order, each.preferred, each.arcrole
        equivalent[key].append(each)
    kept = []
    for same in equivalent.values():
        highest = max(same, key=lambda each: (each.priority, each.prohibited))
        if not highest.prohibited:
            kept.append(highest)
    return kept


def _add(links: Linkbases, kind: str, role: str, relations: list[_Relation]) -> None:
    """Sort the relations of one network into what is known of the concepts."""
    for each in relations:
        if isinstance(each.child, Label):
            if kind == "labelLink":
                links.labels.setdefault(each.parent, []).append(each.child)
        elif kind == "presentationLink":
            arc = Arc(each.parent, each.child, each.order, each.preferred)
            links.presentation.setdefault(role, []).append(arc)
        elif kind == "calculationLink":
            links.totals.setdefault(role, set()).add(each.parent)
        elif kind == "definitionLink" and each.arcrole.endswith(_ANCHOR):
            links.wider.setdefault(each.child, each.parent)
