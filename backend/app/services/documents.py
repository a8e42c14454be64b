"""List companies and their documents with how far the statements that were read are proved."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final, get_args

from sqlalchemy import Row, Select, cast, func, select
from sqlalchemy.dialects.postgresql import JSONPATH, distinct_on
from sqlalchemy.orm import Session

from app.db.models import CompiledStatement, Document, Extraction
from app.pipeline.statement import StatementName
from app.services.companies import list_companies
from app.services.newest import in_use_first

STATEMENTS: Final[tuple[StatementName, ...]] = get_args(StatementName)
UNKNOWN: Final = "unknown"
"""The status of an extraction of a release that recorded none."""


@dataclass(frozen=True, slots=True)
class DocumentSummary:
    """A document of a company.

    Attributes:
        kinds: How its statements were read, such as pdf; empty if none was.
        statuses: By statement: how many of its filings have it with each status. A document is one
            filing, except for companyfacts.
        accepted: The statements that a person accepted although they are doubtful.
        supersedes_id: The document that it amends.
    """

    id: int
    document_type: str
    form: str | None
    fiscal_year: int
    period_end: date | None
    filed_on: date | None
    kinds: tuple[str, ...]
    statuses: Mapping[str, Mapping[str, int]]
    accepted: tuple[str, ...]
    file_name: str | None
    sha256: str | None
    url: str
    supersedes_id: int | None
    company_id: int
    media_type: str | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class CompanySummary:
    """A company, and what is kept of it.

    Attributes:
        years: The fiscal years of its compiled statements, oldest first.
        documents: Their number.
        statuses: How many statements were read with each status.
    """

    id: int
    name: str
    ticker: str | None
    lei: str | None
    cik: str | None
    years: tuple[int, ...] = ()
    documents: int = 0
    statuses: Mapping[str, int] = field(default_factory=dict)


def list_documents(session: Session, company_id: int) -> list[DocumentSummary]:
    """Return the documents of a company, the newest fiscal year first."""
    documents = session.scalars(
        select(Document)
        .where(Document.company_id == company_id)
        .order_by(Document.fiscal_year.desc(), Document.filed_on.desc().nulls_last(), Document.id)
    ).all()
    return summarize(session, documents)


def summarize(session: Session, documents: Sequence[Document]) -> list[DocumentSummary]:
    """Return documents with how far the statements that were read in them are proved."""
    readings: dict[int, list[Row[tuple[int, str, str, str | None, bool]]]] = {}
    for reading in session.execute(newest_readings([each.id for each in documents])):
        readings.setdefault(reading.document_id, []).append(reading)
    return [_summary(each, readings.get(each.id, ())) for each in documents]


def newest_readings(
    documents: Sequence[int] | None = None,
) -> Select[tuple[int, str, str, str | None, bool]]:
    """Return the query of the reading in use of each statement of each filing.

    Args:
        documents: The ids of the documents; all by default.

    Returns:
        Rows of document_id, statement_type, method, status and doubtful_accepted.
    """
    key = (Extraction.document_id, Extraction.statement_type, Extraction.accession)
    newest = (
        select(*key[:2], Extraction.method, Extraction.status, Extraction.doubtful_accepted)
        .ext(distinct_on(*key))
        .order_by(*key, *in_use_first())
    )
    return newest if documents is None else newest.where(key[0].in_(documents))


def summarize_companies(session: Session) -> list[CompanySummary]:
    """Return all companies, ordered by name."""
    counts = select(Document.company_id, func.count()).group_by(Document.company_id)
    documents = dict(iter(session.execute(counts)))
    statuses = _statuses_by_company(session)
    years = _years_by_company(session)
    return [
        CompanySummary(
            id=each.id,
            name=each.name,
            ticker=each.primary_ticker,
            lei=each.lei,
            cik=each.cik,
            years=years.get(each.id, ()),
            documents=documents.get(each.id, 0),
            statuses=statuses.get(each.id, {}),
        )
        for each in list_companies(session)
    ]


def _summary(
    document: Document, readings: Iterable[Row[tuple[int, str, str, str | None, bool]]]
) -> DocumentSummary:
    statuses: dict[str, Counter[str]] = {}
    kinds: set[str] = set()
    accepted: set[str] = set()
    for reading in readings:
        statuses.setdefault(reading.statement_type, Counter())[reading.status or UNKNOWN] += 1
        kinds.add(reading.method)
        if reading.doubtful_accepted:
            accepted.add(reading.statement_type)
    return DocumentSummary(
        id=document.id,
        document_type=document.document_type,
        form=document.form,
        fiscal_year=document.fiscal_year,
        period_end=document.period_end,
        filed_on=document.filed_on,
        kinds=tuple(sorted(kinds)),
        statuses={name: dict(statuses[name]) for name in STATEMENTS if name in statuses},
        accepted=tuple(name for name in STATEMENTS if name in accepted),
        file_name=document.file_name,
        sha256=document.sha256,
        url=document.url,
        supersedes_id=document.supersedes_id,
        company_id=document.company_id,
        media_type=document.media_type,
        created_at=document.created_at,
        updated_at=document.updated_at,
    )


def _statuses_by_company(session: Session) -> dict[int, dict[str, int]]:
    newest = newest_readings().subquery()
    status = func.coalesce(newest.c.status, UNKNOWN)
    query = (
        select(Document.company_id, status, func.count())
        .join(newest, newest.c.document_id == Document.id)
        .group_by(Document.company_id, status)
    )
    statuses: dict[int, dict[str, int]] = {}
    for company_id, name, number in session.execute(query):
        statuses.setdefault(company_id, {})[name] = number
    return statuses


def _years_by_company(session: Session) -> dict[int, tuple[int, ...]]:
    path = cast("$.periods[*].fiscal_year", JSONPATH)
    query = select(
        CompiledStatement.company_id, func.jsonb_path_query_array(CompiledStatement.data, path)
    )
    years: dict[int, set[int]] = {}
    for company_id, found in session.execute(query):
        years.setdefault(company_id, set()).update(each for each in found if isinstance(each, int))
    return {company_id: tuple(sorted(each)) for company_id, each in years.items()}
