"""`/documents/{document_id}/remove`: what goes with a document, and its removal."""

from fastapi import Request, Response
from sqlalchemy.orm import Session

from app.api.bounds import DocumentId
from app.pages import addresses
from app.pages.answering import page, see
from app.pages.documents.reading_words import ranges
from app.pages.documents.rows import names_of, row_of
from app.pages.forms import read_form
from app.pages.heads import Head
from app.pages.routing import page_router
from app.services.company_heads import CompanyHead, find_head
from app.services.document_readings import (
    KeptDocument,
    NamedDocument,
    find_kept,
    related_to,
)
from app.services.errors import NotFoundError
from app.services.removal_fingerprint import fingerprint_of
from app.services.removing import Removal, plan_removal_of, remove_as_seen
from app.web.dependencies import OpenDatabase
from app.web.discarding import discard_files

router = page_router("/documents")

_Found = tuple[CompanyHead, KeptDocument, list[NamedDocument], Removal]


@router.get("/{document_id}/remove")
async def get_removal(
    request: Request, document_id: DocumentId, database: OpenDatabase
) -> Response:
    """Return what goes with a document."""

    def work(session: Session) -> _Found:
        planned = plan_removal_of(session, document_id)
        document = find_kept(session, document_id)
        if document is None:
            raise NotFoundError("no_such_document", f"there is no document {document_id}")
        head = find_head(session, document.company_id)
        return head, document, related_to(session, document), planned

    head, document, related, planned = await database.run(work)
    return page(
        request,
        "remove.html",
        head=Head(head, "documents"),
        row=row_of(document),
        document=document,
        names=names_of(related),
        planned=planned,
        years=ranges(planned.years),
        fingerprint=fingerprint_of(planned),
    )


@router.post("/{document_id}/remove")
async def post_removal(
    request: Request, document_id: DocumentId, database: OpenDatabase
) -> Response:
    """Remove a document with what its page showed, and lead to the others."""
    seen = (await read_form(request)).get("seen", "")
    removed = await database.run(lambda session: remove_as_seen(session, document_id, seen))
    query = f"?removed={removed.document}"
    if removed.sha256 is not None:
        files = await discard_files(database, [removed.sha256])
        query += "&left_over=" if files.left_over else ""
    return see(request, addresses.documents(removed.company) + query)
