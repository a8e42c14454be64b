"""Tests of the files of an XBRL report: found by content, and hostile or broken ones."""

import pytest

from app.pipeline.errors import ReadError
from app.pipeline.read.package import Package
from app.pipeline.read.xbrl import read_xbrl
from tests.pipeline.read.xbrl_builder import (
    BEFORE,
    YEAR,
    F,
    R,
    codes,
    figures,
    instance,
    package,
    presentation,
    row,
    schema,
    statement,
    text,
)
from tests.pipeline.read.xbrl_examples import (
    EARNINGS,
    INCOME,
    INCOME_TREE,
    US,
    doubling,
    income_facts,
    read_income,
)


def test_figures_of_another_entity_are_left_out() -> None:
    other = F(f"{US}Revenues", 5_000_000, entity="0000000002")
    found = read_income([other, *income_facts(YEAR, BEFORE)])
    assert figures(row(found, f"{US}Revenues")) == {"p0": "100", "p1": "100"}


def test_prefixes_are_arbitrary() -> None:
    files = package(income_facts(YEAR), [INCOME], prefixes={"us-gaap": "ns7", "x": "ns1"})
    found = statement(read_xbrl(files), "income_statement")
    assert [each.concept for each in found.rows][:2] == [
        f"{US}Revenues",
        f"{US}OperatingIncomeLoss",
    ]


def test_a_prohibited_arc_is_not_in_force() -> None:
    base = presentation([INCOME]).decode()
    more = (
        '<presentationArc xlink:type="arc" use="prohibited" priority="1" order="2"'
        ' xlink:arcrole="http://www.xbrl.org/2003/arcrole/parent-child"'
        ' xlink:from="p1" xlink:to="c1"/></presentationLink>'
    )
    files = package(
        [*income_facts(YEAR), EARNINGS],
        [INCOME],
        others={"a_pre.xml": base.replace("</presentationLink>", more).encode()},
    )
    found = statement(read_xbrl(files), "income_statement")
    assert [each.concept for each in found.rows] == [
        f"{US}Revenues",
        f"{US}NetIncomeLoss",
        f"{US}EarningsPerShareBasic",
    ]


def test_the_company_is_named_with_its_identifiers() -> None:
    facts = [
        *income_facts(YEAR),
        text("dei:EntityRegistrantName", "Example Inc."),
        text("dei:TradingSymbol", "EXMP"),
        text("dei:DocumentType", "10-K/A"),
    ]
    found = read_xbrl(package(facts, [INCOME]))
    assert found.company.name == "Example Inc."
    assert found.company.identifiers == {"cik": "0000000001", "ticker": "EXMP"}
    assert "amendment" in codes(found)
    assert {each.source.form for each in found.statements} == {"10-K/A"}
    lei = read_xbrl(
        package(income_facts(YEAR), [INCOME], scheme="http://standards.iso.org/iso/17442")
    )
    assert list(lei.company.identifiers) == ["lei"]


def test_a_presentation_that_leads_back_to_itself_is_cut_off() -> None:
    arcs = [*INCOME_TREE, (f"{US}NetIncomeLoss", f"{US}Revenues", None)]
    arcs.append((f"{US}Revenues", f"{US}NetIncomeLoss", None))
    found = read_income(income_facts(YEAR), R("r", arcs, "1 - Statement - INCOME"))
    assert "cyclic_presentation" in codes(found)


def test_locators_that_point_at_nothing_are_counted() -> None:
    base = presentation([INCOME]).decode().replace("#us-gaap_OperatingIncomeLoss", "")
    facts = [*income_facts(YEAR), EARNINGS]
    files = package(facts, [INCOME], others={"a_pre.xml": base.encode()})
    found = read_xbrl(files)
    assert "dangling_arcs" in codes(found)
    assert len(statement(found, "income_statement").rows) == 3


@pytest.mark.parametrize(
    ("files", "code"),
    [
        ({"a.xml": b""}, "empty"),
        ({"a.xml": b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"}, "xml_entities"),
        ({"a.xml": b"<a><b></a>"}, "not_well_formed"),
        ({"a.xml": b"<a/>", "b.xsd": schema([])}, "no_instance"),
        ({"a.txt": b"nothing"}, "no_instance"),
        ({"a.xml": instance([]), "b.xml": instance([])}, "several_instances"),
        (
            {
                "a.xml": instance(income_facts(YEAR)),
                "s.xsd": schema([doubling(40)]),
                "p.xml": presentation([doubling(40)]),
            },
            "presentation_too_large",
        ),
        (
            {"a.xml": instance(income_facts(("2023-02-31", "2023-12-31")))},
            "bad_date",
        ),
    ],
)
def test_what_cannot_be_read_is_one_clear_line(files: dict[str, bytes], code: str) -> None:
    with pytest.raises(ReadError) as caught:
        read_xbrl(Package.of(files))
    assert caught.value.code == code
    assert "\n" not in str(caught.value)


def test_the_instance_is_found_by_its_content() -> None:
    files = package(income_facts(YEAR), [INCOME])
    named = {each: files.read(each) for each in files.names if each != "a_htm.xml"}
    named |= {"R2.htm": b"<html", "notes": b"< no XML", "report": files.read("a_htm.xml")}
    assert len(read_xbrl(Package.of(named)).statements) == 1


def test_a_deep_presentation_is_no_traceback() -> None:
    arcs = [(f"x:N{number}", f"x:N{number + 1}", None) for number in range(3000)]
    found = read_income(income_facts(YEAR), R("r", [*INCOME_TREE, *arcs], "1 - Statement - INCOME"))
    assert "cyclic_presentation" in codes(found)
