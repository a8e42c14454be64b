"""Elements of Inline XBRL: tagged numbers, contexts, units, with any prefixes and registry.

Source: Inline XBRL 1.1, and the transformation registries 1 to 5 of XBRL International.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from lxml import etree

from tests.filings.concepts import NAMESPACES
from tests.filings.instance import IDENTIFIERS, TrueFact
from tests.filings.layout import Layout

Element = etree._Element  # noqa: SLF001 - the library's own name for the type
Child = str | Element
XHTML = "http://www.w3.org/1999/xhtml"
IX = "http://www.xbrl.org/2013/inlineXBRL"
XBRLI = "http://www.xbrl.org/2003/instance"
XBRLDI = "http://xbrl.org/2006/xbrldi"
LINK = "http://www.xbrl.org/2003/linkbase"
XLINK = "http://www.w3.org/1999/xlink"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
_REGISTRIES = {
    1: "http://www.xbrl.org/inlineXBRL/transformation/2010-04-20",
    2: "http://www.xbrl.org/inlineXBRL/transformation/2011-07-31",
    3: "http://www.xbrl.org/inlineXBRL/transformation/2015-02-26",
    4: "http://www.xbrl.org/inlineXBRL/transformation/2020-02-12",
    5: "http://www.xbrl.org/inlineXBRL/transformation/2022-02-16",
}
Tables = Literal["american", "plain", "divisions", "row_tables"]
Nil = Literal["zero", "nil", "untagged"]
_USUAL = {
    XHTML: None,
    IX: "ix",
    XBRLI: "xbrli",
    XBRLDI: "xbrldi",
    LINK: "link",
    XLINK: "xlink",
    XSI: "xsi",
    "http://www.xbrl.org/2003/iso4217": "iso4217",
    **{uri: prefix.removeprefix("frc-") for prefix, uri in NAMESPACES.items()},
}


@dataclass(frozen=True, slots=True)
class Inline:
    """How the truth is tagged.

    Attributes:
        tables: American ones have currency sign and parenthesis in cells of their own; British
            reports stack divisions, or one table for each row.
        registry: Of the transformations, 1 to 5.
        numbered: Whether prefixes are ns1, ns2, … instead of the usual ones.
        nil: How a printed dash is tagged.
        nested: Whether one figure has two tags, one in the other.
        hidden: Whether facts that are not printed stand in `ix:hidden`.
        blocks: Whether text blocks wrap tables, and go on elsewhere.
        notes: Whether there are tagged notes: highlights that are rounded, and segments.
        exact: Whether facts say decimals="INF".
    """

    tables: Tables = "plain"
    registry: Literal[1, 2, 3, 4, 5] = 4
    numbered: bool = False
    nil: Nil = "zero"
    nested: bool = False
    hidden: bool = True
    blocks: bool = False
    notes: bool = True
    exact: bool = False


class Writer:
    """Makes the elements of one document."""

    def __init__(self, layout: Layout, inline: Inline) -> None:
        self.layout, self.inline = layout, inline
        uris = {**_USUAL, _REGISTRIES[inline.registry]: "ixt"}
        if inline.numbered:
            free = (f"ns{number}" for number in range(99))
            uris = {uri: prefix and next(free) for uri, prefix in uris.items()}
        self.prefixes: dict[str, str | None] = uris
        self.ids: set[str] = set()

    @property
    def namespaces(self) -> dict[str | None, str]:
        """Prefix to namespace URI."""
        return {prefix: uri for uri, prefix in self.prefixes.items()}

    def qname(self, name: str) -> str:
        """Return a concept's QName, of the usual `prefix:Name`, with this document's prefix."""
        prefix, _, local = name.partition(":")
        return f"{self.prefixes[NAMESPACES[prefix]]}:{local}"

    def html(self, tag: str, *children: Child, **attributes: str) -> Element:
        """Return an XHTML element; strings among the children become text."""
        element = etree.Element(f"{{{XHTML}}}{tag}", nsmap=self.namespaces)
        for name, value in attributes.items():
            element.set(name.rstrip("_"), value)
        return _fill(element, children)

    def tag(self, tag: str, *children: Child, **attributes: str) -> Element:
        """Return an element of Inline XBRL."""
        element = etree.Element(f"{{{IX}}}{tag}", nsmap=self.namespaces)
        for name, value in attributes.items():
            element.set(name, value)
        return _fill(element, children)

    def format(self, *, zero: bool = False) -> str:
        """Return the QName of the format of a printed number."""
        prefix = self.prefixes[_REGISTRIES[self.inline.registry]]
        comma = self.layout.point == ","
        spaces = self.layout.thousands in {" ", "\u2009"}
        registry = self.inline.registry
        if zero:
            name = {1: "numdash", 2: "zerodash", 3: "zerodash"}.get(registry, "fixed-zero")
        elif registry == 1:
            separator = "space" if spaces else "dot" if comma else "comma"
            name = f"num{separator}{'comma' if comma else 'dot'}"
        elif registry < 4:
            name = "numcommadecimal" if comma else "numdotdecimal"
        else:
            name = "num-comma-decimal" if comma else "num-dot-decimal"
            apostrophe = self.layout.thousands in {"'", "\u2019"}
            name += "-apos" if apostrophe and registry == 5 else ""
        return f"{prefix}:{name}"

    def number(self, fact: TrueFact, ident: str, text: str, scale: int) -> Child:
        """Return a printed number in its tag: digits alone, the sign is outside."""
        attributes = {
            "name": self.qname(fact.concept),
            "contextRef": fact.context,
            "unitRef": unit_id(fact.unit),
            "decimals": "INF" if self.inline.exact else str(fact.decimals),
        }
        if ident not in self.ids:
            self.ids.add(ident)
            attributes["id"] = ident
        if fact.value == 0:
            if self.inline.nil == "untagged":
                return text
            if self.inline.nil == "nil":
                del attributes["decimals"]
                element = self.tag("nonFraction", text, **attributes)
                element.set(f"{{{XSI}}}nil", "true")
                return element
            return self.tag("nonFraction", text, format=self.format(zero=True), **attributes)
        if scale:
            attributes["scale"] = str(scale)
        if fact.value < 0:
            attributes["sign"] = "-"
        inner: Child = text
        if self.inline.nested and fact.concept.endswith(("Assets", "Revenue", "NetIncomeLoss")):
            own = {**attributes, "name": self.qname(f"ext:{fact.concept.partition(':')[2]}Printed")}
            own.pop("id", None)
            inner = self.tag("nonFraction", text, format=self.format(), **own)
        return self.tag("nonFraction", inner, format=self.format(), **attributes)


def _fill(element: Element, children: Iterable[Child]) -> Element:
    for child in children:
        if not isinstance(child, str):
            element.append(child)
        elif len(element):
            element[-1].tail = (element[-1].tail or "") + child
        else:
            element.text = (element.text or "") + child
    return element


def unit_id(unit: str) -> str:
    """Return the id of a unit."""
    return "u-" + unit.replace("/", "-per-")


def _measure(name: str, writer: Writer) -> Element:
    currency = writer.prefixes["http://www.xbrl.org/2003/iso4217"]
    xbrli = writer.prefixes[XBRLI]
    measure = etree.Element(f"{{{XBRLI}}}measure")
    measure.text = f"{xbrli}:shares" if name in {"share", "shares"} else f"{currency}:{name}"
    return measure


def write_unit(unit: str, writer: Writer) -> Element:
    """Return an `xbrli:unit`."""
    element = etree.Element(f"{{{XBRLI}}}unit", id=unit_id(unit), nsmap=writer.namespaces)
    above, _, below = unit.partition("/")
    if not below:
        element.append(_measure(above, writer))
        return element
    divide = etree.SubElement(element, f"{{{XBRLI}}}divide")
    for side, name in (("unitNumerator", above), ("unitDenominator", below)):
        etree.SubElement(divide, f"{{{XBRLI}}}{side}").append(_measure(name, writer))
    return element


def write_context(fact: TrueFact, framework: str, writer: Writer) -> Element:
    """Return the `xbrli:context` of a fact."""
    element = etree.Element(f"{{{XBRLI}}}context", id=fact.context, nsmap=writer.namespaces)
    entity = etree.SubElement(element, f"{{{XBRLI}}}entity")
    scheme, identifier = IDENTIFIERS[framework]
    etree.SubElement(entity, f"{{{XBRLI}}}identifier", scheme=scheme).text = identifier
    if fact.axes:
        segment = etree.SubElement(entity, f"{{{XBRLI}}}segment")
        for axis, member in fact.axes:
            explicit = etree.SubElement(segment, f"{{{XBRLDI}}}explicitMember")
            explicit.set("dimension", writer.qname(axis))
            explicit.text = writer.qname(member)
    period = etree.SubElement(element, f"{{{XBRLI}}}period")
    if fact.start is None:
        etree.SubElement(period, f"{{{XBRLI}}}instant").text = fact.end.isoformat()
    else:
        etree.SubElement(period, f"{{{XBRLI}}}startDate").text = fact.start.isoformat()
        etree.SubElement(period, f"{{{XBRLI}}}endDate").text = fact.end.isoformat()
    return element


def printed_parts(text: str) -> tuple[str, str, str]:
    """Return what stands before the digits of a printed figure, the digits, and what follows."""
    before = len(text) - len(text.lstrip("(-\u2013\u2212 "))
    digits = text[before:].rstrip(")")
    if not digits:
        return "", text, ""
    return text[:before], digits, text[before + len(digits) :]
