"""How many uploads there may be at a time: each may fill the disk, and its reading a processor."""

import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Annotated, Final, TypeVar

import anyio
from anyio import CapacityLimiter, WouldBlock, to_thread
from fastapi import Depends, Request

from app.limit_settings import JOBS, number_of_jobs
from app.services.limits import MEGABYTE, Limits
from app.web.database import WRITING
from app.web.problems import ProblemError, busy
from config import load_settings

Result = TypeVar("Result")

MOST: Final = 8
"""Uploads at a time, of which each may have a file on the disk."""
READ_WAIT: Final = 60.0
"""Seconds that a file which is received waits until its reading begins."""
RETRY_AFTER: Final = "10"
"""Seconds: reading a filing takes about as long."""
BUSY: Final = "too many files are being received or read: send it again"


class UploadSlots:
    """The places of one application for uploads."""

    def __init__(self) -> None:
        self._admitted = CapacityLimiter(MOST)
        self._reading: CapacityLimiter | None = None
        self._size: int | None = None
        self.writing = CapacityLimiter(MOST)
        """Threads that write what arrives to the disk."""

    def size(self) -> int:
        """Return how many bytes a file may have.

        Raises:
            SettingsError: The settings are invalid.
        """
        if self._size is None:
            largest = min(load_settings().api_upload_megabytes, Limits.in_force().file_size)
            self._size = largest * MEGABYTE
        return self._size

    @asynccontextmanager
    async def admit(self) -> AsyncIterator[None]:
        """Give one upload its place, from before it is received until it is answered.

        Raises:
            ProblemError: All are taken.
        """
        place = object()
        try:
            self._admitted.acquire_on_behalf_of_nowait(place)
        except WouldBlock:
            raise busy(BUSY, RETRY_AFTER) from None
        try:
            yield
        finally:
            self._admitted.release_on_behalf_of(place)

    async def read(
        self,
        work: Callable[[threading.Event], Result],
        is_abandoned: Callable[[], Awaitable[bool]],
    ) -> Result:
        """Do work on a thread, when fewer files are being read than there are processors.

        Args:
            work: Gets an event that is set when its result is not wanted any more.
            is_abandoned: Tells whether the client is gone, when the turn of this upload comes.

        Raises:
            ProblemError: Its turn does not come, or comes too late.
            SettingsError: The settings are invalid.
        """
        if self._reading is None:
            # Each thread needs a connection, of which so many are beside those of the requests.
            number = min(JOBS.read() or number_of_jobs(), WRITING)
            self._reading = CapacityLimiter(number)
        place, stop = object(), threading.Event()
        try:
            with anyio.fail_after(READ_WAIT):
                await self._reading.acquire_on_behalf_of(place)
        except TimeoutError:
            raise busy(BUSY, RETRY_AFTER) from None
        try:
            if await is_abandoned():
                raise ProblemError(400, "incomplete", "the client is gone")
            return await to_thread.run_sync(
                work, stop, limiter=CapacityLimiter(1), abandon_on_cancel=True
            )
        finally:
            stop.set()
            self._reading.release_on_behalf_of(place)


async def _upload_slots(request: Request) -> UploadSlots:
    slots: UploadSlots = request.app.state.upload_slots
    return slots


OpenUploadSlots = Annotated[UploadSlots, Depends(_upload_slots)]
