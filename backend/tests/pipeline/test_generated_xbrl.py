"""The generator's XBRL is right itself: numbers, contexts and packages agree with the truth."""

import io
import json
import re
import zipfile
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from tests.filings.esef import make_esef
from tests.filings.inline import IX, XBRLI, XSI, Inline
from tests.filings.instance import truth_facts
from tests.filings.ixbrl import InlineReport, make_ixbrl
from tests.filings.layout import Layout
from tests.filings.linkbases import Taxonomy, nodes_of
from tests.filings.samples import SAMPLES
from tests.filings.strategies import inlines, layouts, seeds
from tests.filings.xbrl import make_xbrl, make_xbrl_json


def _tagged(report: InlineReport, layout: Layout) -> dict[str, Decimal]:
    """Return the values of a document's facts by id, as Inline XBRL defines them."""
    root = etree.fromstring(report.data)
    found = {}
    for element in root.iter(f"{{{IX}}}nonFraction"):
        ident = element.get("id", "")
        if not ident.startswith("f-"):
            continue
        text = "".join(str(part) for part in element.itertext())
        digits = re.sub(r"[^0-9.]", "", text.replace(layout.thousands, "").replace(",", "."))
        sign = -1 if element.get("sign") == "-" else 1
        number = Decimal(digits or 0) if element.get(f"{{{XSI}}}nil") != "true" else Decimal(0)
        found[ident] = (sign * number).scaleb(int(element.get("scale", "0")))
    return found


def _assert_facts_agree(report: InlineReport, layout: Layout, inline: Inline) -> None:
    tagged = _tagged(report, layout)
    for fact in report.facts:
        if fact.value == 0 and inline.nil == "untagged":
            continue
        assert tagged[fact.id] == fact.value, fact
    root = etree.fromstring(report.data)
    contexts = {element.get("id") for element in root.iter(f"{{{XBRLI}}}context")}
    units = {element.get("id") for element in root.iter(f"{{{XBRLI}}}unit")}
    for element in root.iter(f"{{{IX}}}nonFraction"):
        assert element.get("contextRef") in contexts
        assert element.get("unitRef") in units


@settings(max_examples=4, deadline=None, derandomize=True)
@given(st.data(), seeds, layouts())
def test_every_figure_is_tagged_with_its_value(
    data: st.DataObject, seed: int, layout: Layout
) -> None:
    inline = data.draw(inlines(layout))
    _assert_facts_agree(make_ixbrl(seed, layout, inline), layout, inline)


@pytest.mark.parametrize("name", ["american", "british", "parent_first", "bank"])
@pytest.mark.parametrize("dimensions", [True, False])
def test_no_two_figures_are_one_fact_with_different_values(name: str, *, dimensions: bool) -> None:
    report = make_ixbrl(2, SAMPLES[name], Inline())
    values: dict[tuple[str, str], Decimal] = {}
    for fact in truth_facts(report.truth, dimensions=dimensions):
        assert values.setdefault((fact.concept, fact.context), fact.value) == fact.value
    for read, true in zip(report.statements, report.truth.statements, strict=True):
        for row, line in zip(read.rows, true.rows, strict=True):
            for cell in row.cells.values():
                assert cell.tagged is not None
                assert abs(cell.tagged) == abs(
                    (cell.v or Decimal(0)).scaleb(true.scale if line.scale is None else line.scale)
                )


def test_costs_are_tagged_positive_whichever_way_they_are_printed() -> None:
    for positive in (True, False):
        layout = Layout(costs_positive=positive)
        income = make_ixbrl(1, layout, Inline()).statements[0]
        row = next(row for row in income.rows if row.concept == "ifrs-full:CostOfSales")
        cell = row.cells["p0"]
        assert cell.v is not None
        assert cell.tagged is not None
        assert cell.tagged > 0
        assert (cell.v > 0) is positive


def test_package_has_a_report_and_a_taxonomy_whose_locators_point_into_it() -> None:
    package = make_esef(1, SAMPLES["german"], Inline(numbered=True))
    with zipfile.ZipFile(io.BytesIO(package.data)) as archive:
        names = archive.namelist()
        assert archive.testzip() is None
    assert sum(name.endswith(".xhtml") for name in names) == 1
    schema = next(data for name, data in package.members.items() if name.endswith(".xsd"))
    declared = {element.get("id") for element in etree.fromstring(schema).iter()}
    own = [
        href.partition("#")[2]
        for name, data in package.members.items()
        if "_" in name and name.endswith(".xml")
        for href in re.findall(r'href="example[^"#]*(#[^"]+)"', data.decode())
    ]
    assert own
    assert declared.issuperset(own)


def test_negated_labels_say_which_figures_are_printed_with_the_other_sign() -> None:
    truth = make_ixbrl(1, Layout(costs_positive=False), Inline()).truth
    preferred = {node.key: node.preferred for node in nodes_of(truth.named("income_statement"))}
    assert preferred["cost_of_sales"].endswith("/negatedLabel")
    assert preferred["gross_profit"].endswith("/totalLabel")
    labels = Taxonomy(truth, "x", ("de",)).files()["x_lab-de.xml"].decode()
    assert "Bruttoergebnis vom Umsatz" in labels


def test_folder_has_every_fact_with_its_value() -> None:
    folder = make_xbrl(1, SAMPLES["american"])
    instance = next(data for name, data in folder.members.items() if name.endswith("31.xml"))
    values = {
        element.get("id"): element.text
        for element in etree.fromstring(instance)
        if element.get("contextRef")
    }
    assert values == {fact.id: format(fact.value, "f") for fact in folder.facts}


def test_json_has_the_units_and_the_instants_of_the_facts() -> None:
    data, truth = make_xbrl_json(1, SAMPLES["american"])
    facts = json.loads(data)["facts"].values()
    units = {fact["dimensions"]["unit"] for fact in facts}
    assert units == {"iso4217:USD", "iso4217:USD/xbrli:shares", "xbrli:shares"}
    assets = next(fact for fact in facts if fact["dimensions"]["concept"] == "us-gaap:Assets")
    balance = truth.named("balance_sheet")
    assert Decimal(assets["value"]) == balance.value("total_assets", 0).scaleb(balance.scale)
    assert "/" not in assets["dimensions"]["period"]
