"""Limits of the body of every request: its size, and the time that it takes to arrive.

What a body says of itself is refused before it is read, and what grows beyond it while it is read.
Only the time that is spent waiting for the client counts. A client that is still sending when it is
answered is listened to for a moment: closed at once, the connection would take the answer with it.
"""

import asyncio
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.errors import SettingsError
from app.web.problems import problem_response

MEGABYTE: Final = 1024 * 1024
FORM_OVERHEAD: Final = 64 * 1024
"""Bytes of a form around its file."""
FILES_OF_FORM: Final = 4
"""The largest files that one form of a page may have; of smaller ones, more."""
GRACE: Final = 10.0
"""Seconds before the rate counts."""
RATE: Final = 8 * 1024
"""Bytes that have to arrive in each second after that."""
LINGER_SECONDS: Final = 2.0
LINGER_SIZE: Final = 8 * MEGABYTE
_UPLOAD: Final = re.compile(r"/api/v1/companies/[^/]+/documents/?")
_PAGE_UPLOAD: Final = re.compile(r"/companies/[^/]+/documents/?")
_READING: Final = re.compile(r"/api/v1/documents/[^/]+/extractions/[^/]+/?")


@dataclass(frozen=True, slots=True)
class BodyLimit:
    """The size and the time of a body.

    Attributes:
        size: Bytes.
        seconds: Of waiting for it, in all.
    """

    size: int
    seconds: float


JSON: Final = BodyLimit(MEGABYTE, 30)
READING: Final = BodyLimit(4 * MEGABYTE, 120)
"""Of a statement that was read elsewhere."""
UPLOAD_SECONDS: Final = 900.0


class BodyLimits:
    """ASGI middleware that limits the bodies of requests, and answers with problem documents.

    Args:
        app: The application.
        upload_size: Returns how many bytes a file that is uploaded may have.
    """

    def __init__(self, app: ASGIApp, upload_size: Callable[[], int]) -> None:
        self._app = app
        self._upload_size = upload_size

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with a body that keeps to its limits."""
        if scope["type"] != "http" or not _has_body(Headers(scope=scope)):
            await self._app(scope, receive, send)
            return
        body = _Body(scope, receive, send, self._limit_of(scope))
        if body.refuse_by_headers():
            await body.answer()
            return
        with suppress(_RefusedError):
            await self._app(scope, body.receive, body.send)
        await body.answer()

    def _limit_of(self, scope: Scope) -> BodyLimit:
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        if scope["method"] == "POST" and _UPLOAD.fullmatch(path):
            with suppress(SettingsError):  # the route answers that
                return BodyLimit(self._upload_size() + FORM_OVERHEAD, UPLOAD_SECONDS)
        if scope["method"] == "POST" and _PAGE_UPLOAD.fullmatch(path):
            with suppress(SettingsError):
                size = FILES_OF_FORM * (self._upload_size() + FORM_OVERHEAD)
                return BodyLimit(size, UPLOAD_SECONDS)
        if scope["method"] == "PUT" and _READING.fullmatch(path):
            return READING
        return JSON


def _has_body(headers: Headers) -> bool:
    return "transfer-encoding" in headers or headers.get("content-length", "0").strip("0") != ""


class _RefusedError(HTTPException):
    """The body is refused; FastAPI passes this kind of exception on while it reads a body."""


class _Body:
    """The body of one request, and the answer to it."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, limit: BodyLimit) -> None:
        self._scope = scope
        self._receive = receive
        self._send = send
        self._limit = limit
        self._headers = Headers(scope=scope)
        self._problem: tuple[int, str, str] | None = None
        self._received = 0
        self._waited = 0.0
        self._has_ended = False
        self._has_begun_to_answer = False

    def refuse_by_headers(self) -> bool:
        """Return whether the headers suffice to refuse it."""
        length = self._headers.get("content-length", "")
        encoding = self._headers.get("content-encoding", "identity").strip().lower()
        if length.isdecimal() and int(length[:20]) > self._limit.size:
            self._problem = self._too_large()
        elif encoding not in {"", "identity"}:
            detail = "a body with a Content-Encoding is not read: send it as it is"
            self._problem = (415, "unsupported_encoding", detail)
        return self._problem is not None

    async def receive(self) -> Message:
        """Return the next part of the body, within its limits.

        Raises:
            _RefusedError: It is too large or too slow; `answer` says so.
        """
        if self._has_ended:
            return await self._receive()
        if self._problem is None:
            message = await self._next()
            if message["type"] != "http.request":
                self._has_ended = True
                return message
            self._received += len(message.get("body", b""))
            self._has_ended = not message.get("more_body", False)
            if self._received <= self._limit.size:
                return message
            self._problem = self._too_large()
        raise _RefusedError(self._problem[0], self._problem[2])

    async def send(self, message: Message) -> None:
        """Send a message of the application's answer, unless the body was refused before it."""
        if self._problem is not None and not self._has_begun_to_answer:
            return
        await self._pass_on(message)

    async def answer(self) -> None:
        """Answer a request whose body was refused, if that was not too late."""
        if self._problem is None or self._has_begun_to_answer:
            return
        response = problem_response(self._scope["path"], *self._problem)
        await response(self._scope, self._receive, self._pass_on)

    async def _next(self) -> Message:
        """Wait for the client, for as long as it may take.

        Raises:
            _RefusedError: It takes longer.
        """
        loop = asyncio.get_running_loop()
        allowed = min(self._limit.seconds, GRACE + self._received / RATE)
        started = loop.time()
        try:
            async with asyncio.timeout(max(0, allowed - self._waited)):
                return await self._receive()
        except TimeoutError:
            self._problem = (408, "slow_body", "the body did not come in time")
            raise _RefusedError(408, self._problem[2]) from None
        finally:
            self._waited += loop.time() - started

    async def _pass_on(self, message: Message) -> None:
        """Send a message; close the connection after the answer if the client is still sending."""
        if message["type"] == "http.response.start":
            self._has_begun_to_answer = True
            if not self._has_ended:
                MutableHeaders(scope=message)["Connection"] = "close"
        elif not message.get("more_body", False) and not self._has_ended:
            await self._send({**message, "more_body": True})
            await self._linger()
            message = {"type": "http.response.body", "body": b"", "more_body": False}
        await self._send(message)

    async def _linger(self) -> None:
        """Read on for a moment, so that the client gets the answer."""
        if self._received == 0 and self._headers.get("expect", "").lower() == "100-continue":
            return  # it waits for the answer, and has sent nothing
        size = 0
        try:
            async with asyncio.timeout(LINGER_SECONDS):
                while size <= LINGER_SIZE:
                    message = await self._receive()
                    size += len(message.get("body", b""))
                    if message["type"] != "http.request" or not message.get("more_body", False):
                        return
        except TimeoutError:
            return

    def _too_large(self) -> tuple[int, str, str]:
        size = self._limit.size
        shown = f"{size // MEGABYTE} MB" if size >= MEGABYTE else f"{size} bytes"
        return 413, "too_large", f"the body has more than {shown}"
