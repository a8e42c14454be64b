"""Writes a truth as an Inline XBRL document: American tables, plain ones, British divisions."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal

from lxml import etree

from app.pipeline.statement import Statement
from tests.filings.company import Company, fiscal_year
from tests.filings.inline import (
    LINK,
    XLINK,
    Child,
    Element,
    Inline,
    Writer,
    write_context,
    write_unit,
)
from tests.filings.inline_tables import Tables
from tests.filings.instance import TrueFact, tagged_statement, truth_facts
from tests.filings.layout import Layout
from tests.filings.statements import company_of, write_truth
from tests.filings.truth import Truth
from tests.filings.words import unit_sentence

_SEGMENTS = (("Europe", "ext:EuropeMember"), ("Americas", "ext:AmericasMember"))
_SEGMENT_AXIS = {
    "us-gaap": "srt:StatementGeographicalAxis",
    "ifrs": "ifrs-full:SegmentsAxis",
    "frs-102": "frc-bus:CountriesRegionsDimension",
}


@dataclass(frozen=True, slots=True)
class InlineReport:
    """A generated iXBRL document and its truth.

    Attributes:
        facts: Those of the statements; each has the value of its figures.
        statements: What a reader must return: with concepts, axes and tagged values.
    """

    data: bytes
    truth: Truth
    facts: tuple[TrueFact, ...]
    statements: tuple[Statement, ...]


class _Document:
    """Writes one document."""

    def __init__(self, company: Company, layout: Layout, inline: Inline) -> None:
        self.company, self.layout, self.inline = company, layout, inline
        self.truth = write_truth(company, layout)
        self.facts = truth_facts(self.truth)
        self.writer = Writer(layout, inline)
        ids = {(fact.concept, fact.context, fact.unit): fact.id for fact in self.facts}
        self.tables = Tables(self.writer, ids)
        self.more: list[TrueFact] = []

    def root(self, schema: str) -> Element:
        """Return the whole document."""
        html = self.writer.html
        body = html("body", *self.parts())
        body.insert(0, html("div", self.header(schema), style="display:none"))
        head = html("head", html("title", f"{self.company.name} annual report"))
        root = html("html", head, body)
        root.set("{http://www.w3.org/XML/1998/namespace}lang", self.layout.language)
        return root

    def parts(self) -> list[Child]:
        """Return what is printed, in order."""
        html = self.writer.html
        parts: list[Child] = [html("h1", self.name()), html("p", "Annual report")]
        if self.inline.notes:
            parts += self.highlights()
        for number, statement in enumerate(self.truth.statements):
            written = self.tables.write(statement)
            parts.append(html("div", *self.block(number, written), style="page-break-after:always"))
        parts.append(html("p", unit_sentence(self.layout)))
        if self.inline.notes:
            parts += self.segments()
        if self.inline.blocks:
            parts.append(self.writer.tag("continuation", "and goes on here.", id="later"))
        return parts

    def name(self) -> Child:
        """Return the company's name as a tagged text."""
        concept = {
            "us-gaap": "dei:EntityRegistrantName",
            "ifrs": "ifrs-full:NameOfReportingEntityOrOtherMeansOfIdentification",
            "frs-102": "frc-bus:EntityCurrentLegalOrRegisteredName",
        }[self.truth.framework]
        return self._text(concept, self.company.name)

    def _text(self, concept: str, *children: Child, **attributes: str) -> Element:
        qname = self.writer.qname(concept)
        return self.writer.tag(
            "nonNumeric", *children, name=qname, contextRef=self._year().context, **attributes
        )

    def _year(self) -> TrueFact:
        """Return a fact of the newest year."""
        newest = self.company.ends[0]
        return next(
            fact for fact in self.facts if fact.end == newest and fact.start and not fact.axes
        )

    def block(self, number: int, written: list[Element]) -> list[Child]:
        """Return a statement in a text block that goes on elsewhere, where that is asked for."""
        if not self.inline.blocks:
            return list(written)
        attributes = {"continuedAt": "later"} if number == 0 else {}
        return [self._text(f"ext:Statement{number}TextBlock", *written, **attributes)]

    def highlights(self) -> list[Child]:
        """Return a table of rounded duplicates, which are less precise than the statements."""
        html = self.writer.html
        rows = []
        for statement in self.truth.statements[:2]:
            for row in statement.rows:
                if row.key not in {"revenue", "gross_profit", "total_assets", "total_equity"}:
                    continue
                cells: list[Element] = [html("td", f"{row.label} (rounded)")]
                for column, fact in self.tables.facts(row, statement).items():
                    scale = statement.scale + 1
                    tens = fact.value.scaleb(-scale).quantize(Decimal(1), ROUND_HALF_UP)
                    if tens == 0:
                        continue
                    rounded = replace(fact, value=tens.scaleb(scale), decimals=-scale)
                    ident = f"h-{row.key}-{column}"
                    cells.append(
                        html("td", self.writer.number(rounded, ident, str(abs(tens)), scale))
                    )
                rows.append(html("tr", *cells))
        return [html("p", "Highlights"), html("table", *rows)]

    def segments(self) -> list[Child]:
        """Return a note whose facts have a dimension; one line has that of no segment."""
        html = self.writer.html
        axis = _SEGMENT_AXIS[self.truth.framework]
        income = self.truth.named("income_statement")
        rows = [html("tr", html("td", ""), *(html("td", name) for name, _ in _SEGMENTS))]
        for row in income.rows:
            key = row.key
            if key not in {"revenue", "gross_profit"}:
                continue
            whole = next(iter(self.tables.facts(row, income).values()))
            cells: list[Element] = [html("td", row.label)]
            for share, (_, member) in enumerate(_SEGMENTS, 2):
                printed = (whole.value.scaleb(-income.scale) / share).quantize(Decimal(1))
                part = replace(whole, axes=((axis, member),), value=printed.scaleb(income.scale))
                if printed == 0:
                    continue
                self.more.append(part)
                ident = f"s-{key}-{share}"
                text = str(abs(printed))
                cells.append(html("td", self.writer.number(part, ident, text, income.scale)))
            rows.append(html("tr", *cells))
        return [html("p", "4 Segments"), html("table", *rows)]

    def header(self, schema: str) -> Element:
        """Return `ix:header`: hidden facts, references, contexts and units."""
        tag = self.writer.tag
        reference = tag("references")
        link = etree.SubElement(reference, f"{{{LINK}}}schemaRef")
        link.set(f"{{{XLINK}}}type", "simple")
        link.set(f"{{{XLINK}}}href", schema)
        contexts = {fact.context: fact for fact in [*self.facts, *self.more]}
        resources = tag("resources")
        for fact in contexts.values():
            resources.append(write_context(fact, self.truth.framework, self.writer))
        for unit in sorted({fact.unit for fact in self.facts}):
            resources.append(write_unit(unit, self.writer))
        children: list[Child] = [reference, resources]
        if self.inline.hidden:
            children.insert(0, tag("hidden", *self.hidden()))
        return tag("header", *children)

    def hidden(self) -> Iterable[Child]:
        """Return facts that are not printed: of the document, and a figure of no statement."""
        if self.truth.framework == "us-gaap":
            end = self.company.ends[0]
            yield self._text("dei:DocumentType", "10-K")
            yield self._text("dei:DocumentFiscalYearFocus", str(fiscal_year(end)))
            yield self._text("dei:DocumentPeriodEndDate", end.isoformat())
        number = replace(self._year(), concept="ext:HiddenAmount", value=Decimal(987_654))
        if "/" not in number.unit and number.unit != "shares":
            yield self.writer.number(number, "hidden-1", "987,654", 0)


def make_ixbrl(seed: int, layout: Layout, inline: Inline) -> InlineReport:
    """Return the iXBRL report of a seed in a layout, with its truth."""
    company = company_of(seed, layout)
    return write_ixbrl(company, layout, inline)


def write_ixbrl(
    company: Company, layout: Layout, inline: Inline, schema: str = "example-20221231.xsd"
) -> InlineReport:
    """Return a company's iXBRL report, with its truth.

    Args:
        company: Its figures.
        layout: How it prints.
        inline: How it tags.
        schema: Address of the extension taxonomy that it names.
    """
    document = _Document(company, layout, inline)
    root = document.root(schema)
    data = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    extension = document.writer.qname("ext:X").partition(":")[0]
    statements = tuple(
        tagged_statement(each, "ixbrl", extension) for each in document.truth.statements
    )
    return InlineReport(data, document.truth, tuple(document.facts), statements)
