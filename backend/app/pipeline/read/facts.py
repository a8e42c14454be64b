"""XBRL facts, contexts and units: the same in an instance, in iXBRL and in xBRL-JSON.

Source: XBRL 2.1, sections 4.6 (items), 4.7 (contexts) and 4.8 (units).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from lxml import etree

from app.pipeline.errors import ReadError

_DATED = re.compile(r"/\d{4}(?:-\d{2}-\d{2})?(?=/|$)")
# Standard taxonomies, by namespace URI without its date, and the prefix that the form uses.
_STANDARD = {
    "http://fasb.org/us-gaap": "us-gaap",
    "http://xbrl.us/us-gaap": "us-gaap",
    "http://fasb.org/srt": "srt",
    "http://xbrl.sec.gov/dei": "dei",
    "http://xbrl.us/dei": "dei",
    "http://xbrl.ifrs.org/taxonomy/ifrs-full": "ifrs-full",
    "http://xbrl.frc.org.uk/fr/core": "frc-core",
    "http://xbrl.frc.org.uk/core": "frc-core",
    "http://xbrl.frc.org.uk/cd/business": "frc-bus",
}


def undated(namespace: str) -> str:
    """Return a namespace URI without the release date of its taxonomy: prefixes are arbitrary."""
    return _DATED.sub("", namespace)


def standard_prefix(namespace: str) -> str | None:
    """Return the usual prefix of a standard taxonomy's namespace, or None for any other."""
    # The IFRS Foundation writes https since 2021, and http before.
    plain = re.sub(r"^https:", "http:", undated(namespace).rstrip("/"))
    return _STANDARD.get(plain)


def concept_name(qname: str, namespaces: Mapping[str | None, str]) -> str:
    """Return `prefix:name` of a QName, with the standard prefix where its taxonomy has one.

    Args:
        qname: As written in the file, such as `ns5:Assets`.
        namespaces: Prefix to namespace URI, at the place of the QName.
    """
    prefix, colon, name = qname.strip().rpartition(":")
    namespace = namespaces.get(prefix if colon else None, "")
    standard = standard_prefix(namespace) or prefix
    return f"{standard}:{name}" if standard else name


@dataclass(frozen=True, slots=True)
class Context:
    """The entity, the period and the dimensions of facts.

    Attributes:
        start: First day of a duration, None for an instant.
        end: Last day of a duration, or the instant; None for "forever".
        axes: (axis, member) in order of the axes' names; the text of a typed member.
    """

    entity: str | None
    start: date | None
    end: date | None
    axes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Fact:
    """One numeric fact.

    Attributes:
        value: Unscaled, with the sign of its concept; None for nil.
        decimals: Accuracy as tagged, None for INF or where it is not said.
    """

    concept: str
    context: Context
    unit: str | None
    value: Decimal | None
    decimals: int | None = None
    id: str | None = None


def local_name(element: etree._Element) -> str:
    """Return the name of an element without its namespace; "" for comments and the like."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def parse_date(text: str, *, ends: bool) -> date | None:
    """Return the day of a date or a time of XBRL.

    Args:
        text: Such as 2022-12-31 or 2023-01-01T00:00:00.
        ends: Whether it ends a period: then midnight belongs to the day before (section 4.7.2).

    Raises:
        ReadError: It is no date.
    """
    text = text.strip()
    try:
        if "T" not in text:
            return date.fromisoformat(text.removesuffix("Z")[:10])
        moment = datetime.fromisoformat(text)
        if ends and (moment.hour, moment.minute, moment.second) == (0, 0, 0):
            moment -= timedelta(days=1)
    except (ValueError, OverflowError):  # the day before the year 1
        raise ReadError("bad_date", f"{text[:40]!r} is no date: the filing is damaged") from None
    return moment.date()


def parse_context(element: etree._Element) -> Context:
    """Return the context that an `xbrli:context` element describes."""
    entity: str | None = None
    start: date | None = None
    end: date | None = None
    axes: list[tuple[str, str]] = []
    for child in element.iter():
        name, text = local_name(child), (child.text or "").strip()
        if name == "identifier":
            entity = text or None
        elif name == "startDate":
            start = parse_date(text, ends=False)
        elif name in {"endDate", "instant"}:
            end = parse_date(text, ends=True)
        elif name == "explicitMember":
            axes.append(
                (
                    concept_name(child.get("dimension", ""), child.nsmap),
                    concept_name(text, child.nsmap),
                )
            )
        elif name == "typedMember":
            value = "".join(child.itertext()).strip()
            axes.append((concept_name(child.get("dimension", ""), child.nsmap), value))
    return Context(entity, start, end, tuple(sorted(axes)))


def parse_unit(element: etree._Element) -> str:
    """Return a unit as `USD` or `USD/share`: the local names of its measures."""
    sides: dict[str, list[str]] = {"": [], "unitDenominator": []}
    for child in element.iter():
        if local_name(child) != "measure" or not child.text:
            continue
        parent = child.getparent()
        below = parent is not None and local_name(parent) == "unitDenominator"
        measure = child.text.strip().rpartition(":")[2]
        sides["unitDenominator" if below else ""].append(
            "share" if measure == "shares" and below else measure
        )
    return "/".join("*".join(each) for each in sides.values() if each)
