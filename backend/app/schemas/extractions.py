"""Extractions as the API lists and takes them."""

from datetime import datetime
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.pipeline.statement import Checks, Issue, SourceKind, StatementName, Status
from app.services.compiled_changes import CompiledChange

_EXTRACTION: Final[dict[str, Any]] = {
    "id": 12,
    "document": 3,
    "statement": "income_statement",
    "method": "manual",
    "reader": "ada",
    "model": None,
    "accession": None,
    "status": "partly",
    "doubtful_accepted": False,
    "proved_share": 0.9,
    "page": 31,
    "created_at": "2026-11-27T04:00:00Z",
    "in_use": True,
    "compiled": True,
}


class ExtractionSummary(BaseModel):
    """A reading of one statement in a document."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXTRACTION]})

    id: int
    document: int
    statement: StatementName
    method: SourceKind = Field(description="the kind of the file, or who read it: llm, manual")
    reader: str | None = Field(description="name and version; null where it was not recorded")
    model: str | None = Field(description="the language model, where one has read")
    accession: str | None = Field(description="the filing, where the document has many")
    status: Status | None
    doubtful_accepted: bool = Field(description="whether it is compiled although it is doubtful")
    proved_share: float | None = Field(
        description="from 0 to 1: of the checkable figures, those that are proved"
    )
    page: int | None = Field(description="on which it begins")
    created_at: datetime
    in_use: bool = Field(description="whether it is the reading of its statement that counts")
    compiled: bool = Field(
        description="whether compiled statements are made of it: it is in use, and not doubtful or "
        "accepted"
    )


class ExtractionPut(BaseModel):
    """A reading that was put, with its proof, and what it changed."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "outcome": "stored",
                    "extraction": _EXTRACTION,
                    "checks": {
                        "cells": 24,
                        "checkable": 20,
                        "verified": 18,
                        "failed": 0,
                        "balance": "not_applicable",
                        "cash": "not_applicable",
                        "closing_cash": "not_applicable",
                        "net_income": "pass",
                        "scale": "pass",
                        "lines": "pass",
                        "identity": "pass",
                        "status": "partly",
                    },
                    "issues": [
                        {
                            "code": "figure_not_found",
                            "message": "the document does not show -11 as 'Other', but (110)",
                            "row": 7,
                            "period": "p0",
                        }
                    ],
                    "changes": [],
                }
            ]
        }
    )

    outcome: Literal["stored", "unchanged"]
    extraction: ExtractionSummary
    checks: Checks | None = Field(description="computed here, whatever the reading says of it")
    issues: list[Issue]
    changes: list[CompiledChange] = Field(description="the compiled statements that are others now")
