"""Compare two readings of one file, figure by figure."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal, NamedTuple

from pydantic import Field

from app.pipeline.statement import Cell, Figure, Form, Row, Statement, StatementName
from app.services.origin import scaled


class FigureChange(Form):
    """A figure that another reading states otherwise, or only one of two readings has."""

    kind: Literal["new", "changed", "gone"]
    statement: StatementName
    accession: str | None
    period: str = Field(description="its label")
    period_end: date | None
    section: list[str]
    label: str
    before: Figure | None = Field(description="in the scale of that reading")
    before_scale: int | None
    after: Figure | None
    after_scale: int | None


@dataclass(slots=True)
class ReadingChanges:
    """What another reading of a file changes.

    Attributes:
        same: Figures as before.
        figures: The others.
        lost: Statements that are not found any more; the older reading of them stays in use.
    """

    same: int
    figures: list[FigureChange]
    lost: list[tuple[StatementName, str | None]]

    def count(self, kind: Literal["new", "changed", "gone"]) -> int:
        """Return the number of changes of a kind."""
        return sum(each.kind == kind for each in self.figures)

    @property
    def is_less(self) -> bool:
        """Whether the new reading has less than the old one."""
        return (
            bool(self.lost)
            or self.count("gone") > 0
            or any(each.kind == "changed" and each.after is None for each in self.figures)
        )


class _Key(NamedTuple):
    """A figure by what is printed."""

    statement: StatementName
    accession: str | None
    start: date | None
    end: date | str | None
    section: tuple[str, ...]
    label: str
    axes: tuple[tuple[str, str], ...]
    occurrence: int


@dataclass(frozen=True, slots=True)
class _Stated:
    """A figure with its period and unit."""

    cell: Cell
    period: str
    end: date | None
    scale: int | None
    unit: str | None

    @property
    def meaning(self) -> object:
        """Return what two readings have to agree on."""
        value = self.cell.v
        if value is not None and self.scale is not None:
            value = scaled(value, self.scale)
        return value, self.unit, self.scale is None


def compare_readings(old: Iterable[Statement], new: Iterable[Statement]) -> ReadingChanges:
    """Return what the new reading of a file changes against the old one.

    A line is the same if it has the same headings, label and dimensions; of several such lines the
    first is the same as the first.
    """
    old, new = list(old), list(new)
    found = {_name(each) for each in new}
    lost = [_name(each) for each in old if _name(each) not in found]
    before = dict(_figures(each for each in old if _name(each) in found))
    after = dict(_figures(new))
    changes, same = [], 0
    for key, stated in before.items():
        now = after.get(key)
        if now is not None and now.meaning == stated.meaning:
            same += 1
        else:
            changes.append(_change(key, stated, now))
    changes += [_change(key, None, each) for key, each in after.items() if key not in before]
    return ReadingChanges(same, changes, lost)


def _name(statement: Statement) -> tuple[StatementName, str | None]:
    return statement.statement, statement.source.accession


def _figures(statements: Iterable[Statement]) -> Iterator[tuple[_Key, _Stated]]:
    for statement in statements:
        periods = {each.key: each for each in statement.periods}
        seen: Counter[tuple[object, ...]] = Counter()
        for row in statement.rows:
            if row.kind == "heading":
                continue
            section, axes = tuple(row.section), tuple(sorted(row.axes.items()))
            seen[section, row.label, axes] += 1
            place = seen[section, row.label, axes]
            for key, cell in row.cells.items():
                period = periods.get(key)
                end = period.end if period else None
                start = period.start if period else None
                scale, unit = _unit(statement, row)
                yield (
                    _Key(*_name(statement), start, end or key, section, row.label, axes, place),
                    _Stated(cell, period.label if period else key, end, scale, unit),
                )


def _unit(statement: Statement, row: Row) -> tuple[int | None, str | None]:
    scale = statement.scale if row.scale is None else row.scale
    return scale, row.unit or statement.currency


def _change(key: _Key, before: _Stated | None, after: _Stated | None) -> FigureChange:
    stated = after or before
    return FigureChange(
        kind="new" if before is None else "gone" if after is None else "changed",
        statement=key.statement,
        accession=key.accession,
        period=stated.period if stated else "",
        period_end=stated.end if stated else None,
        section=list(key.section),
        label=key.label,
        before=before.cell.v if before else None,
        before_scale=before.scale if before else None,
        after=after.cell.v if after else None,
        after_scale=after.scale if after else None,
    )
