"""Examine the database and the storage of files: what is missing, damaged, left over or stale."""

import hashlib
import shlex
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from alembic_zero_downtime import DatabaseURL, read_state
from alembic_zero_downtime.errors import describe_failure
from app.db import base
from app.db.migrations import PROJECT
from app.db.models import Document
from app.db.url import resolve_database_url
from app.errors import SettingsError
from app.services.diagnosis import Check, Level, number_of
from app.services.errors import ServiceError
from app.services.stale import examine_statements
from app.services.transactions import in_transaction, lock_file
from app.storage import Storage, StorageError, open_storage, path_of

SEE_MORE: Final = "make db-doctor says more"
_CHUNK: Final = 1024 * 1024


def examine(*, deep: bool) -> Iterator[Check]:
    """Yield the checks as they are made; what depends on a fault is left out.

    Args:
        deep: Whether each file is read and its digest compared.
    """
    database = list(_examine_database())
    yield from database
    storage: list[Storage] = []
    yield from _examine_storage(storage.append)
    if any(each.level is Level.FAULT for each in database):
        return
    try:
        if storage:
            yield from _examine_files(storage[0], deep=deep)
        with base.SessionLocal.begin() as session:
            yield from examine_statements(session, deep=deep)
    except SQLAlchemyError as error:  # it was there a moment ago
        yield Check("database", Level.FAULT, _described(error), SEE_MORE)
    except ServiceError as error:
        yield Check("database", Level.FAULT, str(error), SEE_MORE)


def _examine_database() -> Iterator[Check]:
    """Yield whether the database answers, and has the schema of this program."""
    try:
        address = resolve_database_url()
        where = f"{address.masked} (from {address.source})"
        with base.engine.connect() as connection:
            version = connection.scalar(text("SELECT current_setting('server_version')"))
            yield Check("database", Level.OK, f"{where}: PostgreSQL {version}")
            yield _examine_schema(connection)
    except SettingsError as error:
        yield Check("database", Level.FAULT, str(error), "correct the setting: see fde config")
    except SQLAlchemyError as error:
        yield Check("database", Level.FAULT, f"{where}: {_described(error)}", SEE_MORE)


def _described(error: SQLAlchemyError) -> str:
    """Return why the database failed, in one line without its password."""
    return DatabaseURL(base.engine.url, "").scrub(describe_failure(error))


def _examine_schema(connection: Connection) -> Check:
    state = read_state(connection, PROJECT, PROJECT.load_revisions())
    if state.is_at_head:
        return Check("schema", Level.OK, f"at {state}")
    level = Level.WARNING if state.is_compatible else Level.FAULT
    return Check("schema", level, f"at {state}", state.next_step)


def _examine_storage(keep: Callable[[Storage], None]) -> Iterator[Check]:
    """Yield whether files can be stored, and who can read them.

    Args:
        keep: Is called with the storage if it can be used.
    """
    try:
        storage = open_storage()
        storage.try_writing()
        others = storage.readable_by_others()
        left = storage.abandoned()
    except (SettingsError, StorageError) as error:
        fix = "correct STORAGE_URL, or the rights of the folder: see fde config"
        yield Check("storage", Level.FAULT, str(error), fix)
        return
    keep(storage)
    yield Check("storage", Level.OK, f"{storage.name}: readable and writable")
    if storage.name.startswith("memory:"):
        message = f"{storage.name}: it forgets each file when the command ends"
        yield Check("storage", Level.WARNING, message, "name a folder in STORAGE_URL")
    if others:
        message = f"{storage.name}: other users of this machine can read it"
        paths = tuple(each for each in others if each)
        folder = shlex.quote(storage.name.removeprefix("file://"))
        yield Check("storage", Level.WARNING, message, f"chmod -R go= {folder}", paths)
    if left:
        message = f"{number_of(left, 'temporary file')} of interrupted commands"
        yield Check("storage", Level.WARNING, message, "the next fde add deletes them")


def _examine_files(storage: Storage, *, deep: bool) -> Iterator[Check]:
    """Yield which documents have no file or another one, and which files have no document."""
    try:
        stored = set(storage.list())
        with base.SessionLocal.begin() as session:
            documents = _documents(session)
        digests = {each.sha256 for each in documents if each.sha256}
        missing = [each for each in documents if not _is_stored(storage, stored, each)]
        orphans = sorted(each for each in stored if each.rpartition("/")[2] not in digests)
        orphans = [each for each in orphans if _is_orphan(each)]
        absent = {each.sha256 for each in missing}
        kept = [each for each in documents if each.sha256 not in absent]
        damaged = [each for each in kept if deep and not _is_whole(storage, each)]
    except StorageError as error:
        yield Check("storage", Level.FAULT, str(error), "correct STORAGE_URL: see fde config")
        return
    if missing:
        message = f"{number_of(len(missing), 'document')} without a file in the storage"
        fix = "restore the storage from its back-up, or add the file again: fde add COMPANY FILE"
        yield Check("documents", Level.FAULT, message, fix, tuple(map(_named, missing)))
    if damaged:
        message = f"{number_of(len(damaged), 'document')} with a damaged file"
        fix = "add the file again: fde add COMPANY FILE"
        yield Check("documents", Level.FAULT, message, fix, tuple(map(_named, damaged)))
    if orphans:
        message = f"{number_of(len(orphans), 'file')} in the storage without a document"
        fix = "add the file again, or, if no other database uses this storage, delete it"
        yield Check("documents", Level.WARNING, message, fix, tuple(orphans))
    if not (missing or damaged or orphans):
        how = "with the right content" if deep else "present (--deep reads them)"
        yield Check("documents", Level.OK, f"{number_of(len(documents), 'file')} {how}")


@dataclass(frozen=True, slots=True)
class _Stored:
    """A document that should have a file."""

    id: int
    company: int
    name: str | None
    sha256: str | None


def _documents(session: Session) -> Sequence[_Stored]:
    """Return the documents that should have a file: those with a digest or a path."""
    query = (
        select(Document.id, Document.company_id, Document.file_name, Document.sha256)
        .where(Document.sha256.is_not(None) | Document.file_path.is_not(None))
        .order_by(Document.id)
    )
    return [_Stored(*row) for row in session.execute(query)]


def _is_stored(storage: Storage, stored: set[str], document: _Stored) -> bool:
    """Whether the file is there: listed, or stored since the listing."""
    if document.sha256 is None:  # the path of a release before, which kept its files elsewhere
        return False
    path = path_of(document.sha256)
    return path in stored or storage.exists(path)


def _is_orphan(stored: str) -> bool:
    """Whether a file has no document, also when the transaction that adds it has ended."""
    sha256 = stored.rpartition("/")[2]

    def work(session: Session) -> bool:
        lock_file(session, sha256)
        return session.scalar(select(Document.id).where(Document.sha256 == sha256)) is None

    return in_transaction(base.SessionLocal, work)


def _is_whole(storage: Storage, document: _Stored) -> bool:
    """Whether the file has its digest."""
    if document.sha256 is None:
        return False
    digest = hashlib.sha256()
    try:
        with storage.open(path_of(document.sha256)) as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
    except (StorageError, OSError):
        return False
    return digest.hexdigest() == document.sha256


def _named(document: _Stored) -> str:
    """Return a document for people."""
    parts = (f"document {document.id}", f"of company id:{document.company}", document.name or "")
    return " ".join(part for part in parts if part)
