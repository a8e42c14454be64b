"""Headers that keep a browser from doing with an answer what it is not for."""

from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

PROTECTION: Final = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
}
"""The answers of the API are for programs; pages have a policy of their own."""
_RAW: Final = [(name.lower().encode(), value.encode()) for name, value in PROTECTION.items()]


class ProtectionHeaders:
    """ASGI middleware that adds the headers which an answer does not have yet."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and the answer back with the headers."""

        async def send_protected(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = message.setdefault("headers", [])
                present = {name.lower() for name, _ in headers}
                message["headers"] = [*headers, *(each for each in _RAW if each[0] not in present)]
            await send(message)

        await self._app(scope, receive, send_protected)
