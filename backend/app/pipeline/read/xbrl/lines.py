"""The lines of a statement in the order of its presentation, before figures are put to them."""

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from app.pipeline.errors import ReadError
from app.pipeline.read.xbrl.linkbases import Arc

Axes = tuple[tuple[str, str], ...]
"""(axis, member) in order of the axes' names."""

MAX_LINES: Final = 5_000
_MAX_DEPTH: Final = 60
_STATEMENT_ROOT: Final = re.compile(r"Statement|BalanceSheet|ProfitOrLoss|CashFlows?Abstract")
_SUPPLEMENT: Final = re.compile(r"supplement|non-?cash", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a statement.

    Attributes:
        heading: Whether it has no figures of its own.
        section: The headings above, outermost first.
        total: Whether the presentation or a calculation has it as a sum.
        negate: Whether its figures are printed with the other sign than they are tagged with.
        moment: For an instant in a statement of durations: which end of the column it stands for.
        memo: Whether it is of no sum: a supplemental disclosure.
        members: Below it, its parts by dimension, with their labels, in presentation order.
    """

    label: str
    concept: str
    section: tuple[str, ...] = ()
    heading: bool = False
    total: bool = False
    negate: bool = False
    moment: Literal["start", "end"] | None = None
    memo: bool = False
    members: tuple[tuple[Axes, str], ...] = ()


_Members = dict[str, tuple[int, str | None]]
"""Of an axis: by member, its place and the role of its label."""

LabelOf = Callable[[str, str | None], str]
"""Returns the label of a concept in a preferred role."""


@dataclass(slots=True)
class Presentation:
    """One role's tree, and what is known of its concepts.

    Attributes:
        arcs: Of the role.
        stated: By concept, the dimensions of its facts; () is none.
        totals: Concepts that the calculation of this role sums up to.
        structural: By name, hypercubeItem or dimensionItem, where the filing declares it.
    """

    arcs: Sequence[Arc]
    stated: Mapping[str, Collection[Axes]]
    label_of: LabelOf
    totals: Collection[str] = ()
    structural: Mapping[str, str] = field(default_factory=dict)
    cyclic: bool = False
    _children: dict[str, list[Arc]] = field(default_factory=dict)
    _lines: list[Line] = field(default_factory=list)
    _visited: int = 0

    def lines(self) -> list[Line]:
        """Return the lines in presentation order; headings without figures below are left out.

        Raises:
            ReadError: The tree is too large.
        """
        self._children = _sorted_children(self.arcs)
        targets = {arc.child for arc in self.arcs}
        roots = [parent for parent in self._children if parent not in targets]
        if not roots and self._children:
            roots = [next(iter(self._children))]
            self.cyclic = True
        axes: dict[str, _Members] = {}
        for root in roots:
            self._collect_axes(root, axes, frozenset())
        self._lines = []
        for root in roots:
            alone = len(roots) == 1 or _STATEMENT_ROOT.search(root.rpartition(":")[2]) is not None
            self._walk(Arc("", root, self.arcs[0].order), (), frozenset(), axes, silent=alone)
        return _with_moments(self._lines)

    def _collect_axes(self, concept: str, axes: dict[str, _Members], above: frozenset[str]) -> None:
        """Add the axes below a concept, with their members in order."""
        self._count()
        if concept in above or len(above) > _MAX_DEPTH:
            return
        if self._is_axis(concept):
            self._collect_members(concept, axes.setdefault(concept, {}), above)
            return
        for arc in self._children.get(concept, ()):
            self._collect_axes(arc.child, axes, above | {concept})

    def _collect_members(self, concept: str, members: _Members, above: frozenset[str]) -> None:
        self._count()
        if concept in above or len(above) > _MAX_DEPTH:
            return
        for arc in self._children.get(concept, ()):
            members.setdefault(arc.child, (len(members), arc.preferred))
            self._collect_members(arc.child, members, above | {concept})

    def _walk(
        self,
        arc: Arc,
        section: tuple[str, ...],
        above: frozenset[str],
        axes: Mapping[str, _Members],
        *,
        silent: bool,
    ) -> None:
        """Append the line of an arc's child, and those below it."""
        self._count()
        concept = arc.child
        if concept in above or len(above) > _MAX_DEPTH:
            self.cyclic = True
            return
        if self._is_axis(concept):
            return
        label = self.label_of(concept, arc.preferred)
        below, before = section, len(self._lines)
        if concept in self.stated:
            self._lines.append(self._line(arc, label, section, axes))
        elif self._children.get(concept) and not silent and not self._is_structural(concept):
            self._lines.append(Line(label, concept, section, heading=True))
            below = (*section, label)
        headed = below is not section
        for each in self._children.get(concept, ()):
            self._walk(each, below, above | {concept}, axes, silent=False)
        if headed and len(self._lines) == before + 1:
            self._lines.pop()

    def _line(
        self,
        arc: Arc,
        label: str,
        section: tuple[str, ...],
        axes: Mapping[str, _Members],
    ) -> Line:
        role = (arc.preferred or "").rpartition("/")[2].lower()
        parts: list[tuple[tuple[int, ...], Axes]] = []
        for dimensions in self.stated[arc.child]:
            if dimensions and all(member in axes.get(axis, ()) for axis, member in dimensions):
                place = tuple(axes[axis][member][0] for axis, member in dimensions)
                parts.append((place, dimensions))
        return Line(
            label=label,
            concept=arc.child,
            section=section,
            total="total" in role or arc.child in self.totals,
            negate=role.startswith("negated"),
            moment="start" if "periodstart" in role else "end" if "periodend" in role else None,
            memo=any(_SUPPLEMENT.search(each) for each in section),
            members=tuple(
                (
                    dimensions,
                    ", ".join(
                        self.label_of(member, axes[axis][member][1]) for axis, member in dimensions
                    ),
                )
                for _, dimensions in sorted(parts)
            ),
        )

    def _is_axis(self, concept: str) -> bool:
        name = concept.rpartition(":")[2]
        return name.endswith("Axis") or self.structural.get(name) == "dimensionItem"

    def _is_structural(self, concept: str) -> bool:
        name = concept.rpartition(":")[2]
        return name.endswith(("Table", "LineItems", "Hypercube")) or name in self.structural

    def _count(self) -> None:
        self._visited += 1
        if self._visited > MAX_LINES:
            raise ReadError(
                "presentation_too_large",
                f"A presentation has more than {MAX_LINES} lines: get the filing from its source",
            )


def _sorted_children(arcs: Sequence[Arc]) -> dict[str, list[Arc]]:
    children: dict[str, list[Arc]] = defaultdict(list)
    for arc in arcs:
        children[arc.parent].append(arc)
    for each in children.values():
        each.sort(key=lambda arc: arc.order)
    return dict(children)


def _with_moments(lines: Sequence[Line]) -> list[Line]:
    """Return the lines; of an unmarked concept that stands twice, the first is the opening.

    It is used for instants only, such as cash in a cash flow statement.
    """
    marked = {line.concept for line in lines if line.moment}
    places: dict[str, list[int]] = defaultdict(list)
    for number, line in enumerate(lines):
        if not line.heading and line.concept not in marked:
            places[line.concept].append(number)
    result = list(lines)
    for numbers in places.values():
        for number in numbers:
            opens = len(numbers) > 1 and number == numbers[0]
            result[number] = _at(lines[number], "start" if opens else "end")
    return result


def _at(line: Line, moment: Literal["start", "end"]) -> Line:
    return Line(
        label=line.label,
        concept=line.concept,
        section=line.section,
        total=line.total,
        negate=line.negate,
        moment=moment,
        memo=line.memo,
        members=line.members,
    )
