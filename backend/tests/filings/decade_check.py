"""Compares a compiled statement with the truth of a decade: every cell, and all that led to it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from app.pipeline.compile.readings import Reading
from app.pipeline.compiled import Compiled, CompiledCell, CompiledRow, Place, Stated
from app.pipeline.statement import RowKind, StatementName
from tests.filings.compare import align, columns_of
from tests.filings.decade import Decade
from tests.filings.decade_readings import true_statements
from tests.filings.decade_truth import Said, TrueCell, TrueLine, missing_years, true_lines

Keys = Mapping[tuple[str, StatementName, int], str]
"""Key of the true line by digest of the file, statement and row that was read."""
_SUMMED: Mapping[RowKind, str] = {
    "line": "money",
    "total": "money",
    "per_share": "per share",
    "shares": "shares",
    "memo": "memo",
}


def keys_of(decade: Decade, readings: Sequence[Reading]) -> Keys:
    """Return which line each row is that was read, by the label and figures of its own report."""
    found: dict[tuple[str, StatementName, int], str] = {}
    read = {(each.sha256, each.statement.statement): each.statement for each in readings}
    for report in decade.reports:
        for truth in true_statements(report):
            statement = read[report.sha256, truth.statement]
            rows = report.truth.named(truth.statement).rows
            pairs = align(truth, statement, columns_of(truth, statement))
            if [row.label for row in truth.rows] == [row.label for row in statement.rows]:
                pairs = {row.n: row.n for row in truth.rows}
            for ours, theirs in pairs.items():
                found[report.sha256, truth.statement, theirs] = rows[ours].key
    return found


def differences(decade: Decade, compiled: Compiled, keys: Keys) -> list[str]:
    """Return in one line each where a compiled statement differs from the truth."""
    check = _Check(decade, compiled, keys)
    return [*check.rows(), *check.years()]


def original_differences(decade: Decade, original: Compiled, keys: Keys) -> list[str]:
    """Return in one line each where figures as first reported differ from the truth."""
    check = _Check(decade, original, keys)
    lines = {line.key: line for line in true_lines(decade, original.statement)}
    faults = []
    stated = 0
    for row in original.rows:
        for year, cell in row.cells.items():
            key = check.key(cell)
            first = lines[key].cells[int(year)].original if key in lines else None
            if first is None:
                faults.append(f"{row.id} {year}: is in no report")
                continue
            stated += 1
            worth = check.worth(row, cell.v)
            # A line has one sign over all years, that of the newest report.
            if worth is None or worth not in {first.worth, -first.worth if cell.turned else None}:
                faults.append(f"{key} {year}: {first.worth} is {worth}")
            faults += [f"{key} {year}: {fault}" for fault in check.place(cell, first)]
    expected = sum(len(line.cells) for line in lines.values())
    if stated != expected:
        faults.append(f"{expected} figures were reported, and {stated} are shown")
    return faults


@dataclass(slots=True)
class _Check:
    decade: Decade
    compiled: Compiled
    keys: Keys

    def rows(self) -> Iterator[str]:
        """Yield the faults of lines: two in one, one in two, one that is lost, or its cells."""
        found: dict[str, CompiledRow] = {}
        for row in self.compiled.rows:
            places = [place for cell in row.cells.values() for place in (cell, *cell.history)]
            known = {key for place in places if (key := self.key(place))}
            if len(known) > 1:
                yield f"{row.id}: {', '.join(sorted(known))} are one line"
            for key in known:
                if key in found:
                    yield f"{key}: is the lines {found[key].id} and {row.id}"
                found[key] = row
        for line in true_lines(self.decade, self.compiled.statement):
            if line.key in found:
                yield from self.line(found[line.key], line)
            else:
                yield f"{line.key}: is lost"

    def line(self, row: CompiledRow, line: TrueLine) -> Iterator[str]:
        """Yield the faults of one line."""
        # Of a total that stands in no block, a reader may see no more than a line.
        if row.label != line.label or _SUMMED.get(row.kind) != _SUMMED.get(line.kind):
            yield f"{line.key}: {line.label!r} ({line.kind}) is {row.label!r} ({row.kind})"
        natural = line.cells[max(line.cells)].latest.natural
        for more in row.cells.keys() - {str(year) for year in line.cells}:
            yield f"{line.key} {more}: is in no report"
        for year, true in line.cells.items():
            for fault in self.cell(row, row.cells.get(str(year)), true, natural):
                yield f"{line.key} {year}: {fault}"

    def cell(
        self, row: CompiledRow, cell: CompiledCell | None, true: TrueCell, natural: int
    ) -> Iterator[str]:
        """Yield the faults of one cell."""
        if cell is None:
            yield "is lost"
            return
        worth = self.worth(row, cell.v)
        if worth is None or worth * natural != true.latest.effect:
            yield f"{true.latest.worth} is {worth}"
        yield from self.place(cell, true.latest)
        is_turned = true.latest.natural != natural and true.latest.value != 0
        expected = "sign" if is_turned and true.change in {"none", "rounding"} else true.change
        if cell.change != expected:
            yield f"{expected} is told as {cell.change}"
        if len(cell.history) != len(true.said) - 1:
            yield f"{len(true.said)} reports state it, and {1 + len(cell.history)} are told"
            return
        for stated, said in zip(reversed(cell.history), true.said[1:], strict=True):
            yield from self.stated(row, stated, said)

    def stated(self, row: CompiledRow, stated: Stated, said: Said) -> Iterator[str]:
        """Yield the faults of what an older report states."""
        if self.worth(row, stated.v) != said.worth:
            yield f"{said.worth} of {said.label!r} is {self.worth(row, stated.v)}"
        if stated.change != said.change:
            yield f"{said.change} after report {said.report} is told as {stated.change}"
        yield from self.place(stated, said)

    def place(self, place: Place, said: Said) -> Iterator[str]:
        """Yield the faults of where a figure is said to stand."""
        report = self.decade.reports[said.report]
        told = self.compiled.inputs[place.input]
        if told.sha256 != report.sha256:
            yield f"is of {report.file}, and not of {told.file}"
        if said.page is not None and place.page != said.page:
            yield f"stands on page {said.page}, and not on {place.page}"

    def years(self) -> Iterator[str]:
        """Yield the faults of the columns and of the gaps."""
        told = [each.fiscal_year for each in self.compiled.gaps]
        missing = missing_years(self.decade, self.compiled.statement)
        if sorted(told) != list(missing):
            yield f"the missing years are {missing}, and not {told}"
        lines = true_lines(self.decade, self.compiled.statement)
        years = sorted({str(year) for line in lines for year in line.cells}, reverse=True)
        if [each.key for each in self.compiled.periods] != years:
            yield f"the years are {years}, and not {[each.key for each in self.compiled.periods]}"
        if self.compiled.unplaced:
            yield f"not placed: {[each.label for each in self.compiled.unplaced]}"

    def key(self, place: Place) -> str | None:
        """Return which line a place is on."""
        digest = self.compiled.inputs[place.input].sha256
        return self.keys.get((digest, self.compiled.statement, place.row))

    def worth(self, row: CompiledRow, value: Decimal | None) -> Decimal | None:
        """Return a compiled figure in units of the currency, or in shares."""
        scale = self.compiled.scale if row.scale is None else row.scale
        return None if value is None else value.scaleb(scale or 0)
