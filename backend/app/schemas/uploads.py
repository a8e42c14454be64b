"""What the API answers to an upload."""

from datetime import date
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.pipeline.statement import StatementName, Status
from app.schemas.statements import CompileChange

_EXAMPLE: Final[dict[str, Any]] = {
    "id": 12,
    "company_id": 3,
    "outcome": "added",
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "file_name": "annual-report-2024.pdf",
    "media_type": "application/pdf",
    "kind": "pdf",
    "form": None,
    "fiscal_year": 2024,
    "period_end": "2024-12-31",
    "filed_on": None,
    "statements": [
        {
            "statement": "income_statement",
            "status": "verified",
            "proved_share": 0.9583,
            "accession": None,
            "doubtful_accepted": False,
        }
    ],
    "missing": ["balance_sheet", "cash_flow_statement"],
    "notes": [],
    "compiled": [
        {
            "statement": "income_statement",
            "effect": "changed",
            "digest": "60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752",
        }
    ],
    "left_out": [],
}


class UploadedStatement(BaseModel):
    """A statement that was read in the file."""

    statement: StatementName
    status: Status | None = Field(description="how far its figures are proved")
    proved_share: float | None = Field(
        description="of the figures that a sum can prove, the share that is proved: 0 to 1; null "
        "if there is none"
    )
    accession: str | None = Field(description="the SEC's number of the filing, of a file of many")
    doubtful_accepted: bool = Field(
        description="whether it is compiled by a person's decision although it is doubtful"
    )


class LeftOut(BaseModel):
    """Why a statement that was read is not compiled, where nothing of its kind is."""

    statement: StatementName
    reason: str


class UploadedDocument(BaseModel):
    """A filing that is kept, what was read in it, and what compiling its company changed."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    id: int
    company_id: int
    outcome: Literal["added", "read_again", "already_there"] = Field(
        description="`already_there`: the same bytes were kept before; `read_again`: and a newer "
        "reader has read them"
    )
    sha256: str = Field(description="of the file, in hex")
    file_name: str | None = Field(description="as it was sent, without what is not safe")
    media_type: str | None = Field(description="by content (RFC 6838)")
    kind: str | None = Field(description="how it was read, by content")
    form: str | None = Field(description="as the filing names it, such as 10-K")
    fiscal_year: int
    period_end: date | None
    filed_on: date | None
    statements: list[UploadedStatement]
    missing: list[StatementName] = Field(description="statements that were not found in it")
    notes: list[str] = Field(description="what a person should know although it is kept")
    compiled: list[CompileChange] = Field(description="what that made of the company's statements")
    left_out: list[LeftOut] = Field(
        description="statements of the company of which nothing is compiled, with the reason"
    )
