"""By which names the API may be called: ALLOWED_HOSTS."""

from typing import TYPE_CHECKING, Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from app.errors import SettingsError
from app.host_names import HostName, parse_host
from app.web.problems import problem_response

if TYPE_CHECKING:
    from app.web.access import Access

FOR_PROBES: Final = frozenset({"/healthz", "/readyz"})
"""Paths under which every host is answered: health commands and orchestrators call by address, and
the answers say nothing about the data."""


class HostCheck:
    """ASGI middleware that refuses hosts that are malformed, or not those of the settings."""

    def __init__(self, app: ASGIApp, access: "Access") -> None:
        self._app = app
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 400 or 503, or pass the request on."""
        problem = self._problem(scope) if scope["type"] == "http" else None
        if problem is None:
            await self._app(scope, receive, send)
        else:
            await problem_response(scope["path"], *problem)(scope, receive, send)

    def _problem(self, scope: Scope) -> tuple[int, str, str] | None:
        """Return status, code and detail of a refusal."""
        given = Headers(scope=scope).getlist("host")
        host = parse_host(given[0]) if len(given) == 1 else None
        is_old = not given and scope.get("http_version") == "1.0"  # it need not have one
        if host is None and not is_old:
            return 400, "malformed_host", "the Host header is missing, repeated or malformed"
        if scope["path"].removeprefix(scope.get("root_path", "")) in FOR_PROBES:
            return None
        try:
            is_allowed = self._allows(host)
        except SettingsError:
            return 503, "not_configured", "a setting is invalid: see the log"
        if is_allowed:
            return None
        return 400, "host_not_allowed", "this server is not called by that name: ALLOWED_HOSTS"

    def _allows(self, host: HostName | None) -> bool:
        hosts = self._access.rules.hosts
        if hosts is None:
            return True
        return host is not None and any(each.matches(host) for each in hosts)
