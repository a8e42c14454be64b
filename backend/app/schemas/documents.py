"""A document as the API returns it."""

from datetime import date
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.pipeline.statement import StatementName
from app.schemas.companies import Moment

DocumentType = Literal["annual_report", "quarterly_report", "presentation", "other"]
ReadStatus = Literal["verified", "partly", "doubtful", "unknown"]
"""`unknown` of what an earlier release read, which recorded none."""
FileFate = Literal["deleted", "kept", "left_over", "none"]

_EXAMPLE: Final[dict[str, Any]] = {
    "id": 12,
    "company_id": 7,
    "document_type": "annual_report",
    "form": "10-K",
    "fiscal_year": 2024,
    "period_end": "2024-09-28",
    "filed_on": "2024-11-01",
    "kinds": ["ixbrl"],
    "statements": {
        "income_statement": {"verified": 1},
        "balance_sheet": {"verified": 1},
        "cash_flow_statement": {"partly": 1},
    },
    "accepted": [],
    "file_name": "aapl-20240928.htm",
    "media_type": "application/xhtml+xml",
    "sha256": "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae",
    "url": "sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae",
    "supersedes_id": None,
    "created_at": "2026-11-27T09:30:00Z",
    "updated_at": "2026-11-27T09:30:00Z",
}


class DocumentRead(BaseModel):
    """A report of a company, and how far the statements that were read in it are proved."""

    model_config = ConfigDict(
        from_attributes=True, validate_by_name=True, json_schema_extra={"examples": [_EXAMPLE]}
    )

    id: int
    company_id: int
    document_type: DocumentType
    form: str | None = Field(description="as the filing names it, such as `10-K/A`")
    fiscal_year: int
    period_end: date | None = Field(description="the last day of the newest year that it reports")
    filed_on: date | None
    kinds: list[str] = Field(description="how it was read, such as `pdf`; empty if it was not")
    statements: dict[StatementName, dict[ReadStatus, int]] = Field(
        description="how many of its filings have the statement with each status: one, or many in"
        " a file of companyfacts",
        validation_alias="statuses",
    )
    accepted: list[StatementName] = Field(
        description="which a person accepted although they are doubtful"
    )
    file_name: str | None = Field(description="that the file had where it came from")
    media_type: str | None = Field(description="of the file, by its content")
    sha256: str | None = Field(description="of the file, in hex; null if none is stored")
    url: str = Field(description="where it came from; `sha256:…` of what was added as a file")
    supersedes_id: int | None = Field(description="the document that it amends")
    created_at: Moment
    updated_at: Moment


class DocumentDetail(DocumentRead):
    """A document with its size."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [_EXAMPLE | {"amended_by": [], "size": 1484422}]}
    )

    amended_by: list[int] = Field(description="ids of the documents that amend it")
    size: int | None = Field(
        description="bytes of the file; null if none is stored, or the storage does not answer"
    )


class DocumentRemoved(BaseModel):
    """What went with a document."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": 12,
                    "company_id": 7,
                    "file_name": "aapl-20240928.htm",
                    "sha256": _EXAMPLE["sha256"],
                    "fiscal_year": 2024,
                    "form": "10-K",
                    "extractions": 3,
                    "corrections": 0,
                    "years": [2024],
                    "amended_by": [],
                    "file": "deleted",
                }
            ]
        }
    )

    id: int
    company_id: int
    file_name: str | None
    sha256: str | None
    fiscal_year: int
    form: str | None
    extractions: int = Field(description="statements that were read in it")
    corrections: int = Field(description="of its figures, withdrawn ones included")
    years: list[int] = Field(
        description="fiscal years that no other document of the company states"
    )
    amended_by: list[int] = Field(description="ids of documents that amend it, and stay")
    file: FileFate = Field(
        description="`kept` if another company's document has it; `left_over` if it could not be"
        " deleted now, and `fde doctor` lists it"
    )
