"""Pictures of places in PDFs: a few are drawn at a time, and the last ones are kept in memory."""

import asyncio
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Final, Literal

from anyio import CapacityLimiter, to_thread
from fastapi import Depends, Request

from app.limit_settings import JOBS, number_of_jobs
from app.services.errors import ServiceError
from app.services.place_pictures import PASSING, NoPictureError, PlaceOf, draw, size_of
from app.storage import open_storage
from app.web.problems import busy

Part = Literal["page", "detail"]
AT_ONCE: Final = 2
"""Processes that draw at a time, unless files are read by fewer."""
WAITING: Final = 16
"""Places that wait to be drawn; a further one is refused."""
WAIT: Final = 30.0
"""Seconds that a place waits until it is drawn."""
MOST_BYTES: Final = 32_000_000
MOST_FAILURES: Final = 200
TOLD: Final = 30.0
"""Seconds for which a page says of a failure that another attempt may not have."""
RETRY_AFTER: Final = "5"  # seconds
BUSY: Final = "too many pages are being drawn: ask again"


@dataclass(frozen=True, slots=True)
class Drawn:
    """A place that was drawn.

    Attributes:
        sizes: Width and height of each picture in pixels.
    """

    pictures: dict[Part, bytes]
    sizes: dict[Part, tuple[int, int]]

    @property
    def weight(self) -> int:
        """Return the bytes of the pictures."""
        return sum(map(len, self.pictures.values()))


class PlacePictures:
    """Draws places, and keeps what was drawn last; the event loop alone uses it."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Drawn] = OrderedDict()
        self._bytes = 0
        self._failed: OrderedDict[str, tuple[float, ServiceError]] = OrderedDict()
        self._drawing: dict[str, asyncio.Future[Drawn]] = {}
        self._slots: CapacityLimiter | None = None

    def peek(self, place: PlaceOf) -> Drawn | None:
        """Return what is kept of a place."""
        return self._kept.get(place.key)

    def failure(self, place: PlaceOf) -> ServiceError | None:
        """Return why a place could not be drawn, if that is known, and so now or for good."""
        at, error = self._failed.get(place.key, (0.0, None))
        is_over = error is not None and _is_passing(error) and time.monotonic() > at + TOLD
        return None if is_over else error

    async def get(self, place: PlaceOf) -> Drawn:
        """Return the pictures of a place; several requests for one are answered by one process.

        Raises:
            NoPictureError: It cannot be drawn.
            ProblemError: Too many others are being drawn.
            SettingsError: The settings are invalid.
            UnavailableError: Its file is not in the storage.
        """
        key = place.key
        if (kept := self._kept.get(key)) is not None:
            self._kept.move_to_end(key)
            return kept
        failed = self.failure(place)
        if failed is not None and not _is_passing(failed):
            raise NoPictureError(failed.code, str(failed))
        drawing = self._drawing.get(key)
        if drawing is None or drawing.get_loop() is not asyncio.get_running_loop():
            if len(self._drawing) >= WAITING:
                raise busy(BUSY, RETRY_AFTER)
            drawing = asyncio.ensure_future(self._draw(place))
            self._drawing[key] = drawing
            drawing.add_done_callback(partial(self._done, key))
        return await asyncio.shield(drawing)

    async def _draw(self, place: PlaceOf) -> Drawn:
        if self._slots is None:
            self._slots = CapacityLimiter(min(JOBS.read() or number_of_jobs(), AT_ONCE))
        turn, stop = object(), threading.Event()
        try:
            async with asyncio.timeout(WAIT):
                await self._slots.acquire_on_behalf_of(turn)
        except TimeoutError:
            raise busy(BUSY, RETRY_AFTER) from None
        try:
            return await to_thread.run_sync(
                _drawn, place, stop, limiter=CapacityLimiter(1), abandon_on_cancel=True
            )
        finally:
            stop.set()
            self._slots.release_on_behalf_of(turn)

    def _done(self, key: str, drawing: asyncio.Future[Drawn]) -> None:
        """Keep a picture, or why there is none, unless another attempt may make it."""
        if self._drawing.get(key) is drawing:
            del self._drawing[key]
        if drawing.cancelled():
            return
        error = drawing.exception()
        self._failed.pop(key, None)
        if error is None:
            self._keep(key, drawing.result())
        elif isinstance(error, ServiceError):
            self._failed[key] = (time.monotonic(), error)
            while len(self._failed) > MOST_FAILURES:
                self._failed.popitem(last=False)

    def _keep(self, key: str, drawn: Drawn) -> None:
        self._kept[key] = drawn
        self._bytes += drawn.weight
        while self._bytes > MOST_BYTES:
            _, oldest = self._kept.popitem(last=False)
            self._bytes -= oldest.weight


def _drawn(place: PlaceOf, stop: threading.Event) -> Drawn:
    found = draw(open_storage(), place, stop)
    pictures: dict[Part, bytes] = {"page": found.page.png}
    if found.detail is not None:
        pictures["detail"] = found.detail.png
    return Drawn(pictures, {name: size_of(png) for name, png in pictures.items()})


def _is_passing(error: ServiceError) -> bool:
    """Whether another attempt may succeed."""
    return error.code in PASSING


async def _place_pictures(request: Request) -> PlacePictures:
    pictures: PlacePictures = request.app.state.place_pictures
    return pictures


OpenPlacePictures = Annotated[PlacePictures, Depends(_place_pictures)]
