"""What a person sees of a figure before correcting it."""

from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy.orm import Session

from app.pipeline.compiled import Corrected
from app.pipeline.statement import StatementName
from app.services.errors import RefusedError
from app.services.fix_target import active_correction, fingerprint, target_of
from app.services.origin import scale_of
from app.services.why import Meant


@dataclass(frozen=True, slots=True)
class Correctable:
    """A figure, and whether it can be corrected.

    Attributes:
        line: Id of the row.
        period: Key of the period.
        unit: Currency, or such as USD/share; None where it is not known.
        scale: Of the figure that is typed; None where it is not known.
        v: The figure in units of 10^scale; None where nothing legible was read.
        corrected: The correction in force.
        number: Of that correction.
        seen: The figure's fingerprint, which a correction brings back.
        refusal: Why it cannot be corrected, as a clause; empty if it can.
    """

    company: int
    statement: StatementName
    line: str
    label: str
    section: tuple[str, ...]
    period: str
    period_label: str
    unit: str | None
    scale: int | None
    v: Decimal | None
    corrected: Corrected | None
    number: int | None
    seen: str
    refusal: str


def find_correctable(session: Session, meant: Meant) -> Correctable:
    """Return a figure as a form shows it that corrects it."""
    row, period = meant.found.row, meant.period
    cell = row.cells.get(period.key)
    scale = scale_of(meant.compiled, row)
    number, refusal = None, ""
    if scale is None:
        refusal = "its scale is not known, and a figure without it has no value"
    try:
        active = active_correction(session, target_of(session, meant))
        number = active.id if active is not None else None
    except RefusedError as error:
        refusal = str(error)
    return Correctable(
        company=meant.company.id,
        statement=meant.compiled.statement,
        line=row.id,
        label=row.label,
        section=tuple(row.section),
        period=period.key,
        period_label=period.label,
        unit=row.unit or meant.compiled.currency,
        scale=scale,
        v=cell.v if cell is not None else None,
        corrected=cell.corrected if cell is not None else None,
        number=number,
        seen=fingerprint(meant),
        refusal=refusal,
    )
