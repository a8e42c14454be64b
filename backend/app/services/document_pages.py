"""Pages of documents, one document with what was read in it, and its file."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Text, cast, func, or_, select
from sqlalchemy.orm import Session

from app.db.models import Document
from app.services.documents import DocumentSummary, summarize
from app.services.errors import NotFoundError


@dataclass(frozen=True, slots=True)
class DocumentFilter:
    """Which documents are listed; all that is given has to fit.

    Attributes:
        form: As the filing names it, in any case.
    """

    company_id: int | None = None
    fiscal_year: int | None = None
    document_type: str | None = None
    form: str | None = None


@dataclass(frozen=True, slots=True)
class DocumentFile:
    """The stored file of a document.

    Attributes:
        path: Below the URL of the storage.
        sha256: In hex.
        file_name: That it had where it came from.
        media_type: By its content.
    """

    document_id: int
    path: str
    sha256: str
    file_name: str | None
    media_type: str | None


def list_page(
    session: Session, wanted: DocumentFilter, after: tuple[int, int] | None, limit: int
) -> tuple[list[DocumentSummary], tuple[int, int] | None]:
    """Return documents, the newest fiscal year first, and the key of the page that follows.

    Args:
        session: Its transaction reads.
        wanted: Which ones.
        after: Fiscal year and id of the last document of the page before.
        limit: Their number at most.
    """
    query = select(Document).where(*_conditions(wanted))
    if after is not None:
        year, number = after
        query = query.where(
            Document.fiscal_year <= year,  # an index serves it
            or_(Document.fiscal_year < year, Document.id > number),
        )
    order = Document.fiscal_year.desc(), Document.id
    found = session.scalars(query.order_by(*order).limit(limit + 1)).all()
    page = found[:limit]
    following = (page[-1].fiscal_year, page[-1].id) if len(found) > limit else None
    return summarize(session, page), following


def get_document(session: Session, document_id: int) -> Document:
    """Return a document.

    Raises:
        NotFoundError: There is none.
    """
    document = session.get(Document, document_id)
    if document is None:
        raise NotFoundError("no_such_document", f"there is no document {document_id}")
    return document


def amendments_of(session: Session, document_id: int) -> Sequence[int]:
    """Return the ids of the documents that amend a document."""
    return session.scalars(
        select(Document.id).where(Document.supersedes_id == document_id).order_by(Document.id)
    ).all()


def file_of(document: Document) -> DocumentFile | None:
    """Return the stored file of a document; None if none is stored."""
    if document.file_path is None or document.sha256 is None:
        return None
    return DocumentFile(
        document.id, document.file_path, document.sha256, document.file_name, document.media_type
    )


def _conditions(wanted: DocumentFilter) -> list[ColumnElement[bool]]:
    columns = {
        "company_id": Document.company_id,
        "fiscal_year": Document.fiscal_year,
        "document_type": Document.document_type,
    }
    conditions = [
        column == getattr(wanted, name)
        for name, column in columns.items()
        if getattr(wanted, name) is not None
    ]
    if wanted.form is not None:
        conditions.append(func.lower(Document.form) == func.lower(cast(wanted.form, Text)))
    return conditions
