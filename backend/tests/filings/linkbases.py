"""The extension taxonomy of a truth: schema, presentation, calculation, definition, labels.

Sources: XBRL 2.1, section 5.2 (linkbases); the ESEF reporting manual (anchors: an extension is
`wider-narrower` of a concept of the IFRS taxonomy).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lxml import etree

from app.pipeline.statement import StatementName
from tests.filings.blocks import sums_of
from tests.filings.concepts import NAMESPACES, concept_of
from tests.filings.inline import LINK, XBRLI, XLINK, Element
from tests.filings.labels import LABELS
from tests.filings.truth import TrueRow, TrueStatement, Truth

_NUMERIC = "http://www.xbrl.org/dtr/type/numeric"
XSD = "http://www.w3.org/2001/XMLSchema"
_ROLE = "http://www.xbrl.org/2003/role/"
_NEGATED = "http://www.xbrl.org/2009/role/"
_PARENT_CHILD = "http://www.xbrl.org/2003/arcrole/parent-child"
_SUMMATION = "http://www.xbrl.org/2003/arcrole/summation-item"
_CONCEPT_LABEL = "http://www.xbrl.org/2003/arcrole/concept-label"
_ANCHOR = "http://www.esma.europa.eu/xbrl/esef/arcrole/wider-narrower"
_SCHEMAS = {
    "us-gaap": "http://xbrl.fasb.org/us-gaap/2022/elts/us-gaap-2022.xsd",
    "srt": "http://xbrl.fasb.org/srt/2022/elts/srt-2022.xsd",
    "ifrs-full": "https://xbrl.ifrs.org/taxonomy/2022-03-24/full_ifrs/full_ifrs-cor_2022-03-24.xsd",
    "frc-core": "https://xbrl.frc.org.uk/fr/2022-01-01/core/frc-core-2022-01-01.xsd",
}
# The wider concept that the company's own ones are anchored to, as an ESEF report must say.
_WIDER: Mapping[StatementName, str] = {
    "income_statement": "ifrs-full:FinanceIncomeCost",
    "balance_sheet": "ifrs-full:Assets",
    "cash_flow_statement": "ifrs-full:AdjustmentsForReconcileProfitLoss",
}
_TYPES = {"per_share": "num:perShareItemType", "shares": "xbrli:sharesItemType"}


@dataclass(frozen=True, slots=True)
class Node:
    """A line of the presentation: what it shows, under which heading, by which label."""

    concept: str
    parent: str
    preferred: str
    label: str
    key: str


def _preferred(row: TrueRow, sign: int) -> str:
    """Return the role of the label that the presentation prefers; negated roles turn the sign."""
    if row.key == "opening_cash":
        return f"{_ROLE}periodStartLabel"
    if row.key == "closing_cash":
        return f"{_ROLE}periodEndLabel"
    total = row.kind == "total"
    if sign * row.natural < 0:
        return f"{_NEGATED}{'negatedTotalLabel' if total else 'negatedLabel'}"
    return f"{_ROLE}{'totalLabel' if total else 'label'}"


def _label_role(preferred: str) -> str:
    """Return the role of the label itself: a negated role has the words of the plain one."""
    name = preferred.rpartition("/")[2].removeprefix("negated")
    return f"{_ROLE}{name[0].lower()}{name[1:]}"


def root_of(statement: TrueStatement) -> str:
    """Return the abstract concept above all lines of a statement."""
    words = "".join(part.capitalize() for part in statement.statement.split("_"))
    return f"ext:{words}Abstract"


def nodes_of(statement: TrueStatement) -> Iterator[Node]:
    """Yield the lines of a statement in order."""
    root = root_of(statement)
    headings: dict[tuple[str, ...], str] = {(): root}
    for row in statement.rows:
        parent = headings.get(row.section, root)
        inside = (*row.section, row.label)
        if row.kind == "heading":
            name = f"ext:{row.key.removeprefix('H_').title().replace('_', '')}Abstract"
            headings[inside] = name
            yield Node(name, parent, f"{_ROLE}label", row.label, row.key)
            continue
        concept = concept_of(row.key, statement.framework, dimensions=False)
        preferred = _preferred(row, concept.sign)
        # A total above its parts is their heading as well.
        headings.setdefault(inside, parent)
        yield Node(concept.name, parent, preferred, row.label, row.key)


class Taxonomy:
    """Writes the files of one extension taxonomy."""

    def __init__(
        self, truth: Truth, base: str, languages: tuple[str, ...] = (), prefix: str = "ext"
    ) -> None:
        self.truth, self.base, self.prefix = truth, base, prefix
        self.languages = languages
        self.language = truth.statements[0].language
        self.instants = {row.key for row in truth.named("balance_sheet").rows if row.values}
        self.roles: dict[StatementName, str] = {
            statement.statement: f"{NAMESPACES['ext']}/role/{statement.statement}"
            for statement in truth.statements
        }

    def files(self) -> Mapping[str, bytes]:
        """Return the content of each file by name."""
        languages = {self.language, *self.languages}
        written = {
            f"{self.base}.xsd": self.schema(),
            f"{self.base}_pre.xml": self.presentation(),
            f"{self.base}_cal.xml": self.calculation(),
            f"{self.base}_def.xml": self.definition(),
        }
        for language in sorted(languages):
            written[f"{self.base}_lab-{language}.xml"] = self.labels(language)
        return {
            name: etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)
            for name, root in written.items()
        }

    def nodes(self) -> dict[StatementName, list[Node]]:
        """Return the nodes of each statement."""
        return {each.statement: list(nodes_of(each)) for each in self.truth.statements}

    def href(self, concept: str) -> str:
        """Return where a concept is declared."""
        prefix, _, local = concept.partition(":")
        if prefix == "ext":
            return f"{self.base}.xsd#{self.prefix}_{local}"
        return f"{_SCHEMAS[prefix]}#{prefix.removeprefix('frc-')}_{local}"

    def schema(self) -> Element:
        """Return the schema that declares the company's own concepts and the roles."""
        schema = etree.Element(
            f"{{{XSD}}}schema",
            nsmap={None: XSD, "xbrli": XBRLI, "link": LINK, "xlink": XLINK, "num": _NUMERIC},
            targetNamespace=NAMESPACES["ext"],
            elementFormDefault="qualified",
        )
        note = etree.SubElement(schema, f"{{{XSD}}}annotation")
        appinfo = etree.SubElement(note, f"{{{XSD}}}appinfo")
        for name, role in self.roles.items():
            kind = etree.SubElement(appinfo, f"{{{LINK}}}roleType", id=name, roleURI=role)
            etree.SubElement(kind, f"{{{LINK}}}definition").text = self._definition(name)
            for link in ("presentationLink", "calculationLink", "definitionLink"):
                etree.SubElement(kind, f"{{{LINK}}}usedOn").text = f"link:{link}"
        declared: set[str] = set()
        for statement in self.truth.statements:
            self._declare(schema, root_of(statement), None, declared)
            for node, row in zip(nodes_of(statement), statement.rows, strict=True):
                if node.concept.startswith("ext:"):
                    self._declare(schema, node.concept, row, declared)
        return schema

    def _declare(
        self, schema: Element, concept: str, row: TrueRow | None, declared: set[str]
    ) -> None:
        """Declare a concept once; one without a row, or of a heading, is abstract."""
        if concept in declared:
            return
        declared.add(concept)
        local = concept.partition(":")[2]
        abstract = row is None or row.kind == "heading"
        kind = _TYPES.get(row.kind if row else "line", "xbrli:monetaryItemType")
        element = etree.SubElement(schema, f"{{{XSD}}}element", name=local)
        element.set("id", f"{self.prefix}_{local}")
        element.set("substitutionGroup", "xbrli:item")
        element.set("type", "xbrli:stringItemType" if abstract else kind)
        element.set("abstract", "true" if abstract else "false")
        instant = row is not None and row.key in self.instants
        element.set(f"{{{XBRLI}}}periodType", "instant" if instant else "duration")
        element.set("nillable", "true")

    def _definition(self, name: StatementName) -> str:
        titles = {each.statement: each.title for each in self.truth.statements}
        number = 1 + list(self.roles).index(name)
        return f"{number:07d} - Statement - {titles[name]}"

    def _linkbase(self) -> Element:
        root = etree.Element(f"{{{LINK}}}linkbase", nsmap={"link": LINK, "xlink": XLINK})
        for name, role in self.roles.items():
            reference = etree.SubElement(root, f"{{{LINK}}}roleRef", roleURI=role)
            reference.set(f"{{{XLINK}}}type", "simple")
            reference.set(f"{{{XLINK}}}href", f"{self.base}.xsd#{name}")
        return root

    def _extended(self, root: Element, kind: str, role: str) -> Element:
        link = etree.SubElement(root, f"{{{LINK}}}{kind}")
        link.set(f"{{{XLINK}}}type", "extended")
        link.set(f"{{{XLINK}}}role", role)
        return link

    def _locator(self, link: Element, concept: str) -> str:
        """Add a locator unless there is one; return its label."""
        label = "loc_" + concept.replace(":", "_")
        if not any(each.get(f"{{{XLINK}}}label") == label for each in link):
            locator = etree.SubElement(link, f"{{{LINK}}}loc")
            locator.set(f"{{{XLINK}}}type", "locator")
            locator.set(f"{{{XLINK}}}href", self.href(concept))
            locator.set(f"{{{XLINK}}}label", label)
        return label

    def _arc(self, link: Element, kind: str, role: str, ends: tuple[str, str]) -> Element:
        arc = etree.SubElement(link, f"{{{LINK}}}{kind}")
        arc.set(f"{{{XLINK}}}type", "arc")
        arc.set(f"{{{XLINK}}}arcrole", role)
        arc.set(f"{{{XLINK}}}from", ends[0])
        arc.set(f"{{{XLINK}}}to", ends[1])
        return arc

    def presentation(self) -> Element:
        """Return the order and the preferred labels of the lines."""
        root = self._linkbase()
        for statement, nodes in self.nodes().items():
            link = self._extended(root, "presentationLink", self.roles[statement])
            for order, node in enumerate(nodes, 1):
                ends = self._locator(link, node.parent), self._locator(link, node.concept)
                arc = self._arc(link, "presentationArc", _PARENT_CHILD, ends)
                arc.set("order", str(order))
                arc.set("preferredLabel", node.preferred)
        return root

    def calculation(self) -> Element:
        """Return the sums, with the weights that the signs of the concepts ask for."""
        root = self._linkbase()
        for statement in self.truth.statements:
            link = self._extended(root, "calculationLink", self.roles[statement.statement])
            keys = frozenset(row.key for row in statement.rows)
            for total, terms in sums_of(keys).items():
                above = concept_of(total, statement.framework, dimensions=False)
                for order, term in enumerate(terms, 1):
                    below = concept_of(term, statement.framework, dimensions=False)
                    ends = self._locator(link, above.name), self._locator(link, below.name)
                    arc = self._arc(link, "calculationArc", _SUMMATION, ends)
                    arc.set("order", str(order))
                    arc.set("weight", "1.0" if above.sign * below.sign > 0 else "-1.0")
        return root

    def definition(self) -> Element:
        """Return the anchors: which concept of the standard taxonomy each own one narrows."""
        root = self._linkbase()
        for statement, nodes in self.nodes().items():
            link = self._extended(root, "definitionLink", self.roles[statement])
            for node in nodes:
                if not node.concept.startswith("ext:") or node.key.startswith("H_"):
                    continue
                ends = self._locator(link, _WIDER[statement]), self._locator(link, node.concept)
                self._arc(link, "definitionArc", _ANCHOR, ends).set("order", "1")
        return root

    def labels(self, language: str) -> Element:
        """Return the labels in a language: as printed in the report's own."""
        root = etree.Element(f"{{{LINK}}}linkbase", nsmap={"link": LINK, "xlink": XLINK})
        link = self._extended(root, "labelLink", f"{_ROLE}link")
        seen: set[tuple[str, str]] = set()
        for nodes in self.nodes().values():
            for node in nodes:
                printed = (
                    node.label if language == self.language else LABELS[language].get(node.key, "")
                )
                for role in {_label_role(node.preferred), f"{_ROLE}label"}:
                    if (node.concept, role) not in seen and printed:
                        seen.add((node.concept, role))
                        self._label(link, node.concept, role, language, printed)
        return root

    def _label(self, link: Element, concept: str, role: str, language: str, text: str) -> None:
        locator = self._locator(link, concept)
        name = f"lab_{concept.replace(':', '_')}_{role.rpartition('/')[2]}"
        label = etree.SubElement(link, f"{{{LINK}}}label")
        label.text = text
        label.set(f"{{{XLINK}}}type", "resource")
        label.set(f"{{{XLINK}}}label", name)
        label.set(f"{{{XLINK}}}role", role)
        label.set("{http://www.w3.org/XML/1998/namespace}lang", language)
        self._arc(link, "labelArc", _CONCEPT_LABEL, (locator, name))
