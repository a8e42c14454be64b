"""Figures one by one, each with its filing: the columns of the long formats."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from typing import Final

from app.pipeline.compiled import Change, Compiled, CompiledCell, CompiledPeriod, CompiledRow
from app.pipeline.export.wide_csv import SEPARATOR
from app.pipeline.export.wording import as_read, scale_of, unit_of, worth
from app.pipeline.statement import RowKind, StatementName


@dataclass(frozen=True, slots=True)
class Record:
    """One figure of one period.

    Attributes:
        row: Id of the row, unique in the statement.
        axes: Dimensions, as `axis=member`, separated by semicolons.
        period: Key of the period: the fiscal year, with months if it is short.
        value: In units; None where the figure or the scale is not known.
        v: As printed, in units of 10^scale; None where a figure stands that cannot be read.
        first_v: As the first filing stated it, in the same scale.
        unadjusted: New shares for old ones, such as 4:1, of later splits for which it is not
            adjusted.
        corrected: Whether a person corrected it.
        turned: Whether its sign is that of newer filings, and not as printed.
        read_as: The figure that was read before the correction.
        page: Physical, from 1.
    """

    company: str
    statement: StatementName
    framework: str | None
    row: str
    label: str
    section: str
    kind: RowKind
    concept: str | None
    axes: str
    period: str
    fiscal_year: int | None
    period_start: date | None
    period_end: date
    value: Decimal | None
    unit: str | None
    v: Decimal | None
    scale: int | None
    verified: bool
    change: Change
    first_v: Decimal | None
    turned: bool
    unadjusted: str | None
    corrected: bool
    read_as: Decimal | None
    because: str | None
    file: str | None
    form: str | None
    filed: date | None
    accession: str | None
    sha256: str
    page: int | None


COLUMNS: Final = tuple(each.name for each in fields(Record))


def records_of(company: str, statements: Sequence[Compiled]) -> Iterator[Record]:
    """Yield each figure: by statement, row, and period from the newest."""
    for compiled in statements:
        for row in compiled.rows:
            for period in compiled.periods:
                if cell := row.cells.get(period.key):
                    yield _record(company, compiled, row, period, cell)


def _record(
    company: str, compiled: Compiled, row: CompiledRow, period: CompiledPeriod, cell: CompiledCell
) -> Record:
    source = compiled.inputs[cell.input]
    scale = scale_of(row, compiled)
    corrected = cell.corrected
    return Record(
        company=company,
        statement=compiled.statement,
        framework=compiled.framework,
        row=row.id,
        label=row.label,
        section=SEPARATOR.join(row.section),
        kind=row.kind,
        concept=row.concepts[0] if row.concepts else None,
        axes="; ".join(f"{axis}={member}" for axis, member in sorted(row.axes.items())),
        period=period.key,
        fiscal_year=period.fiscal_year,
        period_start=period.start,
        period_end=period.end,
        value=None if cell.v is None or scale is None else worth(cell.v, scale),
        unit=unit_of(row, compiled),
        v=cell.v,
        scale=scale,
        verified=cell.verified,
        change=cell.change,
        first_v=_first_of(cell),
        turned=cell.turned,
        unadjusted=cell.unadjusted,
        corrected=corrected is not None,
        read_as=corrected.was if corrected else None,
        because=corrected.because if corrected else None,
        file=source.file,
        form=source.form,
        filed=source.filed,
        accession=source.accession,
        sha256=source.sha256,
        page=cell.page,
    )


def _first_of(cell: CompiledCell) -> Decimal | None:
    """Return the figure of the oldest filing that states it, as it was read."""
    oldest = max(cell.history, key=lambda each: each.input, default=None)
    if oldest is None or oldest.input < cell.input:
        return as_read(cell)
    return oldest.corrected.was if oldest.corrected else oldest.v
