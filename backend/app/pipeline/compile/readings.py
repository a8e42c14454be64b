"""The inputs of the compiler: statements of filings, and corrections by people."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from app.pipeline.statement import Statement


@dataclass(frozen=True, slots=True)
class Reading:
    """One statement that was read in one filing.

    Attributes:
        sha256: Of the file.
        file: The name of the file that was given.
        form: Such as 10-K/A.
        filed: The day on which it was filed.
        supersedes: Digest of the file that this one amends.
        accepted: Whether a person accepted it though it is doubtful.
    """

    statement: Statement
    sha256: str
    file: str | None = None
    form: str | None = None
    filed: date | None = None
    supersedes: str | None = None
    accepted: bool = False


@dataclass(frozen=True, slots=True)
class Correction:
    """A figure that a person corrected, and the printed cell that it replaces.

    Attributes:
        sha256: Of the file that prints the cell.
        period_end: The last day of the cell's period.
        section: The headings above the row.
        occurrence: From 1: which of the rows with this section and label, in printed order.
        value: In units of 10^scale.
    """

    sha256: str
    period_end: date
    section: tuple[str, ...]
    label: str
    occurrence: int
    concept: str | None
    value: Decimal
    scale: int
    because: str
    by: str
    on: date
    axes: dict[str, str] = field(default_factory=dict)
