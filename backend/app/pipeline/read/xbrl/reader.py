"""Read an XBRL instance with its linkbases: statements by presentation role, as they are printed.

What stands on the face of a statement, in which order, under which label and with which sign, is
the presentation linkbase's to say; no list of tags decides it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from lxml import etree

from app.pipeline.errors import ReadError
from app.pipeline.read import versions
from app.pipeline.read.forms import form_of
from app.pipeline.read.xbrl.anchors import Files, set_anchors
from app.pipeline.read.xbrl.fact_table import Facts, currency_of
from app.pipeline.read.xbrl.instance import INSTANCE, Instance, parse_instance
from app.pipeline.read.xbrl.labels import Labels, choose_language
from app.pipeline.read.xbrl.lines import Line, Presentation
from app.pipeline.read.xbrl.linkbases import LINKBASE, Linkbases, read_linkbases
from app.pipeline.read.xbrl.periods import (
    Span,
    choose_durations,
    choose_instants,
    is_annual,
    naming_shift,
    periods_of,
)
from app.pipeline.read.xbrl.roles import Role, find_statements, is_total_assets
from app.pipeline.read.xbrl.rows import Sheet
from app.pipeline.read.xbrl.schema import SCHEMA, Locators, Schemas, read_schemas
from app.pipeline.read.xml import parse_xml
from app.pipeline.statement import (
    Company,
    Filing,
    Issue,
    Source,
    Statement,
    StatementName,
)

_ORDER: Final[tuple[StatementName, ...]] = (
    "income_statement",
    "balance_sheet",
    "cash_flow_statement",
)
_SNIFFED: Final = 64
_OTHER: Final = re.compile(
    r"\.(?:x?html?|pdf|jpe?g|png|gif|svg|css|js|json|xlsx?|zip|csv|docx?|md|gz)$", re.IGNORECASE
)
_XML: Final = re.compile(r"\.(?:xml|xsd|xbrl|xbri)$", re.IGNORECASE)
_SCHEMES: Final[Mapping[str, str]] = {
    "sec.gov/cik": "cik",
    "standards.iso.org/iso/17442": "lei",
    "companieshouse.gov.uk": "uk_company_number",
    "disclosure.edinet-fsa.go.jp": "edinet",
}
_ANNUAL_FORMS: Final = re.compile(
    r"(?:10-KT?|20-F|40-F|11-K|ARS|AFR)(?:405)?(?:/A)?", re.IGNORECASE
)


@dataclass(slots=True)
class _Report:
    """An instance with all that describes it."""

    instance: Instance
    facts: Facts
    links: Linkbases
    schemas: Schemas

    @property
    def document(self) -> Span | None:
        """The period of the filing, by the context of its document information."""
        for each in self.instance.texts:
            if each.concept in {"dei:DocumentType", "dei:DocumentPeriodEndDate"}:
                context = each.context
                if context.start and context.end and not context.axes:
                    return context.start, context.end
        return None

    @property
    def form(self) -> str | None:
        """The form of the filing, such as 10-K/A."""
        text = self.instance.text
        return form_of(text("dei:DocumentType"), text("dei:AmendmentFlag"))

    @property
    def named(self) -> tuple[date, int] | None:
        """The end of the filing's period and the fiscal year it is called by."""
        year = self.instance.text("dei:DocumentFiscalYearFocus") or ""
        text = self.instance.text("dei:DocumentPeriodEndDate") or ""
        end = self.document[1] if self.document else None
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII):
            try:
                end = date.fromisoformat(text)
            except ValueError:
                return None
        return (end, int(year)) if end and re.fullmatch(r"\d{4}", year, re.ASCII) else None


def read_xbrl(package: Files) -> Filing:
    """Return the statements of the XBRL report in a package.

    Raises:
        ReadError: It holds no instance or more than one, or one of its files is damaged.
    """
    instances: list[etree._Element] = []
    schemas: list[etree._Element] = []
    linkbases: list[etree._Element] = []
    kinds = {
        f"{{{INSTANCE}}}xbrl": instances,
        f"{{{SCHEMA}}}schema": schemas,
        f"{{{LINKBASE}}}linkbase": linkbases,
    }
    for name in package.names:
        root = _root(package, name)
        if root is not None and root.tag in kinds:
            kinds[str(root.tag)].append(root)
    if not instances:
        raise ReadError(
            "no_instance",
            "The files hold no XBRL instance: give the folder or zip with all files of the filing",
        )
    if len(instances) > 1:
        raise ReadError(
            "several_instances",
            f"The files hold {len(instances)} XBRL instances: give one report at a time",
        )
    return _read(instances[0], schemas, linkbases)


def _root(package: Files, name: str) -> etree._Element | None:
    """Return the root of a file that may be of XBRL; only one that is named XML must be."""
    if _OTHER.search(name):
        return None
    data = package.read(name)
    if not _XML.search(name) and not data[:_SNIFFED].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(
        b"<"
    ):
        return None
    try:
        return parse_xml(data)
    except ReadError:
        if _XML.search(name):
            raise
        return None


def _read(
    root: etree._Element, schema_roots: Sequence[etree._Element], links: Sequence[etree._Element]
) -> Filing:
    instance = parse_instance(root)
    schemas = read_schemas(schema_roots)
    locators = Locators(schemas, instance.prefixes, {fact.concept for fact in instance.facts})
    report = _Report(
        instance=instance,
        facts=Facts.of(instance.facts, instance.unreadable),
        links=read_linkbases([*schema_roots, *links], locators),
        schemas=schemas,
    )
    filing = Filing(kind="xbrl", company=company_of(instance))
    filing.issues.extend(_issues(report))
    roles = _roles(report)
    concepts = [arc.child for each in roles.values() for arc in report.links.presentation[each.uri]]
    language = choose_language(report.links.labels, concepts, instance.language)
    labels = Labels(report.links.labels, language)
    for name in _ORDER:
        if name not in roles:
            filing.issues.append(
                Issue(code="statement_not_found", message=f"no role is the {_words(name)}")
            )
            continue
        statement = _statement(report, name, roles[name], labels, language)
        if statement:
            filing.statements.append(statement)
        else:
            message = f"no column of the {_words(name)} is a fiscal year or the filing's period"
            filing.issues.append(Issue(code="no_annual_period", message=message))
    set_anchors(filing.statements, report.links.wider)
    return filing


def _roles(report: _Report) -> dict[StatementName, Role]:
    """Return the roles of the primary statements; an anchored concept counts as the wider one."""
    stated = report.facts.undimensioned()
    roles: dict[str, set[str]] = {}
    for uri, arcs in report.links.presentation.items():
        here = {concept for arc in arcs for concept in (arc.parent, arc.child)} & stated
        roles[uri] = here | {
            report.links.wider[each] for each in here if each in report.links.wider
        }
    return find_statements(roles, report.schemas.roles)


def _statement(
    report: _Report, name: StatementName, role: Role, labels: Labels, language: str | None
) -> Statement | None:
    """Return a statement, or None if none of its facts are of a period that is a column."""
    tree = Presentation(
        arcs=report.links.presentation[role.uri],
        stated=report.facts.dimensions(),
        label_of=labels,
        totals=report.links.totals.get(role.uri, ()),
        structural=report.schemas.structural,
    )
    before = set(labels.missing)
    lines = tree.lines()
    columns = _columns(report, name, lines)
    if not columns:
        return None
    concepts = [line.concept for line in lines if not line.heading]
    sheet = Sheet(report.facts, columns, currency_of(report.facts, concepts))
    rows, scale = sheet.rows(lines)
    framework = framework_of(concepts)
    statement = Statement(
        statement=name,
        framework=framework,
        scope=role.scope or _default_scope(report.instance, framework),
        language=language,
        title=role.title,
        currency=sheet.currency,
        scale=scale,
        source=Source(kind="xbrl", reader=versions.XBRL, form=report.form),
        periods=periods_of(columns, report.named),
        rows=rows,
        skipped=sheet.skipped,
        issues=sheet.issues,
    )
    _add_issues(statement, role, tree, len(labels.missing - before))
    return statement


def _columns(report: _Report, name: StatementName, lines: Sequence[Line]) -> list[Span]:
    concepts = [line.concept for line in lines if not line.heading]
    counts = report.facts.spans(concepts)
    if name == "balance_sheet":
        return choose_instants(counts, report.facts.spans(filter(is_total_assets, concepts)))
    durations = {span: n for span, n in counts.items() if span[0] is not None}
    return choose_durations(durations, report.document)


def _add_issues(statement: Statement, role: Role, tree: Presentation, unlabelled: int) -> None:
    """Append what a reader of the statement has to know of its presentation."""
    if role.by_title:
        statement.issues.append(
            Issue(code="found_by_title", message="only the role's title says which statement it is")
        )
    if tree.cyclic:
        statement.issues.append(
            Issue(
                code="cyclic_presentation", message="the presentation leads back to itself: cut off"
            )
        )
    if unlabelled:
        statement.issues.append(
            Issue(
                code="labels_from_concepts",
                message=f"{unlabelled} labels are not in the filing: names of concepts instead",
            )
        )


def _issues(report: _Report) -> list[Issue]:
    """Return what a reader of the whole filing has to know."""
    issues = []
    form = report.instance.text("dei:DocumentType")
    amended = (report.instance.text("dei:AmendmentFlag") or "").lower() in {"true", "1"}
    if amended or (form or "").upper().endswith("/A"):
        issues.append(Issue(code="amendment", message=f"the filing amends an earlier one: {form}"))
    if (form and not _ANNUAL_FORMS.fullmatch(form)) or (
        not form and report.document and not is_annual(report.document)
    ):
        issues.append(Issue(code="not_annual", message=f"the filing is no annual report: {form}"))
    if report.named and naming_shift(*report.named) is None:
        end, year = report.named
        message = f"the filing names the fiscal year {year} that ends on {end}: taken from the end"
        issues.append(Issue(code="fiscal_year_contradicted", message=message))
    if report.links.dangling:
        message = f"{report.links.dangling} locators or arcs of the linkbases point at nothing"
        issues.append(Issue(code="dangling_arcs", message=message))
    if not report.links.presentation:
        issues.append(
            Issue(
                code="no_presentation",
                message="no presentation linkbase is there: give all files of the filing",
            )
        )
    return issues


def company_of(instance: Instance) -> Company:
    """Return the reporting entity, as the instance names it."""
    identifiers: dict[str, str] = {}
    if instance.entity:
        scheme, identifier = instance.entity
        known = (name for part, name in _SCHEMES.items() if part in scheme.lower())
        identifiers[next(known, scheme or "identifier")] = identifier
    cik = instance.text("dei:EntityCentralIndexKey")
    if cik:
        identifiers.setdefault("cik", cik)
    symbols = [
        each.value for each in instance.texts if each.concept == "dei:TradingSymbol" and each.value
    ]
    if symbols and symbols[0].upper() not in {"NONE", "N/A", "NA"}:
        identifiers["ticker"] = symbols[0]
    name = instance.text(
        "dei:EntityRegistrantName",
        "ifrs-full:NameOfReportingEntityOrOtherMeansOfIdentification",
        "frc-bus:EntityCurrentLegalOrRegisteredName",
    )
    return Company(name=name, identifiers=identifiers)


def framework_of(concepts: Sequence[str]) -> str | None:
    """Return the framework of the taxonomy that most concepts are of; None for other ones."""
    prefixes = [concept.partition(":")[0] for concept in concepts]
    counts = {"us-gaap": prefixes.count("us-gaap"), "ifrs": prefixes.count("ifrs-full")}
    best = max(counts, key=lambda each: counts[each])
    return best if counts[best] else None


def _default_scope(instance: Instance, framework: str | None) -> Literal["consolidated"] | None:
    """Return the scope of facts without dimensions, where the rules of the filing settle it.

    Source: EDGAR Filer Manual 6.6.5 (a fact without `LegalEntityAxis` is the consolidated
    entity's); IFRS taxonomy, default member of ConsolidatedAndSeparateFinancialStatementsAxis.
    """
    sec = instance.entity is not None and "sec.gov/cik" in instance.entity[0].lower()
    return "consolidated" if sec or framework == "ifrs" else None


def _words(name: StatementName) -> str:
    return name.replace("_", " ")
