"""HEAD wherever GET is, OPTIONS everywhere, and a complete `Allow` (RFC 9110, 9.3 and 10.2.1)."""

from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from fastapi.routing import iter_route_contexts
from starlette.datastructures import MutableHeaders
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

if TYPE_CHECKING:
    from fastapi import FastAPI

EVERYWHERE: Final = frozenset({"OPTIONS"})
IS_HEAD: Final = "is_head"
"""The key in the scope of a GET of which only the headers are sent: a route may leave out work."""
OF_ROUTING: Final = ("endpoint", "path_params", "route", "router")
"""What routing writes into the scope, for middleware around it."""


class Methods:
    """ASGI middleware that answers HEAD and OPTIONS for the routes of GET and the others.

    A path has one route for each of its methods, and each of them knows its own only.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer OPTIONS, or pass the request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif scope["method"] == "HEAD":
            await self._head(scope, receive, send)
        elif scope["method"] == "OPTIONS" and (methods := _methods(scope)):
            headers = {"Allow": ", ".join(sorted(methods))}
            await Response(None, 204, headers)(scope, receive, send)
        else:
            await self._app(scope, receive, _with_allow(scope, send))

    async def _head(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the headers of the answer to GET."""

        async def send_head(message: Message) -> None:
            if message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        get = {**scope, "method": "GET", IS_HEAD: True}
        await self._app(get, receive, _with_allow(scope, send_head))
        scope.update({name: get[name] for name in OF_ROUTING if name in get})


def _with_allow(scope: Scope, send: Send) -> Send:
    """Return a way to send an answer on which 405 names every method."""

    async def send_with_allow(message: Message) -> None:
        is_start = message["type"] == "http.response.start"
        if is_start and message["status"] == HTTPStatus.METHOD_NOT_ALLOWED:
            MutableHeaders(scope=message)["Allow"] = ", ".join(sorted(_methods(scope)))
        await send(message)

    return send_with_allow


def _methods(scope: Scope) -> frozenset[str]:
    """Return the methods of a path; none if there is no such path, all for `*`."""
    application: FastAPI = scope["app"]
    found: set[str] = set()
    for route in iter_route_contexts(application.routes):
        if scope["path"] == "*" or route.matches(scope)[0] != Match.NONE:
            found |= route.methods or set()
    if "GET" in found:
        found.add("HEAD")
    return EVERYWHERE | found if found else frozenset()
