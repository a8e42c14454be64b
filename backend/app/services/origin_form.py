"""The form `origin/1`: where a figure comes from, as `fde why --json` prints it."""

from datetime import date
from typing import Literal

from pydantic import ConfigDict, Field

from app.pipeline.compiled import Change, Corrected
from app.pipeline.statement import Figure, Form, RowKind, SourceKind, StatementName, Status

SignRule = Literal["as_tagged", "negated", "rounded", "rounded_and_negated", "differs"]
"""How the printed figure follows from the tagged one."""


class OfFiling(Form):
    """A filing."""

    document: int | None = Field(default=None, description="id, as fde documents lists it")
    file: str | None = None
    form: str | None = None
    fiscal_year: int | None = None
    filed: date | None = None
    kind: SourceKind
    reader: str
    sha256: str
    accession: str | None = None
    status: Status


class OfPlace(Form):
    """Where and how a filing states a figure."""

    page: int | None = None
    at: tuple[int, float, float, float, float] | str | None = None
    printed: str | None = None
    label: str
    section: list[str] = Field(default_factory=list)
    note: str | None = None
    concept: str | None = None
    axes: dict[str, str] = Field(default_factory=dict)
    fact: str | None = None
    tagged: Figure | None = None
    sign: SignRule | None = None
    turned: bool = Field(
        default=False, description="whether it is shown with the sign of newer filings"
    )
    unconfirmed: bool = Field(
        default=False,
        description="whether a reading made elsewhere states it, and the document does not show it",
    )


class Term(Form):
    """A row in an equation."""

    sign: Literal[1, -1]
    id: str | None = Field(
        description="of the compiled row; none in an equation of the filing itself"
    )
    label: str
    v: Figure | None = Field(description="none where nothing is printed, which counts as zero")


class Proof(Form):
    """An equation in which the figure takes part: total = terms, or equal rows."""

    id: str
    of: Literal["compiled", "filing"] = Field(
        default="compiled",
        description="filing: between the rows of the figure's filing, as it prints them",
    )
    kind: Literal["sum", "equal"]
    holds: bool
    total: Term
    terms: list[Term]
    elsewhere: StatementName | None = Field(
        default=None, description="of a tie: the other statement of the same filing"
    )
    difference: Figure
    tolerance: Figure


class StatedBy(Form):
    """The figure as one filing states it."""

    filing: OfFiling
    page: int | None = None
    at: tuple[int, float, float, float, float] | str | None = None
    printed: str | None = None
    label: str
    v: Figure | None
    shown: bool = Field(description="whether this is the figure that is shown")
    change: Change | None = Field(description="against the filing before; none for the first")
    in_words: str


class SecondReading(Form):
    """The same filing in another kind: how far it agrees."""

    filing: OfFiling
    equal: int
    different: int
    v: Figure | None = Field(
        default=None, description="this figure, where the same line is found in it"
    )
    agrees: bool | None = Field(default=None, description="none where the line is not found")


class Origin(Form):
    """A figure, and where it comes from."""

    form: Literal["origin/1"] = Field(default="origin/1", alias="schema")
    company: str
    statement: StatementName
    framework: str | None
    line: str = Field(description="id of the row")
    label: str
    section: list[str]
    kind: RowKind
    period: str
    period_label: str
    start: date | None
    end: date
    view: Literal["latest", "original"]
    v: Figure | None
    unit: str | None = Field(description="currency, or such as USD/share; none: not known")
    scale: int | None
    value: Figure | None = Field(description="v x 10^scale; none where either is not known")
    verified: bool
    checkable: bool
    change: Change
    filing: OfFiling
    place: OfPlace
    proofs: list[Proof]
    history: list[StatedBy] = Field(description="the oldest first, with the one shown")
    second_readings: list[SecondReading]
    corrected: Corrected | None
    notes: list[str] = Field(
        description="issues of the compiled statement that are about this figure, its year, or all"
    )

    model_config = ConfigDict(
        extra="forbid", serialize_by_alias=True, validate_by_alias=True, validate_by_name=True
    )
