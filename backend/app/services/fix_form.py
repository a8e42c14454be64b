"""The form `fixed/1`: what a correction changed, as `fde fix --json` prints it."""

from typing import Literal

from pydantic import ConfigDict, Field

from app.pipeline.compiled import Corrected
from app.pipeline.statement import Figure, Form, StatementName
from app.services.origin_form import OfFiling, Proof


class Sums(Form):
    """How much of a statement is proved."""

    verified: int
    checkable: int
    verified_in_period: int
    checkable_in_period: int


class Fixed(Form):
    """A figure before and after a correction was made or withdrawn."""

    form: Literal["fixed/1"] = Field(default="fixed/1", alias="schema")
    outcome: Literal["corrected", "unchanged", "withdrawn"]
    correction: int = Field(description="its number")
    replaced: int | None = Field(default=None, description="number of the one that it replaces")
    company: str
    statement: StatementName
    line: str
    label: str
    section: list[str]
    period: str
    period_label: str
    unit: str | None
    scale: int | None
    filing: OfFiling
    before: Figure | None = Field(description="none where nothing legible was read")
    after: Figure | None
    corrected: Corrected | None
    verified_before: bool
    verified_after: bool
    holds_now: list[Proof] = Field(description="equations of the period that did not hold before")
    differs_now: list[Proof] = Field(
        description="equations that held before and hold now, with another difference"
    )
    holds_no_longer: list[Proof] = Field(description="equations of the period that held before")
    sums_before: Sums
    sums_after: Sums

    model_config = ConfigDict(
        extra="forbid", serialize_by_alias=True, validate_by_alias=True, validate_by_name=True
    )
