"""Why each page of a document that may hold a statement was taken or not."""

import threading
from contextlib import closing

from app.services.answer import Candidate
from app.services.errors import RefusedError, UnavailableError
from app.services.limits import Limits
from app.services.reading import Request, read_files
from app.storage import Storage

_LATER = frozenset({"killed", "not_found"})
"""Codes of failures that another time may not have."""


def explain_pages(
    storage: Storage, stored: str, limits: Limits, stop: threading.Event | None = None
) -> list[Candidate]:
    """Return the pages of a stored PDF that may hold a statement, found in a worker process.

    Args:
        storage: Has the file.
        stored: Its path there.
        limits: Of the worker.
        stop: Ends it when another thread sets it.

    Raises:
        RefusedError: It has no pages to choose from, or is more than the limits allow.
        UnavailableError: The worker was ended.
        StorageError: The file cannot be read.
    """
    with (
        storage.local_copy(stored) as path,
        closing(read_files([Request(path, "pages")], limits, 1, stop=stop)) as answers,
    ):
        answer = next(answers)
    if answer.error is None:
        return answer.candidates
    if answer.error.code in _LATER:
        raise UnavailableError(answer.error.code, "the pages could not be looked at: ask again")
    raise RefusedError(answer.error.code, answer.error.message)
