"""Judge whether a row of an older report is of a line: by figures, concept, label and place."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from app.pipeline.compile.items import Amount, Item
from app.pipeline.compile.labels import RELATED, SIMILAR, opposed, reworded, similarity
from app.pipeline.compile.lines import Evidence
from app.pipeline.compile.names import Names
from app.pipeline.compile.track import Track
from app.pipeline.verify.figures import EXACT

_EQUAL, _ROUNDED, _SPLIT, _OTHER_SIGN = 8.0, 6.0, 5.0, 4.0
_CONCEPT, _ANCHOR, _LABEL, _OLDER_LABEL, _SECTION = 6.0, 4.0, 4.0, 3.0, 2.0
_SAME_WORDS = 1.0
"""Of labels that are equal with their numbers: of several with one name."""
_UNEQUAL = -3.0
_MOST_DIGITS = 12
_ENOUGH_DIGITS = 4
"""Equal digits from which on figures alone decide: fewer are equal by chance."""
_MANY_DIGITS, _FEW_DIGITS = 5, 2
_RESTATED = 3
"""Times as large, or as small, as a figure may become if several rows have its label."""
_LARGEST_RATIO = 50
"""Of a split of shares."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """How much speaks for a pair, and what decides it.

    Attributes:
        firm: Whether equal figures, the same concept or a name that is no other's decide, and
            nothing contradicts.
        sure: Whether equal figures and a name agree: then no other pair is possible.
        movable: Whether it is a pair even out of order.
    """

    score: float
    evidence: Evidence
    firm: bool = False
    sure: bool = False
    movable: bool = False


@dataclass(slots=True)
class Comparison:
    """The figures of a row and a line in the years that both state.

    Attributes:
        equal: Years with equal figures other than zero.
        digits: Of those.
        rounded: Years whose figures differ by less than a unit of the coarser one.
        opposite: Years with the other sign.
        unequal: Years with other figures.
        similar: Of those, years with figures of the same sign and magnitude.
        zeros: Years in which both are zero.
        ratio: Of a split, if all unequal years have it.
    """

    equal: int = 0
    digits: int = 0
    rounded: int = 0
    opposite: int = 0
    unequal: int = 0
    similar: int = 0
    zeros: int = 0
    ratio: bool = False

    @property
    def agrees(self) -> int:
        """Return the years that agree, as stated or after rounding."""
        return self.equal + self.rounded


def compare(item: Item, track: Track) -> Comparison:
    """Compare the figures of a row with those of a line, of whatever report states the year."""
    found = Comparison()
    ratios: list[tuple[Amount, Amount]] = []
    for column, amount in item.amounts.items():
        stated = track.amounts.get(column)
        if not stated:
            continue
        if any(each.worth == amount.worth for each in stated):
            found.equal += bool(amount.digits)
            found.zeros += not amount.digits
            found.digits += amount.digits
        elif any(_rounded(amount, each) for each in stated):
            found.rounded += 1
            found.digits += min(amount.digits, *(each.digits for each in stated))
        elif any(each.worth == -amount.worth for each in stated):
            found.opposite += 1
            found.digits += amount.digits
        else:
            found.unequal += 1
            found.similar += _similar(amount, stated[0])
            ratios.append((amount, stated[0]))
    if ratios and not found.agrees and item.kind != "money":
        found.ratio = _split(ratios)
    return found


def _rounded(one: Amount, other: Amount) -> bool:
    """Whether two figures differ by rounding, or cutting off, to the coarser unit."""
    if one.unit == other.unit or not (one.digits and other.digits):
        return False
    return abs(one.worth - other.worth) < EXACT.scaleb(Decimal(1), max(one.unit, other.unit))


def _similar(one: Amount, other: Amount) -> bool:
    """Whether one figure may be the other one restated: of the same sign and magnitude."""
    small, large = sorted((abs(one.worth), abs(other.worth)))
    return one.worth * other.worth > 0 and large <= _RESTATED * small


def _split(pairs: Iterable[tuple[Amount, Amount]]) -> bool:
    """Whether all pairs have the ratio of a split: a small integer, as far as digits tell."""
    common: set[int] | None = None
    for one, other in pairs:
        if not one.worth or not other.worth or (one.worth < 0) != (other.worth < 0):
            return False
        large, small = sorted((one, other), key=lambda each: abs(each.worth), reverse=True)
        sign = 1 if large is one else -1
        step = EXACT.scaleb(Decimal(1), small.unit)
        unit = EXACT.scaleb(Decimal(1), large.unit)
        fitting = {
            sign * ratio
            for ratio in range(2, _LARGEST_RATIO + 1)
            if abs(abs(large.worth) - ratio * abs(small.worth)) <= ratio * step + unit
        }
        common = fitting if common is None else common & fitting
    return bool(common)


@dataclass(frozen=True, slots=True)
class _Bond:
    """What a row and a line have in common besides figures.

    Attributes:
        tagged: The same concept and members.
        anchored: One concept is the other's anchor, or both have one anchor.
        labelled: The same label.
        likeness: Of the labels, in percent; 0 if it is low.
        similar: Labels that may be of one line by likeness alone.
        differs: Both have concepts, and other ones.
    """

    tagged: bool
    anchored: bool
    labelled: bool
    likeness: float
    similar: bool
    differs: bool

    @property
    def named(self) -> bool:
        """Return whether concept or label is the same."""
        return self.tagged or self.anchored or self.labelled


def judge(item: Item, track: Track, names: Names) -> Verdict | None:
    """Return what speaks for a row being of a line; None if they cannot be one."""
    latest = track.latest
    bond = _bond(item, track)
    if not _possible(item, track, bond):
        return None
    found = compare(item, track)
    evidence = _by_figures(item, latest, found, bond, names) or _by_name(
        item, track, found, bond, names
    )
    one_name = evidence == "label" and names.unique(item, latest)
    one_concept = bond.tagged and (bond.labelled or names.one_concept(item, track))
    # A report may restate all years before: that speaks against a name of one line only once.
    most = 1 if one_name or one_concept else len(item.amounts)
    score = _figures(found, most) + _name(bond, item, latest) + _place(item, latest)
    if evidence is None or score <= 0:
        return None
    least = _FEW_DIGITS if bond.named or bond.likeness else _ENOUGH_DIGITS
    agrees = found.agrees + found.opposite > 0 and not found.unequal
    return Verdict(
        score,
        evidence,
        firm=not found.unequal
        and (
            bond.tagged
            or (found.agrees > 0 and found.digits >= least)
            or (one_name and item.section[-1:] == latest.section[-1:])
        ),
        sure=agrees and bond.named and found.digits >= _ENOUGH_DIGITS,
        movable=(agrees and (bond.named or found.digits >= _MANY_DIGITS))
        or one_concept
        or one_name,
    )


def judge_between(item: Item, track: Track, names: Names) -> Verdict | None:
    """Return what speaks for a row between two aligned ones being of a line between theirs.

    There, equal figures of few digits are enough.
    """
    if not _possible(item, track, _bond(item, track)) or names.persist(item, track.latest):
        return None
    found = compare(item, track)
    if not found.agrees or found.unequal or found.opposite or found.digits < _FEW_DIGITS:
        return None
    return Verdict(_figures(found, found.unequal), "values" if found.equal else "rounding")


def _possible(item: Item, track: Track, bond: _Bond) -> bool:
    """Whether kind, part of the statement, member and opposite words allow a pair."""
    latest = track.latest
    if item.kind != latest.kind or (item.group and latest.group and item.group != latest.group):
        return False
    if not bond.tagged and _other_member(item, track):
        return False
    return not _opposed(item, latest) or (bond.tagged and bond.labelled)


def _bond(item: Item, track: Track) -> _Bond:
    tagged = item.concept is not None and (item.concept, item.axes) in track.concepts
    anchored = item.anchor in track.anchors or any(
        (item.anchor == concept or item.concept in track.anchors) and axes == item.axes
        for concept, axes in track.concepts
        if item.anchor or item.concept
    )
    labelled = item.name in track.names
    likeness = 0.0 if labelled else similarity(item.name, track.latest.name)
    return _Bond(
        tagged=tagged,
        anchored=anchored,
        labelled=labelled,
        likeness=likeness if likeness >= RELATED else 0.0,
        similar=likeness >= SIMILAR
        and not reworded(item.name, track.latest.name)
        and item.words == track.latest.words
        and item.row.kind == track.latest.row.kind,
        differs=bool(item.concept and track.concepts) and not tagged and not anchored,
    )


def _name(bond: _Bond, item: Item, latest: Item) -> float:
    """Return what concept and label say for a pair."""
    score = _CONCEPT if bond.tagged else _ANCHOR if bond.anchored else 0.0
    if bond.labelled:
        score += _SAME_WORDS if item.row.label == latest.row.label else 0.0
        return score + (_LABEL if item.name == latest.name else _OLDER_LABEL)
    if bond.likeness:
        return score + 3 * (bond.likeness - RELATED) / (100 - RELATED)
    return score


def _other_member(item: Item, track: Track) -> bool:
    """Whether row and line are of different members of an axis."""
    return (
        bool(item.axes)
        and any(axes and axes != item.axes for _, axes in track.concepts)
        and not any(axes == item.axes for _, axes in track.concepts)
    )


def _opposed(item: Item, latest: Item) -> bool:
    """Whether labels, or labels with their headings, have opposite words."""
    if opposed(item.words, latest.words):
        return True
    return item.kind == "per_share" and opposed(
        item.words | item.section_words, latest.words | latest.section_words, ("dilution",)
    )


def _figures(found: Comparison, most: int) -> float:
    """Return what figures say for or against a pair; at most so many unequal years count."""
    digits = min(found.digits, _MOST_DIGITS)
    unequal = _UNEQUAL * min(found.unequal, most)
    if found.equal:
        return _EQUAL + digits + unequal
    if found.rounded:
        return _ROUNDED + digits / 2 + unequal
    if found.ratio:
        return _SPLIT
    if found.opposite:
        return _OTHER_SIGN + digits / 2 + unequal
    return unequal + (1.0 if found.zeros else 0.0)


def _place(item: Item, latest: Item) -> float:
    """Return what the headings above say for or against a pair."""
    score = 0.5 if item.row.kind == latest.row.kind else 0.0
    if item.section == latest.section:
        return score + _SECTION
    if item.section and latest.section and item.section[-1] == latest.section[-1]:
        return score + _SECTION / 2
    return score


def _same_place(item: Item, latest: Item) -> bool:
    """Whether a label means the same thing under both headings."""
    if item.section == latest.section:
        return True
    if opposed(item.section_words, latest.section_words, ("term", "flow", "side", "dilution")):
        return False
    if _is_other(item):
        return bool(item.section and latest.section) and item.section[-1] == latest.section[-1]
    return True


def _is_other(item: Item) -> bool:
    """Whether a label says no more than that it is another item."""
    return ("other", "other") in item.words and len(item.name.split()) <= 2  # noqa: PLR2004


def _by_figures(
    item: Item, latest: Item, found: Comparison, bond: _Bond, names: Names
) -> Evidence | None:
    """Return how figures decide that a row is of a line; None if they do not."""
    named = bond.named or bond.likeness > 0
    if found.agrees and (bond.named or found.agrees >= found.unequal):
        least = _ENOUGH_DIGITS if item.row.kind == latest.row.kind else _MANY_DIGITS
        enough = found.digits >= least and not found.unequal
        if named or (enough and (found.agrees > 1 or not names.persist(item, latest))):
            return "values" if found.equal else "rounding"
    if found.opposite and not found.unequal and (named or found.digits >= _MANY_DIGITS):
        return "sign"
    return "split" if found.ratio and named else None


def _by_name(
    item: Item, track: Track, found: Comparison, bond: _Bond, names: Names
) -> Evidence | None:
    """Return how the name decides that a row is of a line; None if it does not."""
    if bond.tagged:
        return "concept"
    if bond.anchored and not found.unequal and names.one_concept(item, track):
        return "concept"
    if bond.differs or not _same_place(item, track.latest) or names.apart(item, track.latest):
        return None
    if bond.labelled:
        told = not found.unequal or found.similar or names.unique(item, track.latest)
        return "label" if told and not names.numbered(item, track.latest) else None
    if not found.unequal and names.one_reserve(item, track.latest):
        return "label"
    return "fuzzy" if bond.similar and not found.unequal else None
