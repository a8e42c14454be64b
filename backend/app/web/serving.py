"""The application as its server sees it: limits of connections, and requests that a stop ends."""

import asyncio
import inspect
import logging
from typing import Any, Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.lifespan.on import LifespanOn
from uvicorn.protocols.http.auto import AutoHTTPProtocol

from app.web.connections import BoundedProtocol, most_connections, raise_descriptors
from app.web.problems import problem_response
from app.web.turnstile import Turnstile

logger = logging.getLogger("uvicorn.error")  # the server's own log

STOP_SECONDS: Final = 8
"""For requests in progress after SIGTERM; Docker kills a container after 10 s."""
AT_ONCE: Final = frozenset({"/healthz", "/readyz"})
"""Paths that a crowd of other requests does not delay."""
BETWEEN_WARNINGS: Final = 10.0  # seconds


class Serving:
    """Middleware around all others."""

    def __init__(self, application: ASGIApp) -> None:
        self._application = application
        self._turnstile = Turnstile()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve, and answer 503 to a request that is not done when the server has to end."""
        if scope["type"] == "lifespan":
            limit_server()
        if scope["type"] != "http":
            await self._application(scope, receive, send)
            return
        has_begun = False

        async def noting(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            if scope["path"] not in AT_ONCE:
                await self._turnstile.enter()
            await self._application(scope, receive, noting)
        except asyncio.CancelledError:  # by uvicorn, STOP_SECONDS after the signal
            if has_begun:
                raise
            detail = "the server stops: send it again"
            response = problem_response(scope["path"], 503, "stopping", detail)
            await response(scope, receive, send)


def limit_server() -> None:
    """Set the limits of the uvicorn that starts this application.

    Its command line takes a class of connections only by an option. `uvicorn app.main:app` without
    one shall have limits too: while an application starts, nothing listens yet, and the task that
    it starts in is a method of the object that has the server's configuration. What an option has
    set stays.
    """
    server = _starting_server()
    if server is None:
        logger.info("This server is not uvicorn: it has to limit slow clients itself.")
        return
    asyncio.get_running_loop().set_exception_handler(_Faults())
    raise_descriptors()
    BoundedProtocol.most = most_connections()
    config = server.config
    if config.http_protocol_class is AutoHTTPProtocol:
        config.http_protocol_class = BoundedProtocol
    if config.timeout_graceful_shutdown is None:
        config.timeout_graceful_shutdown = STOP_SECONDS


def _starting_server() -> LifespanOn | None:
    """Return the part of uvicorn that starts the application in this task."""
    task = asyncio.current_task()
    coroutine = task.get_coro() if task else None
    if not inspect.iscoroutine(coroutine):
        return None
    server = inspect.getcoroutinelocals(coroutine).get("self")
    return server if isinstance(server, LifespanOn) else None


class _Faults:
    """Handles what fails in no request.

    Without a file descriptor asyncio says so for each connection that it might have accepted, with
    a traceback: 2048 times a second, which takes longer than the second.
    """

    def __init__(self) -> None:
        self._silent_until = 0.0

    def __call__(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Log it, the lack of descriptors once in a while."""
        if not str(context.get("message")).startswith("socket.accept() out of system resource"):
            loop.default_exception_handler(context)
        elif loop.time() > self._silent_until:
            self._silent_until = loop.time() + BETWEEN_WARNINGS
            logger.error("No file descriptor is left: new connections wait")
