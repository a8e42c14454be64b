"""Counts requests and measures how long they take."""

import time
from typing import TYPE_CHECKING, Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

if TYPE_CHECKING:
    from app.api.metrics import Metrics

METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
OTHER: Final = "other"
UNMATCHED: Final = "unmatched"
"""The route of a request that has none, or that was refused before."""
NO_ANSWER: Final = "499"
"""The status of a request whose client was gone before the answer, as nginx logs it."""


class Measuring:
    """ASGI middleware; clients do not choose the values of labels, of which each costs memory."""

    def __init__(self, app: ASGIApp, metrics: "Metrics") -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and count it when the answer has been sent."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = NO_ANSWER

        async def send_noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = str(message["status"])
            await send(message)

        method = scope["method"] if scope["method"] in METHODS else OTHER
        started = time.perf_counter()
        with self._metrics.in_progress.track_inprogress():
            try:
                await self._app(scope, receive, send_noted)
            except Exception:
                status = "500"
                raise
            finally:
                route = getattr(scope.get("route"), "path", UNMATCHED)
                self._metrics.requests.labels(method, route, status).inc()
                self._metrics.seconds.labels(method, route).observe(time.perf_counter() - started)
