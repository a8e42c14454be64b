"""Keep one file that was received: read it within limits, add it to its company, and compile that.

It is what `fde add` does with one file. Killed at any time, the same upload finishes it.
"""

from contextlib import closing
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from app.db.models import Document, Extraction
from app.pipeline.read.versions import READERS
from app.services.adding import Adding, Options
from app.services.compiling import Recompiled, recompile
from app.services.errors import NotFoundError, ServiceError
from app.services.given_files import Given
from app.services.kept_filing import Kept
from app.services.transactions import in_transaction
from app.storage import Storage


class NotKeptError(ServiceError):
    """The file cannot be read, or is refused.

    Attributes:
        kept: What became of it.
    """

    def __init__(self, kept: Kept) -> None:
        """Say why."""
        super().__init__(kept.code or "unreadable", kept.message or "It cannot be read")
        self.kept = kept


@dataclass(frozen=True, slots=True)
class ReadStatement:
    """A statement that was read in the file.

    Attributes:
        proved_share: Of the checkable figures, how many are proved, from 0 to 1; None without any.
        accession: The filing's number, of a file with several.
    """

    statement: str
    status: str | None
    method: str
    proved_share: float | None
    accession: str | None
    doubtful_accepted: bool


@dataclass(frozen=True, slots=True)
class Uploaded:
    """A file that is kept, and what compiling its company changed."""

    kept: Kept
    document: Document
    statements: tuple[ReadStatement, ...]
    compiled: Recompiled


def upload(
    sessions: sessionmaker[Session],
    storage: Storage,
    company_id: int,
    given: Given,
    options: Options,
) -> Uploaded:
    """Keep a file as a document of a company, and compile the company's statements.

    Raises:
        NotKeptError: It cannot be read, or is refused; nothing is changed.
        NotFoundError: There is no such company, or the document was removed meanwhile.
        UnavailableError: It is to stop, or another transaction keeps its locks for too long.
        StorageError: The storage cannot be used.
    """
    adding = Adding(sessions, storage, f"id:{company_id}", options)
    with closing(adding.add([given])) as results:
        kept = next(results)
    document_id = kept.document
    if document_id is None:
        raise NotKeptError(kept)

    compiled = recompile(sessions, company_id)

    def work(session: Session) -> Uploaded:
        session.expire_on_commit = False
        document = session.get(Document, document_id)
        if document is None:
            raise NotFoundError("no_such_document", "it was removed meanwhile: add it again")
        return Uploaded(kept, document, tuple(_current(session, document_id)), compiled)

    return in_transaction(sessions, work)


def _current(session: Session, document_id: int) -> list[ReadStatement]:
    """Return the readings of the present readers; of a file that they did not read, all."""
    rows = session.execute(
        select(
            Extraction.statement_type,
            Extraction.status,
            Extraction.method,
            Extraction.reader,
            Extraction.confidence,
            Extraction.accession,
            Extraction.doubtful_accepted,
        )
        .where(Extraction.document_id == document_id)
        .order_by(Extraction.id)
    ).all()
    found = [each for each in rows if READERS.get(each.method) == each.reader] or rows
    return [
        ReadStatement(
            each.statement_type,
            each.status,
            each.method,
            each.confidence,
            each.accession,
            each.doubtful_accepted,
        )
        for each in found
    ]
