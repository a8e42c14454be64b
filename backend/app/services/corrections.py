"""A person's corrections of figures, as they are kept: beside what was read, never in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Literal

from pydantic import Field
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from app.db.models import Correction, Document, Extraction
from app.pipeline.compile import readings
from app.pipeline.compile.correction_key import find_cell
from app.pipeline.statement import Figure, Form, Row, Statement, StatementName
from app.services.newest import in_use_first

State = Literal["active", "lost", "withdrawn"]
"""Whether it finds its cell: `lost` is one that does not, after another reading or without its
file."""


class Listed(Form):
    """A correction, as `fde fix --list` shows it."""

    id: int
    state: State
    statement: StatementName
    period_end: date
    section: list[str]
    label: str
    occurrence: int
    concept: str | None
    document: int | None = Field(description="id; none where the file was removed")
    file: str | None
    sha256: str
    was: Figure | None = Field(description="as it was read, in the scale of that reading")
    value: Figure = Field(description="in units of 10^scale")
    scale: int
    because: str
    by: str
    at: datetime
    withdrawn_at: datetime | None


def list_corrections(
    session: Session,
    company_id: int,
    *,
    withdrawn: bool = False,
    after: int | None = None,
    limit: int | None = None,
) -> list[Listed]:
    """Return the corrections of a company, the oldest first, and whether each finds its cell.

    Args:
        session: An open transaction.
        company_id: Of the company.
        withdrawn: Those that were withdrawn as well.
        after: Those with a greater number.
        limit: So many at most.
    """
    query = _kept(company_id, withdrawn=withdrawn)
    if after is not None:
        query = query.where(Correction.id > after)
    return _described(session, company_id, session.scalars(query.limit(limit)).all())


def describe_correction(session: Session, correction: Correction) -> Listed:
    """Return one correction, and whether it finds its cell."""
    return _described(session, correction.company_id, [correction])[0]


def _described(session: Session, company_id: int, kept: Sequence[Correction]) -> list[Listed]:
    return [each.listed for each in describe(session, company_id, kept)]


@dataclass(frozen=True, slots=True)
class Described:
    """A correction and its cell.

    Attributes:
        statement: The reading that the cell is in; None if the correction is lost.
        row: Of the cell.
        key: Of the period of the cell.
    """

    listed: Listed
    statement: Statement | None = None
    row: Row | None = None
    key: str | None = None


def describe(session: Session, company_id: int, kept: Sequence[Correction]) -> list[Described]:
    """Return corrections of a company, each with its cell."""
    documents = {
        each.sha256: each
        for each in session.scalars(select(Document).where(Document.company_id == company_id))
    }
    described = []
    for each in kept:
        document = documents.get(each.document_sha256)
        one = Described(_listed(each, document, None, is_found=False))
        for statement in _newest_readings(session, document, each) if document else []:
            if (found := find_cell(statement, as_input(each))) is not None:
                row, key = found
                was = row.cells[key].v if key in row.cells else None
                listed = _listed(each, document, was, is_found=True)
                one = Described(listed, statement, row, key)
                break
        described.append(one)
    return described


def _newest_readings(
    session: Session, document: Document, correction: Correction
) -> list[Statement]:
    """Return the reading in use of each filing in the file of a correction."""
    query = (
        select(Extraction)
        .where(
            Extraction.document_id == document.id,
            Extraction.statement_type == correction.statement_type,
            Extraction.reader.is_not(None),
        )
        .order_by(*in_use_first())
    )
    newest: dict[str | None, Extraction] = {}
    for each in session.scalars(query):
        newest.setdefault(each.accession, each)
    return [Statement.model_validate(each.raw_data) for each in newest.values()]


def _listed(
    correction: Correction, document: Document | None, was: Decimal | None, *, is_found: bool
) -> Listed:
    state: State = "active" if is_found else "lost"
    return Listed(
        id=correction.id,
        state=state if correction.withdrawn_at is None else "withdrawn",
        statement=correction.statement_type,
        period_end=correction.period_end,
        section=correction.section,
        label=correction.label,
        occurrence=correction.occurrence,
        concept=correction.concept,
        document=document.id if document else None,
        file=document.file_name if document else None,
        sha256=correction.document_sha256,
        was=was,
        value=correction.value,
        scale=correction.scale,
        because=correction.reason,
        by=correction.created_by,
        at=correction.created_at,
        withdrawn_at=correction.withdrawn_at,
    )


def active_corrections(
    session: Session, company_id: int, statement: StatementName
) -> list[readings.Correction]:
    """Return the corrections of a statement that were not withdrawn, the oldest first.

    The statement is part of the key: "Net income" is a row of the cash flow statement as well.
    """
    return [as_input(each) for each in kept_corrections(session, company_id, statement)]


def kept_corrections(
    session: Session,
    company_id: int,
    statement: StatementName | None = None,
    *,
    withdrawn: bool = False,
) -> Sequence[Correction]:
    """Return the rows of the corrections of a company, the oldest first.

    Args:
        session: An open transaction.
        company_id: Of the company.
        statement: One statement, or all.
        withdrawn: Those that were withdrawn as well.
    """
    query = _kept(company_id, withdrawn=withdrawn)
    if statement is not None:
        query = query.where(Correction.statement_type == statement)
    return session.scalars(query).all()


def _kept(company_id: int, *, withdrawn: bool) -> Select[Correction]:
    query = select(Correction).where(Correction.company_id == company_id).order_by(Correction.id)
    return query if withdrawn else query.where(Correction.withdrawn_at.is_(None))


def as_input(correction: Correction) -> readings.Correction:
    """Return a kept correction as the compiler takes it."""
    return readings.Correction(
        sha256=correction.document_sha256,
        period_end=correction.period_end,
        section=tuple(correction.section),
        label=correction.label,
        occurrence=correction.occurrence,
        concept=correction.concept,
        value=correction.value,
        scale=correction.scale,
        because=correction.reason,
        by=correction.created_by,
        on=correction.created_at.astimezone(UTC).date(),
        axes=correction.axes,
    )
