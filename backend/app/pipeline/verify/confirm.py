"""Compare a reading made elsewhere with what its document shows, figure by figure.

Sums prove a reading of a page, since a misread figure breaks them. They prove nothing of a table
that was made up: its sums close as well. Such a reading is therefore compared with the lines that
the program itself finds in the document, and only figures that stand there, in the same line and
period, with the same sign, scale and currency, may take part in a proof.
"""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from app.pipeline.statement import Issue, Period, Row, Statement
from app.pipeline.verify.figures import EXACT
from app.pipeline.verify.vocabulary import normalise

FACTS: Final = "facts"
"""The title of a list of all tagged lines of a document, which is no statement."""
_WEEK: Final = 7
_MONEY: Final = frozenset({"line", "total"})
_NAMED: Final = 20
"""Lines left out that are named one by one."""


def confirmed(statement: Statement) -> Statement:
    """Return a statement in which a figure that its document does not show cannot be read."""
    rows = [
        row.model_copy(
            update={
                "cells": {
                    key: cell.model_copy(update={"v": None}) if cell.unconfirmed else cell
                    for key, cell in row.cells.items()
                }
            }
        )
        if any(cell.unconfirmed for cell in row.cells.values())
        else row
        for row in statement.rows
    ]
    return statement.model_copy(update={"rows": rows})


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of the document that a row states, and the keys of its periods there."""

    row: Row
    keys: Mapping[str, str]
    shown: Statement


@dataclass(slots=True)
class Comparison:
    """How far a document shows what a reading states.

    Attributes:
        lines: By row: the line of the document.
        found: Row and period of the figures that the document shows.
        used: The statements of the document that show any.
        periods: By the position of each of those: its keys by the keys of the reading.
        issues: What the document does not show.
    """

    lines: dict[int, _Line] = field(default_factory=dict)
    found: set[tuple[int, str]] = field(default_factory=set)
    used: list[Statement] = field(default_factory=list)
    periods: list[dict[str, str]] = field(default_factory=list)
    issues: list[Issue] = field(default_factory=list)


def compare(stated: Statement, shown: Sequence[Statement]) -> Comparison:
    """Compare a reading with what its document shows.

    Args:
        stated: The reading.
        shown: The statements and lists of facts that the program finds in the document; several
            may be of one page.
    """
    result = Comparison()
    taken: set[_Fact] = set()
    left = [each for each in shown if _is_same_money(stated, each)]
    while left:
        open_rows = [row for row in stated.rows if row.cells and row.n not in result.lines]
        tried = [_match(stated, open_rows, each, taken) for each in left]
        # The list of all tagged lines has those of the statement, too: it comes last.
        best = max(
            range(len(left)),
            key=lambda each: (
                bool(tried[each].found),
                left[each].title != FACTS,
                len(tried[each].found),
            ),
        )
        if not tried[best].found:
            break
        taken |= tried[best].facts
        result.lines |= tried[best].lines
        result.found |= tried[best].found
        result.used.append(left.pop(best))
        result.periods.append(tried[best].keys)
    result.issues = [
        *_not_found(stated, result, others=[each for each in shown if each.title != FACTS]),
        *_not_confirmed(stated, result),
        *_left_out(stated, result),
    ]
    return result


_Fact = tuple[object, ...]
"""A concept with its dimensions, unit and period: a figure, wherever it stands."""


def _facts(row: Row, shown: Statement) -> dict[str, _Fact]:
    """Return the facts of a line by the keys of its periods."""
    axes = tuple(sorted(row.axes.items()))
    # Without a concept it is that of its line alone.
    fact = row.concept or id(row), axes, row.unit
    return {
        each.key: (*fact, each.start, each.end) for each in shown.periods if each.key in row.cells
    }


@dataclass(slots=True)
class _Match:
    """The lines of one statement of the document.

    Attributes:
        taken: Facts that other lines state already: a list of all tagged lines has them again.
        facts: Those that the lines state.
    """

    keys: dict[str, str]
    taken: frozenset[_Fact]
    lines: dict[int, _Line] = field(default_factory=dict)
    found: set[tuple[int, str]] = field(default_factory=set)
    facts: set[_Fact] = field(default_factory=set)


def _is_same_money(stated: Statement, shown: Statement) -> bool:
    """Whether the document has the currency that a reading claims, and may be of its entity."""
    return stated.currency in {None, shown.currency} and (
        shown.scope is None or stated.scope is None or shown.scope == stated.scope
    )


def _match(
    stated: Statement, rows: Sequence[Row], shown: Statement, taken: AbstractSet[_Fact]
) -> _Match:
    """Return the lines of one statement of the document that rows state; each at most once."""
    shared = dict(_shared_periods(stated.periods, shown.periods))
    result = _Match(shared, frozenset(taken))
    free: dict[str, list[Row]] = {}
    for line in shown.rows:
        if line.cells:
            free.setdefault(normalise(line.label), []).append(line)
    # A row that states all of a line comes before one that states a part of it.
    for is_whole in (True, False):
        for row in rows:
            if row.n in result.lines:
                continue
            candidates = free.get(normalise(row.label), [])
            if row.kind == "total" and shown.title != FACTS:
                candidates = [*candidates, *free.get("", [])]  # it may be given a label
            best, keys = _best_line(stated, row, shown, candidates, result)
            if best is None or (is_whole and len(keys) < len(row.cells)):
                continue
            label = normalise(best.label)
            free[label] = [each for each in free[label] if each is not best]
            result.lines[row.n] = _Line(best, result.keys, shown)
            result.found |= {(row.n, key) for key in keys}
            facts = _facts(best, shown)
            result.facts |= {facts[shared[key]] for key in keys}
    return result


def _best_line(
    stated: Statement,
    row: Row,
    shown: Statement,
    candidates: Sequence[Row],
    result: _Match,
) -> tuple[Row | None, list[str]]:
    """Return the line with most figures of a row, and the periods in which it has them."""
    best: tuple[Row | None, list[str]] = None, []
    for line in candidates:
        equal = list(_equal(stated, row, shown, line, result.keys))
        if equal and shown.title == FACTS:
            facts, taken = _facts(line, shown), result.taken | result.facts
            equal = [key for key in equal if facts[result.keys[key]] not in taken]
        if len(equal) > len(best[1]):
            best = line, equal
            if len(equal) == len(row.cells):
                break
    return best


def _shared_periods(stated: Sequence[Period], shown: Sequence[Period]) -> Iterator[tuple[str, str]]:
    """Yield the keys of the periods that are the same, each at most once.

    Of several that end on one day, that of the same length comes first.
    """
    left = list(shown)
    for one in stated:
        same = [each for each in left if _is_same_period(one, each)]
        if same:
            found = min(same, key=lambda each: (each.start is None) != (one.start is None))
            yield one.key, found.key
            left.remove(found)


def _is_same_period(stated: Period, shown: Period) -> bool:
    if shown.end is None or stated.end is None:
        return shown.fiscal_year is not None and shown.fiscal_year == stated.fiscal_year
    starts = stated.start, shown.start
    return stated.end == shown.end and (
        starts[0] is None or starts[1] is None or abs((starts[0] - starts[1]).days) <= _WEEK
    )


def _equal(
    stated: Statement, row: Row, shown: Statement, line: Row, keys: Mapping[str, str]
) -> Iterator[str]:
    """Yield the periods in which a row states the figures of a line."""
    money = {None, stated.currency}
    scales = _scale(row, stated), _scale(line, shown)
    if row.unit != line.unit and not {row.unit, line.unit} <= money:
        return
    if scales[1] is None and scales[0] is not None:
        return  # what a figure is worth is claimed, and not shown
    for key, cell in row.cells.items():
        other = line.cells.get(keys.get(key, ""))
        if other is None or cell.v is None or other.v is None:
            continue
        if scales[0] in {None, scales[1]}:
            equal = cell.v == other.v
        else:
            equal = worth(cell.v, scales[0]) == worth(other.v, scales[1])
        if equal:
            yield key


def _scale(row: Row, statement: Statement) -> int | None:
    return statement.scale if row.scale is None else row.scale


def worth(value: Decimal, scale: int | None) -> Decimal:
    """Return a figure in units of its currency."""
    return EXACT.scaleb(value, scale or 0)


def _not_found(
    stated: Statement, result: Comparison, *, others: Sequence[Statement]
) -> Iterator[Issue]:
    """Yield an issue for each figure that the document does not show."""
    for row, key, cell in stated.cells():
        if cell.v is None or (row.n, key) in result.found:
            continue
        line = result.lines.get(row.n)
        there = line.row.cells.get(line.keys.get(key, "")) if line else None
        instead = there.printed or format(there.v, "f") if there and there.v is not None else None
        message = f"the document does not show {cell.v:f} as {row.label[:80]!r}"
        yield Issue(
            code="figure_not_found",
            message=f"{message}, but {instead[:40]}" if instead else message,
            row=row.n,
            period=key,
        )
    if others and not result.used:
        differ = [each for each in others if not _is_same_money(stated, each)]
        if differ:
            says = f"{differ[0].currency or 'no currency'}, {differ[0].scope or 'scope not known'}"
            yield Issue(code="other_statement", message=f"the statement of the document is: {says}")


def _not_confirmed(stated: Statement, result: Comparison) -> Iterator[Issue]:
    """Yield what the reading says of all its figures, and the document does not."""
    printed = [each for each in result.used if each.title != FACTS] or result.used
    for name in ("currency", "scale", "framework", "scope"):
        value = getattr(stated, name)
        says = {getattr(each, name) for each in printed}
        if value is not None and says and value not in says and not _is_tagged(name, result):
            known = sorted(str(each) for each in says - {None})
            what = f"it says {', '.join(known)}" if known else "it does not say it"
            message = f"the document does not confirm the {name} {value}: {what}"
            yield Issue(code=f"{name}_not_confirmed", message=message)
    for period in stated.periods:
        ends = {
            other.end
            for shown, keys in zip(result.used, result.periods, strict=True)
            for other in shown.periods
            if other.key == keys.get(period.key)
        }
        if ends == {None} and period.end is not None:
            message = f"the document does not say that {period.label[:40]!r} ends on {period.end}"
            yield Issue(code="period_not_confirmed", message=message, period=period.key)
    yield from _other_rows(stated, result)
    if result.used and all(each.title == FACTS for each in result.used):
        message = "the program does not find the statement: that no line is left out is not known"
        yield Issue(code="lines_not_confirmed", message=message)


def _other_rows(stated: Statement, result: Comparison) -> Iterator[Issue]:
    """Yield the rows that are of another kind than in the document, or have no label there."""
    for number, line in sorted(result.lines.items()):
        row, kinds = stated.rows[number], {stated.rows[number].kind, line.row.kind}
        if line.shown.title != FACTS and len(kinds) > 1 and not kinds <= _MONEY:
            message = f"{row.label[:80]!r} is {row.kind}, and {line.row.kind} in the document"
            yield Issue(code="kind_not_confirmed", message=message, row=number)
        if normalise(row.label) != normalise(line.row.label):
            message = f"the document has no label where the reading has {row.label[:80]!r}"
            yield Issue(code="label_not_confirmed", message=message, row=number)


def _is_tagged(name: str, result: Comparison) -> bool:
    """Whether facts alone say it: each has its own scale."""
    return name in {"scale", "framework", "scope"} and all(
        each.title == FACTS for each in result.used
    )


def _left_out(stated: Statement, result: Comparison) -> Iterator[Issue]:
    """Yield the figures of the document's statement that the reading does not state."""
    used = {id(line.row): number for number, line in result.lines.items()}
    skipped = " ".join(normalise(each.text) for each in stated.skipped)
    left: list[Issue] = []
    for shown, keys in zip(result.used, result.periods, strict=True):
        if shown.title == FACTS:
            continue
        of = {other: own for own, other in keys.items()}
        for line in shown.rows:
            number = used.get(id(line))
            stated_keys = set(stated.rows[number].cells) if number is not None else set()
            missing = [of[key] for key in line.cells if key in of and of[key] not in stated_keys]
            if not missing or (number is None and _is_skipped(line, skipped)):
                continue
            message = f"the document has {line.label[:80]!r}, which is not in the reading"
            page = _page_of(line, missing, keys)
            left.append(Issue(code="line_left_out", message=message, page=page))
    yield from left[:_NAMED]
    if len(left) > _NAMED:
        message = f"the document has {len(left) - _NAMED} more lines that are not in the reading"
        yield Issue(code="line_left_out", message=message)


def _is_skipped(line: Row, skipped: str) -> bool:
    label = normalise(line.label)
    return bool(label) and label in skipped


def _page_of(line: Row, missing: Sequence[str], keys: Mapping[str, str]) -> int | None:
    at = line.cells[keys[missing[0]]].at
    return at[0] if isinstance(at, tuple) else None
