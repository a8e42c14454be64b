"""The scale of statements that do not say theirs: as other reports show it, and never assumed."""

from collections import Counter
from datetime import date

from app.pipeline.compile.entry import EXACT_DIGITS, Entry, digits_of
from app.pipeline.compile.groups import Group
from app.pipeline.statement import Issue

_SHARED = 3
"""Equal figures that show the scale."""
_MOST = 0.9


def settle_scales(group: Group) -> list[Issue]:
    """Give each statement without a scale the one by which its figures equal those of others.

    One for which no other report shows it is left out, unless no report of the group has a scale.
    """
    unknown = [each for each in group.compiled if each.scale is None]
    issues: list[Issue] = []
    if len(unknown) == len(group.compiled):
        if unknown:
            message = "no report says the scale of its figures"
            issues.append(Issue(code="scale_unknown", message=message))
        return issues
    for entry in unknown:
        entry.scale = _shown(entry, [each for each in group.compiled if each.scale is not None])
        code = "scale_from_other_report"
        message = f"the scale of {entry.named()} is known from figures of other reports only"
        if entry.scale is None:
            code = "scale_unknown_left_out"
            message = f"the scale of {entry.named()} is not known: it is left out"
            _leave_out(group, entry)
        issues.append(Issue(code=code, message=message))
    return issues


def _shown(entry: Entry, others: list[Entry]) -> int | None:
    """Return the scale that most equal digits show, None where they do not agree."""
    own = _exponents(entry)
    votes: Counter[int] = Counter()
    for other in others:
        for key, exponent in _exponents(other).items():
            if key in own:
                votes[exponent + (other.scale or 0) - own[key]] += 1
    if not votes:
        return None
    scale, number = votes.most_common(1)[0]
    return scale if number >= _SHARED and number >= _MOST * votes.total() else None


def _exponents(entry: Entry) -> dict[tuple[date, str], int]:
    """Return the power of ten by the end of a period and the digits that figures have there."""
    ends = {each.key: each.end for each in entry.statement.periods}
    found: dict[tuple[date, str], int] = {}
    for row, key, cell in entry.statement.cells():
        end = ends.get(key)
        if end is None or not cell.v or row.kind not in {"line", "total"}:
            continue
        digits = digits_of(cell.v)
        if len(digits) >= EXACT_DIGITS:
            found[end, digits] = cell.v.adjusted()
    return found


def _leave_out(group: Group, entry: Entry) -> None:
    group.compiled.remove(entry)
    group.entries.remove(entry)
    for second in [each for each, first in group.second.items() if first is entry]:
        del group.second[second]
        group.entries.remove(second)
