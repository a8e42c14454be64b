"""`/api/v1/documents/{document_id}/extractions`: what was read in a document, by whom."""

import hashlib
import threading
from typing import Annotated, Any, Final

from fastapi import Path, Query, Request, Response
from pydantic import StringConstraints
from sqlalchemy.orm import Session

from app.api.bounds import DocumentId, Id, StatementIs
from app.api.pagination import DEFAULT_LIMIT, After, Limit, Page, cursor_of, key_of
from app.api.routing import api_router
from app.pipeline.compiled import as_bytes
from app.pipeline.statement import Checks, Issue, Statement
from app.schemas.extractions import ExtractionPut, ExtractionSummary
from app.services import elsewhere, extractions
from app.services.limits import Limits
from app.services.stated import BadReadingError, read_stated
from app.web.conditional import JSON, answer, answer_model
from app.web.dependencies import OpenDatabase, OpenStorage
from app.web.problems import FieldError, ProblemError, problem_responses
from app.web.upload_slots import OpenUploadSlots
from app.web.write_access import WriteAccess

router = api_router("", "extractions")

ExtractionId = Annotated[Id, Path(description="The extraction's id.", examples=[12])]
Model = Annotated[
    str | None,
    StringConstraints(min_length=1, max_length=elsewhere.MAX_MODEL, pattern=r"^[ -~]*[!-~][ -~]*$"),
    Query(description="The language model that has read, such as gpt-4o."),
]
AcceptDoubtful = Annotated[
    bool, Query(description="Compile it although it is doubtful: a person says that it is right.")
]
_EXAMPLE: Final[dict[str, Any]] = {
    "schema": "statement/1",
    "statement": "income_statement",
    "framework": "ifrs",
    "scope": "consolidated",
    "language": "en",
    "title": "Consolidated income statement",
    "currency": "USD",
    "scale": 6,
    "source": {
        "kind": "manual",
        "reader": "ada",
        "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "pages": [31],
    },
    "periods": [
        {
            "key": "p0",
            "fiscal_year": 2023,
            "label": "2023",
            "start": "2023-01-01",
            "end": "2023-12-31",
        }
    ],
    "rows": [
        {"n": 0, "label": "Revenue", "kind": "line", "cells": {"p0": {"v": "48211"}}},
        {"n": 1, "label": "Cost of sales", "kind": "line", "cells": {"p0": {"v": "-30172"}}},
        {"n": 2, "label": "Gross profit", "kind": "total", "cells": {"p0": {"v": "18039"}}},
    ],
}
_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            JSON: {"schema": {"$ref": "#/components/schemas/Statement"}, "example": _EXAMPLE}
        },
    }
}


@router.get(
    "/documents/{document_id}/extractions",
    response_model=Page[ExtractionSummary],
    operation_id="list_extractions",
    summary="List the readings of a document",
    responses=problem_responses(404),
)
async def list_extractions(
    request: Request,
    database: OpenDatabase,
    document_id: DocumentId,
    limit: Limit = DEFAULT_LIMIT,
    after: After = None,
) -> Response:
    """Return the readings of a document's statements, the oldest first, and which are in use."""
    last = key_of(after, int)[0] if after is not None else None

    def work(session: Session) -> Page[ExtractionSummary]:
        found = extractions.list_extractions(
            session, document_id, after=last if isinstance(last, int) else None, limit=limit + 1
        )
        items = [_summary(each) for each in found[:limit]]
        more = cursor_of(items[-1].id) if len(found) > limit else None
        return Page[ExtractionSummary](items=items, next=more)

    return answer_model(request, await database.run(work))


@router.get(
    "/extractions/{extraction_id}",
    response_model=Statement,
    operation_id="get_extraction",
    summary="Get a reading",
    responses={
        200: {"content": {JSON: {"example": _EXAMPLE}}},
        **problem_responses(404, 409),
    },
)
async def get_extraction(
    request: Request, database: OpenDatabase, extraction_id: ExtractionId
) -> Response:
    """Return a statement as it was read, in the form statement/1: each figure with its proof."""
    content = await database.run(
        lambda session: as_bytes(extractions.load_statement(session, extraction_id))
    )
    return answer(request, content, etag=hashlib.sha256(content).hexdigest())


@router.put(
    "/documents/{document_id}/extractions/{statement}",
    response_model=ExtractionPut,
    status_code=201,
    operation_id="put_extraction",
    summary="Put a reading made elsewhere",
    dependencies=[WriteAccess],
    responses={
        200: {"model": ExtractionPut, "description": "It is kept already"},
        **problem_responses(400, 404, 409, 413),
    },
    openapi_extra=_BODY,
)
async def put_extraction(  # noqa: PLR0913, PLR0917 the parameters of the route
    request: Request,
    database: OpenDatabase,
    storage: OpenStorage,
    slots: OpenUploadSlots,
    document_id: DocumentId,
    statement: StatementIs,
    model: Model = None,
    accept_doubtful: AcceptDoubtful = False,  # noqa: FBT002 a query parameter
) -> Response:
    """Keep a statement that a person or a language model read in a document, and prove it.

    What it says of its proof is discarded, and computed anew: a figure is proved only if the
    document shows it, in that line and period, and the sums that it is part of hold. It is in use
    instead of the program's reading, also when the program reads the document again; if it is
    doubtful, only with `accept_doubtful=true`.
    """
    limits = Limits.in_force()
    async with slots.admit():
        body = await request.body()
        try:
            stated = await database.compute(lambda: read_stated(body, statement))
        except BadReadingError as error:
            raise _bad(error) from None
        if model is not None and stated.source.kind != "llm":
            raise ProblemError(422, "invalid_query", "model: goes with source.kind llm")
        asked = await database.run(lambda session: elsewhere.prepare(session, document_id, stated))

        def prove(stop: threading.Event) -> Statement:
            return elsewhere.prove(storage, asked, limits, stop)

        proved = await slots.read(prove, request.is_disconnected)

    def work(session: Session) -> tuple[int, str]:
        put = elsewhere.keep(session, asked, proved, model=model, accept_doubtful=accept_doubtful)
        return (201 if put.is_new else 200), _answer(put).model_dump_json()

    status, content = await database.run(work)
    return Response(content, status, media_type=JSON)


def _summary(found: extractions.Found) -> ExtractionSummary:
    one = found.extraction
    return ExtractionSummary(
        id=one.id,
        document=one.document_id,
        statement=one.statement_type,
        method=one.method,
        reader=one.reader,
        model=one.model,
        accession=one.accession,
        status=one.status,
        doubtful_accepted=one.doubtful_accepted,
        proved_share=one.confidence,
        page=one.source_page,
        created_at=one.created_at,
        in_use=found.is_in_use,
        compiled=found.is_compiled,
    )


def _answer(put: elsewhere.Put) -> ExtractionPut:
    data = put.extraction.raw_data
    checks = data.get("checks")
    return ExtractionPut(
        outcome="stored" if put.is_new else "unchanged",
        extraction=_summary(extractions.Found(put.extraction, put.is_in_use)),
        checks=Checks.model_validate(checks) if checks else None,
        issues=[Issue.model_validate(each) for each in data.get("issues", ())],
        changes=put.changes,
    )


def _bad(error: BadReadingError) -> ProblemError:
    faults = [
        FieldError(location=f"body.{where}".rstrip(".")[:200], message=how[:500])
        for where, how in error.faults
    ]
    status = 413 if error.code == "too_large" else 422
    return ProblemError(status, error.code, str(error), errors=faults)
