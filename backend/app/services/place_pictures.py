"""Draw the place of a figure in a stored PDF, in a process with limits."""

import hashlib
import struct
import threading
import zlib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import Final

from app.services.answer import AskedPlace, DrawnPlace
from app.services.errors import NotFoundError, UnavailableError
from app.services.limits import Limits
from app.services.reading import Request, read_files
from app.storage import Storage, StorageError

VERSION: Final = f"1/{version('pypdfium2')}"
"""Of what draws: another one may draw the same place otherwise."""
SECONDS: Final = 20
"""For one page, unless files may be read for less."""
MEGABYTES: Final = 16
"""Of the answer with both pictures."""
_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_LARGEST: Final = 16_000  # pixels of a side
_HEADER: Final = struct.Struct(">II")
PASSING: Final = frozenset({"stopped", "busy", "killed", "storage_unavailable"})
"""Codes of failures that another attempt may not have."""


class NoPictureError(NotFoundError):
    """The place of a figure cannot be drawn."""


@dataclass(frozen=True, slots=True)
class PlaceOf:
    """The place of a figure in a stored file.

    Attributes:
        stored: Path of the file below the URL of the storage.
        file: Its name, for people.
    """

    asked: AskedPlace
    stored: str
    file: str | None

    @property
    def key(self) -> str:
        """Return what changes whenever the pictures may: file, place, and what draws them."""
        return hashlib.sha256(f"{VERSION}\n{self.asked.model_dump_json()}".encode()).hexdigest()


def draw(storage: Storage, place: PlaceOf, stop: threading.Event | None = None) -> DrawnPlace:
    """Return the pictures of a place.

    Args:
        storage: Has the file.
        place: Which one.
        stop: Ends the process when another thread sets it.

    Raises:
        NoPictureError: The file is damaged, encrypted, or takes too long.
        SettingsError: A limit is invalid.
        UnavailableError: The file is not in the storage, or it was to stop.
    """
    limits = Limits.in_force()
    limits = replace(limits, seconds=min(limits.seconds, SECONDS), output=MEGABYTES)
    try:
        with storage.local_copy(place.stored) as path:
            request = Request(path, "place", place=place.asked)
            with closing(read_files([request], limits, 1, stop=stop)) as answers:
                answer = next(answers)
    except StorageError:
        raise UnavailableError(
            "storage_unavailable", "the file is not in the storage, or the storage does not answer"
        ) from None
    if answer.error is not None:
        code, message = answer.error.code, answer.error.message
        raise NoPictureError(code, _REASONS.get(code, message))
    if answer.place is None:
        raise NoPictureError("bad_answer", "the process that draws it gave no picture")
    for each in (answer.place.page, answer.place.detail):
        if each is not None:
            size_of(each.png)
    return answer.place


_REASONS: Final = {
    "encrypted": "the PDF is encrypted",
    "damaged_file": "the stored file is damaged: it is not the one that was read",
    "damaged_pdf": "the PDF is damaged",
    "time_limit": "the page takes too long to draw",
    "memory_limit": "the page needs too much memory to draw",
    "output_limit": "the picture of the page is too large",
    "too_large": "the file is larger than files may be now",
    "crashed": "the process that drew the page crashed",
}


def size_of(png: bytes) -> tuple[int, int]:
    """Return width and height of a picture that a worker, which may be taken over, has made.

    Raises:
        NoPictureError: It is no PNG of the chunks that this program writes.
    """
    chunks = list(_chunks(png))
    names = [name for name, _ in chunks]
    if names != [b"IHDR", b"IDAT", b"IEND"] or len(chunks[0][1]) < _HEADER.size:
        raise _no_png()
    width, height = _HEADER.unpack_from(chunks[0][1])
    if not (0 < width <= _LARGEST and 0 < height <= _LARGEST):
        raise _no_png()
    return width, height


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield name and body of each chunk (ISO/IEC 15948, 5.3)."""
    if not png.startswith(_SIGNATURE):
        raise _no_png()
    place = len(_SIGNATURE)
    while place < len(png):
        if len(png) < place + 12:
            raise _no_png()
        length = int.from_bytes(png[place : place + 4])
        name, body = png[place + 4 : place + 8], png[place + 8 : place + 8 + length]
        end = place + 12 + length
        if len(body) != length or png[end - 4 : end] != struct.pack(">I", zlib.crc32(name + body)):
            raise _no_png()
        yield name, body
        place = end


def _no_png() -> NoPictureError:
    return NoPictureError("bad_answer", "the process that draws it gave no valid picture")
