"""Find statements that are not compiled from all readings, or were read by an older reader."""

from collections.abc import Iterator, Sequence
from typing import Final

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.orm import Session

from app.db.models import Company, CompiledStatement, Document, Extraction
from app.pipeline.compiled import ALGORITHM, digest_of
from app.pipeline.read.versions import READERS
from app.services.diagnosis import Check, Level, number_of

COMPILE: Final = "fde compile --all"
_AT_A_TIME: Final = 100
"""Compiled statements that are in memory while their digests are compared."""


def examine_statements(session: Session, *, deep: bool) -> Iterator[Check]:
    """Yield which statements have to be compiled or read again.

    Args:
        session: Its transaction reads.
        deep: Whether the digest of each compiled statement is compared.
    """
    checks = []
    if names := _names(session, _is_stale()):
        message = (
            f"{number_of(len(names), 'company', 'companies')} with statements to compile again"
        )
        checks.append(Check("statements", Level.WARNING, message, COMPILE, names))
    if deep and (names := _changed(session)):
        message = f"{number_of(len(names), 'compiled statement')} changed by another program"
        checks.append(Check("statements", Level.FAULT, message, COMPILE, names))
    if names := _names(session, _is_read_by_another()):
        message = f"{number_of(len(names), 'company', 'companies')} read by an older reader"
        checks.append(Check("statements", Level.WARNING, message, "fde reread COMPANY", names))
    yield from checks or [Check("statements", Level.OK, "compiled from all readings")]


def _names(session: Session, condition: ColumnElement[bool]) -> tuple[str, ...]:
    """Return the companies that meet a condition."""
    query = select(Company.id, Company.name).where(condition).order_by(Company.id)
    return tuple(f"id:{number} {name}" for number, name in session.execute(query))


def _is_stale() -> ColumnElement[bool]:
    """Return whether a company has a statement to compile.

    A compiled statement loses its digest when its inputs change; one may be missing; or another
    version of the compiler wrote it.
    """
    compiled = exists().where(
        CompiledStatement.company_id == Company.id,
        or_(
            CompiledStatement.digest.is_(None),
            CompiledStatement.data["algorithm"].astext.is_distinct_from(ALGORITHM),
        ),
    )
    has_compiled = exists().where(
        CompiledStatement.company_id == Company.id,
        CompiledStatement.statement_type == Extraction.statement_type,
    )
    missing = exists().where(
        and_(
            Document.company_id == Company.id,
            Extraction.document_id == Document.id,
            Extraction.reader.is_not(None),
            or_(Extraction.status != "doubtful", Extraction.doubtful_accepted),
            ~has_compiled,
        )
    )
    return or_(compiled, missing)


def _is_read_by_another() -> ColumnElement[bool]:
    """Return whether a company has a statement without a reading by the present reader."""
    present = Extraction.reader.in_(READERS.values())
    other = Extraction.__table__.alias("other")
    newer = exists().where(
        other.c.document_id == Extraction.document_id, other.c.reader.in_(READERS.values())
    )
    return exists().where(
        Document.company_id == Company.id,
        Document.file_path.is_not(None),
        Extraction.document_id == Document.id,
        Extraction.reader.is_not(None),
        Extraction.method.in_(READERS),
        ~present,
        ~newer,
    )


def _changed(session: Session) -> tuple[str, ...]:
    """Return the compiled statements whose content has another digest than is recorded."""
    query = (
        select(CompiledStatement, Company.name)
        .join(Company, Company.id == CompiledStatement.company_id)
        .where(CompiledStatement.digest.is_not(None))
        .order_by(CompiledStatement.id)
        .execution_options(yield_per=_AT_A_TIME)
    )
    found: Sequence[str] = [
        f"{compiled.statement_type} of id:{compiled.company_id} {name}"
        for compiled, name in session.execute(query)
        if digest_of(compiled.data) != compiled.digest
    ]
    return tuple(found)
