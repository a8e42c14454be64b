"""Corrections as the API takes and gives them."""

from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from app.pipeline.statement import Figure, StatementName
from app.services.compiled_changes import CompiledChange
from app.services.corrections import Listed
from app.services.fix_form import Fixed
from app.services.fixing import MAX_NAME, MAX_REASON


def _prose(text: str) -> str:
    """Return text in one line, as the correction is kept."""
    kept = " ".join(text.split())
    if not kept:
        raise ValueError("it is blank")
    if not kept.isprintable():
        raise ValueError("it has characters that are not printable")
    return kept


Because = Annotated[
    str, StringConstraints(min_length=1, max_length=MAX_REASON), AfterValidator(_prose)
]
By = Annotated[str, StringConstraints(min_length=1, max_length=MAX_NAME), AfterValidator(_prose)]
Reference = Annotated[str, StringConstraints(min_length=1, max_length=500), AfterValidator(_prose)]
Short = Annotated[str, StringConstraints(min_length=1, max_length=40), AfterValidator(_prose)]

_PLACE: Final[dict[str, Any]] = {
    "statement": "income_statement",
    "section": ["Operating expenses"],
    "label": "Other",
}
_CORRECTION: Final[dict[str, Any]] = {
    "id": 7,
    "state": "active",
    **_PLACE,
    "period_end": "2018-12-31",
    "occurrence": 1,
    "concept": None,
    "document": 3,
    "file": "report-2018.pdf",
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "was": "-11",
    "value": "-110",
    "scale": 6,
    "because": "misread on page 31",
    "by": "Ada",
    "at": "2026-11-27T04:00:00Z",
    "withdrawn_at": None,
}


class CorrectionCreate(BaseModel):
    """A person's figure for a printed cell."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={
            "examples": [
                {
                    "statement": "income_statement",
                    "line": "Other",
                    "year": "2018",
                    "value": "-110",
                    "because": "misread on page 31",
                    "by": "Ada",
                }
            ]
        },
    )

    statement: StatementName
    line: Reference = Field(description="label, `Section > Label`, or id of the row")
    year: Short = Field(description="such as 2018 or FY2018: key, label, year or end of the period")
    framework: Short | None = Field(
        default=None, description="such as us-gaap or ifrs, where there are several"
    )
    currency: Short | None = Field(default=None, description="such as USD, where there are several")
    value: Figure = Field(
        description="as printed, with its sign, in the row's scale; a decimal in a string"
    )
    because: Because = Field(description="why")
    by: By = Field(description="who says so")


class CorrectionRead(Listed):
    """A correction, and whether it finds its cell."""

    model_config = ConfigDict(json_schema_extra={"examples": [_CORRECTION]})


class CorrectionResult(Fixed):
    """What a correction changed: the figure, its sums and the proof of its statement."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "schema": "fixed/1",
                    "outcome": "corrected",
                    "correction": 7,
                    "replaced": None,
                    "company": "Acme plc",
                    **_PLACE,
                    "line": "other",
                    "period": "2018",
                    "period_label": "FY2018",
                    "unit": "USD",
                    "scale": 6,
                    "filing": {
                        "document": 3,
                        "file": "report-2018.pdf",
                        "kind": "pdf",
                        "reader": "pdf-geometry/1",
                        "sha256": _CORRECTION["sha256"],
                        "status": "partly",
                    },
                    "before": "-11",
                    "after": "-110",
                    "corrected": {
                        "was": "-11",
                        "because": "misread on page 31",
                        "by": "Ada",
                        "on": "2026-11-27",
                    },
                    "verified_before": False,
                    "verified_after": True,
                    "holds_now": [],
                    "differs_now": [],
                    "holds_no_longer": [],
                    "sums_before": {
                        "verified": 40,
                        "checkable": 44,
                        "verified_in_period": 20,
                        "checkable_in_period": 22,
                    },
                    "sums_after": {
                        "verified": 44,
                        "checkable": 44,
                        "verified_in_period": 22,
                        "checkable_in_period": 22,
                    },
                }
            ]
        }
    )


class CorrectionWithdrawn(BaseModel):
    """A correction that was withdrawn, and what that changed."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "correction": {
                        **_CORRECTION,
                        "state": "withdrawn",
                        "withdrawn_at": "2026-11-27T05:00:00Z",
                    },
                    "changes": [],
                }
            ]
        }
    )

    correction: CorrectionRead
    changes: list[CompiledChange] = Field(
        description="the compiled statements that are others now; none where it had lost its cell"
    )
