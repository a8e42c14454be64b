"""Problem documents as pages, for people: a browser asks for HTML, and gets the same refusal so."""

import gzip
import json
import logging
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.media_types import preferred
from app.pages.answering import HTML, PROTECTION
from app.pages.problem_words import words_of
from app.pages.templates import render
from app.web.origins import route_path
from app.web.problems import MEDIA_TYPE

logger = logging.getLogger("uvicorn.error")  # the server's own log

FOR_PROGRAMS: Final = ("/api/", "/healthz", "/readyz", "/metrics", "/openapi.json")
"""Beginnings of paths whose refusals stay documents for every client."""
PAGE: Final = "text/html"
OFFERED: Final = (PAGE, MEDIA_TYPE, "application/json")


class ProblemPages:
    """ASGI middleware around all others, that shows problem documents to browsers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and a problem document back as a page."""
        if scope["type"] != "http" or not _is_for_people(scope):
            await self._app(scope, receive, send)
            return
        await self._app(scope, receive, _Answer(scope, send).send)


class _Answer:
    """An answer that may be a problem document."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self._scope = scope
        self._send = send
        self._start: Message | None = None
        self._body = b""

    async def send(self, message: Message) -> None:
        """Send a message of the answer, or the page once the document is complete.

        A client that is still sending gets the page at once: the end of the answer waits for it.
        """
        if message["type"] == "http.response.start" and _is_problem(message):
            self._start = message
            if self._scope["method"] == "HEAD":
                await self._send_head(message)
        elif self._start is None:
            await self._send(message)
        else:
            self._body += message.get("body", b"")
            more = message.get("more_body", False)
            if not more or len(self._body) >= _length(self._start):
                await self._send_page(self._start, more=more)

    async def _send_head(self, start: Message) -> None:
        """Send the headers of the page; how long it is depends on a document that is not there."""
        self._start = None
        headers = _headers(start)
        del headers["Content-Length"]
        await self._send({**start, "headers": headers.raw})

    async def _send_page(self, start: Message, *, more: bool) -> None:
        self._start = None
        content = _page(self._scope, start, self._body)
        if content is None:  # the document is better than no answer
            await self._send(start)
            await self._send({"type": "http.response.body", "body": self._body, "more_body": more})
            return
        headers = _headers(start)
        headers["Content-Length"] = str(len(content))
        await self._send({**start, "headers": headers.raw})
        await self._send({"type": "http.response.body", "body": content, "more_body": more})


def _is_for_people(scope: Scope) -> bool:
    accepted = Headers(scope=scope).getlist("accept")
    is_named = any(PAGE in each.lower() for each in accepted)  # and not `*/*` alone
    return (
        is_named
        and preferred(accepted, OFFERED) == PAGE
        and not route_path(scope).startswith(FOR_PROGRAMS)
    )


def _is_problem(message: Message) -> bool:
    return Headers(raw=message["headers"]).get("content-type", "").startswith(MEDIA_TYPE)


def _length(start: Message) -> float:
    length = Headers(raw=start["headers"]).get("content-length", "")
    return int(length) if length.isdecimal() else float("inf")


def _headers(start: Message) -> MutableHeaders:
    headers = MutableHeaders(raw=list(start["headers"]))
    headers["Content-Type"] = HTML
    del headers["Content-Encoding"]
    headers.add_vary_header("Accept")
    for name, value in PROTECTION.items():
        headers[name] = value
    return headers


def _page(scope: Scope, start: Message, body: bytes) -> bytes | None:
    """Return the page of a problem document; None if it cannot be made."""
    headers = Headers(raw=start["headers"])
    try:
        document = gzip.decompress(body) if headers.get("content-encoding") == "gzip" else body
        words = words_of(scope, json.loads(document), headers.get("retry-after"))
        root = str(scope.get("root_path", "")).rstrip("/")
        return render("problem.html", root=root, query="", problem=words).encode(errors="replace")
    except Exception:
        logger.exception("The page of a problem cannot be made")
        return None
