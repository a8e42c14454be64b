"""Facts by concept, dimensions and period, for the readers that put them into rows."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Final

from app.pipeline.read.facts import Fact
from app.pipeline.read.xbrl.lines import Axes
from app.pipeline.read.xbrl.periods import Span

_NO_AXES: Axes = ()
# The group's member is the default of its axis, yet some filers (DART in Korea) state it.
_GROUP_AXES: Final = (
    "ConsolidatedAndSeparateFinancialStatementsAxis",
    "ConsolidatedOrNonConsolidatedAxis",
)


@dataclass(slots=True)
class Facts:
    """Numeric facts of one filing.

    Attributes:
        by_concept: By concept, dimensions and period, the facts: more than one are duplicates.
        unreadable: Ids of the objects whose value is no figure.
    """

    by_concept: dict[str, dict[Axes, dict[Span, list[Fact]]]] = field(default_factory=dict)
    unreadable: Collection[int] = ()

    @classmethod
    def of(cls, facts: Iterable[Fact], unreadable: Collection[int] = ()) -> "Facts":
        """Return the facts that are of a period; those of "forever" are left out."""
        found: dict[str, dict[Axes, dict[Span, list[Fact]]]] = {}
        for fact in facts:
            context = fact.context
            if context.end is not None:
                axes = _without_group(context.axes) if context.axes else _NO_AXES
                (
                    found.setdefault(fact.concept, {})
                    .setdefault(axes, {})
                    .setdefault((context.start, context.end), [])
                    .append(fact)
                )
        return cls(found, unreadable)

    def at(self, concept: str, axes: Axes, span: Span) -> Sequence[Fact]:
        """Return the facts of exactly these dimensions and this period."""
        return self.by_concept.get(concept, {}).get(axes, {}).get(span, ())

    def spans(self, concepts: Iterable[str]) -> Counter[Span]:
        """Return how many of the concepts have a fact without dimensions of each period."""
        counts: Counter[Span] = Counter()
        for concept in set(concepts):
            counts.update(self.by_concept.get(concept, {}).get(_NO_AXES, {}).keys())
        return counts

    def dimensions(self) -> Mapping[str, Collection[Axes]]:
        """Return the dimensions of each concept's facts; () is none."""
        return self.by_concept

    def undimensioned(self) -> set[str]:
        """Return the concepts that have a fact without dimensions."""
        return {concept for concept, each in self.by_concept.items() if _NO_AXES in each}


@cache
def _without_group(axes: Axes) -> Axes:
    """Return dimensions without the one that says that a fact is the group's."""
    return tuple(
        (axis, member)
        for axis, member in axes
        if not (axis.endswith(_GROUP_AXES) and member.endswith(":ConsolidatedMember"))
    )


def currency_of(facts: Facts, concepts: Iterable[str]) -> str | None:
    """Return the currency of most of the concepts' facts without dimensions."""
    counts = Counter(
        unit
        for concept in set(concepts)
        for each in facts.by_concept.get(concept, {}).get(_NO_AXES, {}).values()
        for unit in {fact.unit for fact in each}
        if unit and is_currency(unit)
    )
    return max(counts, key=lambda unit: (counts[unit], unit)) if counts else None


@cache
def is_currency(unit: str) -> bool:
    """Return whether a unit has the form of an ISO 4217 code."""
    return len(unit) == 3 and unit.isascii() and unit.isupper()  # noqa: PLR2004


def by_unit(facts: Sequence[Fact]) -> dict[str | None, list[Fact]]:
    """Return the facts by their unit."""
    found: dict[str | None, list[Fact]] = defaultdict(list)
    for fact in facts:
        found[fact.unit].append(fact)
    return found
