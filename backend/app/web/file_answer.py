"""Send a stored file, whole or a range of it (RFC 9110, 14), in pieces and without the database."""

import base64
import hashlib
import re
from collections.abc import AsyncIterator
from functools import partial
from typing import Final

from fastapi import Request
from fastapi.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from app.services.document_pages import DocumentFile
from app.storage import StorageError, StoredFile
from app.web.attachments import content_disposition, media_type_of
from app.web.conditional import REVALIDATE, not_modified
from app.web.middleware.methods import IS_HEAD
from app.web.preconditions import require_match
from app.web.problems import ProblemError
from app.web.storage_threads import close_file, open_file, run

PIECE: Final = 256 * 1024  # bytes
_RANGE: Final = re.compile(
    r"bytes=[ \t]*([0-9]{0,4000})-([0-9]{0,4000})[ \t]*", re.ASCII | re.IGNORECASE
)


async def answer_file(request: Request, wanted: DocumentFile) -> Response:
    """Return the answer with a stored file.

    Raises:
        ProblemError: The client has seen another one (412), or the range is beyond its end (416).
        SettingsError: The settings are invalid.
        StorageError: It cannot be opened.
    """
    require_match(request, wanted.sha256)
    if (same := not_modified(request, wanted.sha256)) is not None:
        return same
    file = await open_file(wanted.path)
    if not file.size:  # no piece of it would be sent, by which its damage is found
        close_file(file)
        raise StorageError(f"the stored file {wanted.sha256} is empty")
    try:
        part = _range_of(request, wanted.sha256, file.size)
        return _FileResponse(file, wanted, part)
    except BaseException:
        close_file(file)
        raise


class _FileResponse(StreamingResponse):
    """The answer with an open file, which is closed at its end, however it ends."""

    def __init__(
        self, file: StoredFile, wanted: DocumentFile, part: tuple[int, int] | None
    ) -> None:
        start, end = part or (0, file.size)
        headers = _headers_of(wanted) | {"Content-Length": str(end - start)}
        if part:
            headers["Content-Range"] = f"bytes {start}-{end - 1}/{file.size}"
        self._file = file
        content = _pieces(file, start, end, None if part else wanted.sha256)
        super().__init__(content, 206 if part else 200, headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        try:
            if scope.get(IS_HEAD):
                await Response(None, self.status_code, self.headers)(scope, receive, send)
            else:
                await super().__call__(scope, receive, send)
        finally:
            close_file(self._file)


def _headers_of(wanted: DocumentFile) -> dict[str, str]:
    """Return the headers of a file: it is saved and not shown, and nothing in it is run."""
    media_type = media_type_of(wanted.media_type)
    name = content_disposition(wanted.file_name, media_type, f"document-{wanted.document_id}")
    digest = base64.b64encode(bytes.fromhex(wanted.sha256)).decode()
    return {
        "Content-Type": media_type,
        "Content-Disposition": name,
        "Content-Security-Policy": "sandbox",
        "X-Content-Type-Options": "nosniff",
        "Accept-Ranges": "bytes",
        "Cache-Control": f"{REVALIDATE}, no-transform",
        "ETag": f'"{wanted.sha256}"',
        "Repr-Digest": f"sha-256=:{digest}:",
    }


def _range_of(request: Request, etag: str, size: int) -> tuple[int, int] | None:
    """Return the range that is asked for, without its end; None for the whole file.

    What is no single range of bytes is ignored, as the standard allows: also several ranges.

    Raises:
        ProblemError: The range is beyond the end.
    """
    given = request.headers.getlist("range")
    found = _RANGE.fullmatch(given[0]) if len(given) == 1 else None
    is_head = request.scope.get(IS_HEAD)  # ranges are of GET only
    if found is None or is_head or request.headers.get("if-range", f'"{etag}"') != f'"{etag}"':
        return None
    first, last = found.groups()
    if first and last and int(last) < int(first):
        return None
    if first:
        start, end = int(first), min(int(last) + 1, size) if last else size
    elif last:
        start, end = max(size - int(last), 0), size
    else:
        return None
    if start >= end:
        raise ProblemError(
            416,
            "range_not_satisfiable",
            f"the file has {size} bytes, and the range begins after them",
            headers={"Content-Range": f"bytes */{size}"},
        )
    return start, end


async def _pieces(
    file: StoredFile, start: int, end: int, sha256: str | None
) -> AsyncIterator[bytes]:
    """Yield the bytes of a range; of a whole file the last ones only if all have its digest.

    Raises:
        StorageError: It cannot be read, or is damaged: the answer breaks off, so that the client
            does not take it for whole.
    """
    digest = hashlib.sha256()
    while start < end:
        piece = await run(partial(file.read, start, min(PIECE, end - start)))
        start += len(piece)
        if sha256 is not None:
            await run(partial(digest.update, piece))
            if start == end and digest.hexdigest() != sha256:
                raise StorageError(f"the stored file {sha256} is damaged")
        yield piece
