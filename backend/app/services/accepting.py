"""Accept the doubtful statements of a document, as a person saw them."""

import hashlib
from collections.abc import Iterable

from sqlalchemy.orm import Session

from app.services.compiling import compile_company
from app.services.document_pages import get_document
from app.services.document_readings import KeptReading, find_kept
from app.services.errors import NotFoundError, RefusedError
from app.services.kept_filing import accept
from app.services.newest import ELSEWHERE
from app.services.transactions import lock_company


def acceptable(readings: Iterable[KeptReading]) -> list[KeptReading]:
    """Return the readings in use that are doubtful, and that a person may accept.

    One that was made elsewhere is accepted where it is put.
    """
    return [
        each
        for each in readings
        if each.status == "doubtful" and not each.is_accepted and each.method not in ELSEWHERE
    ]


def fingerprint_of(readings: Iterable[KeptReading]) -> str:
    """Return what changes when a person would accept other readings."""
    ids = ",".join(str(each.id) for each in sorted(acceptable(readings), key=lambda each: each.id))
    return hashlib.sha256(ids.encode()).hexdigest()


def accept_doubtful(session: Session, document_id: int, fingerprint: str) -> None:
    """Accept what a person saw, and compile the statements of the company.

    Args:
        session: Its transaction accepts.
        document_id: Of the document.
        fingerprint: Of the readings that the person saw.

    Raises:
        NotFoundError: There is no such document.
        RefusedError: They are others now.
    """
    company = lock_company(session, get_document(session, document_id).company_id)
    document = find_kept(session, document_id)
    if document is None:
        raise NotFoundError("no_such_document", f"document {document_id} was removed meanwhile")
    if fingerprint_of(document.readings) != fingerprint:
        raise RefusedError(
            "changed", "the document was read again, or accepted, meanwhile: look at it again"
        )
    accept(session, document_id)
    compile_company(session, company.id)
