"""`/api/v1/documents`."""

import hashlib
from typing import Annotated, Any, Final, cast

from fastapi import Query, Request, Response
from pydantic import Field
from sqlalchemy.orm import Session

from app.api.bounds import DIGITS, DocumentId, Id, Line
from app.api.pagination import DEFAULT_LIMIT, After, Limit, Page, cursor_of, key_of
from app.api.routing import api_router
from app.db.models import Document
from app.schemas.documents import (
    DocumentDetail,
    DocumentRead,
    DocumentRemoved,
    DocumentType,
    FileFate,
)
from app.services.document_pages import (
    DocumentFile,
    DocumentFilter,
    amendments_of,
    file_of,
    get_document,
    list_page,
)
from app.services.documents import summarize
from app.services.errors import NotFoundError
from app.services.removing import remove_at_once
from app.web.attachments import ENDINGS, OCTETS
from app.web.conditional import JSON, answer, answer_model
from app.web.dependencies import OpenDatabase
from app.web.discarding import discard_files
from app.web.file_answer import answer_file
from app.web.preconditions import require_match
from app.web.problems import problem_responses
from app.web.storage_threads import size_of
from app.web.write_access import WriteAccess

router = api_router("/documents", "documents")

PATH: Final = "/{document_id}"

CompanyIs = Annotated[Id | None, Query(description="The id of a company.", examples=[1])]
YearIs = Annotated[
    Annotated[int, Field(ge=1900, le=2100), DIGITS] | None,
    Query(description="A fiscal year.", examples=[2024]),
]
TypeIs = Annotated[DocumentType | None, Query(alias="type", description="A type of document.")]
FormIs = Annotated[
    Annotated[Line, Field(max_length=50)] | None,
    Query(description="A form as filings name it, in any case.", examples=["10-K"]),
]
_BYTES: Final = {"schema": {"type": "string", "format": "binary"}}
_FILE_RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "The whole file",
        "content": dict.fromkeys((OCTETS, *ENDINGS), _BYTES),
    },
    206: {
        "description": "The range that was asked for",
        "content": dict.fromkeys((OCTETS, *ENDINGS), _BYTES),
    },
    304: {"description": "The client has it already"},
    **problem_responses(404, 412, 416),
}


@router.get(
    "",
    response_model=Page[DocumentRead],
    operation_id="list_documents",
    summary="List documents",
    responses=problem_responses(),
)
async def list_documents(  # noqa: PLR0913, PLR0917 the filters
    request: Request,
    database: OpenDatabase,
    company: CompanyIs = None,
    year: YearIs = None,
    document_type: TypeIs = None,
    form: FormIs = None,
    limit: Limit = DEFAULT_LIMIT,
    after: After = None,
) -> Response:
    """Return documents, the newest fiscal year first; of several filters, all have to fit."""
    wanted = DocumentFilter(company, year, document_type, form)
    key = None if after is None else cast("tuple[int, int]", tuple(key_of(after, int, int)))

    def work(session: Session) -> Page[DocumentRead]:
        found, following = list_page(session, wanted, key, limit)
        return Page[DocumentRead](
            items=[DocumentRead.model_validate(each) for each in found],
            next=cursor_of(*following) if following else None,
        )

    return answer_model(request, await database.run(work))


@router.get(
    PATH,
    response_model=DocumentDetail,
    operation_id="get_document",
    summary="Get a document",
    responses=problem_responses(404),
)
async def get(request: Request, document_id: DocumentId, database: OpenDatabase) -> Response:
    """Return a document, with the size of its file."""

    def work(session: Session) -> tuple[DocumentDetail, DocumentFile | None]:
        document = get_document(session, document_id)
        return _detail(session, document), file_of(document)

    detail, file = await database.run(work)
    etag = _etag(detail)  # the size follows from the digest of the file, which is in it
    if file:
        detail.size = await size_of(file.path)
        etag = etag if detail.size is not None else _etag(detail, "size not known")
    return answer(request, detail.model_dump_json().encode(), etag=etag, media_type=JSON)


@router.get(
    f"{PATH}/file",
    response_class=Response,
    operation_id="get_document_file",
    summary="Download a document's file",
    responses=_FILE_RESPONSES,
)
async def get_file(request: Request, document_id: DocumentId, database: OpenDatabase) -> Response:
    """Return the file as it was added, or a range of it (`Range`, `If-Range`).

    Its entity tag is its SHA-256. A filing comes from a stranger: it is sent as an attachment, and
    a browser that shows it nevertheless runs nothing in it.
    """

    def work(session: Session) -> DocumentFile:
        file = file_of(get_document(session, document_id))
        if file is None:
            raise NotFoundError("no_file", f"of document {document_id} no file is stored")
        return file

    return await answer_file(request, await database.run(work))


@router.delete(
    PATH,
    response_model=DocumentRemoved,
    operation_id="delete_document",
    summary="Delete a document",
    responses=problem_responses(401, 403, 404, 412),
    dependencies=[WriteAccess],
)
async def delete(
    request: Request, document_id: DocumentId, database: OpenDatabase
) -> DocumentRemoved:
    """Delete a document with all that was read in it, and say what went with it.

    The statements of its company are compiled again in the same transaction. Its file is deleted
    with the last document that has it.
    """

    def work(session: Session) -> DocumentRemoved:
        def check(document: Document) -> None:
            require_match(request, _etag(_detail(session, document)))

        gone = remove_at_once(session, document_id, check)
        return DocumentRemoved(
            id=gone.document,
            company_id=gone.company,
            file_name=gone.file_name,
            sha256=gone.sha256,
            fiscal_year=gone.fiscal_year,
            form=gone.form,
            extractions=gone.extractions,
            corrections=gone.corrections,
            years=list(gone.years),
            amended_by=list(gone.amended_by),
            file="none",
        )

    removed = await database.run(work)
    if removed.sha256 is not None:
        files = await discard_files(database, [removed.sha256])
        fate: FileFate = "deleted" if files.deleted else "kept" if files.kept else "left_over"
        removed.file = fate
    return removed


def _detail(session: Session, document: Document) -> DocumentDetail:
    """Return a document without the size of its file."""
    (summary,) = summarize(session, [document])
    read = DocumentRead.model_validate(summary)
    amended_by = list(amendments_of(session, document.id))
    return DocumentDetail(**read.model_dump(), amended_by=amended_by, size=None)


def _etag(detail: DocumentDetail, more: str = "") -> str:
    return hashlib.sha256(f"{detail.model_dump_json()}{more}".encode()).hexdigest()
