"""The facts of a tagged file, parsed a second time and apart from the readers."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from lxml import etree

from tests.evaluation.concepts import local
from tests.evaluation.truth import Origin

Axes = tuple[tuple[str, str], ...]
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
ANNUAL_FORMS = ("10-K", "20-F", "40-F", "10-KT")


@dataclass(frozen=True, slots=True)
class TaggedFact:
    """A numeric fact; the names of concept, axes and members are local.

    Attributes:
        end: The last day, or the instant.
        value: Unscaled, with the sign of the concept; None for nil.
        id: Of the element; the accession of the filing in companyfacts.
        negative: Whether it is printed as negative; None where it is not known.
    """

    concept: str
    start: date | None
    end: date
    axes: Axes
    unit: str
    value: Decimal | None
    labels: tuple[str, ...] = ()
    id: str | None = None
    negative: bool | None = None

    @property
    def key(self) -> tuple[str, Axes, date | None, date, str]:
        """What it is about; facts with the same key say the same."""
        return self.concept, self.axes, self.start, self.end, self.unit


@dataclass(frozen=True, slots=True)
class Tagged:
    """The facts of one filing.

    Attributes:
        fiscal_year: That the filing names, else the year of its last balance sheet.
        end: The day of its last balance sheet.
    """

    origin: Origin
    path: Path
    entity: str
    fiscal_year: int
    end: date
    facts: tuple[TaggedFact, ...]


def humanised(concept: str) -> str:
    """Return the name of a concept in words."""
    return _CAMEL.sub(" ", concept)


def parser() -> etree.XMLParser:
    """Return a parser that loads nothing and takes large text."""
    return etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True, recover=True)


def day(text: str, *, ends: bool = True) -> date:
    """Return a day of XBRL; midnight that ends a period belongs to the day before."""
    if "T" not in text:
        return date.fromisoformat(text.strip()[:10])
    moment = datetime.fromisoformat(text.strip())
    midnight = ends and not (moment.hour or moment.minute)
    return moment.date() - timedelta(days=midnight)


def tag(element: etree._Element) -> str:
    """Return an element's name without namespace, "" for comments."""
    return str(element.tag).rpartition("}")[2] if isinstance(element.tag, str) else ""


Context = tuple[date | None, date, Axes]


def contexts(root: etree._Element) -> dict[str, Context]:
    """Return start, end and dimensions by the id of the context."""
    found: dict[str, Context] = {}
    for element in root.iter("{http://www.xbrl.org/2003/instance}context"):
        parts = {tag(each): (each.text or "").strip() for each in element.iter()}
        end = parts.get("endDate") or parts.get("instant")
        if not end:
            continue
        start = parts.get("startDate")
        axes = sorted(
            (local(each.get("dimension", "")), local("".join(each.itertext()).strip()))
            for each in element.iter()
            if tag(each) in {"explicitMember", "typedMember"}
        )
        found[element.get("id", "")] = (
            day(start, ends=False) if start else None,
            day(end),
            tuple(axes),
        )
    return found


def units(root: etree._Element) -> dict[str, str]:
    """Return the local names of a unit's measures by its id, such as USD/shares."""
    return {
        element.get("id", ""): "/".join(
            local((each.text or "").strip()) for each in element.iter() if tag(each) == "measure"
        )
        for element in root.iter("{http://www.xbrl.org/2003/instance}unit")
    }


def entity_key(name: str) -> str:
    """Return the words of a company's name that differ between companies."""
    words = re.findall(r"[a-z0-9]+", name.casefold())
    legal = {"inc", "plc", "ltd", "limited", "sa", "nv", "corp", "corporation", "co", "company"}
    return " ".join(each for each in words if each not in legal | {"the", "group", "ag", "se"})


def read_instance(path: Path, linkbases: Mapping[str, tuple[str, ...]]) -> Tagged | None:
    """Return the facts of an XBRL instance, with the labels of its linkbase by local name."""
    root = etree.parse(path, parser()).getroot()
    by_context, by_unit = contexts(root), units(root)
    facts: list[TaggedFact] = []
    about: dict[str, str] = {}
    for element in root:
        name, text = tag(element), (element.text or "").strip()
        context = by_context.get(element.get("contextRef", ""))
        if context is None:
            continue
        unit = by_unit.get(element.get("unitRef", ""))
        if unit is None:
            about.setdefault(name, text)
            continue
        value = number(text)
        start, end, axes = context
        labels = [*linkbases.get(name, ()), humanised(name)]
        labels += [label for _, member in axes for label in linkbases.get(member, (member,))]
        identity = element.get("id")
        facts.append(TaggedFact(name, start, end, axes, unit, value, tuple(labels), identity))
    return tagged_from("xbrl", path, facts, about)


def read_json(path: Path) -> Tagged | None:
    """Return the facts of an xBRL-JSON report."""
    report = json.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    facts: list[TaggedFact] = []
    about: dict[str, str] = {}
    for identity, fact in report["facts"].items():
        aspects = dict(fact["dimensions"])
        concept, unit = local(aspects.pop("concept")), aspects.pop("unit", None)
        period, entity = aspects.pop("period", None), aspects.pop("entity", "")
        aspects.pop("language", None)
        about.setdefault("EntityRegistrantName", local(str(entity)))
        if not unit or not period:
            continue
        start, _, end = period.rpartition("/")
        axes = tuple(sorted((local(axis), local(str(member))) for axis, member in aspects.items()))
        value = None if fact.get("value") is None else number(str(fact["value"]))
        facts.append(
            TaggedFact(
                concept,
                day(start, ends=False) if start else None,
                day(end),
                axes,
                "/".join(local(each) for each in unit.split("/")),
                value,
                (humanised(concept),),
                identity,
            )
        )
    return tagged_from("xbrl_json", path, facts, about)


def read_companyfacts(path: Path) -> list[Tagged]:
    """Return the facts of each annual filing that a companyfacts file knows."""
    whole = json.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    whole = whole.get("raw_payload", whole)
    filings: dict[str, list[TaggedFact]] = {}
    years: dict[str, dict[date, Any]] = {}
    for taxonomy, concepts in whole["facts"].items():
        for concept, described in () if taxonomy == "dei" else concepts.items():
            labels = (str(described.get("label") or ""), humanised(concept))
            for unit, stated in described["units"].items():
                for each in stated:
                    if str(each.get("form", "")).removesuffix("/A") not in ANNUAL_FORMS:
                        continue
                    end, accession = date.fromisoformat(each["end"]), each["accn"]
                    start = date.fromisoformat(each["start"]) if "start" in each else None
                    value = Decimal(str(each["val"]))
                    filings.setdefault(accession, []).append(
                        TaggedFact(concept, start, end, (), unit, value, labels, accession)
                    )
                    years.setdefault(accession, {})[end] = each.get("fy")
    entity = str(whole.get("entityName") or "")
    found = []
    for accession, facts in filings.items():
        about = {"EntityRegistrantName": entity}
        named = years[accession][max(years[accession])]
        if named:
            about["DocumentFiscalYearFocus"] = str(named)
        tagged = tagged_from("companyfacts", path, facts, about)
        if tagged:
            found.append(tagged)
    return found


def number(text: str) -> Decimal | None:
    """Return a number of XBRL, None where there is none."""
    try:
        value = Decimal(text.strip())
    except InvalidOperation:
        return None
    return value if value.is_finite() else None


def balance_days(facts: Iterator[TaggedFact] | list[TaggedFact]) -> set[date]:
    """Return the days of which total assets, net assets or all equity is stated."""
    names = {"Assets", "NetAssetsLiabilities", "LiabilitiesAndStockholdersEquity"}
    names |= {"EquityAndLiabilities", "Equity", "CurrentAssets"}
    return {
        each.end for each in facts if each.concept in names and not each.axes and not each.start
    }


def tagged_from(
    origin: Origin, path: Path, facts: list[TaggedFact], about: Mapping[str, str]
) -> Tagged | None:
    """Return the filing of these facts; None where no balance sheet is among them.

    `about` holds text facts by local name, such as the name of the entity.
    """
    days = balance_days(facts)
    if not days:
        return None
    end = max(days)
    focus = about.get("DocumentFiscalYearFocus", "")
    year = int(focus) if focus.isdigit() else end.year - (end.month == 1 and end.day <= 7)
    entity = about.get("EntityRegistrantName") or about.get("EntityCurrentLegalOrRegisteredName")
    return Tagged(origin, path, entity or "", year, end, tuple(facts))
