"""Keep a reading that a person or a language model made of a document, once it is proved.

The document is searched and the proof is made in a worker process, outside of any transaction;
then the reading is kept and the company compiled in one.
"""

import tempfile
import threading
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError
from sqlalchemy import Text, cast, select
from sqlalchemy.orm import Session

from app.db.models import Document, Extraction
from app.pipeline.statement import Filing, Statement
from app.services.answer import Answer, Elsewhere
from app.services.compiled_changes import CompiledChange, compile_and_compare
from app.services.errors import NotFoundError, RefusedError, UnavailableError
from app.services.kept_filing import extraction_values
from app.services.limits import Limits
from app.services.newest import ELSEWHERE, in_use_first
from app.services.reading import Request, read_files
from app.services.transactions import lock_company
from app.storage import Storage

MAX_MODEL: Final = 100  # characters
MAX_SECONDS: Final = 60
"""For a search and its proof; a table that was made up may need more, and is not searched then."""
_LATER: Final = frozenset({"killed", "bad_answer"})
"""Codes of workers that may succeed if they are started again."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A reading to keep, and what it is proved by.

    Attributes:
        stored: Path of the document's file in the storage.
        others: Ids of the readings of the filing's other statements.
    """

    document_id: int
    stored: str
    stated: Statement
    others: dict[int, Statement]


@dataclass(frozen=True, slots=True)
class Put:
    """What became of a reading.

    Attributes:
        is_new: Whether it was not there already.
        is_in_use: Whether it is the one that is compiled.
    """

    extraction: Extraction
    is_new: bool
    is_in_use: bool
    changes: list[CompiledChange]


def prepare(session: Session, document_id: int, stated: Statement) -> Asked:
    """Return a reading of a document with what the document is known to be.

    Raises:
        NotFoundError: There is no such document.
        RefusedError: It has no file, or the reading is of another file or filing.
    """
    document = find_document(session, document_id)
    if document.sha256 is None or document.file_path is None:
        raise RefusedError("no_file", f"the file of document {document_id} is not kept")
    if stated.source.sha256 != document.sha256:
        raise RefusedError(
            "other_document",
            f"source.sha256 is not that of document {document_id}, {document.sha256}",
        )
    readings = _in_use(session, document_id)
    source = stated.source
    source.accession = accession = _accession_of(readings, source.accession)
    source.form, source.filed = document.form, document.filed_on
    if accession is not None:  # one of many filings in the document
        of_filing = next(
            each.source for each in readings.values() if each.source.accession == accession
        )
        source.form, source.filed = of_filing.form, of_filing.filed
    others = {
        number: each
        for number, each in readings.items()
        if each.statement != stated.statement and each.source.accession == accession
    }
    return Asked(document_id, document.file_path, stated, others)


def find_document(session: Session, document_id: int) -> Document:
    """Return a document.

    Raises:
        NotFoundError: There is none of that id.
    """
    document = session.get(Document, document_id)
    if document is None:
        raise NotFoundError("no_such_document", f"there is no document {document_id}")
    return document


def _in_use(session: Session, document_id: int) -> dict[int, Statement]:
    """Return the readings of a document that are in use, by id."""
    query = (
        select(
            Extraction.id,
            Extraction.statement_type,
            Extraction.accession,
            cast(Extraction.raw_data, Text),
        )
        .where(Extraction.document_id == document_id, Extraction.reader.is_not(None))
        .order_by(*in_use_first())
    )
    found: dict[tuple[str, str | None], tuple[int, Statement]] = {}
    for number, name, accession, raw in session.execute(query):
        if (name, accession) not in found:
            try:
                found[name, accession] = number, Statement.model_validate_json(raw)
            except ValidationError:
                continue  # of a release before
    return dict(found.values())


def _accession_of(readings: dict[int, Statement], said: str | None) -> str | None:
    """Return which of the filings in a document is meant.

    Raises:
        RefusedError: It is none of them, or not clear.
    """
    known = {each.source.accession for each in readings.values()} or {None}
    if said is None and len(known) == 1:
        return known.pop()
    if said is None:
        raise RefusedError(
            "several_filings", "the document has many filings: source.accession says which one"
        )
    if said not in known:
        raise RefusedError(
            "other_filing", "source.accession is that of no filing that was read in the document"
        )
    return said


def prove(
    storage: Storage, asked: Asked, limits: Limits, stop: threading.Event | None = None
) -> Statement:
    """Return the reading with its proof, made in a worker process that searches the document.

    Raises:
        UnavailableError: The worker was ended, or could not be started.
        StorageError: The file cannot be read.
    """
    limits = replace(limits, seconds=min(limits.seconds, MAX_SECONDS))
    with storage.local_copy(asked.stored) as path:
        answer = _ask(path, asked, limits, stop)
        if answer.error is not None and answer.error.code not in _LATER:
            # The file is too much for a search; the reading may be proved without it.
            answer = _ask(path, asked, limits, stop, unsearched=answer.error.message)
    filing = answer.filing
    if filing is None or not _is_of(asked.stated, filing):
        raise UnavailableError("not_proved", "the reading could not be proved: send it again")
    proved = filing.statements[0]
    proved.source = asked.stated.source
    return proved


def _ask(
    path: Path,
    asked: Asked,
    limits: Limits,
    stop: threading.Event | None,
    *,
    unsearched: str | None = None,
) -> Answer:
    task = Elsewhere(stated=asked.stated, others=list(asked.others.values()), unsearched=unsearched)
    with tempfile.NamedTemporaryFile(prefix="fde-") as file:
        file.write(task.model_dump_json(by_alias=True).encode())
        file.flush()
        request = Request(path, "prove", elsewhere=Path(file.name))
        with closing(read_files([request], limits, 1, stop=stop)) as answers:
            return next(answers)


def _is_of(stated: Statement, filing: Filing) -> bool:
    """Whether an answer states the figures of a reading, and no others."""
    if len(filing.statements) != 1:
        return False
    return _figures(filing.statements[0]) == _figures(stated)


def _figures(statement: Statement) -> list[tuple[object, ...]]:
    return [
        (row.n, row.label, row.kind, row.scale, row.unit, key, cell.v)
        for row, key, cell in statement.cells()
    ]


def keep(
    session: Session,
    asked: Asked,
    proved: Statement,
    *,
    model: str | None,
    accept_doubtful: bool,
) -> Put:
    """Keep a proved reading in place of one by the same reader, and compile its company again.

    Raises:
        NotFoundError: The document was removed meanwhile.
        UnavailableError: Its other statements were read again meanwhile.
    """
    company_id = find_document(session, asked.document_id).company_id
    lock_company(session, company_id)
    session.expire_all()
    document = find_document(session, asked.document_id)
    again = prepare(session, document.id, asked.stated.model_copy(deep=True))
    if again.others.keys() != asked.others.keys():
        raise UnavailableError("changed", "the document was read again meanwhile: send it again")
    values = extraction_values(document.id, proved, 0, accept_doubtful=accept_doubtful)
    values |= {"model": model, "duration": None}
    rows = _same_statement(session, values)
    own = [each for each in rows if _reading(each) == _reading(values)]
    if own and own[0] is _newest(rows) and _is_same(own[0], values):
        return Put(own[0], is_new=False, is_in_use=rows[0] is own[0], changes=[])
    for each in own:
        session.delete(each)
    session.flush()  # of one reader there is one reading
    made = Extraction(**values)
    session.add(made)
    session.flush()
    session.refresh(made)
    changes = compile_and_compare(session, company_id)
    in_use = _same_statement(session, values)[0]
    return Put(made, is_new=True, is_in_use=in_use.id == made.id, changes=changes)


def _same_statement(session: Session, values: dict[str, Any]) -> Sequence[Extraction]:
    """Return the readings of one statement of one filing, the one in use first."""
    return session.scalars(
        select(Extraction)
        .where(
            Extraction.document_id == values["document_id"],
            Extraction.statement_type == values["statement_type"],
            Extraction.accession.is_not_distinct_from(values["accession"]),
            Extraction.reader.is_not(None),
        )
        .order_by(*in_use_first())
    ).all()


def _newest(rows: Sequence[Extraction]) -> Extraction | None:
    """Return the newest reading that was made elsewhere."""
    elsewhere = [each for each in rows if each.method in ELSEWHERE]
    return max(elsewhere, key=lambda each: each.id, default=None)


def _reading(row: Extraction | dict[str, Any]) -> tuple[object, object]:
    if isinstance(row, Extraction):
        return row.method, row.reader
    return row["method"], row["reader"]


def _is_same(row: Extraction, values: dict[str, Any]) -> bool:
    """Whether a reading is kept already, as it is to be."""
    return (row.raw_data, row.model, row.doubtful_accepted) == (
        values["raw_data"],
        values["model"],
        values["doubtful_accepted"],
    )
