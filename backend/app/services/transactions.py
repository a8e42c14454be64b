"""Transactions that change what is kept of a company, and the locks that make them safe together.

The order of the locks is the same everywhere, so that no two transactions wait for each other: the
making of companies, the row of the company, the file.
"""

import hashlib
from collections.abc import Callable
from typing import Final, TypeVar

from sqlalchemy import func, select, text, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, sessionmaker

from app.db.models import Company, CompiledStatement
from app.services.errors import NotFoundError, UnavailableError

Result = TypeVar("Result")

LOCK_SECONDS: Final = 20
ATTEMPTS: Final = 3
_LOCKED: Final = frozenset({"55P03", "40P01", "40001"})
"""SQLSTATE of a lock that is not available, a deadlock, and a failed serialization: the same
transaction may succeed when another one, such as a migration's, has ended."""


def in_transaction(sessions: sessionmaker[Session], work: Callable[[Session], Result]) -> Result:
    """Do work in one transaction, again if another one is in its way; return its result.

    Raises:
        UnavailableError: Another transaction keeps its locks for too long.
    """
    for _ in range(ATTEMPTS):
        try:
            with sessions.begin() as session:
                session.execute(text(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'"))
                return work(session)
        except OperationalError as error:
            if getattr(error.orig, "pgcode", None) not in _LOCKED:
                raise
    raise UnavailableError(
        "locked",
        "another process, perhaps a migration, keeps the tables locked: run it again afterwards; "
        "what is done stays",
    )


def lock_company(session: Session, company_id: int) -> Company:
    """Return a company whose row no other transaction changes until this one ends.

    Raises:
        NotFoundError: It was removed meanwhile.
    """
    query = select(Company).where(Company.id == company_id).with_for_update()
    company = session.scalars(query.execution_options(populate_existing=True)).one_or_none()
    if company is None:
        raise NotFoundError("no_such_company", f"there is no company id:{company_id} any more")
    return company


def lock_file(session: Session, sha256: str) -> None:
    """Let no other transaction keep or delete the file of a digest until this one ends."""
    _lock(session, f"file {sha256}")


def lock_new_companies(session: Session) -> None:
    """Let no other transaction make a company until this one ends."""
    _lock(session, "new company")


def mark_stale(session: Session, company_id: int) -> None:
    """Let a company's compiled statements have no digest until they are compiled again.

    So nothing is shown as compiled from all readings if the process ends before it compiles.
    """
    session.execute(
        update(CompiledStatement)
        .where(CompiledStatement.company_id == company_id, CompiledStatement.digest.is_not(None))
        .values(digest=None)
    )


def _lock(session: Session, name: str) -> None:
    digest = hashlib.sha256(f"financial-data-extractor {name}".encode()).digest()
    session.execute(select(func.pg_advisory_xact_lock(int.from_bytes(digest[:8], signed=True))))
