"""Read xBRL-JSON: facts without labels, order or sign of a presentation.

Source: xBRL-JSON 1.0, of 2021 and 2023, and OIM 1.0: https://www.xbrl.org/Specification/xbrl-json.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from app.pipeline.errors import ReadError
from app.pipeline.read import versions
from app.pipeline.read.facts import Context, Fact, concept_name, parse_date
from app.pipeline.read.forms import form_of
from app.pipeline.read.json_values import figure_of, parse_json
from app.pipeline.read.xbrl.by_concept import Unordered
from app.pipeline.read.xbrl.concept_order import PREFIXES, Framework, concepts_of, statements_of
from app.pipeline.read.xbrl.fact_table import Facts
from app.pipeline.read.xbrl.instance import MAX_FACTS, Instance, Text
from app.pipeline.read.xbrl.reader import company_of
from app.pipeline.statement import Filing, Issue, Source, StatementName

_DOCUMENT_TYPE: Final = re.compile(r"https?://(?:www\.)?xbrl\.org/[\w./-]*xbrl-json/?")
_CORE: Final = {"concept", "entity", "period", "unit", "language", "noteId"}
_MAX_FACTS_AWAY: Final = 12
_LONGEST_TEXT: Final = 400
_MEASURE: Final = re.compile(r"[\w.-]+(?::[\w.-]+)?")
_AGAIN: Final = "get the file again from its source"


@dataclass(slots=True)
class _Report:
    """The facts of a file.

    Attributes:
        instance: As an XML instance would have them.
        order: Listed and other concepts of numeric facts without dimensions, as the file has
            them; None where a fact with dimensions stands between.
    """

    instance: Instance = field(default_factory=Instance)
    order: list[tuple[str, bool] | None] = field(default_factory=list)
    entities: Counter[str] = field(default_factory=Counter)
    languages: Counter[str] = field(default_factory=Counter)


def read_xbrl_json(data: bytes) -> Filing:
    """Return the statements of an xBRL-JSON report.

    Raises:
        ReadError: It is no xBRL-JSON, or damaged.
    """
    document = parse_json(data)
    info = document.get("documentInfo") if isinstance(document, dict) else None
    kind = info.get("documentType") if isinstance(info, dict) else None
    facts = document.get("facts") if isinstance(document, dict) else None
    if not isinstance(kind, str) or not _DOCUMENT_TYPE.fullmatch(kind):
        raise ReadError(
            "not_xbrl_json", "The JSON does not say that it is xBRL-JSON: give another file"
        )
    if not isinstance(facts, dict):
        raise ReadError("bad_xbrl_json", f"The xBRL-JSON has no facts by id: {_AGAIN}")
    if len(facts) > MAX_FACTS:
        raise ReadError(
            "too_many_facts", f"There are more than {MAX_FACTS} facts: give one report alone"
        )
    report = _report(facts, _namespaces(info))
    filing = Filing(kind="xbrl_json", company=company_of(report.instance))
    placed, homeless = _placed(report.order)
    source = Source(
        kind="xbrl_json",
        reader=versions.XBRL_JSON,
        form=form_of(
            report.instance.text("dei:DocumentType"), report.instance.text("dei:AmendmentFlag")
        ),
    )
    known = Facts.of(report.instance.facts, report.instance.unreadable)
    filing.statements = Unordered(known, source, placed).statements()
    for name in ("income_statement", "balance_sheet", "cash_flow_statement"):
        if all(each.statement != name for each in filing.statements):
            message = f"the facts are not enough for the {name.replace('_', ' ')}"
            filing.issues.append(Issue(code="statement_not_found", message=message))
    if homeless:
        message = f"of no statement for certain, and left out: {', '.join(homeless)}"
        filing.issues.append(Issue(code="facts_without_place", message=message[:300]))
    return filing


def _namespaces(info: Any) -> dict[str | None, str]:
    declared = info.get("namespaces")
    if not isinstance(declared, dict):
        return {}
    return {prefix: uri for prefix, uri in declared.items() if isinstance(uri, str)}


def _report(facts: Mapping[str, Any], namespaces: Mapping[str | None, str]) -> _Report:
    """Return the facts of the entity that most of them are of."""
    report = _Report()
    read = [(key, *_fact(item, namespaces)) for key, item in facts.items()]
    report.entities.update(context.entity for _, _, context, _ in read if context.entity)
    entity = report.entities.most_common(1)[0][0] if report.entities else None
    instance = report.instance
    if entity:
        prefix, _, identifier = entity.partition(":")
        instance.entity = namespaces.get(prefix, prefix), identifier
    for key, concept, context, item in read:
        if context.entity == entity:
            _sort_in(report, key, concept, context, item)
    return report


def _fact(item: Any, namespaces: Mapping[str | None, str]) -> tuple[str, Context, dict[str, Any]]:
    """Return the concept and context of a fact object."""
    dimensions = item.get("dimensions") if isinstance(item, dict) else None
    concept = dimensions.get("concept") if isinstance(dimensions, dict) else None
    if not isinstance(dimensions, dict) or not isinstance(concept, str):
        raise ReadError("bad_xbrl_json", f"A fact of the xBRL-JSON has no concept: {_AGAIN}")
    axes = tuple(
        sorted(
            (concept_name(axis, namespaces), _member(member, namespaces))
            for axis, member in dimensions.items()
            if axis not in _CORE
        )
    )
    start, end = _period(dimensions.get("period"))
    entity = dimensions.get("entity")
    context = Context(entity if isinstance(entity, str) else None, start, end, axes)
    return concept_name(concept, namespaces), context, item


def _member(member: object, namespaces: Mapping[str | None, str]) -> str:
    """Return an explicit member as `prefix:name`, or the text of a typed one."""
    text = "" if member is None else str(member)
    return concept_name(text, namespaces) if _MEASURE.fullmatch(text) else text


def _period(text: object) -> tuple[date | None, date | None]:
    """Return start and end of a period; both ends are midnights, none means "forever"."""
    if text is None:
        return None, None
    first, slash, last = str(text).partition("/")
    if not slash:
        return None, parse_date(_midnight(first), ends=True)
    return parse_date(_midnight(first), ends=False), parse_date(_midnight(last), ends=True)


def _midnight(text: str) -> str:
    return text if "T" in text else f"{text}T00:00:00"


def _unit(text: object) -> str | None:
    """Return a unit as `GBP` or `GBP/share`."""
    if not isinstance(text, str) or not text:
        return None
    names = [each.rpartition(":")[2] for each in _MEASURE.findall(text)]
    if "/" in text and len(names) == 2:  # noqa: PLR2004
        below = "share" if names[1] == "shares" else names[1]
        return f"{names[0]}/{below}"
    return names[0] if len(names) == 1 else text


def _sort_in(
    report: _Report, key: str, concept: str, context: Context, item: Mapping[str, Any]
) -> None:
    """Add a fact to the numbers or to the texts."""
    instance, value = report.instance, item.get("value")
    dimensions = item["dimensions"]
    unit = _unit(dimensions.get("unit"))
    if unit is None and "decimals" not in item:
        if isinstance(value, str) and len(value) <= _LONGEST_TEXT:
            instance.texts.append(Text(concept, context, value.strip()))
        return
    decimals = item.get("decimals")
    fact = Fact(
        concept=concept,
        context=context,
        unit=unit or "pure",
        value=figure_of(value),
        decimals=decimals if type(decimals) is int else None,
        id=key,
    )
    if fact.value is None and value is not None:
        instance.unreadable.add(id(fact))
    instance.facts.append(fact)
    report.order.append(None if context.axes else (concept, context.start is None))


_Placed = dict[StatementName, dict[str, list[str]]]


def _placed(order: Sequence[tuple[str, bool] | None]) -> tuple[_Placed, list[str]]:
    """Return the concepts in no list that stand between listed ones of a single statement.

    The order of facts in the file means nothing by the standard, but programs write them as the
    document has them. A concept whose neighbours are of two statements, or of none for certain,
    is left out and named.

    Args:
        order: Concept and whether it is an instant, for each numeric fact; None for a fact with
            dimensions, which is of another table.

    Returns:
        By statement and the listed concept before, the concepts; and those without a place.
    """
    listed = {each for framework in _FRAMEWORKS for each in concepts_of(framework)}
    placed: _Placed = defaultdict(dict)
    homeless: dict[str, None] = {}
    done: set[str] = set()
    for number, each in enumerate(order):
        if each is None or each[0] in listed or each[0] in done:
            continue
        before = _neighbour(order, number, -1, listed)
        after = _neighbour(order, number, 1, listed)
        homes = (
            set(statements_of(before)) & set(statements_of(after)) if before and after else set()
        )
        instant: set[StatementName] = {"balance_sheet"}
        homes = homes & instant if each[1] else homes - instant
        if before and len(homes) == 1:
            placed[homes.pop()].setdefault(before, []).append(each[0])
            done.add(each[0])
            homeless.pop(each[0], None)
        else:
            homeless[each[0]] = None
    return dict(placed), list(homeless)


_FRAMEWORKS: Final[tuple[Framework, ...]] = tuple(PREFIXES)


def _neighbour(
    order: Sequence[tuple[str, bool] | None], number: int, step: int, listed: set[str]
) -> str | None:
    """Return the nearest listed concept before or after, within few facts of the same table."""
    place = number + step
    while 0 <= place < len(order) and abs(place - number) <= _MAX_FACTS_AWAY:
        each = order[place]
        if each is None:
            return None
        if each[0] in listed:
            return each[0]
        place += step
    return None
