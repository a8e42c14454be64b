"""Groups of statements that may stand side by side: one framework, one currency, one entity."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from app.pipeline.compile.entry import Entry, near, newest_first

_SHARED = 3
"""Equal figures from which on two reports are of one framework and currency."""
_HALF = 0.5
Key = tuple[str | None, str | None, str | None]
"""Framework, currency, scope."""


@dataclass(slots=True, eq=False)
class Group:
    """Statements of one framework, currency and scope, the newest first.

    Attributes:
        compiled: Those that give figures.
        second: For each further reading of a filing, the one that gives its figures.
    """

    key: Key
    entries: list[Entry]
    compiled: list[Entry] = field(default_factory=list)
    second: dict[Entry, Entry] = field(default_factory=dict)


def group(entries: Sequence[Entry]) -> list[Group]:
    """Return the groups, that of the newest report first.

    Args:
        entries: The newest first. Where one says nothing of its framework, currency or scope, it
            joins the group with which it shares most figures, else it stays alone.
    """
    groups: list[Group] = []
    for entry in entries:
        statement = entry.statement
        key = statement.framework, statement.currency, statement.scope
        same = [each for each in groups if each.key == key and key[1] is not None]
        if same:
            same[0].entries.append(entry)
        else:
            groups.append(Group(key, [entry]))
    while pair := _joined(groups):
        one, other = pair
        one.key = _union(one.key, other.key)
        one.entries = newest_first([*one.entries, *other.entries])
        groups.remove(other)
    groups.sort(key=lambda each: each.entries[0].age, reverse=True)
    for each in groups:
        _tell_filings_apart(each)
    return groups


def _joined(groups: Sequence[Group]) -> tuple[Group, Group] | None:
    """Return the two groups, one of them with something unknown, that share most figures."""
    best, most = None, 0
    for number, one in enumerate(groups):
        for other in groups[number + 1 :]:
            if not _fits(one.key, other.key):
                continue
            shared = max(shared_figures(a, b) for a in one.entries for b in other.entries)
            if shared > most:
                best, most = (one, other), shared
    return best


def _fits(one: Key, other: Key) -> bool:
    """Return whether two keys contradict each other in nothing, and something is not known."""
    pairs = list(zip(one, other, strict=True))
    known = all(a is None or b is None or a == b for a, b in pairs)
    return known and any(a is None or b is None for a, b in pairs)


def _union(one: Key, other: Key) -> Key:
    framework, currency, scope = (
        here if here is not None else there for here, there in zip(one, other, strict=True)
    )
    return framework, currency, scope


def shared_figures(one: Entry, other: Entry) -> int:
    """Return how many figures of the same days two statements share; 0 if too few."""
    shared = smaller = 0
    for end, figures in one.digits.items():
        if end in other.digits:
            shared += len(figures & other.digits[end])
            smaller += min(len(figures), len(other.digits[end]))
    return shared if shared >= _SHARED and shared >= _HALF * smaller else 0


def _tell_filings_apart(group_: Group) -> None:
    """Choose for each filing that is there in several kinds the one that gives its figures."""
    better = sorted(group_.entries, key=lambda each: each.worth)  # stable: newest first
    for entry in better:
        first = next((each for each in group_.compiled if is_same_filing(each, entry)), None)
        if first is None:
            group_.compiled.append(entry)
        else:
            group_.second[entry] = first
    group_.compiled = newest_first(group_.compiled)


def is_same_filing(one: Entry, other: Entry) -> bool:
    """Return whether two statements are of one filing, as its PDF and its iXBRL are."""
    if one.newest is None or other.newest is None or one.amends != other.amends:
        return False
    if one.accession and other.accession and one.accession != other.accession:
        return False
    if one.kind == other.kind == "companyfacts":
        return one.accession == other.accession
    if one.amends and (
        one.kind == other.kind or (one.filed and other.filed and one.filed != other.filed)
    ):
        return False  # a year may be amended twice
    starts = one.newest.start, other.newest.start
    return (
        one.end is not None
        and other.end is not None
        and near(one.end, other.end)
        and (starts[0] is None or starts[1] is None or near(starts[0], starts[1]))
    )
