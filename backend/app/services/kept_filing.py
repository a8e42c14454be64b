"""Write one filing that was read: its document, its extractions, and its file."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, Literal

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.db.models import Company, Document, Extraction
from app.pipeline.read.versions import READERS
from app.pipeline.statement import Statement, StatementName, Status
from app.services.answer import Answer
from app.services.errors import RefusedError
from app.services.identity import OVERRIDE, identity_of, is_known, why_other
from app.services.new_companies import company_identity, fill_in, owner_of, update_year_end
from app.services.newest import made_elsewhere
from app.services.shared_years import Comparison, compare_filings
from app.services.storable import (
    MAX_ACCESSION,
    Facts,
    facts_of,
    media_type_of,
    one_of_each,
    printable,
    storable,
)

Outcome = Literal["added", "read_again", "already_there", "refused", "unreadable", "left_out"]
QUARTERLY: Final = "10-Q"
_COMPARED: Final = 4
"""Documents of the nearest years whose figures a filing is compared with."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of one file.

    Attributes:
        file: As given.
        code: Of a failure: a stable name in snake_case.
        message: Why it is not kept.
        notes: What a person should know although it is kept.
        document: Its id.
        statements: Name and status of each.
        filings: How many filings it has the statements of (companyfacts).
    """

    file: str
    outcome: Outcome
    code: str | None = None
    message: str | None = None
    notes: tuple[str, ...] = ()
    document: int | None = None
    fiscal_year: int | None = None
    form: str | None = None
    statements: tuple[tuple[StatementName, Status], ...] = ()
    filings: int = 1
    accepted: bool = False


@dataclass(frozen=True, slots=True)
class File:
    """A file with its digest.

    Attributes:
        name: As given, for people.
        file_name: Under which it is kept.
        path: Where its bytes are: of an XBRL folder those of its zip.
    """

    name: str
    file_name: str
    path: Path
    sha256: str
    is_found: bool = False


def write_document(
    session: Session, company: Company, file: File, answer: Answer, *, trusted: bool
) -> tuple[Document, list[str]]:
    """Add the document of a file that was read; return it with notes for people.

    Args:
        session: Its transaction holds the locks of the company and the file.
        company: To which it is added.
        file: Where it is.
        answer: Of its reader, with a filing.
        trusted: Whether it is of the company whatever it says.

    Raises:
        RefusedError: It is of another company, is no annual report, or names no fiscal year.
    """
    filing = answer.filing
    assert filing is not None  # noqa: S101 the caller has checked it
    facts, said = facts_of(filing), identity_of(filing)
    if facts.fiscal_year is None:
        raise RefusedError(
            "no_fiscal_year", "it does not say the fiscal year of any period, from 1900 to 2100"
        )
    if facts.form and facts.form.upper().startswith(QUARTERLY):
        raise RefusedError(
            "not_annual", f"it is a quarterly report ({facts.form}): give annual ones"
        )
    notes = []
    if not trusted:
        _refuse_known_file(session, company, file.sha256)
        comparison = Comparison()

        def compare() -> Comparison:
            nonlocal comparison
            comparison = _compare(session, company.id, facts.fiscal_year, filing.statements)
            return comparison

        owner = owner_of(session, said, company.id)
        reason = why_other(
            company_identity(company), said, company_identity(owner) if owner else None, compare
        )
        if reason:
            raise RefusedError("other_company", f"{reason}; {OVERRIDE}")
        if not is_known(said) and not comparison.years:
            notes.append("it does not say its company, and shares no year with another filing")
    fill_in(session, company, said)
    document = Document(
        company_id=company.id,
        url=f"sha256:{file.sha256}",
        document_type="annual_report",
        file_name=printable(file.file_name),
        sha256=file.sha256,
    )
    session.add(document)
    _set_facts(document, facts, media_type_of(filing.kind, _head(file.path)))
    update_year_end(session, company)
    return document, notes


def write_extractions(
    session: Session, document: Document, answer: Answer, *, accept_doubtful: bool
) -> tuple[int, list[str]]:
    """Add the statements that were read, but for those already there.

    Returns:
        How many were added, and notes for people.

    Raises:
        RefusedError: The number of a filing in it is too long to be one.
    """
    filing = answer.filing
    assert filing is not None  # noqa: S101 the caller has checked it
    statements, left = one_of_each(filing.statements)
    rows = [
        extraction_values(document.id, each, answer.seconds, accept_doubtful=accept_doubtful)
        for each in statements
    ]
    accepted = _accepted(session, document.id)
    for each in rows:
        each["doubtful_accepted"] |= (each["statement_type"], each["accession"]) in accepted
    if any(len(each["accession"] or "") > MAX_ACCESSION for each in rows):
        raise RefusedError("bad_accession", "the number of a filing in it is too long to be one")
    added = session.scalars(
        insert(Extraction).on_conflict_do_nothing().returning(Extraction.id), rows
    ).all()
    if accept_doubtful:
        accept(session, document.id)
    notes = [each.message for each in filing.issues if each.code == "several_reports"]
    if left:
        names = sorted({each.statement.replace("_", " ") for each in left})
        notes.append(f"{', '.join(names)}: only one of several is kept")
    return len(added), notes


def _accepted(session: Session, document_id: int) -> set[tuple[str, str | None]]:
    """Return the statements of a document that a person accepted, as an older reader read them."""
    query = select(Extraction.statement_type, Extraction.accession).where(
        Extraction.document_id == document_id, Extraction.doubtful_accepted
    )
    return {(name, accession) for name, accession in session.execute(query)}


def accept(session: Session, document_id: int) -> bool:
    """Accept the doubtful statements of a document; return whether one was not accepted before.

    Those that the program read: one that was made elsewhere is accepted where it is put.
    """
    changed = session.execute(
        update(Extraction)
        .where(
            Extraction.document_id == document_id,
            ~made_elsewhere(),
            Extraction.status == "doubtful",
            ~Extraction.doubtful_accepted,
        )
        .values(doubtful_accepted=True)
        .returning(Extraction.id)
    )
    return bool(changed.all())


def fill_in_facts(document: Document, facts: Facts) -> None:
    """Set what an older reader did not tell of a filing."""
    document.form = document.form or facts.form
    document.filed_on = document.filed_on or facts.filed_on
    document.period_end = document.period_end or facts.period_end


def _set_facts(document: Document, facts: Facts, media_type: str) -> None:
    document.fiscal_year = facts.fiscal_year or 0
    document.period_end = facts.period_end
    document.form = facts.form
    document.filed_on = facts.filed_on
    document.media_type = media_type


def extraction_values(
    document_id: int, statement: Statement, seconds: float, *, accept_doubtful: bool
) -> dict[str, Any]:
    """Return the columns of the extraction of a statement.

    Args:
        document_id: Of the document.
        statement: As it was read.
        seconds: That reading took.
        accept_doubtful: Whether it is compiled even if it is doubtful.
    """
    source, checks = statement.source, statement.checks
    status = checks.status if checks else "doubtful"
    return {
        "document_id": document_id,
        "statement_type": statement.statement,
        "raw_data": storable(statement.as_json()),
        "method": source.kind,
        "reader": storable(source.reader),
        "accession": storable(source.accession) or None,
        "status": status,
        "doubtful_accepted": accept_doubtful and status == "doubtful",
        "confidence": checks.verified / checks.checkable if checks and checks.checkable else None,
        "duration": timedelta(seconds=max(seconds, 0)),
        "source_page": min((each for each in source.pages if each > 0), default=None),
    }


def _refuse_known_file(session: Session, company: Company, sha256: str) -> None:
    """Refuse a file that another company has.

    Raises:
        RefusedError: It has.
    """
    other = session.scalars(
        select(Company)
        .join(Document, Document.company_id == Company.id)
        .where(Document.sha256 == sha256, Company.id != company.id)
        .order_by(Company.id)
    ).first()
    if other:
        raise RefusedError(
            "other_company", f"it is a document of {other.name} (id:{other.id}); {OVERRIDE}"
        )


def _compare(
    session: Session, company_id: int, year: int | None, statements: Iterable[Statement]
) -> Comparison:
    """Compare the figures of statements with those of the company's documents of the next years."""
    nearest = session.scalars(
        select(Document.id)
        .where(Document.company_id == company_id, Document.sha256.is_not(None))
        .order_by(func.abs(Document.fiscal_year - (year or 0)), Document.id)
        .limit(_COMPARED)
    ).all()
    known: Sequence[dict[str, Any]] = session.scalars(
        select(Extraction.raw_data).where(
            Extraction.document_id.in_(nearest), Extraction.status != "doubtful"
        )
    ).all()
    if not known:
        return Comparison()
    return compare_filings([each.as_json() for each in statements], known)


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(2)


def describe_kept(session: Session, document: Document, name: str) -> Kept:
    """Return what is kept of a document, as the present readers read it."""
    rows = session.execute(
        select(
            Extraction.statement_type,
            Extraction.status,
            Extraction.accession,
            Extraction.doubtful_accepted,
            Extraction.method,
            Extraction.reader,
        )
        .where(Extraction.document_id == document.id)
        .order_by(Extraction.id)
    ).all()
    current = [each for each in rows if READERS.get(each.method) == each.reader] or rows
    return Kept(
        name,
        "added",
        document=document.id,
        fiscal_year=document.fiscal_year,
        form=document.form,
        statements=tuple((each.statement_type, each.status) for each in current),
        filings=len({each.accession for each in current}),
        accepted=any(each.doubtful_accepted for each in current),
    )
