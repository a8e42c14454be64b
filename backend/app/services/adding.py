"""Add filings to a company: each file in one transaction, then the company is compiled.

A file that is done stays done, however the process ends: adding the same files again finishes. The
file is stored before its transaction is committed, so that no document is without its file; a file
without a document may be left by a process that is killed in between, and is adopted when it is
added again.
"""

import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing, nullcontext, suppress
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from app.db.models import Company, CompiledStatement, Document, Extraction
from app.pipeline.errors import ReadError
from app.pipeline.read.versions import READERS
from app.pipeline.statement import Filing, StatementName
from app.services.amendments import link_amendments
from app.services.answer import Answer
from app.services.companies import find_company
from app.services.errors import NotFoundError, RefusedError, ServiceError
from app.services.given_files import Given, digest_of, expand, pack
from app.services.identity import Identity, identity_of
from app.services.kept_filing import (
    File,
    Kept,
    Outcome,
    accept,
    describe_kept,
    fill_in_facts,
    write_document,
    write_extractions,
)
from app.services.limits import MEGABYTE, Limits, too_large
from app.services.new_companies import find_or_make
from app.services.reading import Request, read_files, refuse
from app.services.storable import facts_of
from app.services.transactions import (
    in_transaction,
    lock_company,
    lock_file,
    lock_new_companies,
    mark_stale,
)
from app.storage import SourceError, Storage, StorageError, path_of

NO_FILING: Final = frozenset({"not_a_report", "empty"})
"""Codes of files that are left out where they were found in a folder."""
Watch = Callable[[Sequence[str]], Callable[[int], None]]


@dataclass(frozen=True, slots=True)
class Options:
    """How files are added.

    Attributes:
        create: Whether a company that does not exist is made from its filings.
        trusted: Whether the files are of the company whatever they say.
        accept_doubtful: Whether their doubtful statements are compiled.
        jobs: Files that are read at a time.
        stop: Ends the reading when another thread sets it.
    """

    create: bool = False
    trusted: bool = False
    accept_doubtful: bool = False
    limits: Limits = Limits()  # noqa: RUF009 it is frozen
    jobs: int = 1
    stop: threading.Event | None = None


class Adding:
    """Adds files to one company.

    Attributes:
        company_id: Of the company, as soon as it is known.
        is_new: Whether the company was made.
        left_out: After compiling: statements that were read and cannot be compiled, with why.
    """

    def __init__(
        self,
        sessions: sessionmaker[Session],
        storage: Storage,
        reference: str,
        options: Options,
    ) -> None:
        self._sessions = sessions
        self._storage = storage
        self._reference = reference
        self._options = options
        self._named = Identity()
        self._is_settled = False
        self.company_id: int | None = None
        self.is_new = False
        self.left_out: list[tuple[StatementName, str]] = []

    def run(self, names: Sequence[str], watch: Watch = lambda _: lambda _: None) -> Generator[Kept]:
        """Yield what becomes of each file, in order, as `add` does.

        Args:
            names: Files, folders and patterns.
            watch: As of `add`.
        """
        yield from self.add(expand(names), watch)

    def add(
        self, given: Iterable[Given], watch: Watch = lambda _: lambda _: None
    ) -> Generator[Kept]:
        """Yield what becomes of each file, in order.

        Args:
            given: The files.
            watch: Is called with the names of the files that are going to be read, and returns a
                function that is called with the number of each when it is being read.

        Raises:
            ServiceError: There is no such company, the files are of another one, or it is to stop.
            StorageError: The storage cannot be used; what is done stays.
        """
        self._storage.sweep()
        self.company_id = self._find()
        self._is_settled = self.company_id is not None
        files = list(given)
        has_folder = any(each.is_folder for each in files)
        with TemporaryDirectory(prefix="fde-") if has_folder else nullcontext("") as folder:
            prepared = [self._prepare(each, Path(folder)) for each in files]
            known = self._known()
            unread = _unread(prepared, known)
            note = watch([each.name for each in unread])
            requests = [Request(each.path) for each in unread]
            options = self._options
            answers = read_files(requests, options.limits, options.jobs, note, options.stop)
            with closing(answers):
                yield from self._each(prepared, unread, self._peek(answers))

    def compile(self) -> Sequence[CompiledStatement]:
        """Compile the statements of the company from all its filings."""
        from app.pipeline.compile.notices import DOUBTFUL  # noqa: PLC0415 after the reading
        from app.services.compiling import compile_changes  # noqa: PLC0415

        company_id = self.company_id
        if company_id is None:
            return []

        def work(session: Session) -> Sequence[CompiledStatement]:
            session.expire_on_commit = False
            lock_company(session, company_id)
            changes = compile_changes(session, company_id)
            self.left_out = [
                (each.statement, issue.message)
                for each in changes
                for issue in each.left_out
                if issue.code != DOUBTFUL  # the files' own results say so
            ]
            return [each.kept for each in changes if each.kept is not None]

        return in_transaction(self._sessions, work)

    def _find(self) -> int | None:
        """Return the id of the company; None if it is to be made."""

        def work(session: Session) -> int | None:
            try:
                return find_company(session, self._reference).id
            except NotFoundError as error:
                if not self._options.create or error.code != "no_such_company":
                    raise
                return None

        return in_transaction(self._sessions, work)

    def _prepare(self, given: Given, folder: Path) -> File | Kept:
        """Return a file with its digest, or why it is not read."""
        name, path = given.name, given.path
        if given.left_out:
            return Kept(name, "left_out", "not_a_report", given.left_out)
        try:
            if given.is_folder:
                path = folder / f"{len(list(folder.iterdir()))}.zip"
                pack(given.path, path)
            elif refused := refuse(path, self._options.limits):
                return _unreadable(name, refused)
            size = path.stat().st_size
            if size > self._options.limits.file_size * MEGABYTE:
                return _unreadable(name, Answer.failed(*too_large(size, self._options.limits)))
            return File(name, given.file_name, path, digest_of(path), given.is_found)
        except ReadError as error:
            return Kept(name, "unreadable", error.code, str(error))
        except OSError as error:
            reason = error.strerror or type(error).__name__
            return Kept(name, "unreadable", "unreadable", f"It cannot be read: {reason}")

    def _known(self) -> set[str]:
        """Return the digests of the documents that the present readers have read."""
        company_id = self.company_id
        if company_id is None:
            return set()
        query = (
            select(Document.sha256, Extraction.method, Extraction.reader)
            .join(Extraction, Extraction.document_id == Document.id)
            .where(Document.company_id == company_id, Document.sha256.is_not(None))
            .distinct()
        )
        rows = in_transaction(self._sessions, lambda session: session.execute(query).all())
        current = {(kind, reader) for kind, reader in READERS.items()}
        return {digest for digest, method, reader in rows if digest and (method, reader) in current}

    def _peek(self, answers: Iterator[Answer]) -> Iterable[Answer]:
        """Return the answers; to make a company, wait for the first that names one."""
        if self.company_id is not None:
            return answers
        waiting = []
        for answer in answers:
            waiting.append(answer)
            if answer.filing and identity_of(answer.filing).name:
                self._named = identity_of(answer.filing)
                break
        return chain(waiting, answers)

    def _each(
        self, prepared: Sequence[File | Kept], unread: Sequence[File], answers: Iterable[Answer]
    ) -> Iterator[Kept]:
        """Yield what becomes of each file."""
        waiting = iter(zip(unread, answers, strict=True))
        reading = {each.sha256: each for each in unread}
        for each in prepared:
            if isinstance(each, Kept):
                yield each
            elif reading.get(each.sha256) is each:
                file, answer = next(waiting)
                yield self._add(file, answer)
            else:
                yield self._look_up(each, is_again=each.sha256 in reading)

    def _add(self, file: File, answer: Answer) -> Kept:
        """Keep a file that was read."""
        if answer.error or answer.filing is None:
            kept = _unreadable(file.name, answer)
            left_out = file.is_found and kept.code in NO_FILING
            return replace(kept, outcome="left_out") if left_out else kept
        filing = answer.filing
        digests = {each.source.sha256 for each in filing.statements}
        if digests != {file.sha256}:
            message = "It was changed while it was being read: add it again"
            return Kept(file.name, "unreadable", "changed", message)
        try:
            kept, company_id, is_new = in_transaction(
                self._sessions, lambda session: self._write(session, file, answer, filing)
            )
        except RefusedError as error:
            if not self._is_settled:
                raise  # no company can be made
            self._discard(file.sha256)
            return Kept(file.name, "refused", error.code, str(error))
        except SourceError as error:
            self._discard(file.sha256)
            return Kept(file.name, "unreadable", "changed", str(error))
        except BaseException:
            self._discard(file.sha256)
            raise
        self.company_id, self.is_new = company_id, self.is_new or is_new
        return kept

    def _write(
        self, session: Session, file: File, answer: Answer, filing: Filing
    ) -> tuple[Kept, int, bool]:
        """Write one file; return what became of it, the company, and whether it was made."""
        company, is_new = self._company(session)
        lock_file(session, file.sha256)
        document = _document_of(session, company.id, file.sha256)
        notes: list[str] = []
        is_known, notes = document is not None, []
        if document is None:
            document, notes = write_document(
                session, company, file, answer, trusted=self._options.trusted
            )
            session.flush()
        else:
            fill_in_facts(document, facts_of(filing))
        number, more = write_extractions(
            session, document, answer, accept_doubtful=self._options.accept_doubtful
        )
        link_amendments(session, company.id, document.period_end)
        mark_stale(session, company.id)
        document.file_path = self._storage.put(file.path, file.sha256)
        session.flush()
        kept = describe_kept(session, document, file.name)
        outcome: Outcome = "added"
        if is_known:  # another process may have added it meanwhile
            outcome = "read_again" if number else "already_there"
        return replace(kept, outcome=outcome, notes=(*notes, *more)), company.id, is_new

    def _company(self, session: Session) -> tuple[Company, bool]:
        """Return the company, locked, and whether it was made in this transaction."""
        if self.company_id is not None:
            return lock_company(session, self.company_id), False
        lock_new_companies(session)
        company, is_new = find_or_make(
            session, self._reference, self._named, trusted=self._options.trusted
        )
        self._is_settled = True
        return lock_company(session, company.id), is_new

    def _look_up(self, file: File, *, is_again: bool) -> Kept:
        """Return what is kept of a file that is there already, or was refused a moment ago.

        Args:
            file: With its digest.
            is_again: Whether it was given twice.
        """
        gone = Kept(file.name, "unreadable", "removed", "It was removed meanwhile: add it again")
        if is_again:
            gone = Kept(file.name, "unreadable", "same_file", "It is the same as one above")

        def work(session: Session) -> Kept:
            if self.company_id is None:
                return gone
            company = lock_company(session, self.company_id)
            lock_file(session, file.sha256)
            document = _document_of(session, company.id, file.sha256)
            if document is None:
                return gone
            if self._options.accept_doubtful and accept(session, document.id):
                mark_stale(session, company.id)
            # It stores one that is gone or damaged again, as fde doctor advises.
            document.file_path = self._storage.put(file.path, file.sha256)
            return replace(describe_kept(session, document, file.name), outcome="already_there")

        try:
            return in_transaction(self._sessions, work)
        except SourceError as error:
            return Kept(file.name, "unreadable", "changed", str(error))

    def _discard(self, sha256: str) -> None:
        """Delete the file of a transaction that failed, unless a document has it."""
        with suppress(ServiceError, StorageError, SQLAlchemyError):
            discard_file(self._sessions, self._storage, sha256)


def discard_file(sessions: sessionmaker[Session], storage: Storage, sha256: str) -> bool:
    """Delete a stored file if no document has it; return whether it was deleted.

    The lock of the file keeps a document from getting it meanwhile.
    """

    def work(session: Session) -> bool:
        lock_file(session, sha256)
        if session.scalars(select(Document.id).where(Document.sha256 == sha256).limit(1)).first():
            return False
        storage.delete(path_of(sha256))
        return True

    return in_transaction(sessions, work)


def _unread(prepared: Sequence[File | Kept], known: set[str]) -> list[File]:
    """Return the files to read: each content once, and none that is known."""
    seen = set(known)
    unread = []
    for each in prepared:
        if isinstance(each, File) and each.sha256 not in seen:
            seen.add(each.sha256)
            unread.append(each)
    return unread


def _unreadable(name: str, answer: Answer) -> Kept:
    error = answer.error
    if error is None:
        return Kept(name, "unreadable", "bad_answer", "Its reader gave no answer")
    return Kept(name, "unreadable", error.code, error.message)


def _document_of(session: Session, company_id: int, sha256: str) -> Document | None:
    return session.scalars(
        select(Document).where(Document.company_id == company_id, Document.sha256 == sha256)
    ).one_or_none()
