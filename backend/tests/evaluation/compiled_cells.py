"""Whether each compiled figure stands in its filing, and each figure of a filing is compiled once.

Nothing of the compiler is used: statements as they were read are looked up by what the compiled
form says of each figure.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from app.pipeline.compiled import CompiledCell, CompiledPeriod, CompiledRow, Stated
from app.pipeline.statement import Issue, Period, Statement
from tests.evaluation.companies import Group, Shelf

_WEEK = 7
_LEFT_OUT = frozenset({"period_twice", "period_end_unknown"})


@dataclass(slots=True)
class Placement:
    """What was found.

    Attributes:
        lines: Rows with figures of all filings that give figures.
        unplaced: Those of them that are listed as unplaced, by the reason.
        left_out: Figures in columns that an issue says to be left out.
        merged: Compiled rows with two rows of one filing.
        lost: Rows, or figures, of a filing that are nowhere, or twice.
        wrong: Figures that are not in their filing at that place, or of another period.
    """

    cells: int = 0
    stated: int = 0
    lines: int = 0
    unplaced: Counter[str] = field(default_factory=Counter)
    left_out: int = 0
    merged: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


def placement(shelf: Shelf) -> Placement:
    """Check all compiled statements of a company."""
    found = Placement()
    for group in shelf.groups():
        _Check(group, found).run()
    for reading in shelf.readings:
        checks = reading.statement.checks
        is_there = any(
            any(reading.statement is each for each in group.statements)
            for group in shelf.groups()
            if group.compiled.statement == reading.statement.statement
        )
        if not is_there and checks and checks.status != "doubtful":
            found.lost.append(f"{shelf.name}: {reading.statement.statement} of {reading.file}")
    return found


@dataclass(slots=True)
class _Check:
    group: Group
    found: Placement

    def run(self) -> None:
        places: dict[tuple[int, int, str], int] = Counter()
        rows: dict[tuple[int, int], set[int]] = {}
        periods = {each.key: each for each in self.group.compiled.periods}
        for number, row in enumerate(self.group.compiled.rows):
            of: dict[int, set[int]] = {}
            for key, cell in _stated(row):
                self._compare(row, periods[key], cell)
                places[cell.input, cell.row, cell.period] += 1
                rows.setdefault((cell.input, cell.row), set()).add(number)
                of.setdefault(cell.input, set()).add(cell.row)
            for given, own in of.items():
                if len(own) > 1:
                    labels = [self.group.statements[given].rows[each].label for each in own]
                    self.found.merged.append(f"{self.group.name}: {row.label!r} is {labels}")
        for given in self.group.compiled_inputs:
            self._complete(given, places, rows)

    def _compare(
        self, row: CompiledRow, period: CompiledPeriod, cell: CompiledCell | Stated
    ) -> None:
        """Compare a figure with the row and column that it is said to stand in."""
        self.found.stated += 1
        self.found.cells += isinstance(cell, CompiledCell)
        statement = self.group.statements[cell.input]
        where = f"{self.group.name}: {row.label!r} {period.key}"
        source = next((each for each in statement.rows if each.n == cell.row), None)
        column = next((each for each in statement.periods if each.key == cell.period), None)
        own = source.cells.get(cell.period) if source else None
        if source is None or column is None or own is None:
            self.found.wrong.append(f"{where}: does not stand in {self._file(cell.input)}")
            return
        if not _is_of(period, column):
            self.found.wrong.append(f"{where}: is of {column.start} to {column.end}")
        turned = isinstance(cell, CompiledCell) and cell.turned
        compiled = _worth(cell.v, row.scale, self.group.compiled.scale)
        stated = _worth(own.v, source.scale, statement.scale)
        if statement.scale is None and own.v is not None and cell.v is not None:
            compiled, stated = _digits(cell.v), _digits(own.v)
        if stated is not None and turned:
            stated = -stated
        if compiled != stated:
            self.found.wrong.append(f"{where}: {compiled} is {stated} in {self._file(cell.input)}")

    def _complete(
        self,
        given: int,
        places: dict[tuple[int, int, str], int],
        rows: dict[tuple[int, int], set[int]],
    ) -> None:
        """Check that each figure of a filing is compiled, or listed with a reason."""
        statement = self.group.statements[given]
        unplaced = {
            each.row: each.reason for each in self.group.compiled.unplaced if each.input == given
        }
        is_left_out = any(each.code in _LEFT_OUT for each in self._issues())
        absent = set(_columns(statement)) - {
            period for other, _, period in places if other == given
        }
        for row in statement.rows:
            if not row.cells:
                continue
            self.found.lines += 1
            if row.n in unplaced and (given, row.n) not in rows:
                self.found.unplaced[unplaced[row.n]] += 1
                continue
            where = f"{self.group.name}: {row.label!r} of {self._file(given)}"
            if len(rows.get((given, row.n), ())) > 1:
                self.found.lost.append(f"{where} is in {len(rows[given, row.n])} rows")
            for period in row.cells:
                number = places.get((given, row.n, period), 0)
                if number == 0 and period in absent and is_left_out:
                    self.found.left_out += 1
                elif number != 1:
                    self.found.lost.append(f"{where}, {period}: is there {number} times")

    def _issues(self) -> Iterator[Issue]:
        first = self.group.shelf.compiled[self.group.compiled.statement]
        yield from first.issues
        yield from self.group.compiled.issues

    def _file(self, given: int) -> str:
        each = self.group.compiled.inputs[given]
        return f"{each.file} {each.accession or ''}".strip()


def _stated(row: CompiledRow) -> Iterator[tuple[str, CompiledCell | Stated]]:
    """Yield all figures of a compiled row with the key of their column."""
    for key, cell in row.cells.items():
        yield key, cell
        for stated in cell.history:
            yield key, stated
    for key, replaced in row.replaced.items():
        for stated in replaced:
            yield key, stated


def _columns(statement: Statement) -> Iterator[str]:
    for row in statement.rows:
        yield from row.cells


def _is_of(compiled: CompiledPeriod, own: Period) -> bool:
    """Return whether a column of a filing is the compiled period, up to a week."""
    if own.end is None:
        return own.fiscal_year == compiled.fiscal_year
    return _near(compiled.end, own.end) and _near(compiled.start, own.start)


def _near(one: date | None, other: date | None) -> bool:
    return one is None or other is None or abs((one - other).days) <= _WEEK


def _worth(value: Decimal | None, own: int | None, scale: int | None) -> Decimal | None:
    if value is None:
        return None
    return value.scaleb(own if own is not None else scale or 0)


def _digits(value: Decimal) -> Decimal:
    return Decimal("".join(map(str, value.as_tuple().digits)).strip("0") or 0)
