"""Judge the statements of a tagged file by its own facts."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from app.pipeline.statement import Cell, Row, Statement, StatementName
from tests.evaluation.alignment import SAME_LABEL, scale_of, similarity
from tests.evaluation.concepts import local
from tests.evaluation.expected import Expected
from tests.evaluation.facts import Axes, TaggedFact
from tests.evaluation.judgement import Fault, Judgement, Verdict
from tests.evaluation.truth import Origin


@dataclass(frozen=True, slots=True)
class _Read:
    """A figure that was read, with its row and its last day."""

    row: Row
    cell: Cell
    start: date | None
    end: date | None

    @property
    def axes(self) -> Axes:
        return tuple(sorted((local(axis), local(name)) for axis, name in self.row.axes.items()))


def judge_own(
    file: str,
    origin: Origin,
    name: StatementName,
    expected: Sequence[Expected],
    read: Sequence[Statement],
) -> Judgement:
    """Compare a statement that was read with the figures that its file's facts say.

    Args:
        file: The name shown.
        origin: The kind of the file.
        name: The statement.
        expected: Its figures; of companyfacts and xBRL-JSON only the usual ones.
        read: The statements of the filing.
    """
    statement = next((each for each in read if each.statement == name), None)
    judged = Judgement(
        file=file,
        kind=origin,
        statement=name,
        origin=origin,
        found=statement is not None,
        page=statement is not None,
        status=statement.checks.status if statement and statement.checks else "absent",
        compared=len(expected),
    )
    figures = list(_figures(statement)) if statement else []
    if statement and not any(each.cell.tagged is not None or each.cell.fact for each in figures):
        judged.compared, judged.uncompared = 0, len(figures)  # an untagged table, as of a group
        return judged
    by_id = {each.cell.fact: each for each in figures if each.cell.fact}
    used: set[int] = set()
    for each in expected:
        found = None
        for fact in (each.fact, *each.others):
            found = found or by_id.get(fact.id or "") or _find(fact, figures, used)
        verdict = _verdict(each, found, statement)
        judged.verdicts[verdict] += 1
        if found is not None:
            used.add(id(found.cell))
        if verdict != "right":
            label = each.labels[0] if each.labels else each.fact.concept
            value = found.cell.v if found else None
            judged.faults.append(Fault(verdict, label, 0, each.fact.value, value))
    if statement is not None:
        _judge_rest(judged, statement, [each for each in figures if id(each.cell) not in used])
        judged.moved = _out_of_order(expected, statement)
    return judged


def _figures(statement: Statement) -> list[_Read]:
    periods = {each.key: each for each in statement.periods}
    return [
        _Read(row, cell, periods[key].start, periods[key].end)
        for row, key, cell in statement.cells()
        if key in periods
    ]


def _find(fact: TaggedFact, figures: Sequence[_Read], used: set[int]) -> _Read | None:
    """Return the figure of the fact's concept and period; an opening instant is a column, too."""
    for each in figures:
        if id(each.cell) in used or local(each.row.concept or "") != fact.concept:
            continue
        if each.axes != fact.axes:
            continue
        if each.cell.tagged is not None and each.cell.tagged != fact.value:
            continue
        if fact.end in {each.end, _opening(fact, each)}:
            return each
    return None


def _verdict(expected: Expected, found: _Read | None, statement: Statement | None) -> Verdict:
    value = expected.fact.value
    if found is None or statement is None or found.cell.v is None or value is None:
        return "missing"
    verdict = _amount(expected.fact, found, statement)
    if verdict != "right":
        return verdict
    printed = -value if expected.negated else value
    if expected.negated is not None and (found.cell.v < 0) != (printed < 0):
        return "sign"
    labels = expected.labels or (found.row.label,)
    alike = max(similarity(each, found.row.label) for each in labels) >= SAME_LABEL
    return "right" if found.row.label and alike else "label"


def _amount(fact: TaggedFact, found: _Read, statement: Statement) -> Verdict:
    """Return the verdict on amount and period without sign and label."""
    value, read = fact.value, found.cell.v
    if value is None or read is None:
        return "missing"
    scale = scale_of(found.row, statement)
    if scale is None or abs(read).scaleb(scale) != abs(value):
        same = abs(read).normalize().as_tuple().digits == abs(value).normalize().as_tuple().digits
        return "scale" if same else "wrong"
    if found.cell.tagged is not None and found.cell.tagged != value:
        return "wrong"
    return "right" if fact.end in {found.end, _opening(fact, found)} else "year"


def _opening(fact: TaggedFact, found: _Read) -> date | None:
    """Return the day before the figure's period where the fact is an instant."""
    return found.start - timedelta(days=1) if found.start and not fact.start else None


def _judge_rest(judged: Judgement, statement: Statement, rest: Sequence[_Read]) -> None:
    """Judge figures that are not among the expected ones by the fact they name."""
    for each in rest:
        if each.cell.v is None:
            continue
        judged.uncompared += 1
        scale = scale_of(each.row, statement)
        tagged = each.cell.tagged
        if tagged is not None and (scale is None or abs(each.cell.v).scaleb(scale) != abs(tagged)):
            judged.verdicts["wrong"] += 1
            judged.compared += 1
            judged.faults.append(Fault("wrong", each.row.label, 0, tagged, each.cell.v))


def _out_of_order(expected: Sequence[Expected], statement: Statement) -> int:
    """Return how many rows stand before one that the filing has before them."""
    order: dict[tuple[str, Axes], int] = {}
    for index, each in enumerate(expected):
        order.setdefault((each.fact.concept, each.fact.axes), index)
    counts = Counter(row.concept for row in statement.rows if row.cells)
    places = [
        place
        for each in _figures(statement)
        if counts[each.row.concept] == 1
        and (place := order.get((local(each.row.concept or ""), each.axes))) is not None
    ]
    moved, highest = 0, -1
    for place in dict.fromkeys(places):
        moved += place < highest
        highest = max(highest, place)
    return moved
