"""Remove a document with all that was read in it, and its file with the last that has it."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import delete, func, literal_column, or_, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from app.db.models import Company, CompiledStatement, Correction, Document, Extraction
from app.services.adding import discard_file
from app.services.amendments import link_amendments
from app.services.document_pages import get_document
from app.services.errors import NotFoundError, RefusedError, ServiceError
from app.services.new_companies import update_year_end
from app.services.removal_fingerprint import fingerprint_of
from app.services.transactions import in_transaction, lock_company
from app.storage import Storage, StorageError

SHORTEST: Final = 4
"""Digits of a digest's beginning that name a document."""
_BIGGEST: Final = 2**63 - 1
_SHOWN: Final = 5
_CHANGED: Final = "other readings or corrections belong to it now: look at it again"


@dataclass(frozen=True, slots=True)
class Removal:
    """A document, and what goes with it.

    Attributes:
        extractions: How many statements were read in it.
        corrections: How many corrections of its figures there are, withdrawn ones included.
        years: Fiscal years that no other document of the company states.
        others: Documents of other companies that have the same file.
        amended_by: Ids of documents that amend it.
    """

    document: int
    company: int
    company_name: str
    file_name: str | None
    fiscal_year: int
    form: str | None
    sha256: str | None
    extractions: int
    corrections: int
    years: tuple[int, ...]
    others: int
    amended_by: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Removed:
    """What was removed.

    Attributes:
        is_file_deleted: Whether its file was deleted.
        problem: Why the file could not be deleted; `fde doctor` lists it.
    """

    removal: Removal
    compiled: Sequence[CompiledStatement]
    is_file_deleted: bool
    problem: str | None = None


def plan_removal(sessions: sessionmaker[Session], reference: str) -> Removal:
    """Return what goes with a document.

    Args:
        sessions: Make sessions.
        reference: The id of the document, or the beginning of its SHA-256 in hex.

    Raises:
        NotFoundError: There is no such document, or several.
    """
    return in_transaction(
        sessions, lambda session: _plan(session, find_document(session, reference))
    )


def plan_removal_of(session: Session, document_id: int) -> Removal:
    """Return what goes with the document of an id.

    Raises:
        NotFoundError: There is none.
    """
    return _plan(session, get_document(session, document_id))


def remove_as_seen(session: Session, document_id: int, fingerprint: str) -> Removal:
    """Remove a document as `remove_at_once` does, if a person saw all that goes with it.

    Raises:
        NotFoundError: There is no such document.
        RefusedError: More or less goes with it now.
    """

    def check(document: Document) -> None:
        if fingerprint_of(_plan(session, document)) != fingerprint:
            raise RefusedError("changed", _CHANGED)

    return remove_at_once(session, document_id, check)


def remove(sessions: sessionmaker[Session], storage: Storage, planned: Removal) -> Removed:
    """Remove a document as planned, and compile its company again.

    Raises:
        NotFoundError: It was removed meanwhile.
        RefusedError: More or less goes with it than when it was planned.
    """

    def work(session: Session) -> Sequence[CompiledStatement]:
        session.expire_on_commit = False
        company = lock_company(session, planned.company)
        document = session.get(Document, planned.document)
        if document is None:
            raise NotFoundError("no_such_document", "the document was removed meanwhile")
        if _plan(session, document) != planned:
            raise RefusedError("changed", _CHANGED)
        return _delete(session, company, document)

    compiled = in_transaction(sessions, work)
    if planned.sha256 is None:
        return Removed(planned, compiled, is_file_deleted=False)
    try:
        deleted = discard_file(sessions, storage, planned.sha256)
    except (StorageError, ServiceError, SQLAlchemyError) as error:
        reason = str(error).partition("\n")[0]
        return Removed(planned, compiled, is_file_deleted=False, problem=reason)
    return Removed(planned, compiled, is_file_deleted=deleted)


def remove_at_once(
    session: Session, document_id: int, check: Callable[[Document], None] = lambda _: None
) -> Removal:
    """Remove a document, and compile its company again; its file stays for `discard_file`.

    Args:
        session: Its transaction removes it.
        document_id: Of the document.
        check: Is called with the document before it is removed; what it raises ends it.

    Raises:
        NotFoundError: There is no such document.
    """
    company = lock_company(session, get_document(session, document_id).company_id)
    document = session.get(Document, document_id, populate_existing=True)
    if document is None:
        raise NotFoundError("no_such_document", f"document {document_id} was removed meanwhile")
    check(document)
    planned = _plan(session, document)
    _delete(session, company, document)
    return planned


def find_document(session: Session, reference: str) -> Document:
    """Return the document of an id, or of the beginning of its SHA-256 in hex.

    Raises:
        NotFoundError: There is none, or several; the message names candidates.
    """
    text = reference.strip().lower().removeprefix("sha256:")
    conditions = []
    if re.fullmatch(r"[0-9]{1,19}", text) and int(text) <= _BIGGEST:
        conditions.append(Document.id == int(text))
    if re.fullmatch(rf"[0-9a-f]{{{SHORTEST},64}}", text):
        conditions.append(Document.sha256.startswith(text))
    if not conditions:
        raise NotFoundError(
            "bad_reference",
            f"{reference[:80]!r} is no document: give its id, or the first {SHORTEST} or more "
            "digits of its SHA-256",
        )
    found = session.scalars(select(Document).where(or_(*conditions)).order_by(Document.id)).all()
    if len(found) == 1:
        return found[0]
    if not found:
        raise NotFoundError(
            "no_such_document", f"there is no document {text!r}: see fde documents COMPANY"
        )
    named = "; ".join(f"{each.id} {each.file_name or each.url}" for each in found[:_SHOWN])
    raise NotFoundError("several_documents", f"{text!r} means {len(found)} documents: {named}")


def _plan(session: Session, document: Document) -> Removal:
    """Return what goes with a document."""
    own, elsewhere = _years(session, document)
    corrections = 0
    others = 0
    if document.sha256:
        named = select(func.count()).where(
            Correction.company_id == document.company_id,
            Correction.document_sha256 == document.sha256,
        )
        corrections = session.scalar(named) or 0
        same = select(func.count()).where(
            Document.sha256 == document.sha256, Document.id != document.id
        )
        others = session.scalar(same) or 0
    amended_by = session.scalars(
        select(Document.id).where(Document.supersedes_id == document.id).order_by(Document.id)
    )
    readings = select(func.count()).where(Extraction.document_id == document.id)
    return Removal(
        document=document.id,
        company=document.company_id,
        company_name=session.get_one(Company, document.company_id).name,
        file_name=document.file_name,
        fiscal_year=document.fiscal_year,
        form=document.form,
        sha256=document.sha256,
        extractions=session.scalar(readings) or 0,
        corrections=corrections,
        years=tuple(sorted(own - elsewhere, reverse=True)),
        others=others,
        amended_by=tuple(amended_by),
    )


def _years(session: Session, document: Document) -> tuple[set[int], set[int]]:
    """Return the fiscal years that a document states, and those that the company's others do."""
    years = func.jsonb_path_query(
        Extraction.raw_data, literal_column("'$.periods[*].fiscal_year'::jsonpath"), type_=JSONB
    )
    rows = session.execute(
        select(Extraction.document_id == document.id, years)
        .join(Document, Document.id == Extraction.document_id)
        .where(Document.company_id == document.company_id)
        .distinct()
    )
    own: set[int] = set()
    elsewhere: set[int] = set()
    for is_own, year in rows:
        if isinstance(year, int):
            (own if is_own else elsewhere).add(year)
    return own, elsewhere


def _delete(session: Session, company: Company, document: Document) -> Sequence[CompiledStatement]:
    """Delete a document, let the rest of the company fit, and compile it again."""
    from app.services.compiling import compile_company  # noqa: PLC0415 slow, and only here

    end, sha256 = document.period_end, document.sha256
    session.delete(document)
    if sha256:
        session.execute(
            delete(Correction).where(
                Correction.company_id == company.id, Correction.document_sha256 == sha256
            )
        )
    session.flush()
    if end and company.fiscal_year_end == end.strftime("%m-%d"):
        company.fiscal_year_end = None
        update_year_end(session, company)
    link_amendments(session, company.id, end)
    return compile_company(session, company.id)
