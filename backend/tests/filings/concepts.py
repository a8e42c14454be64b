"""The XBRL concepts of the lines: US GAAP, IFRS and FRS 102, with the sign that each is tagged in.

`concepts.txt` has a line for each key of `labels.txt`: the local name in each taxonomy, `*` where
a company would extend it, and the sign of the fact against the company's figure, which a minus
before a name turns round.
"""

from dataclasses import dataclass
from pathlib import Path

NAMESPACES = {
    "us-gaap": "http://fasb.org/us-gaap/2022",
    "ifrs-full": "https://xbrl.ifrs.org/taxonomy/2022-03-24/ifrs-full",
    "frc-core": "http://xbrl.frc.org.uk/fr/2022-01-01/core",
    "frc-bus": "http://xbrl.frc.org.uk/cd/2022-01-01/business",
    "dei": "http://xbrl.sec.gov/dei/2022",
    "srt": "http://fasb.org/srt/2022",
    "ext": "http://www.example.com/20221231",
}
_TAXONOMIES = {"us-gaap": 0, "ifrs": 1, "frs-102": 2}
_PREFIXES = ("us-gaap", "ifrs-full", "frc-core")
_PRODUCTS = {"revenue_products": "srt:ProductMember", "revenue_services": "srt:ServiceMember"}
_UK_PARTS = {
    "creditors_short": "frc-core:CurrentFinancialInstruments",
    "creditors_long": "frc-core:Non-currentFinancialInstruments",
    "share_capital": "frc-core:ShareCapital",
    "share_premium": "frc-core:SharePremium",
    "uk_retained": "frc-core:RetainedEarningsAccumulatedLosses",
}


@dataclass(frozen=True, slots=True)
class Concept:
    """What a line is tagged as.

    Attributes:
        name: `prefix:LocalName`, with the usual prefix; `ext` for the company's own concepts.
        sign: Of the fact against the company's figure: -1 where costs are tagged positive.
        axes: Dimensions of the fact.
    """

    name: str
    sign: int
    axes: tuple[tuple[str, str], ...] = ()


def _table() -> dict[str, tuple[tuple[str, str, str], int]]:
    table = {}
    text = Path(__file__).with_name("concepts.txt").read_text("utf-8")
    for line in text.splitlines():
        key, american, ifrs, british, sign = (part.strip() for part in line.split("|"))
        table[key] = (american, ifrs, british), int(sign)
    return table


_CONCEPTS = _table()


def concept_of(key: str, framework: str, *, dimensions: bool = True) -> Concept:
    """Return what a line is tagged as under a framework of the form.

    Args:
        key: Of `labels.txt`.
        framework: As the form names it.
        dimensions: Whether lines that are parts of one concept are told apart by a dimension;
            else each has a concept of the company's own.
    """
    names, sign = _CONCEPTS[key]
    at = _TAXONOMIES[framework]
    own = "".join(part.capitalize() for part in key.split("_"))
    parts = {"us-gaap": _PRODUCTS, "frs-102": _UK_PARTS}.get(framework, {})
    if key in parts and not dimensions:
        return Concept(f"ext:{own}", sign)
    local = names[at].removeprefix("-")
    if local != names[at]:
        sign = -sign
    name = f"ext:{own}" if local == "*" else f"{_PREFIXES[at]}:{local}"
    if framework == "us-gaap" and key in _PRODUCTS:
        return Concept(name, sign, (("srt:ProductOrServiceAxis", _PRODUCTS[key]),))
    if framework == "frs-102" and key in _UK_PARTS:
        classes = "EquityClassesDimension"
        if key.startswith("creditors"):
            classes = "FinancialInstrumentCurrentNon-currentDimension"
            name = "frc-core:Creditors"
        else:
            name = "frc-core:Equity"
        return Concept(name, sign, ((f"frc-core:{classes}", _UK_PARTS[key]),))
    return Concept(name, sign)
