"""Make, change and remove companies as a person says."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Text, cast, delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.db.models import Company, CompiledStatement, Correction, Document, Extraction
from app.services.errors import NotFoundError, RefusedError
from app.services.removal_fingerprint import fingerprint_of
from app.services.transactions import lock_company, lock_new_companies

UNIQUE: Final = frozenset({"lei", "cik", "name"})
"""Columns in which no two companies have the same."""


class TakenError(RefusedError):
    """Another company has what no two companies have.

    Attributes:
        field: A column.
        company_id: Of the other company.
    """

    def __init__(self, field: str, company_id: int) -> None:
        """Say it for people."""
        super().__init__(f"{field}_taken", f"the company id:{company_id} has this {field} already")
        self.field: Final = field
        self.company_id: Final = company_id


@dataclass(frozen=True, slots=True)
class RemovedCompany:
    """A company that was removed, and what went with it.

    Attributes:
        documents: Their number.
        extractions: How many statements were read in them.
        statements: How many compiled statements it had.
        corrections: Their number, withdrawn ones included.
        files: The digests of its files, which another company may have too.
    """

    id: int
    name: str
    documents: int
    extractions: int
    statements: int
    corrections: int
    files: tuple[str, ...]


def get_company(session: Session, company_id: int) -> Company:
    """Return a company.

    Raises:
        NotFoundError: There is none.
    """
    company = session.get(Company, company_id)
    if company is None:
        raise NotFoundError("no_such_company", f"there is no company id:{company_id}")
    return company


def create_company(session: Session, values: Mapping[str, Any]) -> Company:
    """Make a company.

    Args:
        session: Its transaction makes it.
        values: By column, in the forms of the database.

    Raises:
        TakenError: Another company has its name in any case, its LEI or its CIK.
    """
    lock_new_companies(session)
    company = Company(**values)
    _write(session, company, values)
    return company


def change_company(
    session: Session,
    company_id: int,
    values: Mapping[str, Any],
    check: Callable[[Company], None] = lambda _: None,
) -> Company:
    """Change columns of a company.

    Args:
        session: Its transaction changes them.
        company_id: Of the company.
        values: By column, in the forms of the database.
        check: Is called with the company before it is changed, when no other transaction changes
            it any more; what it raises ends the change.

    Raises:
        NotFoundError: There is no such company.
        TakenError: Another company has its new name in any case, LEI or CIK.
    """
    get_company(session, company_id)
    if not values.keys().isdisjoint(UNIQUE):
        lock_new_companies(session)
    company = lock_company(session, company_id)
    check(company)
    _write(session, company, values)
    return company


def remove_company(
    session: Session,
    company_id: int,
    *,
    cascade: bool,
    check: Callable[[Company], None] = lambda _: None,
) -> RemovedCompany:
    """Remove a company with all that is kept of it but its files.

    Args:
        session: Its transaction removes it.
        company_id: Of the company.
        cascade: Whether it is removed although something is kept of it.
        check: Is called with the company before it is removed; what it raises ends it.

    Raises:
        NotFoundError: There is no such company.
        RefusedError: Something is kept of it; the message says what.
    """
    get_company(session, company_id)
    company = lock_company(session, company_id)
    check(company)
    removed = _with_all(session, company)
    if not cascade and (kept := _named(removed)):
        raise RefusedError(
            "company_not_empty", f"{kept} belong to the company: cascade=true removes them too"
        )
    session.execute(delete(Company).where(Company.id == company.id))
    return removed


def plan_company_removal(session: Session, company_id: int) -> RemovedCompany:
    """Return a company, and what goes with it.

    Raises:
        NotFoundError: There is no such company.
    """
    return _with_all(session, get_company(session, company_id))


def remove_company_as_seen(session: Session, company_id: int, fingerprint: str) -> RemovedCompany:
    """Remove a company with all that is kept of it but its files, if a person saw what that is.

    Raises:
        NotFoundError: There is no such company.
        RefusedError: More or less goes with it now.
    """

    def check(company: Company) -> None:
        if fingerprint_of(_with_all(session, company)) != fingerprint:
            raise RefusedError("changed", "other things belong to it now: look at it again")

    return remove_company(session, company_id, cascade=True, check=check)


def _write(session: Session, company: Company, values: Mapping[str, Any]) -> None:
    """Write a company, unless another one has what it is to have.

    Filings give companies their identifiers without the lock: the unique keys have the last word.

    Raises:
        TakenError: Another company has it.
    """
    _refuse_taken(session, values, company.id)
    try:
        with session.begin_nested():
            for column, value in values.items():
                setattr(company, column, value)
            session.add(company)
    except IntegrityError:
        _refuse_taken(session, values, company.id)
        raise
    session.refresh(company)


def _refuse_taken(session: Session, values: Mapping[str, Any], besides: int | None) -> None:
    conditions = {
        "lei": Company.lei == values.get("lei"),
        "cik": Company.cik == values.get("cik"),
        "name": func.lower(Company.name) == func.lower(cast(values.get("name"), Text)),
    }
    for field, is_same in conditions.items():
        if values.get(field) is None:
            continue
        query = select(Company.id).where(is_same).order_by(Company.id)
        if besides is not None:
            query = query.where(Company.id != besides)
        if (other := session.scalars(query.limit(1)).first()) is not None:
            raise TakenError(field, other)


def _with_all(session: Session, company: Company) -> RemovedCompany:
    """Return a company with the number of what belongs to it."""
    documents = session.execute(
        select(Document.id, Document.sha256).where(Document.company_id == company.id)
    ).all()
    ids = [each.id for each in documents]
    counted = {
        "extractions": select(func.count()).where(Extraction.document_id.in_(ids)),
        "statements": select(func.count()).where(CompiledStatement.company_id == company.id),
        "corrections": select(func.count()).where(Correction.company_id == company.id),
    }
    counts = {name: session.scalar(query) or 0 for name, query in counted.items()}
    files = tuple(sorted({each.sha256 for each in documents if each.sha256}))
    return RemovedCompany(company.id, company.name, len(ids), files=files, **counts)


def _named(removed: RemovedCompany) -> str:
    """Return e.g. `2 documents, 1 correction`; "" if there is nothing."""
    counts = {
        "document": removed.documents,
        "correction": removed.corrections,
        "compiled statement": removed.statements,
    }
    return ", ".join(
        f"{number} {noun}{'s' if number > 1 else ''}" for noun, number in counts.items() if number
    )
