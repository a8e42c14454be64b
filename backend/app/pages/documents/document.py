"""`/documents/{document_id}`: one document, what was read in it, and where that is used."""

from collections.abc import Sequence

from fastapi import Request, Response
from sqlalchemy.orm import Session

from app.api.bounds import DocumentId
from app.pages import addresses
from app.pages.answering import page, see
from app.pages.documents.rows import names_of, row_of
from app.pages.documents.view import filings_of, uses_of_document
from app.pages.forms import read_form
from app.pages.heads import Head
from app.pages.routing import page_router
from app.services.accepting import accept_doubtful, acceptable, fingerprint_of
from app.services.company_heads import CompanyHead, find_head
from app.services.document_readings import (
    KeptDocument,
    NamedDocument,
    find_kept,
    related_to,
)
from app.services.document_uses import FigureOfPage, Use, figures_of_pages, uses_of
from app.services.errors import NotFoundError
from app.web.dependencies import OpenDatabase
from app.web.storage_threads import size_of

router = page_router("/documents")

_Found = tuple[
    CompanyHead, KeptDocument, Sequence[Use], Sequence[FigureOfPage], list[NamedDocument]
]


@router.get("/{document_id}")
async def get_document(
    request: Request, document_id: DocumentId, database: OpenDatabase
) -> Response:
    """Return a document."""

    def work(session: Session) -> _Found:
        document = find_kept(session, document_id)
        if document is None:
            raise NotFoundError("no_such_document", f"there is no document {document_id}")
        head = find_head(session, document.company_id)
        uses = uses_of(session, head.id, document.sha256) if document.sha256 else ()
        places: Sequence[FigureOfPage] = ()
        if document.is_pdf and document.sha256:
            places = figures_of_pages(session, head.id, document.sha256)
        return head, document, uses, places, related_to(session, document)

    head, document, uses, places, related = await database.run(work)
    size = None if document.file_path is None else await size_of(document.file_path)
    return page(
        request,
        "document.html",
        head=Head(head, "documents"),
        row=row_of(document),
        document=document,
        names=names_of(related),
        size=size,
        filings=filings_of(document, places),
        uses=uses_of_document(uses),
        is_stale=None in head.compiled.values(),
        acceptable=len(acceptable(document.readings)),
        fingerprint=fingerprint_of(document.readings),
    )


@router.post("/{document_id}/accept")
async def post_acceptance(
    request: Request, document_id: DocumentId, database: OpenDatabase
) -> Response:
    """Accept the doubtful statements of a document, as its page showed them."""
    form = await read_form(request)
    seen = form.get("seen", "")
    await database.run(lambda session: accept_doubtful(session, document_id, seen))
    return see(request, addresses.document(document_id))
