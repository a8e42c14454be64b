"""Receive a form with files (multipart/form-data, RFC 7578), which go to the disk as they come.

Starlette's parser has no limit of the size of a file, and gives it no path that another process can
read: this one writes each file where its reader finds it. The bytes are parsed by python-multipart.
"""

import errno
import logging
from collections import deque
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


@dataclass(frozen=True, slots=True)
class ReceivedFile:
    """A file of a form with several.

    Attributes:
        name: Safe.
        is_too_large: Whether it was left out, since it has too many bytes.
    """

    name: str
    is_too_large: bool


class IncomingForm:
    """A form whose files are received one after the other, each when it is asked for.

    Args:
        content_type: The header of the request.
        chunks: Its body.
        most: Bytes of a file.
        threads: Of which one writes.
        is_single: Whether it has one file, of which too many bytes end it; then fields may come
            after the file. Else they come before the files, and a file that was not chosen (a
            browser sends it without a name) is none.

    Raises:
        ProblemError: Its type or its boundary is none of a form.
    """

    def __init__(
        self,
        content_type: bytes,
        chunks: AsyncIterator[bytes],
        most: int,
        threads: CapacityLimiter,
        *,
        is_single: bool = False,
    ) -> None:
        self._parts = _Parts(most, is_single)
        self._parser = _parser(content_type, self._parts)
        self._chunks = chunks
        self._threads = threads
        self.is_complete = False
        """Whether all of it has arrived."""

    @property
    def flags(self) -> dict[str, bool]:
        """Return the flags that have arrived."""
        return dict(self._parts.flags)

    async def next_file(self, path: Path) -> ReceivedFile | None:
        """Write the next file; return None after the last one.

        Args:
            path: Of the file; its folder exists.

        Raises:
            ProblemError: The form is malformed, incomplete, or not of these fields; its one file
                is too large; or the disk is full.
        """
        while True:
            file = self._parts.files[0] if self._parts.files else None
            if file is not None and (file.is_complete or file.waiting >= BATCH):
                await to_thread.run_sync(file.append_to, path, limiter=self._threads)
            if file is not None and file.is_complete:
                self._parts.files.popleft()
                return ReceivedFile(file.name, file.is_too_large)
            chunk = await anext(self._chunks, None)
            if chunk is None:
                self._parts.finish()
                self.is_complete = True
                return None
            try:
                self._parser.write(chunk)
            except FormParserError:
                raise _malformed("it is no valid multipart/form-data") from None


async def receive_form(
    content_type: bytes,
    chunks: AsyncIterator[bytes],
    path: Path,
    most: int,
    threads: CapacityLimiter,
) -> ReceivedForm:
    """Write the file of a form that has one, and return the rest of it.

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
    form = IncomingForm(content_type, chunks, most, threads, is_single=True)
    file = await form.next_file(path)
    if file is None:
        raise _wrong(FILE, "it is missing: send the report as a file")
    await form.next_file(path)  # there is none, but fields may follow
    return ReceivedForm(file.name, form.flags)


def _parser(content_type: bytes, form: "_Parts") -> MultipartParser:
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
    """A part of the form: a field, or a file."""

    headers: dict[bytes, bytes] = field(default_factory=dict)
    name: str = ""
    value: bytearray = field(default_factory=bytearray)


@dataclass(slots=True)
class _File:
    """A file that is being received.

    Attributes:
        received: Its bytes so far.
        waiting: Those of them that are not written yet.
    """

    name: str
    received: int = 0
    waiting: int = 0
    is_complete: bool = False
    is_too_large: bool = False
    _pending: list[bytes] = field(default_factory=list)

    def add(self, data: bytes) -> None:
        self._pending.append(data)
        self.waiting += len(data)

    def leave_out(self) -> None:
        self.is_too_large = True
        self._pending, self.waiting = [], 0

    def append_to(self, path: Path) -> None:
        """Write what has arrived since the last time."""
        pending, self._pending, self.waiting = self._pending, [], 0
        try:
            with path.open("ab") as file:
                file.writelines(pending)
        except OSError as error:
            logger.error("An upload cannot be received: %s", error.strerror)  # noqa: TRY400
            if error.errno in _FULL:
                detail = "there is no room for the file at the moment"
                raise ProblemError(503, "no_space", detail) from None
            raise ProblemError(503, "no_space", "the file cannot be received") from None


@dataclass(slots=True)
class _Parts:
    """What has arrived of a form.

    Attributes:
        files: Those that were not taken yet; of the last one more may come.
    """

    most: int
    is_single: bool
    files: deque[_File] = field(default_factory=deque)
    flags: dict[str, bool] = field(default_factory=dict)
    is_complete: bool = False
    _has_file: bool = False
    _part: _Part = field(default_factory=_Part)
    _file: _File | None = None
    _header_name: bytearray = field(default_factory=bytearray)
    _header_value: bytearray = field(default_factory=bytearray)

    def begin_part(self) -> None:
        self._part, self._file = _Part(), None

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
        self._part.name = name
        if name == FILE:
            self._begin_file(options.get(b"filename"))
        elif name in self.flags:
            raise _wrong(name, "it is given more than once")
        elif self._has_file and not self.is_single:
            raise _wrong(name, "it has to come before the files")

    def _begin_file(self, name: bytes | None) -> None:
        if self._has_file and self.is_single:
            raise _wrong(FILE, "it is given more than once: send one file")
        encoding = self._part.headers.get(b"content-transfer-encoding", b"").strip().lower()
        if encoding not in _PLAIN_ENCODINGS:
            raise _wrong(FILE, "a Content-Transfer-Encoding is not read: send the bytes")
        if name == b"" and not self.is_single:
            return
        self._has_file = True
        self._file = _File(safe_name(name))
        self.files.append(self._file)

    def add_data(self, data: bytes, start: int, end: int) -> None:
        if self._part.name != FILE:
            self._part.value += data[start:end]
            if len(self._part.value) > LONGEST_VALUE:
                raise _wrong(self._part.name, "it is too long")
            return
        file = self._file
        if file is None or file.is_too_large:
            return
        file.received += end - start
        if file.received <= self.most:
            file.add(data[start:end])
        elif self.is_single:
            raise too_large(self.most)
        else:
            file.leave_out()

    def end_part(self) -> None:
        name = self._part.name
        if name == FILE:
            if self._file is not None:
                self._file.is_complete = True
            return
        value = _VALUES.get(self._part.value.decode(errors="replace").strip().lower())
        if value is None:
            raise _wrong(name, "it has to be true or false")
        self.flags[name] = value

    def end(self) -> None:
        self.is_complete = True

    def finish(self) -> None:
        """Check that all of the form is there."""
        if not self.is_complete:
            raise _malformed("it ends before its last boundary")


def too_large(most: int) -> ProblemError:
    """Return the answer to a file that is larger than so many bytes."""
    megabytes = most // 1024**2
    return ProblemError(413, "too_large", f"the file has more than {megabytes} MB")


def _malformed(why: str) -> ProblemError:
    return ProblemError(400, "malformed_form", f"the form cannot be read: {why}")


def _wrong(name: str, message: str) -> ProblemError:
    error = FieldError(location=f"body.{name}", message=message)
    return ProblemError(422, "invalid_request", f"{name!r}: {message}", errors=[error])
