"""Delete stored files after the transaction that removed their documents."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from app.errors import SettingsError
from app.services.adding import discard_file
from app.services.errors import ServiceError
from app.storage import StorageError, open_storage
from app.web.database import BusyError, Database
from app.web.deadline import DeadlineError

logger = logging.getLogger("uvicorn.error")  # the server's own log


@dataclass(frozen=True, slots=True)
class Discarded:
    """What became of files.

    Attributes:
        deleted: Their number.
        kept: Those that another document has.
        left_over: Those that could not be deleted; `fde doctor` lists them.
    """

    deleted: int
    kept: int
    left_over: int


async def discard_files(database: Database, files: Sequence[str]) -> Discarded:
    """Delete files that no document has; never fails, since their documents are gone already.

    Args:
        database: Of the documents.
        files: Their digests.
    """
    deleted = kept = 0
    for each in files:
        try:
            if await database.call(partial(_discard, each)):
                deleted += 1
            else:
                kept += 1
        except (StorageError, ServiceError, SettingsError, SQLAlchemyError) as error:
            logger.warning("File %s is left over: %s", each, str(error).partition("\n")[0])
        except (BusyError, DeadlineError):
            logger.warning("File %s and those after it are left over", each)
            break
    return Discarded(deleted, kept, len(files) - deleted - kept)


def _discard(sha256: str, sessions: sessionmaker[Session]) -> bool:
    return discard_file(sessions, open_storage(), sha256)
