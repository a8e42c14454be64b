"""Read the SEC's companyfacts: a statement for each annual filing that it has facts of.

Source: https://www.sec.gov/edgar/sec-api-documentation. The periods of facts are their `start` and
`end` only: `fy`, `fp` and `frame` describe the filing, and are often wrong for the fact.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, Final

from app.pipeline.cycles import without_cycle_collection
from app.pipeline.errors import ReadError
from app.pipeline.read import versions
from app.pipeline.read.facts import Context, Fact
from app.pipeline.read.json_values import figure_of, parse_json
from app.pipeline.read.xbrl.by_concept import Unordered
from app.pipeline.read.xbrl.concept_order import PREFIXES, concepts_of
from app.pipeline.read.xbrl.fact_table import Facts
from app.pipeline.statement import Company, Filing, Issue, Source

ANNUAL_FORMS: Final = frozenset(
    f"{form}{amended}"
    for form in ("10-K", "10-K405", "10-KT", "20-F", "40-F")
    for amended in ("", "/A")
)
_MAX_WRAPPERS: Final = 8


class _Accession:
    """The facts of one filing.

    Attributes:
        form: Such as 10-K/A.
        filed: As the file has it.
    """

    __slots__ = ("facts", "filed", "form", "unreadable")

    def __init__(self, form: str, filed: str) -> None:
        self.form = form
        self.filed = filed
        self.facts: list[Fact] = []
        self.unreadable: set[int] = set()


def read_companyfacts(data: bytes) -> Filing:
    """Return the statements of each annual filing, the newest filing first.

    Args:
        data: The JSON of one company, bare or within another object such as `raw_payload`.

    Raises:
        ReadError: It is no companyfacts.
    """
    with without_cycle_collection():
        return _read(data)


def _read(data: bytes) -> Filing:
    payload = _unwrapped(parse_json(data))
    if payload is None:
        raise ReadError(
            "not_companyfacts",
            "The JSON has no facts by taxonomy: give the companyfacts file of the SEC",
        )
    filing = Filing(kind="companyfacts", company=_company(payload))
    accessions = _by_accession(payload["facts"])
    del payload  # the statements take its place in memory
    newest = sorted(accessions, key=lambda key: (accessions[key].filed, key), reverse=True)
    for key in newest:
        accession = accessions[key]
        source = Source(
            kind="companyfacts",
            reader=versions.COMPANYFACTS,
            accession=key,
            form=accession.form,
            filed=_day(accession.filed),
        )
        facts = Facts.of(accession.facts, accession.unreadable)
        transition = accession.form.startswith("10-KT")
        statements = Unordered(facts, source, transition=transition).statements()
        if accession.form.endswith("/A"):
            message = f"{accession.form} filed {accession.filed} amends an earlier filing"
            for each in statements:
                each.issues.append(Issue(code="amendment", message=message))
        filing.statements.extend(statements)
    if not filing.statements:
        message = "no annual filing states enough for a statement"
        filing.issues.append(Issue(code="statement_not_found", message=message))
    return filing


def _unwrapped(payload: object) -> Mapping[str, Any] | None:
    """Return the object with `facts` by taxonomy, which may be wrapped once."""
    if not isinstance(payload, dict):
        return None
    inner = [each for each in list(payload.values())[:_MAX_WRAPPERS] if isinstance(each, dict)]
    for candidate in (payload, *inner):
        facts = candidate.get("facts")
        if isinstance(facts, dict) and any(
            prefix in facts for prefix in (*PREFIXES.values(), "dei")
        ):
            return candidate
    return None


def _company(payload: Mapping[str, Any]) -> Company:
    name, cik = payload.get("entityName"), payload.get("cik")
    company = Company(name=name.strip() or None if isinstance(name, str) else None)
    if isinstance(cik, int | str) and str(cik).isdigit():
        company.identifiers["cik"] = str(cik).zfill(10)
    return company


def _by_accession(taxonomies: Mapping[str, Any]) -> dict[str, _Accession]:
    """Return the facts of listed concepts by the number of the annual filing they are of."""
    found: dict[str, _Accession] = {}
    contexts: dict[tuple[str | None, str], Context] = {}
    for framework, prefix in PREFIXES.items():
        concepts = taxonomies.get(prefix)
        if not isinstance(concepts, dict):
            continue
        for concept in sorted(concepts_of(framework)):
            name = concept.partition(":")[2]
            if name not in concepts:
                continue
            for unit, items in _units(concepts[name], name):
                for item in items:
                    form = item.get("form")
                    if form.__class__ is str and form in ANNUAL_FORMS:
                        _add(found, concept, unit, item, contexts)
    return found


def _units(concept: object, name: str) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Yield each unit of a concept with its facts."""
    units = concept.get("units") if isinstance(concept, dict) else None
    if isinstance(units, dict):
        for unit, items in units.items():
            if not isinstance(items, list) or not set(map(type, items)) <= {dict}:
                break
            yield unit.replace("/shares", "/share"), items
        else:
            return
    raise ReadError(
        "bad_companyfacts", f"{name[:80]} has no facts by unit: get the file again from the SEC"
    )


def _add(
    found: dict[str, _Accession],
    concept: str,
    unit: str,
    item: Mapping[str, Any],
    contexts: dict[tuple[str | None, str], Context],
) -> None:
    """Append one fact to its filing; a value that is no figure is noted as unreadable."""
    key = str(item.get("accn"))
    accession = found.get(key)
    if accession is None:
        accession = found[key] = _Accession(str(item.get("form")), str(item.get("filed", "")))
    start, end = item.get("start"), item.get("end")
    dates = None if start is None else str(start), str(end)
    context = contexts.get(dates)
    if context is None:
        context = contexts[dates] = _context(*dates)
    fact = Fact(concept, context, unit, figure_of(item.get("val")))
    if fact.value is None:
        accession.unreadable.add(id(fact))
    accession.facts.append(fact)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _context(start: str | None, end: str) -> Context:
    try:
        first = None if start is None else date.fromisoformat(start)
        return Context(None, first, date.fromisoformat(end))
    except ValueError:
        raise ReadError(
            "bad_date", f"{end[:40]!r} is no date: get the file again from the SEC"
        ) from None
