"""Compiled figures beside companyfacts: of the newest filing, and of the first that states them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from app.pipeline.compile.view import View, view_of
from app.pipeline.compiled import Compiled, CompiledPeriod, CompiledRow
from tests.evaluation.companies import Shelf, is_facts
from tests.evaluation.concepts import local
from tests.evaluation.evaluate import Result
from tests.evaluation.facts import Tagged, TaggedFact
from tests.evaluation.folder import tagged_filings

_WEEK = 7
Key = tuple[str, date | None, date]
"""Concept, start, end."""


@dataclass(slots=True)
class Beside:
    """Figures of one view.

    Attributes:
        compared: Those of which a filing among the inputs tags the same line and period.
        without: Those without a concept, with dimensions, or that no filing tags so.
        different: Those with another amount, or another sign than the line has in other years.
        otherwise: Figures of filings that tag another figure with the line's concept, as a later
            filing shows that tags the one that is printed.
    """

    view: View
    compared: int = 0
    without: int = 0
    different: list[str] = field(default_factory=list)
    otherwise: list[str] = field(default_factory=list)


def beside_facts(shelf: Shelf, others: Sequence[Result]) -> list[Beside]:
    """Compare both views of what a company's files without companyfacts give with companyfacts.

    Args:
        shelf: Filings as printed.
        others: All filings, of which the companyfacts of the same company count.
    """
    facts = [
        filing
        for each in others
        if each.given.kind == "companyfacts"
        and each.given.company == shelf.results[0].given.company
        for filing in tagged_filings(each.given)
    ]
    if not facts or any(is_facts(each) for each in shelf.results):
        return []
    found: list[Beside] = []
    for view in ("latest", "original"):
        beside = Beside(view)
        for name, compiled in shelf.compiled.items():
            shown = view_of(compiled, years=None, view=view)
            _compare(beside, f"{shelf.name} {name} {view}", shown, facts)
        found.append(beside)
    return found


def _compare(beside: Beside, name: str, shown: Compiled, facts: Sequence[Tagged]) -> None:
    filings = _filings(shown, facts)
    periods = {each.key: each for each in shown.periods}
    seen: set[str] = set()
    for row in shown.rows:
        # Of two rows of one instant, as cash at the beginning and end, the first is the opening.
        again = not seen.isdisjoint(row.concepts)
        seen.update(row.concepts)
        signs: dict[int, list[str]] = {}
        unequal: dict[str, str] = {}
        tags_otherwise: set[str] = set()
        for key, cell in row.cells.items():
            period = periods[key]
            given = shown.inputs[cell.input].period_end
            expected, end = _expected(beside.view, row, _moments(period, again=again), filings)
            # A filing that tags the line otherwise says nothing of it.
            is_tagged = (
                end is not None
                and given is not None
                and (end >= given if beside.view == "latest" else end <= given)
            )
            if not is_tagged or cell.v is None or row.axes:
                beside.without += 1
                continue
            beside.compared += 1
            scale = row.scale if row.scale is not None else shown.scale
            worth = cell.v.scaleb(scale or 0)
            match = next((each for each in expected if abs(each[1]) == abs(worth)), None)
            if match is None:
                said = ", ".join(f"{value:f} ({number})" for number, value in expected)
                file = shown.inputs[cell.input].file
                unequal[f"{name}: {row.label!r} {key}: {worth:f} of {file}, {said}"] = expected[0][
                    0
                ]
                if end == given and _is_tagged_later(
                    facts, row, _moments(period, again=again), worth
                ):
                    tags_otherwise.add(expected[0][0])
            elif worth and match[1]:
                signs.setdefault(1 if (worth < 0) == (match[1] < 0) else -1, []).append(key)
        for difference, accession in unequal.items():
            is_otherwise = accession in tags_otherwise
            (beside.otherwise if is_otherwise else beside.different).append(difference)
        if len(signs) > 1:
            fewer = min(signs.values(), key=len)
            beside.different += [f"{name}: {row.label!r} {key}: has another sign" for key in fewer]


def _is_tagged_later(
    facts: Sequence[Tagged],
    row: CompiledRow,
    moments: Sequence[tuple[date | None, date]],
    worth: Decimal,
) -> bool:
    """Return whether any filing tags an amount with the concept and the period of a figure."""
    concepts = set(map(local, row.concepts))
    return any(
        fact.concept in concepts
        and (fact.start, fact.end) in moments
        and fact.value is not None
        and abs(fact.value) == abs(worth)
        for filing in facts
        for fact in filing.facts
    )


_Filing = tuple[date, Mapping[Key, TaggedFact]]


def _filings(shown: Compiled, facts: Sequence[Tagged]) -> list[_Filing]:
    """Return the facts of the filings that are compiled, the newest first."""
    ends = [each.period_end for each in shown.inputs if each.role == "compiled" and each.period_end]
    kept = [each for each in facts if any(abs((each.end - end).days) <= _WEEK for end in ends)]
    kept.sort(key=lambda each: (each.end, str(each.facts[0].id)), reverse=True)
    return [
        (each.end, {(f.concept, f.start, f.end): f for f in each.facts if f.value is not None})
        for each in kept
    ]


def _expected(
    view: View,
    row: CompiledRow,
    moments: Sequence[tuple[date | None, date]],
    filings: Sequence[_Filing],
) -> tuple[list[tuple[str, Decimal]], date | None]:
    """Return what the newest, or the first, filing that tags the line says, and its last day."""
    for end, filing in filings if view == "latest" else filings[::-1]:
        facts = [
            fact
            for concept in map(local, row.concepts)
            for moment in moments
            if (fact := filing.get((concept, *moment))) is not None
        ]
        if facts:
            return [(str(each.id), each.value) for each in facts if each.value is not None], end
    return [], None


def _moments(period: CompiledPeriod, *, again: bool) -> list[tuple[date | None, date]]:
    """Return the period, and its last day or the day before it, of an opening balance."""
    if period.start is None:
        return [(None, period.end)]
    instant = period.end if again else period.start - timedelta(days=1)
    return [(period.start, period.end), (None, instant)]
