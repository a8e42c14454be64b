"""An Inline XBRL document: its contexts, units, tagged numbers and what it says of the company.

Source: Inline XBRL 1.1 (2013-11-18), sections 8 (header), 10 (nonFraction), 11 (nonNumeric).
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Final

from lxml import etree

from app.pipeline.errors import ReadError
from app.pipeline.read.facts import Context, concept_name, parse_context, parse_unit
from app.pipeline.read.transformations import apply_scale, parse_scale, transform
from app.pipeline.read.xml import parse_xhtml
from app.pipeline.statement import Company, Issue

NAMESPACES: Final = ("http://www.xbrl.org/2013/inlineXBRL", "http://www.xbrl.org/2008/inlineXBRL")
_INSTANCE: Final = "http://www.xbrl.org/2003/instance"
_NIL: Final = "{http://www.w3.org/2001/XMLSchema-instance}nil"
_LANGUAGE: Final = "{http://www.w3.org/XML/1998/namespace}lang"
_HREF: Final = "{http://www.w3.org/1999/xlink}href"
_SCHEMES: Final = {
    "www.sec.gov/CIK": "cik",
    "standards.iso.org/iso/17442": "lei",
    "www.companieshouse.gov.uk": "uk_company_number",
}
_NAMES: Final = (
    "dei:EntityRegistrantName",
    "frc-bus:EntityCurrentLegalOrRegisteredName",
    "ifrs-full:NameOfReportingEntityOrOtherMeansOfIdentification",
)
_STRINGS: Final = (
    *_NAMES,
    "dei:EntityCentralIndexKey",
    "dei:TradingSymbol",
    "dei:DocumentType",
    "dei:DocumentFiscalYearFocus",
    "dei:AmendmentFlag",
    "frc-bus:UKCompaniesHouseRegisteredNumber",
    "frc-bus:EndDateForPeriodCoveredByReport",
)
_SHORTEST_YEAR: Final = 300


@dataclass(frozen=True, slots=True, eq=False)
class Tag:
    """An `ix:nonFraction`: one tagged number.

    Attributes:
        number: The printed digits as a number, without scale and sign; None where unknown.
        value: The fact's value; None where it is nil or unknown.
        scale: Power of ten of the printed digits; None where the attribute is invalid.
        text: The characters in the tag.
    """

    element: etree._Element
    concept: str
    context: Context
    unit: str | None
    number: Decimal | None
    value: Decimal | None
    scale: int | None
    decimals: int | None
    nil: bool
    text: str

    @property
    def id(self) -> str | None:
        """The element's id, or that of the nearest element around it that has one."""
        element: etree._Element | None = self.element
        while element is not None and not element.get("id"):
            element = element.getparent()
        return None if element is None else element.get("id")


@dataclass(slots=True)
class Document:
    """The documents of one report.

    Attributes:
        roots: Of the main document, and of others that belong to it.
        tags: In order of the documents; some are hidden.
        strings: Text by concept, of the few that say what the report is; without dimensions.
        period: That of the report, None where nothing says it.
        contexts: Those without dimensions, most used first.
        standards: Names of the entry point and of the standards applied.
    """

    roots: list[etree._Element]
    tags: list[Tag] = field(default_factory=list)
    strings: dict[str, str] = field(default_factory=dict)
    contexts: list[Context] = field(default_factory=list)
    period: Context | None = None
    company: Company = field(default_factory=Company)
    language: str | None = None
    standards: str = ""
    issues: list[Issue] = field(default_factory=list)


def parse_document(data: bytes, others: Mapping[str, bytes] | None = None) -> Document:
    """Return the tags of an iXBRL document, and of the other documents of its set.

    Raises:
        ReadError: It is no XHTML, or has no tagged number.
    """
    root, repaired = parse_xhtml(data)
    document = Document([root])
    if repaired:
        document.issues.append(
            Issue(code="repaired_xhtml", message=f"The XHTML is not well-formed ({repaired})")
        )
    names: dict[etree._Element, str] = {}
    for name, other in (others or {}).items():
        if has_tags(other) and other != data:
            try:
                document.roots.append(parse_xhtml(other)[0])
                names[document.roots[-1]] = name
            except ReadError as error:
                document.issues.append(
                    Issue(code="unread_document", message=f"{name} is not read: {error}")
                )
    _read(document, names)
    if not document.tags:
        raise ReadError(
            "not_ixbrl",
            "The HTML holds no XBRL numbers: give the report as it was filed, or its PDF",
        )
    return document


def has_tags(data: bytes) -> bool:
    """Return whether the bytes are those of a document with Inline XBRL."""
    return any(namespace.encode() in data for namespace in NAMESPACES)


@dataclass(slots=True)
class _Resources:
    """Contexts and units by id, which the documents of a set share."""

    contexts: dict[str, Context] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)
    undated: int = 0

    @classmethod
    def of(cls, root: etree._Element) -> "_Resources":
        """Return those that a document declares."""
        found = cls()
        for element in root.iter(f"{{{_INSTANCE}}}context"):
            try:
                found.contexts.setdefault(element.get("id", ""), parse_context(element))
            except ReadError:  # its facts are not known; the others are
                found.undated += 1
        for element in root.iter(f"{{{_INSTANCE}}}unit"):
            found.units.setdefault(element.get("id", ""), parse_unit(element))
        return found

    def fits(self, other: "_Resources") -> bool:
        """Return whether another document is of the same set: it redefines nothing."""
        entities = {each.entity for each in self.contexts.values()}
        return all(
            self.contexts.get(name, context) == context and context.entity in entities
            for name, context in other.contexts.items()
        ) and all(self.units.get(name, unit) == unit for name, unit in other.units.items())

    def add(self, other: "_Resources") -> None:
        """Add those of another document."""
        self.contexts.update(other.contexts)
        self.units.update(other.units)
        self.undated += other.undated


def _resources(document: Document, names: Mapping[etree._Element, str]) -> _Resources:
    """Return the resources of the set; a document of another report is left out of it."""
    main, *others = document.roots
    found = _Resources.of(main)
    for root in others:
        more = _Resources.of(root)
        if found.contexts and not found.fits(more):
            document.roots.remove(root)
            message = f"{names[root]} is not read: it is another report than the main document"
            document.issues.append(Issue(code="unread_document", message=message))
        else:
            found.add(more)
    return found


def _read(document: Document, names: Mapping[etree._Element, str]) -> None:
    resources = _resources(document, names)
    contexts, units = resources.contexts, resources.units
    unusable: Counter[str] = Counter()
    if resources.undated:
        unusable["date of the context"] = resources.undated
    for root in document.roots:
        for element in _elements(root, "nonFraction"):
            context = contexts.get(element.get("contextRef", ""))
            if context is None:
                unusable["context"] += 1
                continue
            tag = _tag(element, context, units.get(element.get("unitRef", "")))
            if tag.number is None and not tag.nil:
                unusable[tag.element.get("format") or "no format"] += 1
            document.tags.append(tag)
        _read_strings(document, root, contexts)
    document.issues.extend(
        Issue(code="unknown_fact", message=f"{count} tagged numbers are not known: {reason}")
        for reason, count in sorted(unusable.items())
    )
    used = Counter(tag.context for tag in document.tags if not tag.context.axes)
    document.contexts = [each for each, _ in used.most_common()]
    document.contexts += [each for each in contexts.values() if not each.axes and each not in used]
    document.language = _language(document.roots[0])
    document.company = _company(document)
    document.period = document.period or _main_period(document.tags)
    if document.strings.get("dei:AmendmentFlag", "").lower() == "true":
        document.issues.append(
            Issue(code="amendment", message="The report amends an earlier one of the same year")
        )


def _elements(root: etree._Element, name: str) -> Iterable[etree._Element]:
    return root.iter(*(f"{{{namespace}}}{name}" for namespace in NAMESPACES))


def _tag(element: etree._Element, context: Context, unit: str | None) -> Tag:
    text = "".join(element.itertext()) if len(element) else element.text or ""
    nil = element.get(_NIL) in {"true", "1"}
    prefix, _, rule = (element.get("format") or "").rpartition(":")
    namespaces = element.nsmap
    namespace = namespaces.get(prefix or None, "") if rule else ""
    number = None if nil else transform(text, rule or None, namespace)
    value = None
    if number is not None:
        value = apply_scale(number, element.get("scale"), element.get("sign"))
        number = None if value is None else number
    decimals = element.get("decimals", "")
    return Tag(
        element=element,
        concept=concept_name(element.get("name", ""), namespaces),
        context=context,
        unit=unit,
        number=number,
        value=value,
        scale=parse_scale(element.get("scale")),
        decimals=int(decimals) if re.fullmatch(r"-?\d{1,2}", decimals) else None,
        nil=nil,
        text=text,
    )


def _read_strings(
    document: Document, root: etree._Element, contexts: Mapping[str, Context]
) -> None:
    """Keep the strings that say what the report is, and the period they are stated for."""
    for element in _elements(root, "nonNumeric"):
        name = element.get("name", "")
        local = name.rpartition(":")[2]
        if local == "AccountingStandardsApplied":
            context = contexts.get(element.get("contextRef", ""))
            members = context.axes if context else ()
            document.standards += " ".join(member for _, member in members)
        if not any(local == each.partition(":")[2] for each in _STRINGS):
            continue
        concept = concept_name(name, element.nsmap)
        context = contexts.get(element.get("contextRef", ""))
        if concept not in _STRINGS or context is None or (context.axes and concept[:3] != "dei"):
            continue
        text = " ".join("".join(element.itertext()).split())
        if text:
            document.strings.setdefault(concept, text[:200])
        if document.period is None and context.start and not context.axes:
            document.period = context
    for element in root.iter("{http://www.xbrl.org/2003/linkbase}schemaRef"):
        document.standards += f" {element.get(_HREF, '')}"


def _language(root: etree._Element) -> str | None:
    language = root.get(_LANGUAGE) or root.get("lang") or ""
    match = re.match(r"[A-Za-z]{2}(?=$|[-_])", language)
    return match[0].lower() if match else None


def _company(document: Document) -> Company:
    strings = document.strings
    identifiers: dict[str, str] = {}
    for root in document.roots:
        for element in root.iter(f"{{{_INSTANCE}}}identifier"):
            scheme = re.sub(r"^https?://|/$", "", element.get("scheme", ""))
            if scheme in _SCHEMES and element.text:
                identifiers.setdefault(_SCHEMES[scheme], element.text.strip()[:40])
            break
    for concept, key in (
        ("dei:EntityCentralIndexKey", "cik"),
        ("dei:TradingSymbol", "ticker"),
        ("frc-bus:UKCompaniesHouseRegisteredNumber", "uk_company_number"),
    ):
        if concept in strings:
            identifiers.setdefault(key, strings[concept][:40])
    name = next((strings[each] for each in _NAMES if each in strings), None)
    return Company(name=name, identifiers=identifiers)


def _main_period(tags: Iterable[Tag]) -> Context | None:
    """Return the latest year, or longest duration, of the facts without dimensions."""
    count = Counter(
        tag.context
        for tag in tags
        if tag.context.start and tag.context.end and not tag.context.axes
    )
    years = [each for each in count if days(each) >= _SHORTEST_YEAR] or list(count)
    return max(years, key=lambda each: (each.end or date.min, count[each]), default=None)


def days(context: Context) -> int:
    """Return the days of a duration, both ends included; 0 for an instant."""
    if context.start is None or context.end is None:
        return 0
    return (context.end - context.start).days + 1
