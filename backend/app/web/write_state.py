"""Whether the person who looks at a page may change things: what its forms are shown by."""

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from fastapi import Request
from starlette.datastructures import Headers

from app.errors import SettingsError
from app.host_names import parse_host
from app.web.origins import route_path
from app.web.sessions import has_session
from app.web.write_access import SAFE, elsewhere

if TYPE_CHECKING:
    from app.web.access import Access


@dataclass(frozen=True, slots=True)
class WriteState:
    """Whether forms are shown.

    Attributes:
        is_allowed: The server accepts the forms of this page.
        has_session: The person has signed in, and can sign out.
        sign_in: Path with which to sign in and come back, without `root_path`; None if that would
            not help, or is not needed.
        reason: Why forms are not shown, as a sentence; empty if they are.
    """

    is_allowed: bool
    has_session: bool
    sign_in: str | None
    reason: str


def write_state(request: Request) -> WriteState:
    """Return whether the person who asks for a page may change things."""
    access: Access = request.app.state.access
    try:
        token = access.rules.token
    except SettingsError:
        reason = "Changes are not accepted: a setting of the server is invalid, see its log."
        return WriteState(is_allowed=False, has_session=False, sign_in=None, reason=reason)
    has_signed_in = token is not None and has_session(request.headers, token)
    if has_signed_in or _is_local(request):
        return WriteState(is_allowed=True, has_session=has_signed_in, sign_in=None, reason="")
    if token is None:
        reason = (
            "Changes are accepted from browsers on the server\N{RIGHT SINGLE QUOTATION MARK}s own "
            "machine, by the name localhost, until WRITE_TOKEN is set on the server."
        )
        return WriteState(is_allowed=False, has_session=False, sign_in=None, reason=reason)
    reason = "Sign in with the server\N{RIGHT SINGLE QUOTATION MARK}s write token to make changes."
    return WriteState(
        is_allowed=False, has_session=False, sign_in=_sign_in_path(request), reason=reason
    )


def _is_local(request: Request) -> bool:
    """Return whether a form of the page that is asked for would be one of this machine.

    Which page led here does not matter: its own form says that it is of this page.
    """
    hosts = Headers(scope=request.scope).getlist("host")
    host = parse_host(hosts[0]) if len(hosts) == 1 else None
    return elsewhere(request.scope) is None and host is not None and host.is_loopback


def _sign_in_path(request: Request) -> str:
    if request.method not in SAFE:
        return "/sign-in"
    query = f"?{request.url.query}" if request.url.query else ""
    return f"/sign-in?next={quote(route_path(request.scope) + query, safe='/')}"
