"""Judge each figure of a statement against the truth."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from app.pipeline.statement import Row, Statement, StatementName
from tests.evaluation.alignment import SAME_LABEL, align, columns, label_similarity, scale_of
from tests.evaluation.truth import Origin, TruthRow, TruthStatement

Verdict = Literal["right", "label", "wrong", "sign", "scale", "year", "missing"]
WRONG: tuple[Verdict, ...] = ("wrong", "sign", "scale", "year")


@dataclass(frozen=True, slots=True)
class Fault:
    """A figure that is not right."""

    verdict: Verdict
    label: str
    column: int
    expected: Decimal | None
    found: Decimal | None


@dataclass(slots=True)
class Judgement:
    """One statement, compared with its truth.

    Attributes:
        compared: Figures of the truth.
        extra: Figures that were read and that a complete truth does not have.
        uncompared: Figures that were read and that an incomplete truth does not know.
        moved: Rows that are right and stand at another place.
        unsigned: Right figures whose printed sign is not known.
    """

    file: str
    kind: str
    statement: StatementName
    origin: Origin
    found: bool
    page: bool
    status: str
    compared: int
    verdicts: Counter[Verdict] = field(default_factory=Counter)
    faults: list[Fault] = field(default_factory=list)
    extra: int = 0
    uncompared: int = 0
    moved: int = 0
    unsigned: int = 0
    currency: bool = True

    @property
    def wrong(self) -> int:
        """Figures that say another amount than the report does."""
        return sum(self.verdicts[each] for each in WRONG)

    @property
    def wrong_in_verified(self) -> int:
        """Wrong figures that are said to be proved: the worst fault."""
        return self.wrong if self.status == "verified" else 0


def judge(file: str, kind: str, truth: TruthStatement, read: Sequence[Statement]) -> Judgement:
    """Compare a statement's truth with the statements that were read from the file."""
    statement = _choose(truth, read)
    found = statement is not None
    judged = Judgement(
        file=file,
        kind=kind,
        statement=truth.statement,
        origin=truth.origin,
        found=found,
        page=found and truth.pages <= set(statement.source.pages if statement else ()),
        status=statement.checks.status if statement and statement.checks else "absent",
        compared=sum(value is not None for row in truth.rows for value in row.values),
    )
    if statement is None:
        for row in truth.rows:
            for column, value in enumerate(row.values):
                if value is not None:
                    _count(judged, "missing", row, column, None)
        return judged
    judged.currency = truth.currency in {None, statement.currency}
    _judge_rows(judged, truth, statement)
    return judged


def _choose(truth: TruthStatement, read: Sequence[Statement]) -> Statement | None:
    """Return the statement of that name: on its pages, else the group's, else the first."""
    named = [each for each in read if each.statement == truth.statement]
    named.sort(
        key=lambda each: (
            -len(truth.pages & set(each.source.pages)),
            each.scope == "parent",
        )
    )
    return named[0] if named else None


def _judge_rows(judged: Judgement, truth: TruthStatement, read: Statement) -> None:
    keys = columns(truth, read)
    pairs, moved = align(truth, read, keys)
    judged.moved = len(moved)
    for index, row in enumerate(truth.rows):
        pair = read.rows[pairs[index]] if index in pairs else None
        for column, value in enumerate(row.values):
            if value is None:
                continue
            cell = pair.cells.get(keys.get(column, "")) if pair else None
            verdict = _verdict(row, column, pair, read, keys)
            _count(judged, verdict, row, column, cell.v if cell else None)
            judged.unsigned += verdict == "right" and not row.signed and value != 0
    used = set(pairs.values())
    rest = sum(
        cell.v is not None
        for index, row in enumerate(read.rows)
        if index not in used
        for cell in row.cells.values()
    )
    if truth.complete:
        judged.extra = rest
    else:
        judged.uncompared = rest


def _verdict(
    truth: TruthRow, column: int, row: Row | None, read: Statement, keys: Mapping[int, str]
) -> Verdict:
    expected = truth.values[column]
    nil = column in truth.nil or not expected
    cell = row.cells.get(keys.get(column, "")) if row else None
    if row is None or cell is None or cell.v is None:
        unread = cell is not None  # a figure stands there
        if nil and not unread:
            return "right"
        elsewhere = row is not None and _elsewhere(truth, column, row, read, keys)
        return "year" if elsewhere else "missing"
    if expected is None or (nil and cell.v == 0):
        return "right"
    verdict = _compare(expected, truth, cell.v, row, scale_of(row, read))
    if verdict == "wrong" and _elsewhere(truth, column, row, read, keys):
        return "year"
    doubtful = verdict == "right" and label_similarity(truth, row) < SAME_LABEL
    return "label" if doubtful else verdict


def _compare(
    expected: Decimal, truth: TruthRow, found: Decimal, row: Row, scale: int | None
) -> Verdict:
    """Return the verdict on a figure without regard to its label and column."""
    if truth.kind == "per_share" and row.kind == "per_share":
        # "pence" may be a unit of its own or a hundredth of the currency.
        scale = truth.scale
    equal = scale is not None and abs(expected).scaleb(truth.scale) == abs(found).scaleb(scale)
    if equal:
        opposite = truth.signed and (expected < 0) != (found < 0)
        return "sign" if opposite else "right"
    if expected and found and _digits(expected) == _digits(found):
        return "scale"
    return "wrong"


def _digits(value: Decimal) -> tuple[int, ...]:
    return abs(value).normalize().as_tuple().digits


def _elsewhere(
    truth: TruthRow, column: int, row: Row, read: Statement, keys: Mapping[int, str]
) -> bool:
    """Whether the figure stands in another column of the row, and is not that column's, too."""
    expected = truth.values[column]
    others = {key: index for index, key in keys.items()}
    for key, cell in row.cells.items():
        if key == keys.get(column) or cell.v is None or not expected:
            continue
        if others.get(key) is not None and truth.values[others[key]] == expected:
            continue
        if _compare(expected, truth, cell.v, row, scale_of(row, read)) == "right":
            return True
    return False


def _count(
    judged: Judgement, verdict: Verdict, row: TruthRow, column: int, found: Decimal | None
) -> None:
    judged.verdicts[verdict] += 1
    if verdict != "right":
        label = row.labels[0] if row.labels else ""
        judged.faults.append(Fault(verdict, label, column, row.values[column], found))
