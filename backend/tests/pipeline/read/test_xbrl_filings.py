"""Tests of XBRL folders as they were filed (FILINGS): each label, sign, order and figure.

The expected rows come from the linkbases by other means than the reader's: regular expressions
over the text of the files.
"""

import os
import re
from decimal import Decimal
from html import unescape
from pathlib import Path

import pytest

from app.pipeline.read.package import Package
from app.pipeline.read.xbrl import read_xbrl
from app.pipeline.statement import Filing, Statement
from tests.pipeline.read.xbrl_builder import figures, statement

FILINGS = os.environ.get("FILINGS", "")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not FILINGS, reason="FILINGS names no folder of filings"),
]
FOLDERS = ("aapl-fy2010", "aapl-fy2022", "aapl-fy2023", "nflx-fy2009", "nflx-fy2023")
ROLES = {
    "income_statement": r"Statements? of (?:Operations|Income)$",
    "balance_sheet": r"Balance Sheets$|Statement Of Financial Position Classified$",
    "cash_flow_statement": r"Statements? of Cash Flows(?: Indirect)?$",
}


def read(name: str) -> Filing:
    return read_xbrl(Package.from_folder(Path(FILINGS, "xbrl", name)))


def attributes(tag: str) -> dict[str, str]:
    return {key.rpartition(":")[2]: value for key, value in re.findall(r'([\w:]+)="([^"]*)"', tag)}


def text_of(folder: Path, suffix: str) -> str:
    return next(each.read_text() for each in sorted(folder.iterdir()) if each.name.endswith(suffix))


def links(text: str, kind: str) -> list[tuple[str, str]]:
    pattern = rf"<(?:link:)?{kind}\b([^>]*)>(.*?)</(?:link:)?{kind}>"
    return [(attributes(head)["role"], body) for head, body in re.findall(pattern, text, re.DOTALL)]


def elements(body: str, kind: str) -> list[dict[str, str]]:
    return [attributes(each) for each in re.findall(rf"<(?:link:)?{kind}\b([^>]*?)/?>", body)]


def locators(body: str) -> dict[str, str]:
    return {each["label"]: each["href"].rpartition("#")[2] for each in elements(body, "loc")}


def labels_of(folder: Path) -> dict[tuple[str, str], str]:
    found: dict[tuple[str, str], str] = {}
    for _, body in links(text_of(folder, "_lab.xml"), "labelLink"):
        names = locators(body)
        texts: dict[str, list[tuple[str, str]]] = {}
        for head, text in re.findall(r"<(?:link:)?label\b([^>]*)>([^<]*)</(?:link:)?label>", body):
            each = attributes(head)
            texts.setdefault(each["label"], []).append((each["role"], text))
        for arc in elements(body, "labelArc"):
            for role, text in texts.get(arc["to"], []):
                found[names[arc["from"]], role] = text
    return found


def expected_of(folder: Path, name: str) -> list[tuple[str, str, bool]]:
    """Return (concept, label, negated) of a role's lines in presentation order."""
    definitions = {
        attributes(head)["roleURI"]: text
        for head, text in re.findall(
            r"<link:roleType\b([^>]*)>\s*<link:definition>([^<]*)<",
            text_of(folder, ".xsd") if list(folder.glob("*.xsd")) else text_of(folder, ".xsd.xml"),
        )
    }
    labels = labels_of(folder)
    body = next(
        body
        for role, body in links(text_of(folder, "_pre.xml"), "presentationLink")
        if re.search(ROLES[name], definitions[role], re.IGNORECASE)
    )
    names = locators(body)
    arcs = [
        (names[arc["from"]], float(arc["order"]), names[arc["to"]], arc.get("preferredLabel", ""))
        for arc in elements(body, "presentationArc")
    ]
    standard = "http://www.xbrl.org/2003/role/label"
    lines: list[tuple[str, str, bool]] = []

    def walk(parent: str) -> None:
        for _, _, child, role in sorted(each for each in arcs if each[0] == parent):
            if child.endswith("Axis"):
                continue
            label = labels.get((child, role)) or labels[child, standard]
            lines.append((child.replace("_", ":", 1), label, "negated" in role))
            walk(child)

    targets = {child for _, _, child, _ in arcs}
    walk(next(parent for parent, _, _, _ in arcs if parent not in targets))
    return lines


def facts_of(folder: Path) -> dict[tuple[str, str | None, str], set[Decimal]]:
    """Return the facts without dimensions by concept, start and end."""
    suffix = "_htm.xml" if list(folder.glob("*_htm.xml")) else r"-20\d{6}.xml"
    path = next(each for each in folder.iterdir() if re.search(f"{suffix}$", each.name))
    text = path.read_text()
    contexts = {}
    for key, body in re.findall(r'<context id="([^"]*)">(.*?)</context>', text, re.DOTALL):
        if "explicitMember" not in body and "typedMember" not in body:
            start = re.search(r"<startDate>([\d-]*)<", body)
            end = re.search(r"<(?:endDate|instant)>([\d-]*)<", body)
            assert end
            contexts[key] = (start[1] if start else None, end[1])
    found: dict[tuple[str, str | None, str], set[Decimal]] = {}
    for concept, head, value in re.findall(
        r"<([\w-]+:\w+)\b([^>]*unitRef[^>]*)>(-?[\d.]+)</", text
    ):
        context = contexts.get(attributes(head)["contextRef"])
        if context:
            found.setdefault((concept, *context), set()).add(Decimal(value))
    return found


@pytest.mark.parametrize("name", ROLES)
@pytest.mark.parametrize("folder", FOLDERS)
def test_order_labels_signs_and_figures_are_those_of_the_filing(folder: str, name: str) -> None:
    path = Path(FILINGS, "xbrl", folder)
    found = statement(read(folder), name)
    own = [row for row in found.rows if not row.axes and row.kind != "heading"]
    stated = {row.concept for row in own}
    expected = [each for each in expected_of(path, name) if each[0] in stated]
    assert [(row.concept, row.label) for row in own] == [
        (concept, " ".join(unescape(label).split())) for concept, label, _ in expected
    ]
    check_figures(found, facts_of(path), [negated for _, _, negated in expected])


def check_figures(
    found: Statement,
    facts: dict[tuple[str, str | None, str], set[Decimal]],
    negated: list[bool],
) -> None:
    own = [row for row in found.rows if not row.axes and row.kind != "heading"]
    compared = 0
    for row, turned in zip(own, negated, strict=True):
        scale = found.scale if row.scale is None else row.scale
        for period in found.periods:
            start = period.start.isoformat() if period.start else None
            values = facts.get((str(row.concept), start, str(period.end)))
            if not values:
                continue
            cell = row.cells[period.key]
            assert cell.v is not None
            assert scale is not None
            assert cell.v.scaleb(scale) * (-1 if turned else 1) in values
            compared += 1
    assert compared >= len(own)


def test_every_statement_of_the_given_folders_is_found_without_issues() -> None:
    for folder in FOLDERS:
        found = read(folder)
        assert [each.statement for each in found.statements] == list(ROLES)
        assert not found.issues
        assert not any(each.issues or each.skipped for each in found.statements)


def test_netflix_2009_prints_payments_as_negative_by_the_negated_role_of_2010() -> None:
    found = statement(read("nflx-fy2009"), "cash_flow_statement")
    printed = {row.label: figures(row)["p0"] for row in found.rows if row.cells}
    assert printed["Purchases of short-term investments"] == "-228000"
    assert printed["Repurchases of common stock"] == "-324335"
    assert printed["Gain on sale of short-term investments"] == "-1509"
    assert printed["Cash and cash equivalents, beginning of year"] == "139881"
    assert printed["Cash and cash equivalents, end of year"] == "134224"


def test_apple_2022_has_its_face_with_products_and_services() -> None:
    found = statement(read("aapl-fy2022"), "income_statement")
    assert [(row.label, row.kind, figures(row)) for row in found.rows[:4]] == [
        ("Net sales", "heading", {}),
        ("Products", "line", {"p0": "316199", "p1": "297392", "p2": "220747"}),
        ("Services", "line", {"p0": "78129", "p1": "68425", "p2": "53768"}),
        ("Net sales", "total", {"p0": "394328", "p1": "365817", "p2": "274515"}),
    ]
    assert [period.days for period in found.periods] == [364, 364, 364]
    diluted = next(row for row in found.rows if row.label.startswith("Diluted (in dollars"))
    assert figures(diluted) == {"p0": "6.11", "p1": "5.61", "p2": "3.28"}


def test_apple_2023_has_a_year_of_53_weeks_and_its_own_signs() -> None:
    found = statement(read("aapl-fy2023"), "cash_flow_statement")
    assert [(each.fiscal_year, each.days) for each in found.periods] == [
        (2023, 371),
        (2022, 364),
        (2021, 364),
    ]
    printed = {row.label: figures(row)["p0"] for row in found.rows if row.cells}
    assert printed["Purchases of marketable securities"] == "-29513"
    assert printed["Cash generated by/(used in) investing activities"] == "3705"
    assert printed["Repurchases of common stock"] == "-77550"
