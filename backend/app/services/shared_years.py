"""Whether two filings are of one company, by the figures of the years that both state."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum
from typing import Any, Final

_FIRM: Final = 100
"""The least absolute figure, as printed, that two companies seldom have by chance."""
_ENOUGH: Final = 8
"""Figures of shared years from which on their equality says something."""
_NONE: Final = Decimal("0.1")
_MANY: Final = Decimal("0.4")
"""Shares of equal figures: up to the first as by chance, from the second on of one company."""

Frame = tuple[str, str | None, str | None, str | None]
"""Statement, framework, currency, scope."""


class Agreement(Enum):
    """What the figures of the shared years say."""

    UNKNOWN = "no year is shared, or too few figures are"
    SAME = "many are equal"
    UNCLEAR = "some are equal"
    OTHER = "almost none is equal"


@dataclass(slots=True)
class Comparison:
    """The figures of shared years: how many, how many are equal, and in which years."""

    compared: int = 0
    equal: int = 0
    years: set[str] = field(default_factory=set)

    @property
    def agreement(self) -> Agreement:
        """Return what they say."""
        if self.compared < _ENOUGH:
            return Agreement.UNKNOWN
        share = Decimal(self.equal) / self.compared
        if share >= _MANY:
            return Agreement.SAME
        return Agreement.OTHER if share < _NONE else Agreement.UNCLEAR


def compare_filings(
    here: Iterable[Mapping[str, Any]], there: Iterable[Mapping[str, Any]]
) -> Comparison:
    """Compare the figures of statements (statement/1 as JSON) in the periods that both state.

    Only statements of one kind, framework, currency and scope are compared, as far as these are
    known, and none that is doubtful.
    """
    result = Comparison()
    others = [(_frame(each), _columns(each)) for each in there if _is_firm(each)]
    for statement in here:
        if not _is_firm(statement):
            continue
        frame, columns = _frame(statement), _columns(statement)
        for other, stated in others:
            if not _fit(frame, other):
                continue
            for end in columns.keys() & stated.keys():
                _compare(columns[end], stated[end], result)
                result.years.add(end)
    return result


def _is_firm(statement: Mapping[str, Any]) -> bool:
    checks: Mapping[str, str] = statement.get("checks") or {"status": "doubtful"}
    return checks["status"] != "doubtful"


def _frame(statement: Mapping[str, Any]) -> Frame:
    return (
        statement["statement"],
        statement.get("framework"),
        statement.get("currency"),
        statement.get("scope"),
    )


def _fit(one: Frame, other: Frame) -> bool:
    return one[0] == other[0] and all(
        not here or not there or here == there
        for here, there in zip(one[1:], other[1:], strict=True)
    )


def _columns(statement: Mapping[str, Any]) -> dict[str, dict[int | None, set[Decimal]]]:
    """Return the absolute money figures by the last day of their period, and by scale.

    Two durations that end on one day may be a quarter and a year: of those the longest counts.
    """
    ends = {}
    for period in sorted(statement["periods"], key=lambda each: each.get("days") or 0):
        if period.get("end"):
            ends[period["end"]] = period["key"]
    keys = {key: end for end, key in ends.items()}
    columns: dict[str, dict[int | None, set[Decimal]]] = defaultdict(lambda: defaultdict(set))
    for row in statement["rows"]:
        if row["kind"] not in {"line", "total"}:
            continue
        scale = row.get("scale", statement.get("scale"))
        for key, cell in row["cells"].items():
            if key in keys and cell.get("v"):
                value = abs(Decimal(cell["v"]))
                if value >= _FIRM:
                    columns[keys[key]][scale].add(value)
    return columns


def _compare(
    here: Mapping[int | None, set[Decimal]],
    there: Mapping[int | None, set[Decimal]],
    result: Comparison,
) -> None:
    """Count the figures of one period, and those of them that the other filing states too."""
    for scale, values in here.items():
        for other, stated in there.items():
            if scale is None or other is None or scale == other:
                known, asked = stated, values
            else:
                coarse = max(scale, other)
                known = {_rounded(each, other, coarse) for each in stated}
                asked = {_rounded(each, scale, coarse) for each in values}
            fewer, more = sorted((asked, known), key=len)
            result.compared += len(fewer)
            result.equal += len(fewer & more)


def _rounded(value: Decimal, scale: int, coarse: int) -> Decimal:
    """Return a figure in a coarser scale."""
    return value.scaleb(scale - coarse).quantize(Decimal(1))
