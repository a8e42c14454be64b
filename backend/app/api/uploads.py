"""`POST /api/v1/companies/{company_id}/documents`: a filing of a company."""

from typing import Any, Final

from fastapi import Request, Response

from app.api.bounds import CompanyId
from app.api.routing import api_router
from app.pipeline.plain import plain
from app.schemas.statements import CompileChange
from app.schemas.uploads import LeftOut, UploadedDocument, UploadedStatement
from app.services.compiling import STATEMENTS
from app.services.limits import Limits
from app.services.uploading import Uploaded
from app.web.dependencies import OpenDatabase, OpenStorage
from app.web.multipart import receive_form
from app.web.problems import problem_responses
from app.web.receiving import Desk, body_of, content_type_of
from app.web.upload_slots import OpenUploadSlots
from app.web.write_access import WriteAccess

router = api_router("/companies", "documents")

_OVERRIDE: Final = "same_company=true adds it nevertheless"
_LONGEST_NOTE: Final = 500  # characters
_FORM: Final[dict[str, Any]] = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "title": "Form",
                "required": ["file"],
                "additionalProperties": False,
                "properties": {
                    "file": {
                        "type": "string",
                        "format": "binary",
                        "description": "the annual report: PDF, iXBRL, XBRL, ESEF or xBRL-JSON, or "
                        "a zip of its files; its content decides, not its name or type",
                    },
                    "same_company": {
                        "type": "boolean",
                        "default": False,
                        "description": "it is of this company, though another name, identifier or "
                        "other figures say otherwise",
                    },
                    "accept_doubtful": {
                        "type": "boolean",
                        "default": False,
                        "description": "compile its doubtful statements too",
                    },
                },
            },
            "encoding": {"file": {"contentType": "application/octet-stream"}},
        }
    },
}


@router.post(
    "/{company_id}/documents",
    status_code=201,
    response_model=UploadedDocument,
    operation_id="upload_document",
    summary="Add a filing to a company",
    response_description="The file is kept; `Location` is its document",
    dependencies=[WriteAccess],
    responses={
        200: {"model": UploadedDocument, "description": "The same file was there already"},
        **problem_responses(400, 404, 408, 409, 413, 415),
    },
    openapi_extra={"requestBody": _FORM},
)
async def upload_document(
    request: Request,
    company_id: CompanyId,
    database: OpenDatabase,
    storage: OpenStorage,
    slots: OpenUploadSlots,
) -> Response:
    """Read an annual report, keep it, and compile the company's statements.

    The file is known by its SHA-256: sent again, it changes nothing, and is answered 200 instead of
    201. A filing of another company is refused with 409, one that cannot be read with 422.
    """
    desk = Desk(database, storage, slots, Limits.in_force(), company_id, _OVERRIDE)
    async with slots.admit():
        await desk.check()
        async with desk.place() as path:
            async with body_of(request) as chunks:
                kind = content_type_of(request)
                form = await receive_form(kind, chunks, path, slots.size(), slots.writing)
            uploaded = await desk.keep(path, form.name, form.flags, request.is_disconnected)
    return _answer(uploaded)


def _answer(uploaded: Uploaded) -> Response:
    document, kept = uploaded.document, uploaded.kept
    found = {each.statement for each in uploaded.statements}
    model = UploadedDocument.model_validate(
        {
            "id": document.id,
            "company_id": document.company_id,
            "outcome": kept.outcome,
            "sha256": document.sha256,
            "file_name": document.file_name,
            "media_type": document.media_type,
            "kind": next((each.method for each in uploaded.statements), None),
            "form": document.form,
            "fiscal_year": document.fiscal_year,
            "period_end": document.period_end,
            "filed_on": document.filed_on,
            "statements": [
                UploadedStatement.model_validate(each, from_attributes=True)
                for each in uploaded.statements
            ],
            "missing": [name for name in STATEMENTS if name not in found],
            "notes": [plain(each)[:_LONGEST_NOTE] for each in kept.notes],
            "compiled": [
                CompileChange(statement=name, effect=effect, digest=digest)
                for name, effect, digest in uploaded.compiled.changes
            ],
            "left_out": [
                LeftOut(statement=name, reason=plain(why)[:_LONGEST_NOTE])
                for name, why in uploaded.compiled.left_out
            ],
        }
    )
    return Response(
        model.model_dump_json(),
        201 if kept.outcome == "added" else 200,
        {"Location": f"/api/v1/documents/{document.id}", "Cache-Control": "no-store"},
        "application/json",
    )
