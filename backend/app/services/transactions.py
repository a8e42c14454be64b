"""Transactions that change what is kept of a company, and the locks that make them safe together.

The order of the locks is the same everywhere, so that no two transactions wait for each other: the
making of companies, the row of the company, the file.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from sqlalchemy import func, select, text, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, sessionmaker

from app.db.models import Company, CompiledStatement
from app.services.errors import NotFoundError, UnavailableError

Result = TypeVar("Result")

PATIENCE: Final = "patience"
"""The key in `Session.info` of a `Patience` that is not the command line's."""
CONFLICTS: Final = 3
"""How often a transaction is tried that conflicts with others."""
_LOCKED: Final = "55P03"
"""SQLSTATE of a lock that is not available in time."""
_CONFLICT: Final = frozenset({"40P01", "40001"})
"""SQLSTATE of a deadlock, and of a failed serialization: another transaction, such as a
migration's, goes on, and this one may succeed at once."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long transactions wait for others.

    Attributes:
        lock_seconds: For each lock.
        attempts: How often the same transaction waits in vain.
    """

    lock_seconds: float = 20
    attempts: int = 3


DEFAULT: Final = Patience()


def in_transaction(sessions: sessionmaker[Session], work: Callable[[Session], Result]) -> Result:
    """Do work in one transaction, again if another one is in its way; return its result.

    Args:
        sessions: Make sessions, with their own `Patience` in `info` where they have one.
        work: May be done several times.

    Raises:
        UnavailableError: Another transaction keeps its locks for too long.
    """
    patience, locked, conflicts = DEFAULT, 0, 0
    while locked < patience.attempts and conflicts < CONFLICTS:
        try:
            with sessions.begin() as session:
                patience = session.info.get(PATIENCE, patience)
                milliseconds = int(patience.lock_seconds * 1000)
                session.execute(text(f"SET LOCAL lock_timeout = {milliseconds}"))
                return work(session)
        except OperationalError as error:
            if is_conflict(error):
                conflicts += 1
            elif is_locked(error):
                locked += 1
            else:
                raise
    raise UnavailableError(
        "locked",
        "another process, perhaps a migration, keeps the tables locked: run it again afterwards; "
        "what is done stays",
    )


def is_conflict(error: OperationalError) -> bool:
    """Return whether the same transaction may succeed at once."""
    return getattr(error.orig, "pgcode", None) in _CONFLICT


def is_locked(error: OperationalError) -> bool:
    """Return whether another transaction kept a lock for longer than this one waits."""
    return getattr(error.orig, "pgcode", None) == _LOCKED


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
