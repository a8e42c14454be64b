"""Small XBRL filings for tests: an instance, a schema and linkbases, made of a few lines each."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from xml.sax.saxutils import escape, quoteattr

from app.pipeline.read.package import Package
from app.pipeline.statement import Filing, Row, Statement

NAMESPACES = {
    "us-gaap": "http://fasb.org/us-gaap/2023",
    "srt": "http://fasb.org/srt/2023",
    "dei": "http://xbrl.sec.gov/dei/2023",
    "ifrs-full": "http://xbrl.ifrs.org/taxonomy/2022-03-24/ifrs-full",
    "x": "http://example.com/x/2023",
}
YEAR = ("2023-01-01", "2023-12-31")
BEFORE = ("2022-01-01", "2022-12-31")
STANDARD = "http://www.xbrl.org/2003/role/"
NEGATED = "http://www.xbrl.org/2009/role/negatedLabel"
_LINK = (
    'xmlns="http://www.xbrl.org/2003/linkbase" xmlns:xlink="http://www.w3.org/1999/xlink" '
    'xmlns:xs="http://www.w3.org/2001/XMLSchema"'
)


_Key = tuple[str | tuple[str, str], tuple[tuple[str, str], ...], str]


@dataclass(frozen=True)
class F:
    """A fact; a period of one date is an instant; without a unit it is a text."""

    concept: str
    value: str | int
    period: str | tuple[str, str] = YEAR
    unit: str | None = "USD"
    decimals: str | None = "-6"
    axes: Mapping[str, str] = field(default_factory=dict)
    nil: bool = False
    lang: str | None = None
    entity: str = "0000000001"


@dataclass(frozen=True)
class R:
    """A presentation role with its arcs: (parent, child, preferred label)."""

    uri: str
    arcs: Sequence[tuple[str, str, str | None]]
    definition: str | None = None


def text(concept: str, value: str, lang: str | None = None) -> F:
    return F(concept, value, unit=None, decimals=None, lang=lang)


def tree(root: str, *children: str | tuple[str, str]) -> list[tuple[str, str, str | None]]:
    """Return arcs of a root to its children, each with the preferred label it may have."""
    pairs = [(each, None) if isinstance(each, str) else each for each in children]
    return [(root, child, preferred) for child, preferred in pairs]


def instance(
    facts: Iterable[F],
    prefixes: Mapping[str, str] | None = None,
    scheme: str = "http://www.sec.gov/CIK",
) -> bytes:
    """Return an instance; `prefixes` renames those of NAMESPACES."""
    renamed = {**{each: each for each in NAMESPACES}, **(prefixes or {})}
    contexts: dict[_Key, str] = {}
    units: dict[str, str] = {}
    body = []
    for number, fact in enumerate(facts):
        key = fact.period, tuple(sorted(fact.axes.items())), fact.entity
        context = contexts.setdefault(key, f"c{len(contexts)}")
        unit = units.setdefault(fact.unit, f"u{len(units)}") if fact.unit else None
        prefix, _, name = fact.concept.partition(":")
        attributes = f'contextRef="{context}" id="f{number}"'
        attributes += f' unitRef="{unit}"' if unit else ""
        attributes += f' decimals="{fact.decimals}"' if fact.decimals else ""
        attributes += ' xsi:nil="true"' if fact.nil else ""
        attributes += f' xml:lang="{fact.lang}"' if fact.lang else ""
        tag = f"{renamed[prefix]}:{name}"
        body.append(f"<{tag} {attributes}>{'' if fact.nil else escape(str(fact.value))}</{tag}>")
    declared = " ".join(f'xmlns:{renamed[each]}="{uri}"' for each, uri in NAMESPACES.items())
    return (
        '<xbrl xmlns="http://www.xbrl.org/2003/instance"'
        ' xmlns:xbrldi="http://xbrl.org/2006/xbrldi"'
        ' xmlns:iso4217="http://www.xbrl.org/2003/iso4217"'
        ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
        f" {declared}>"
        + "".join(_context(key, each, renamed, scheme) for key, each in contexts.items())
        + "".join(_unit(unit, each) for unit, each in units.items())
        + "".join(body)
        + "</xbrl>"
    ).encode()


def _context(
    key: _Key,
    name: str,
    renamed: Mapping[str, str],
    scheme: str,
) -> str:
    period, axes, entity = key
    if isinstance(period, str):
        when = f"<instant>{period}</instant>"
    else:
        when = f"<startDate>{period[0]}</startDate><endDate>{period[1]}</endDate>"
    members = "".join(
        f'<xbrldi:explicitMember dimension="{_qname(axis, renamed)}">{_qname(member, renamed)}'
        "</xbrldi:explicitMember>"
        for axis, member in axes
    )
    segment = f"<segment>{members}</segment>" if members else ""
    return (
        f'<context id="{name}"><entity><identifier scheme="{scheme}">{entity}</identifier>'
        f"{segment}</entity><period>{when}</period></context>"
    )


def _qname(concept: str, renamed: Mapping[str, str]) -> str:
    prefix, _, name = concept.partition(":")
    return f"{renamed[prefix]}:{name}"


def _unit(unit: str, name: str) -> str:
    def measure(each: str) -> str:
        return f"<measure>{'' if each in {'shares', 'pure'} else 'iso4217:'}{each}</measure>"

    above, _, below = unit.partition("/")
    if not below:
        return f'<unit id="{name}">{measure(above)}</unit>'
    return (
        f'<unit id="{name}"><divide><unitNumerator>{measure(above)}</unitNumerator>'
        f"<unitDenominator>{measure('shares')}</unitDenominator></divide></unit>"
    )


def schema(roles: Iterable[R], elements: Iterable[str] = ()) -> bytes:
    """Return a schema with the definitions of roles, and own elements."""
    types = "".join(
        f"<roleType roleURI={quoteattr(role.uri)} id='r{number}'>"
        f"<definition>{escape(role.definition)}</definition></roleType>"
        for number, role in enumerate(roles)
        if role.definition
    )
    own = "".join(f'<xs:element name="{name}" id="x_{name}"/>' for name in elements)
    return (
        f'<xs:schema {_LINK} targetNamespace="{NAMESPACES["x"]}">'
        f"<xs:annotation><xs:appinfo>{types}</xs:appinfo></xs:annotation>{own}</xs:schema>"
    ).encode()


def locator(concept: str, label: str) -> str:
    href = f"taxonomy.xsd#{concept.replace(':', '_')}"
    return f'<loc xlink:type="locator" xlink:href="{href}" xlink:label="{label}"/>'


def presentation(roles: Iterable[R]) -> bytes:
    links = []
    for role in roles:
        body = []
        for number, (parent, child, preferred) in enumerate(role.arcs):
            wanted = f' preferredLabel="{preferred}"' if preferred else ""
            body.append(
                locator(parent, f"p{number}")
                + locator(child, f"c{number}")
                + '<presentationArc xlink:type="arc"'
                ' xlink:arcrole="http://www.xbrl.org/2003/arcrole/parent-child"'
                f' xlink:from="p{number}" xlink:to="c{number}" order="{number + 1}"{wanted}/>'
            )
        links.append(
            f'<presentationLink xlink:type="extended" xlink:role="{role.uri}">'
            + "".join(body)
            + "</presentationLink>"
        )
    return linkbase("".join(links))


def linkbase(body: str) -> bytes:
    return f"<linkbase {_LINK}>{body}</linkbase>".encode()


def labels(texts: Iterable[tuple[str, str, str, str]]) -> bytes:
    """Return a label linkbase of (concept, role, language, text)."""
    body = "".join(
        locator(concept, f"l{number}")
        + f'<label xlink:type="resource" xlink:label="t{number}" xlink:role="{role}"'
        f' xml:lang="{language}">{escape(each)}</label>'
        '<labelArc xlink:type="arc" xlink:arcrole="http://www.xbrl.org/2003/arcrole/concept-label"'
        f' xlink:from="l{number}" xlink:to="t{number}"/>'
        for number, (concept, role, language, each) in enumerate(texts)
    )
    return linkbase(
        f'<labelLink xlink:type="extended" xlink:role="{STANDARD}link">{body}</labelLink>'
    )


def package(
    facts: Iterable[F],
    roles: Sequence[R],
    texts: Iterable[tuple[str, str, str, str]] = (),
    *,
    elements: Iterable[str] = (),
    others: Mapping[str, bytes] | None = None,
    prefixes: Mapping[str, str] | None = None,
    scheme: str = "http://www.sec.gov/CIK",
) -> Package:
    return Package.of(
        {
            "a_htm.xml": instance(facts, prefixes, scheme),
            "a.xsd.xml": schema(roles, elements),
            "a_pre.xml": presentation(roles),
            "a_lab.xml": labels(texts),
            **(others or {}),
        }
    )


def statement(filing: Filing, name: str) -> Statement:
    return next(each for each in filing.statements if each.statement == name)


def row(found: Statement, concept: str, n: int = 0) -> Row:
    """Return the n-th row with figures of a concept without dimensions."""
    rows = [
        each
        for each in found.rows
        if each.concept == concept and not each.axes and each.kind != "heading"
    ]
    return rows[n]


def figures(found: Row) -> dict[str, str | None]:
    return {
        key: None if cell.v is None else format(cell.v, "f") for key, cell in found.cells.items()
    }


def codes(found: Statement | Filing) -> set[str]:
    return {issue.code for issue in found.issues}
