"""Read the stored files of documents again with the present readers.

The older readings stay beside the new ones, and corrections stay; nothing of a company changes
until all its files were read, and then in one transaction.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass, field
from functools import partial

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session, sessionmaker

from app.db.models import Company, Document, Extraction
from app.pipeline.read.versions import READERS
from app.pipeline.statement import Statement
from app.services.amendments import link_amendments
from app.services.answer import Answer
from app.services.companies import find_company
from app.services.compiling import compile_company
from app.services.corrections import Listed, list_corrections
from app.services.kept_filing import extraction_values, fill_in_facts
from app.services.limits import Limits
from app.services.newest import ELSEWHERE, in_use_first
from app.services.reading import Request, read_files
from app.services.reading_changes import ReadingChanges, compare_readings
from app.services.storable import facts_of, one_of_each, storable
from app.services.transactions import in_transaction, lock_company
from app.storage import Storage, StorageError

Watch = Callable[[Sequence[str]], Callable[[int], None]]


@dataclass(frozen=True, slots=True)
class Options:
    """How files are read again.

    Attributes:
        force: Also those that the present reader has read.
        jobs: Files that are read at a time.
    """

    force: bool = False
    limits: Limits = Limits()  # noqa: RUF009 it is frozen
    jobs: int = 1


@dataclass(frozen=True, slots=True)
class Read:
    """What became of one document.

    Attributes:
        before: The reader of the newest reading so far.
        after: The present one.
        code: Why it could not be read, a stable name; the older reading stays in use.
        changes: What the new reading changes; None if it could not be read.
        elsewhere: Statements that a person or a language model has read, with the reader: that
            reading stays in use.
    """

    document: int
    file: str
    before: str
    after: str
    code: str | None = None
    message: str | None = None
    changes: ReadingChanges | None = None
    elsewhere: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True)
class Reread:
    """What became of the documents of one company.

    Attributes:
        current: Documents that the present readers have read already.
        lost: Corrections that found their cell before, and do not any more.
    """

    name: str
    read: list[Read] = field(default_factory=list)
    current: int = 0
    lost: list[Listed] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Stale:
    """A document that is to be read again."""

    document: int
    sha256: str
    stored: str
    file: str
    before: str
    after: str


def reread(
    sessions: sessionmaker[Session],
    storage: Storage,
    reference: str | None,
    options: Options,
    watch: Watch = lambda _: lambda _: None,
) -> Iterator[Reread]:
    """Read files again, and compile each company with a new reading; yield what became of each.

    Args:
        sessions: Of the database.
        storage: Has the files.
        reference: A company; all by default of None.
        options: Which, and how.
        watch: Is called with the names of the files of a company, and returns a function that is
            called with the number of each when it is being read.

    Raises:
        NotFoundError: There is no such company.
        UnavailableError: Another transaction keeps its locks for too long.
    """
    companies = in_transaction(sessions, partial(_companies, reference=reference))
    for company_id, name in companies:
        result = Reread(name)
        find = partial(_stale, company_id=company_id, force=options.force)
        stale, result.current = in_transaction(sessions, find)
        answers = _read(storage, stale, options, watch([each.file for each in stale]))
        if stale:
            pairs = list(zip(stale, answers, strict=True))
            keep = partial(_keep, company_id=company_id, read=pairs)
            result.read, result.lost = in_transaction(sessions, keep)
        yield result


def _companies(session: Session, *, reference: str | None) -> list[tuple[int, str]]:
    if reference is not None:
        company = find_company(session, reference)
        return [(company.id, company.name)]
    query = (
        select(Company.id, Company.name)
        .where(Company.id.in_(select(Document.company_id).where(Document.file_path.is_not(None))))
        .order_by(Company.name)
    )
    return [(each.id, each.name) for each in session.execute(query)]


def _stale(session: Session, *, company_id: int, force: bool) -> tuple[list[_Stale], int]:
    """Return the documents to read again, and how many the present readers have read."""
    newest = (
        select(Extraction.document_id, Extraction.method, Extraction.reader)
        .where(Extraction.method.in_(READERS))
        .order_by(Extraction.document_id, Extraction.id.desc())
        .ext(distinct_on(Extraction.document_id))
        .subquery()
    )
    query = (
        select(Document, newest.c.method, newest.c.reader)
        .join(newest, newest.c.document_id == Document.id)
        .where(
            Document.company_id == company_id,
            Document.file_path.is_not(None),
            Document.sha256.is_not(None),
        )
        .order_by(Document.id)
    )
    stale, current = [], 0
    for document, method, reader in session.execute(query):
        present = READERS[method]
        if reader == present and not force:
            current += 1
            continue
        file = document.file_name or document.sha256[:12]
        stale.append(
            _Stale(
                document.id,
                document.sha256,
                document.file_path,
                file,
                reader or "unknown",
                present,
            )
        )
    return stale, current


def _why_not_stored(storage: Storage, stored: str, error: StorageError) -> str:
    """Return why a file cannot be read again: it is gone, or the storage is away."""
    with suppress(StorageError):
        if not storage.exists(stored):
            return "Its file is gone from the storage: add it again, or put back a back-up"
    return str(error)


def _read(
    storage: Storage, stale: Sequence[_Stale], options: Options, note: Callable[[int], None]
) -> list[Answer]:
    """Return the answer for each document; a file that is not in the storage is an answer too."""
    answers: dict[int, Answer] = {}
    with ExitStack() as copies:
        requests: list[Request] = []
        numbers: list[int] = []
        for number, each in enumerate(stale):
            try:
                path = copies.enter_context(storage.local_copy(each.stored))
            except StorageError as error:
                answers[number] = Answer.failed(
                    "not_stored", _why_not_stored(storage, each.stored, error)
                )
                continue
            requests.append(Request(path))
            numbers.append(number)
        found = read_files(requests, options.limits, options.jobs, lambda task: note(numbers[task]))
        with closing(found):
            answers.update(zip(numbers, found, strict=True))
    return [answers[number] for number in range(len(stale))]


def _keep(
    session: Session, *, company_id: int, read: Sequence[tuple[_Stale, Answer]]
) -> tuple[list[Read], list[Listed]]:
    """Write the new readings of a company, and compile it."""
    lock_company(session, company_id)
    before = {each.id for each in list_corrections(session, company_id) if each.state == "active"}
    results = [_keep_one(session, stale, answer) for stale, answer in read]
    session.flush()
    session.expire_all()
    if any(each.changes is not None for each in results):
        compile_company(session, company_id)
    after = list_corrections(session, company_id)
    return results, [each for each in after if each.state == "lost" and each.id in before]


def _keep_one(session: Session, stale: _Stale, answer: Answer) -> Read:
    """Write the new readings of one document."""

    def failed(code: str, message: str) -> Read:
        return Read(stale.document, stale.file, stale.before, stale.after, code, message)

    if answer.error or answer.filing is None:
        error = answer.error
        return failed(*((error.code, error.message) if error else ("bad_answer", "No answer")))
    document = session.get(Document, stale.document)
    if document is None or document.sha256 != stale.sha256:
        return failed("removed", "The document was removed meanwhile")
    statements, _ = one_of_each(answer.filing.statements)
    if {each.source.sha256 for each in statements} != {stale.sha256}:
        return failed("damaged", "The stored file has another content: put it back from a backup")
    rows = session.scalars(
        select(Extraction)
        .where(Extraction.document_id == stale.document, Extraction.method.in_(READERS))
        .order_by(Extraction.id)
    ).all()
    newest = {(each.statement_type, each.accession): each for each in rows}
    old = [Statement.model_validate(each.raw_data) for each in newest.values() if each.reader]
    for statement in statements:
        _write(session, rows, stale.document, statement, answer.seconds)
    fill_in_facts(document, facts_of(answer.filing))
    link_amendments(session, document.company_id, document.period_end)
    changes = compare_readings(old, [_as_stored(each) for each in statements])
    after = statements[0].source.reader
    kept = _made_elsewhere(session, stale.document)
    return Read(stale.document, stale.file, stale.before, after, changes=changes, elsewhere=kept)


def _made_elsewhere(session: Session, document_id: int) -> tuple[tuple[str, str], ...]:
    """Return the statements of which the reading in use was made elsewhere, with its reader."""
    session.flush()
    key = Extraction.statement_type, Extraction.accession
    query = (
        select(Extraction.statement_type, Extraction.reader, Extraction.method)
        .where(Extraction.document_id == document_id, Extraction.reader.is_not(None))
        .ext(distinct_on(*key))
        .order_by(*key, *in_use_first())
    )
    rows = session.execute(query).all()
    return tuple((name, reader or "") for name, reader, method in rows if method in ELSEWHERE)


def _as_stored(statement: Statement) -> Statement:
    return Statement.model_validate(storable(statement.as_json()))


def _write(
    session: Session,
    rows: Sequence[Extraction],
    document_id: int,
    statement: Statement,
    seconds: float,
) -> None:
    """Keep a statement as the newest reading, in place of one by the same reader."""
    values = extraction_values(document_id, statement, seconds, accept_doubtful=False)
    same = [
        each
        for each in rows
        if (each.statement_type, each.accession) == (values["statement_type"], values["accession"])
    ]
    if any(each.doubtful_accepted for each in same):
        values["doubtful_accepted"] = True
    own = [
        each for each in same if (each.method, each.reader) == (values["method"], values["reader"])
    ]
    if own:
        if own[0] is same[-1] and own[0].raw_data == values["raw_data"]:
            return
        session.delete(own[0])
        session.flush()  # of one reader there is one reading
    session.add(Extraction(**values))
