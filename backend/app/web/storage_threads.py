"""Read stored files on threads of their own, within a time limit.

A storage that hangs holds these few threads at most, and never one of the database's: further
requests get no thread within the limit, and are answered as those whose read takes too long.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Final, TypeVar

from app.errors import SettingsError
from app.storage import StorageError, StoredFile, open_storage

Result = TypeVar("Result")

THREADS: Final = 16
SECONDS: Final = 10.0
"""For one piece of a file, or to open it."""
SIZE_SECONDS: Final = 2.0
"""To tell the size of a file, without which an answer goes on."""

_EXECUTOR: Final = ThreadPoolExecutor(THREADS, "storage")  # starts a thread when it is used


async def open_file(stored: str, seconds: float | None = None) -> StoredFile:
    """Open a stored file of the settings' storage.

    Args:
        stored: Its path below the URL.
        seconds: How long that may take; SECONDS by default.

    Raises:
        SettingsError: The settings are invalid.
        StorageError: It cannot be opened, or not in time.
    """
    opening = _EXECUTOR.submit(_open, stored)
    try:
        return await _in_time(opening, seconds or SECONDS)
    except BaseException:
        opening.add_done_callback(_close)
        raise


async def run(work: Callable[[], Result]) -> Result:
    """Do work on a stored file, and return its result.

    Raises:
        StorageError: It fails, or is not done in time.
    """
    return await _in_time(_EXECUTOR.submit(work), SECONDS)


def close_file(file: StoredFile) -> None:
    """Close a file without waiting for that."""
    with suppress(RuntimeError):  # at the end of the process
        _EXECUTOR.submit(file.close)


async def size_of(stored: str) -> int | None:
    """Return the size of a stored file in bytes; None if the storage does not tell it soon.

    Args:
        stored: Its path below the URL.
    """
    try:
        opened = await open_file(stored, SIZE_SECONDS)
    except (StorageError, SettingsError):
        return None
    close_file(opened)
    return opened.size


def _open(stored: str) -> StoredFile:
    return open_storage().open_pieces(stored)


async def _in_time(future: Future[Result], seconds: float) -> Result:
    try:
        return await asyncio.wait_for(asyncio.wrap_future(future), seconds)
    except TimeoutError:
        raise StorageError("the storage of files gives no answer in time") from None


def _close(opening: Future[StoredFile]) -> None:
    """Close a file that was opened too late."""
    if not opening.cancelled() and opening.exception() is None:
        opening.result().close()
