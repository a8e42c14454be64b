"""Answers compressed with gzip, for clients that accept it (RFC 9110, 8.4 and 8.8)."""

from functools import lru_cache
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.gzip import DEFAULT_EXCLUDED_CONTENT_TYPES, GZipResponder
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LEAST: Final = 1024
"""Bytes of a body from which on compressing it saves a packet."""
LEVEL: Final = 4
COMPRESSED: Final = frozenset(
    (
        *DEFAULT_EXCLUDED_CONTENT_TYPES,
        "application/octet-stream",
        "application/pdf",
        "application/vnd.apache.parquet",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    )
)
"""Types whose bytes are compressed already, or may be."""


class Compression:
    """ASGI middleware; neither a range nor a file of which ranges can be asked is compressed."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and the answer back compressed if the client accepts that."""

        async def send_marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                _mark(MutableHeaders(scope=message))
            await send(message)

        if scope["type"] == "http" and accepts_gzip(Headers(scope=scope)):
            await _Responder(self._app)(scope, receive, send_marked)
        else:
            await self._app(scope, receive, send_marked)


class _Responder(GZipResponder):
    """Starlette's, with our limits, and without files."""

    def __init__(self, app: ASGIApp) -> None:
        super().__init__(app, LEAST, LEVEL, exclude_content_types=())
        self.exclude_content_types = COMPRESSED  # type: ignore[assignment] # not made anew each time
        self._is_file = False

    async def send_with_compression(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._is_file = "accept-ranges" in Headers(raw=message["headers"])
        if self._is_file:
            await self.send(message)
        else:
            await super().send_with_compression(message)


def _mark(headers: MutableHeaders) -> None:
    """Say that the bytes depend on the client, and weaken the tag of compressed ones (8.8.1)."""
    named = [*headers.get("vary", "").split(","), "Accept-Encoding"]  # perhaps twice by now
    headers["Vary"] = ", ".join(
        {each.strip().lower(): each.strip() for each in named if each}.values()
    )
    tag = headers.get("etag", "")
    if headers.get("content-encoding") == "gzip" and tag.startswith('"'):
        headers["ETag"] = f"W/{tag}"


def accepts_gzip(headers: Headers) -> bool:
    """Return whether `Accept-Encoding` prefers gzip to plain bytes (RFC 9110, 12.5.3)."""
    return _prefers_gzip(",".join(headers.getlist("accept-encoding")))


@lru_cache(256)
def _prefers_gzip(accepted: str) -> bool:
    weights: dict[str, float] = {}
    for each in accepted.split(","):
        coding, _, parameters = each.partition(";")
        weights[coding.strip().lower()] = _weight(parameters)
    gzip = weights.get("gzip", weights.get("x-gzip", weights.get("*", 0.0)))
    return gzip > 0 and gzip >= weights.get("identity", 0.0)


def _weight(parameters: str) -> float:
    """Return the weight of a coding, from 0 to 1; 0 if it is malformed."""
    name, _, value = parameters.partition("=")
    if not parameters.strip():
        return 1.0
    try:
        weight = float(value) if name.strip().lower() == "q" else 0.0
    except ValueError:
        return 0.0
    return weight if 0 <= weight <= 1 else 0.0
