"""Who may change things: programs and pages of this machine, and others with the write token.

A program sends the token with each request; a person signs in with it, and has a session in the
browser from then on, which counts for the pages alone. Every request with a method that may change
something is checked before its body is read, whatever its path. A route that changes something has
`dependencies=[WriteAccess]`, which documents this.
"""

import hashlib
import hmac
from typing import TYPE_CHECKING, Final

from fastapi import Depends
from fastapi.security import HTTPBearer
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from app.errors import SettingsError
from app.host_names import is_loopback_address
from app.web.origins import foreign_page, is_own_page, route_path
from app.web.problems import ProblemError, problem_response
from app.web.sessions import has_session

if TYPE_CHECKING:
    from app.web.access import Access

SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
"""Methods that change nothing (RFC 9110, 9.2.1)."""
FOR_PROGRAMS: Final = "/api/"
"""The beginning of paths for which a session does not count."""
OF_SESSIONS: Final = frozenset({"/sign-in", "/sign-out"})
"""Paths that everyone may send forms to, from a page of this server.

What they change is the sender's own session only. A page of another site that knows the token could
sign a person in, and gain nothing: there are no accounts. It is refused so that it cannot let the
browsers of others try tokens.
"""
CHALLENGE: Final = 'Bearer realm="writes"'
FORWARDING: Final = frozenset(
    ("forwarded", "forwarded-for", "via", "client-ip", "true-client-ip", "fastly-client-ip")
)
FORWARDING_BEGINNINGS: Final = (
    *("x-forwarded", "x-original", "x-real-", "x-remote-", "x-client-", "x-cluster-client-"),
    *("x-proxy", "x-envoy-", "x-amz", "x-azure-", "x-appengine-", "x-google-", "x-arr-"),
    *("cf-", "cdn-", "fly-", "x-vercel-", "x-nf-", "tailscale-"),
)
"""Beginnings of headers that proxies add; a client that adds one is not trusted either."""

_SCHEME = HTTPBearer(
    scheme_name="WriteToken",
    description=(
        "The WRITE_TOKEN of the server's settings. Programs on the server's own machine need none."
    ),
    auto_error=False,
)
WriteAccess = Depends(_SCHEME)
"""Documents that a route changes something; `WriteProtection` is what refuses."""


class WriteProtection:
    """ASGI middleware that refuses requests that may change something."""

    def __init__(self, app: ASGIApp, access: "Access") -> None:
        self._app = app
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 401, 403 or 503, or pass the request on."""
        if scope["type"] == "http" and scope["method"] not in SAFE:
            try:
                check(scope, self._access.rules.token)
            except ProblemError as error:
                problem = (error.status, error.code, str(error))
                response = problem_response(scope["path"], *problem, headers=error.headers)
                await response(scope, receive, send)
                return
            except SettingsError:
                response = problem_response(
                    scope["path"], 503, "not_configured", "a setting is invalid: see the log"
                )
                await response(scope, receive, send)
                return
        await self._app(scope, receive, send)


def check(scope: Scope, token: bytes | None) -> None:
    """Refuse a request that may not change anything.

    Args:
        scope: Of the request (ASGI).
        token: The one of the settings, if there is one.

    Raises:
        ProblemError: 401 if a token is wrong, or would help; else 403.
    """
    headers = Headers(scope=scope)
    given = headers.getlist("authorization")
    if given and token is not None:
        if len(given) == 1 and _is_token(given[0], token):
            return
        # A proxy may ask for a login of its own, which the browser sends with each request.
        if not any(map(_is_bearer, given)) and _is_of_person(scope, headers, token):
            return
        raise ProblemError(
            401,
            "invalid_write_token",
            "the token is not the WRITE_TOKEN of this server",
            headers={"WWW-Authenticate": f'{CHALLENGE}, error="invalid_token"'},
        )
    reason = "it has a token, and this server has none" if given else foreign(scope)
    if reason is None or (not given and _is_of_person(scope, headers, token)):
        return
    if token is not None:
        detail = f"{reason}: send the server's WRITE_TOKEN as Authorization: Bearer TOKEN"
        challenge = {"WWW-Authenticate": CHALLENGE}
        raise ProblemError(401, "write_token_required", detail, headers=challenge)
    detail = (
        f"{reason}: changes are accepted from this machine only, until WRITE_TOKEN is set on the "
        "server and sent as Authorization: Bearer TOKEN"
    )
    raise ProblemError(403, "write_not_allowed", detail)


def _is_bearer(authorization: str) -> bool:
    return authorization.partition(" ")[0].lower() == "bearer"


def _is_token(authorization: str, token: bytes) -> bool:
    """Return whether a header has the token, in a time that does not depend on either."""
    if not _is_bearer(authorization):
        return False
    credentials = authorization.partition(" ")[2]
    given = hashlib.sha256(credentials.strip().encode("latin-1")).digest()
    return hmac.compare_digest(given, hashlib.sha256(token).digest())


def _is_of_person(scope: Scope, headers: Headers, token: bytes | None) -> bool:
    """Return whether a person who has signed in sends it, or one who signs in or out.

    Raises:
        ProblemError: 403 if a page of another origin sends it.
    """
    path = route_path(scope)
    has_signed_in = token is not None and has_session(headers, token)
    if path not in OF_SESSIONS and (path.startswith(FOR_PROGRAMS) or not has_signed_in):
        return False
    if not is_own_page(scope):
        detail = "a page of another origin sent it, or the browser does not say which page did"
        raise ProblemError(403, "not_own_page", detail)
    return True


def foreign(scope: Scope) -> str | None:
    """Return why a request is not from a program or a page of this machine; None if it is."""
    return elsewhere(scope) or foreign_page(scope["scheme"], Headers(scope=scope))


def elsewhere(scope: Scope) -> str | None:
    """Return why a request is not from this machine; None if it is."""
    client = scope.get("client")
    if not client:
        return "its sender has no address"
    if not is_loopback_address(client[0]):
        return "it comes from another machine"
    # nginx, unless told otherwise, forwards as HTTP/1.0 without a header that says so.
    if scope.get("http_version") == "1.0" or any(map(_is_forwarding, Headers(scope=scope).keys())):
        return "a proxy forwarded it"
    return None


def _is_forwarding(name: str) -> bool:
    plain = name.lower().replace("_", "-")
    return plain in FORWARDING or plain.startswith(FORWARDING_BEGINNINGS)
