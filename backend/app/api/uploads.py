"""`POST /api/v1/companies/{company_id}/documents`: a filing of a company."""

import threading
from contextlib import ExitStack, aclosing
from pathlib import Path
from typing import Any, Final

from anyio import to_thread
from fastapi import Request, Response
from sqlalchemy.orm import Session
from starlette.requests import ClientDisconnect

from app.api.bounds import CompanyId
from app.api.routing import api_router
from app.db.models import Company
from app.pipeline.plain import plain
from app.schemas.statements import CompileChange
from app.schemas.uploads import LeftOut, UploadedDocument, UploadedStatement
from app.services import inbox
from app.services.adding import Options
from app.services.compiling import STATEMENTS
from app.services.errors import NotFoundError
from app.services.given_files import Given
from app.services.identity import OVERRIDE
from app.services.limits import Limits
from app.services.uploading import NotKeptError, Uploaded, upload
from app.web.dependencies import OpenDatabase, OpenStorage
from app.web.multipart import ReceivedForm, receive_form
from app.web.problems import ProblemError, problem_responses
from app.web.upload_slots import OpenUploadSlots
from app.web.write_access import WriteAccess

router = api_router("/companies", "documents")

_STATUS: Final = {
    "other_company": 409,
    "removed": 409,
    "changed": 409,
    "too_large": 413,
    "killed": 503,
}
"""Of the answer to a file that is not kept, by code; of the others 422."""
_LONGEST_NOTE: Final = 500  # characters
_ADVICE: Final = {
    "time_limit": "reading it takes longer than {0.seconds} s",
    "memory_limit": "reading it needs more than {0.memory} MB of memory",
    "crashed": "the process that read it crashed: the file is damaged, or needs more than "
    "{0.memory} MB of memory",
    "no_statements": "none of the three statements was found: send the annual report itself",
}
"""What replaces a reader's advice to use an option of the command line."""
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
    limits = Limits.in_force()

    def check(session: Session) -> None:
        if session.get(Company, company_id) is None:
            raise NotFoundError("no_such_company", f"there is no company id:{company_id}")

    async with slots.admit():
        await database.run(check)  # before anything is received
        with ExitStack() as stack:
            path = await to_thread.run_sync(_new_place, stack, limiter=slots.writing)
            form = await _receive(request, path, slots)
            given = Given(form.name, path, kept_as=form.name)

            def work(stop: threading.Event) -> Uploaded:
                options = Options(
                    trusted=form.flags.get("same_company", False),
                    accept_doubtful=form.flags.get("accept_doubtful", False),
                    limits=limits,
                    stop=stop,
                )
                return upload(database.sessions, storage, company_id, given, options)

            try:
                uploaded = await slots.read(work, request.is_disconnected)
            except NotKeptError as error:
                raise _not_kept(error, limits) from None
    return _answer(uploaded)


def _new_place(stack: ExitStack) -> Path:
    inbox.sweep()
    return stack.enter_context(inbox.new_place())


async def _receive(request: Request, path: Path, slots: OpenUploadSlots) -> ReceivedForm:
    """Receive the form of a request.

    Raises:
        ProblemError: It is not as it should be, or its client is gone.
    """
    content_type = request.headers.get("content-type", "").encode("latin-1")
    try:
        async with aclosing(request.stream()) as chunks:
            form = await receive_form(content_type, chunks, path, slots.size(), slots.writing)
    except ClientDisconnect:
        raise ProblemError(400, "incomplete", "the request ends before its body does") from None
    return form


def _not_kept(error: NotKeptError, limits: Limits) -> ProblemError:
    """Return the answer to a file that cannot be read, or is refused."""
    detail = _ADVICE.get(error.code, "").format(limits) or str(error)
    detail = detail.replace(OVERRIDE, "same_company=true adds it nevertheless")
    return ProblemError(_STATUS.get(error.code, 422), error.code, detail)


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
