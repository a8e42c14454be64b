"""The documents of a company, or one of them, with the readings that are in use."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    func,
    join,
    literal_column,
    outerjoin,
    select,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by, distinct_on
from sqlalchemy.orm import Session, aliased

from app.db.models import Document, Extraction
from app.services.documents import STATEMENTS
from app.services.newest import in_use_first

MARKED: Final = ("not_proved", "unreadable_figure")
"""Codes of the issues that a mark beside the figure shows."""
MOST_ISSUES: Final = 100
"""Of one statement, that are fetched."""
_ORDER: Final[dict[str, int]] = {name: place for place, name in enumerate(STATEMENTS)}
_OF_DOCUMENT: Final = (
    *("company_id", "document_type", "form", "fiscal_year", "period_end", "filed_on", "file_name"),
    *("media_type", "sha256", "file_path", "url", "supersedes_id", "created_at"),
)
_OF_READING: Final = (
    *("statement_type", "accession", "method", "reader", "model", "status", "doubtful_accepted"),
    "confidence",
)
_IS_MARKED: Final = " || ".join(f'@.code == "{each}"' for each in MARKED)
_FOUND: Final = f"jsonb_path_query_array(extractions.raw_data, '$.issues[*] ? (!({_IS_MARKED}))')"
_PARTS: Final = {
    "head": "extractions.raw_data - '{rows,equations,skipped,issues}'::text[]",
    "number_of_issues": f"jsonb_array_length({_FOUND})",
}
_IN_FULL: Final = {
    "issues": f"jsonb_path_query_array({_FOUND}, '$[0 to {MOST_ISSUES - 1}]')",
    "marked": f"jsonb_path_query_array(extractions.raw_data, '$.issues[*] ? ({_IS_MARKED}).code')",
    "skipped": "jsonb_array_length(jsonb_path_query_array(extractions.raw_data, '$.skipped[*]'))",
}
"""Of one document; of all documents of a company that would be much."""


@dataclass(frozen=True, slots=True)
class KeptReading:
    """The reading in use of one statement of one filing.

    Attributes:
        accession: The filing's number, in a document with several.
        status: None of a release that recorded none.
        proved_share: Of the checkable figures, how many are proved, from 0 to 1; None without any.
        head: The form statement/1 without rows, equations, skipped lines and issues; of a release
            before, another form.
        number_of_issues: Without those that a mark beside the figure shows.
        issues: The first of these; empty in the list of a company.
        marked: How many of the others there are, by code.
        skipped: Printed lines with figures that are no row of the statement.
        readings: How many there are of this statement, with those not in use.
    """

    id: int
    statement: str
    accession: str | None
    method: str
    reader: str | None
    model: str | None
    status: str | None
    is_accepted: bool
    proved_share: float | None
    head: dict[str, Any]
    number_of_issues: int
    issues: list[dict[str, Any]] = field(default_factory=list)
    marked: dict[str, int] = field(default_factory=dict)
    skipped: int = 0
    readings: int = 1

    @property
    def pages(self) -> list[int]:
        """Return the pages that it was found on, from 1, in reading order."""
        source = self.head.get("source")
        pages = source.get("pages") if isinstance(source, dict) else None
        return [each for each in pages if isinstance(each, int)] if isinstance(pages, list) else []

    @property
    def periods(self) -> list[dict[str, Any]]:
        """Return its columns."""
        found = self.head.get("periods")
        return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []

    @property
    def newest_year(self) -> int | None:
        """Return the newest fiscal year that it states."""
        years = [each.get("fiscal_year") for each in self.periods]
        return max((each for each in years if isinstance(each, int)), default=None)


@dataclass(frozen=True, slots=True)
class KeptDocument:
    """A document with the readings of its statements that are in use.

    Attributes:
        amended_by: Ids of the documents that amend it.
        readings: The newest filing first, each in the order of the statements.
    """

    id: int
    company_id: int
    document_type: str
    form: str | None
    fiscal_year: int
    period_end: date | None
    filed_on: date | None
    file_name: str | None
    media_type: str | None
    sha256: str | None
    file_path: str | None
    url: str
    supersedes_id: int | None
    created_at: datetime
    amended_by: list[int]
    readings: list[KeptReading]

    @property
    def methods(self) -> list[str]:
        """Return how its statements were read, such as pdf; none if none was."""
        return sorted({each.method for each in self.readings})

    @property
    def is_pdf(self) -> bool:
        """Return whether it has pages; of a release that noted no type, by how it was read."""
        if self.media_type is None:
            return "pdf" in self.methods
        return self.media_type == "application/pdf"


@dataclass(frozen=True, slots=True)
class NamedDocument:
    """What a document is called by."""

    id: int
    document_type: str
    form: str | None
    fiscal_year: int


def list_kept(session: Session, company_id: int) -> list[KeptDocument]:
    """Return the documents of a company, the newest fiscal year first, by one query."""
    return _documents(session, Document.company_id == company_id, in_full=False)


def find_kept(session: Session, document_id: int) -> KeptDocument | None:
    """Return one document with the issues of its readings, by one query; None if there is none."""
    found = _documents(session, Document.id == document_id, in_full=True)
    return found[0] if found else None


def related_to(session: Session, document: KeptDocument) -> list[NamedDocument]:
    """Return the document that one amends, and those that amend it."""
    ids = [*document.amended_by, *([document.supersedes_id] if document.supersedes_id else [])]
    if not ids:
        return []
    query = select(Document.id, Document.document_type, Document.form, Document.fiscal_year)
    rows = session.execute(query.where(Document.id.in_(ids)).order_by(Document.id))
    return [NamedDocument(*row) for row in rows]


def _documents(
    session: Session, wanted: ColumnElement[bool], *, in_full: bool
) -> list[KeptDocument]:
    documents: dict[int, KeptDocument] = {}
    for row in session.execute(_query(wanted, in_full=in_full)):
        if row.document_id not in documents:
            documents[row.document_id] = _document(row)
        if row.reading_id is not None:
            documents[row.document_id].readings.append(_reading(row, in_full=in_full))
    for each in documents.values():
        each.readings.sort(key=_place)
    return list(documents.values())


def _query(wanted: ColumnElement[bool], *, in_full: bool) -> Select[Any]:
    """Return the query of documents, each with its readings in use, or with none."""
    key = (Extraction.document_id, Extraction.statement_type, Extraction.accession)
    in_use = (
        select(Extraction.id, func.count().over(partition_by=key).label("readings"))
        .ext(distinct_on(*key))
        .where(Extraction.document_id.in_(select(Document.id).where(wanted)))
        # Those of the releases before kept another form, and none is compiled.
        .order_by(*key, Extraction.reader.is_(None), *in_use_first())
        .subquery()
    )
    amending = aliased(Document)
    amended_by = (
        select(func.array_agg(aggregate_order_by(amending.id, amending.id)))
        .where(amending.supersedes_id == Document.id)
        .scalar_subquery()
    )
    readings = join(in_use, Extraction, Extraction.id == in_use.c.id)
    return (
        select(
            Document.id.label("document_id"),
            *(getattr(Document, name) for name in _OF_DOCUMENT),
            amended_by.label("amended_by"),
            Extraction.id.label("reading_id"),
            *(getattr(Extraction, name) for name in _OF_READING),
            in_use.c.readings,
            *(literal_column(sql).label(name) for name, sql in _PARTS.items()),
            *(literal_column(sql).label(name) for name, sql in _IN_FULL.items() if in_full),
        )
        .select_from(outerjoin(Document, readings, Extraction.document_id == Document.id))
        .where(wanted)
        .order_by(Document.fiscal_year.desc(), Document.filed_on.desc().nulls_last(), Document.id)
    )


def _document(row: Row[Any]) -> KeptDocument:
    return KeptDocument(
        id=row.document_id,
        amended_by=row.amended_by or [],
        readings=[],
        **{name: getattr(row, name) for name in _OF_DOCUMENT},
    )


def _reading(row: Row[Any], *, in_full: bool) -> KeptReading:
    return KeptReading(
        id=row.reading_id,
        statement=row.statement_type,
        accession=row.accession,
        method=row.method,
        reader=row.reader,
        model=row.model,
        status=row.status,
        is_accepted=row.doubtful_accepted,
        proved_share=row.confidence,
        head=row.head,
        number_of_issues=row.number_of_issues,
        issues=[each for each in row.issues if isinstance(each, dict)] if in_full else [],
        marked=dict.fromkeys(MARKED, 0) | Counter(row.marked) if in_full else {},
        skipped=row.skipped or 0 if in_full else 0,
        readings=row.readings,
    )


def _place(reading: KeptReading) -> tuple[int, str, int]:
    """Return the place of a reading: by statement, the newest filing first."""
    return -(reading.newest_year or 0), reading.accession or "", _ORDER[reading.statement]
