"""Writes a truth as an XBRL folder (instance, schema, linkbases) and as xBRL-JSON.

Sources: XBRL 2.1; xBRL-JSON 1.0.
"""

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass

from lxml import etree

from app.pipeline.statement import Statement
from tests.filings.concepts import NAMESPACES
from tests.filings.inline import (
    LINK,
    XBRLI,
    XLINK,
    Inline,
    Writer,
    unit_id,
    write_context,
    write_unit,
)
from tests.filings.instance import IDENTIFIERS, TrueFact, tagged_statement, truth_facts
from tests.filings.layout import Layout
from tests.filings.linkbases import Taxonomy
from tests.filings.statements import company_of, write_truth
from tests.filings.truth import Truth

_BASE = "ext-20221231"
# A unit of xBRL-JSON by what it is divided by, or by itself; else it is a currency.
_UNITS = {"shares": "xbrli:shares", "share": "iso4217:{}/xbrli:shares"}
_SCHEME = "https://xbrl.org/2021/xbrl-json"


@dataclass(frozen=True, slots=True)
class Folder:
    """A generated XBRL folder.

    Attributes:
        members: Content by file name.
        statements: What a reader must return, with the labels of the report's language.
    """

    members: Mapping[str, bytes]
    truth: Truth
    facts: tuple[TrueFact, ...]
    statements: tuple[Statement, ...]


def _truth(seed: int, layout: Layout) -> Truth:
    company = company_of(seed, layout)
    return write_truth(company, layout)


def write_instance(truth: Truth, layout: Layout) -> bytes:
    """Return the instance document of a truth."""
    facts = truth_facts(truth, dimensions=False)
    writer = Writer(layout, Inline())
    root = etree.Element(f"{{{XBRLI}}}xbrl", nsmap=_prefixed(writer))
    reference = etree.SubElement(root, f"{{{LINK}}}schemaRef")
    reference.set(f"{{{XLINK}}}type", "simple")
    reference.set(f"{{{XLINK}}}href", f"{_BASE}.xsd")
    for fact in {fact.context: fact for fact in facts}.values():
        root.append(write_context(fact, truth.framework, writer))
    for unit in sorted({fact.unit for fact in facts}):
        root.append(write_unit(unit, writer))
    for fact in facts:
        prefix, _, local = fact.concept.partition(":")
        element = etree.SubElement(root, f"{{{NAMESPACES[prefix]}}}{local}", id=fact.id)
        element.set("contextRef", fact.context)
        element.set("unitRef", unit_id(fact.unit))
        element.set("decimals", str(fact.decimals))
        element.text = format(fact.value, "f")
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _prefixed(writer: Writer) -> dict[str | None, str]:
    """Return the namespaces of a document that has no XHTML."""
    return {prefix: uri for prefix, uri in writer.namespaces.items() if prefix}


def make_xbrl(seed: int, layout: Layout) -> Folder:
    """Return the XBRL folder of a seed in a layout."""
    truth = _truth(seed, layout)
    members = {
        f"{_BASE}.xml": write_instance(truth, layout),
        **Taxonomy(truth, _BASE).files(),
    }
    statements = tuple(
        tagged_statement(each, "xbrl", dimensions=False) for each in truth.statements
    )
    return Folder(members, truth, tuple(truth_facts(truth, dimensions=False)), statements)


def _midnight(day: dt.date) -> str:
    """Return the end of a day as xBRL-JSON says it: midnight of the next."""
    return f"{day + dt.timedelta(days=1)}T00:00:00"


def make_xbrl_json(seed: int, layout: Layout) -> tuple[bytes, Truth]:
    """Return the xBRL-JSON of a seed in a layout, and its truth; it has no labels and no order."""
    truth = _truth(seed, layout)
    scheme, identifier = IDENTIFIERS[truth.framework]
    facts = {}
    for fact in truth_facts(truth, dimensions=False):
        period = _midnight(fact.end)
        if fact.start:
            period = f"{fact.start}T00:00:00/{period}"
        dimensions = {
            "concept": fact.concept,
            "entity": f"scheme:{identifier}",
            "period": period,
            "unit": _UNITS.get(fact.unit.partition("/")[2] or fact.unit, "iso4217:{}").format(
                fact.unit.partition("/")[0]
            ),
        }
        facts[fact.id] = {
            "value": format(fact.value, "f"),
            "decimals": fact.decimals,
            "dimensions": dimensions,
        }
    information = {
        "documentType": _SCHEME,
        "features": {},
        "namespaces": {
            **NAMESPACES,
            "scheme": scheme,
            "iso4217": "http://www.xbrl.org/2003/iso4217",
            "xbrli": XBRLI,
        },
        "taxonomy": [f"{_BASE}.xsd"],
    }
    return json.dumps({"documentInfo": information, "facts": facts}).encode(), truth
