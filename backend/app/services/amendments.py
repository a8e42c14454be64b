"""Which document amends which, whatever was added first."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from app.db.models import Document, Extraction
from app.services.storable import is_amendment


def link_amendments(session: Session, company_id: int, period_end: date | None) -> None:
    """Let each amendment of a period supersede the document that it amends, if there is one.

    The result does not depend on the order in which the documents were added.

    Args:
        session: Its transaction holds the lock of the company.
        company_id: Of the company.
        period_end: Of the documents.
    """
    if period_end is None:
        return
    session.flush()
    of_many_filings = exists().where(
        Extraction.document_id == Document.id, Extraction.method == "companyfacts"
    )
    documents = session.scalars(
        select(Document).where(
            Document.company_id == company_id,
            Document.period_end == period_end,
            Document.document_type == "annual_report",
            ~of_many_filings,
        )
    ).all()
    originals = [each for each in documents if not is_amendment(each.form)]
    for each in documents:
        if is_amendment(each.form):
            original = _original_of(each, originals)
            each.supersedes_id = original.id if original else None


def _original_of(amendment: Document, originals: Sequence[Document]) -> Document | None:
    return min(originals, key=lambda each: _distance(amendment, each), default=None)


def _distance(amendment: Document, original: Document) -> tuple[bool, bool, date, str]:
    """Return the order of originals: of the same form, of the same kind, the first filed."""
    form = (amendment.form or "").upper().removesuffix("/A")
    return (
        (original.form or "").upper() != form,
        original.media_type != amendment.media_type,
        original.filed_on or date.max,
        original.sha256 or "",
    )
