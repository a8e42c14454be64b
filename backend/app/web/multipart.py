"""Receive a form with one file (multipart/form-data, RFC 7578), which goes to the disk as it comes.

Starlette's parser has no limit of the size of a file, and gives it no path that another process can
read: this one writes the file where its reader finds it. The bytes are parsed by python-multipart.
"""

import errno
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from anyio import CapacityLimiter, to_thread
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from app.web.file_names import safe_name
from app.web.problems import FieldError, ProblemError

logger = logging.getLogger("uvicorn.error")  # the server's own log

FORM: Final = b"multipart/form-data"
FILE: Final = "file"
FLAGS: Final = ("same_company", "accept_doubtful")
MOST_HEADERS: Final = 8  # of a part
LONGEST_HEADER: Final = 4096  # bytes
LONGEST_VALUE: Final = 100  # bytes of a field that is no file
LONGEST_NAME: Final = 100
BATCH: Final = 1024 * 1024
"""Bytes that are kept in memory until a thread writes them."""
_PLAIN_ENCODINGS: Final = frozenset({b"", b"binary", b"8bit", b"7bit"})
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_VALUES: Final = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class ReceivedForm:
    """A form whose file is where it was to be written.

    Attributes:
        name: Of the file, safe.
        flags: Those that were sent.
    """

    name: str
    flags: dict[str, bool]


async def receive_form(
    content_type: bytes,
    chunks: AsyncIterator[bytes],
    path: Path,
    most: int,
    threads: CapacityLimiter,
) -> ReceivedForm:
    """Write the file of a form, and return the rest of it.

    Args:
        content_type: The header of the request.
        chunks: Its body.
        path: Of the file; its folder exists.
        most: Bytes of the file.
        threads: Of which one writes.

    Raises:
        ProblemError: The form is malformed, incomplete, too large, or not of these fields; or the
            disk is full.
    """
    form = _Form(most)
    parser = _parser(content_type, form)
    async for chunk in chunks:
        try:
            parser.write(chunk)
        except FormParserError:
            raise _malformed("it is no valid multipart/form-data") from None
        if form.size >= BATCH:
            await to_thread.run_sync(form.append_to, path, limiter=threads)
    received = form.finish()
    await to_thread.run_sync(form.append_to, path, limiter=threads)
    return received


def _parser(content_type: bytes, form: "_Form") -> MultipartParser:
    kind, options = parse_options_header(content_type)
    if kind != FORM:
        raise ProblemError(
            415,
            "unsupported_media_type",
            "send the file as multipart/form-data",
            headers={"Accept": FORM.decode()},
        )
    boundary = options.get(b"boundary", b"")
    if not boundary:
        raise _malformed("its Content-Type names no boundary")
    try:
        return MultipartParser(
            boundary,
            {
                "on_part_begin": form.begin_part,
                "on_header_field": form.add_to_header_name,
                "on_header_value": form.add_to_header_value,
                "on_header_end": form.end_header,
                "on_headers_finished": form.end_headers,
                "on_part_data": form.add_data,
                "on_part_end": form.end_part,
                "on_end": form.end,
            },
            max_header_count=MOST_HEADERS,
            max_header_size=LONGEST_HEADER,
        )
    except FormParserError:
        raise _malformed("its boundary is too long") from None


@dataclass(slots=True)
class _Part:
    """A part of the form: a field, or the file."""

    headers: dict[bytes, bytes] = field(default_factory=dict)
    name: str = ""
    value: bytearray = field(default_factory=bytearray)


@dataclass(slots=True)
class _Form:
    """What has arrived of a form."""

    most: int
    file_name: str | None = None
    received: int = 0
    size: int = 0
    flags: dict[str, bool] = field(default_factory=dict)
    is_complete: bool = False
    _pending: list[bytes] = field(default_factory=list)
    _part: _Part = field(default_factory=_Part)
    _header_name: bytearray = field(default_factory=bytearray)
    _header_value: bytearray = field(default_factory=bytearray)

    def begin_part(self) -> None:
        self._part = _Part()

    def add_to_header_name(self, data: bytes, start: int, end: int) -> None:
        self._header_name += data[start:end]

    def add_to_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header_value += data[start:end]

    def end_header(self) -> None:
        name = bytes(self._header_name).lower()
        if name in self._part.headers:
            raise _malformed("a part of it has a header twice")
        self._part.headers[name] = bytes(self._header_value)
        self._header_name.clear()
        self._header_value.clear()

    def end_headers(self) -> None:
        """Tell what the part is, before its content comes."""
        headers = self._part.headers
        kind, options = parse_options_header(headers.get(b"content-disposition"))
        if kind != b"form-data" or b"name" not in options:
            raise _malformed("a part of it has no name")
        name = options[b"name"].decode(errors="replace")[:LONGEST_NAME]
        if name not in (FILE, *FLAGS):
            there = ", ".join((FILE, *FLAGS))
            raise _wrong(name, f"there is no such field; there are: {there}")
        if name in self.flags or (name == FILE and self.file_name is not None):
            message = "it is given more than once"
            raise _wrong(name, f"{message}: send one file" if name == FILE else message)
        self._part.name = name
        if name != FILE:
            return
        encoding = headers.get(b"content-transfer-encoding", b"").strip().lower()
        if encoding not in _PLAIN_ENCODINGS:
            raise _wrong(FILE, "a Content-Transfer-Encoding is not read: send the bytes")
        self.file_name = safe_name(options.get(b"filename"))

    def add_data(self, data: bytes, start: int, end: int) -> None:
        if self._part.name != FILE:
            self._part.value += data[start:end]
            if len(self._part.value) > LONGEST_VALUE:
                raise _wrong(self._part.name, "it is too long")
            return
        self.received += end - start
        if self.received > self.most:
            raise too_large(self.most)
        self.size += end - start
        self._pending.append(data[start:end])

    def end_part(self) -> None:
        name = self._part.name
        if name == FILE:
            return
        value = _VALUES.get(self._part.value.decode(errors="replace").strip().lower())
        if value is None:
            raise _wrong(name, "it has to be true or false")
        self.flags[name] = value

    def end(self) -> None:
        self.is_complete = True

    def append_to(self, path: Path) -> None:
        """Write what has arrived of the file since the last time."""
        pending, self._pending, self.size = self._pending, [], 0
        try:
            with path.open("ab") as file:
                file.writelines(pending)
        except OSError as error:
            logger.error("An upload cannot be received: %s", error.strerror)  # noqa: TRY400
            if error.errno in _FULL:
                detail = "there is no room for the file at the moment"
                raise ProblemError(503, "no_space", detail) from None
            raise ProblemError(503, "no_space", "the file cannot be received") from None

    def finish(self) -> ReceivedForm:
        """Return the form, if all of it is there."""
        if not self.is_complete:
            raise _malformed("it ends before its last boundary")
        if self.file_name is None:
            raise _wrong(FILE, "it is missing: send the report as a file")
        return ReceivedForm(self.file_name, self.flags)


def too_large(most: int) -> ProblemError:
    """Return the answer to a file that is larger than so many bytes."""
    megabytes = most // 1024**2
    return ProblemError(413, "too_large", f"the file has more than {megabytes} MB")


def _malformed(why: str) -> ProblemError:
    return ProblemError(400, "malformed_form", f"the form cannot be read: {why}")


def _wrong(name: str, message: str) -> ProblemError:
    error = FieldError(location=f"body.{name}", message=message)
    return ProblemError(422, "invalid_request", f"{name!r}: {message}", errors=[error])
