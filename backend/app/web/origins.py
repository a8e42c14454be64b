"""Whether a page of this server sent a request: what browsers say of the page that does."""

from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import Scope

from app.host_names import DEFAULT_PORTS, parse_host

SAME_ORIGIN: Final = "same-origin"


def route_path(scope: Scope) -> str:
    """Return the path of a request below the one under which a proxy serves the application."""
    path, root = str(scope["path"]), str(scope.get("root_path", "")).rstrip("/")
    return path[len(root) :] if path.startswith(f"{root}/") else path


def foreign_page(scheme: str, headers: Headers) -> str | None:
    """Return why a request is not from a page of this machine, if it is from a page at all."""
    hosts = headers.getlist("host")
    host = parse_host(hosts[0]) if len(hosts) == 1 else None
    # A name that an attacker's name server resolves to this machine is no name of it.
    if host is None or not host.is_loopback:
        return "it is addressed to a name other than localhost"
    own = (scheme, host.name, host.port or DEFAULT_PORTS.get(scheme))
    origins = [*headers.getlist("origin"), *headers.getlist("referer")]
    if any(_origin(each) != own for each in origins):
        return "a page of another origin sent it"
    if not set(headers.getlist("sec-fetch-site")) <= {SAME_ORIGIN, "none"}:
        return "a page of another site sent it"
    return None


def is_own_page(scope: Scope) -> bool:
    """Return whether a browser says that a page of this server sent a request.

    `Sec-Fetch-Site` suffices: no page can set it, and a browser compares the addresses that it
    knows, whatever a proxy makes of them. A browser without it, or without TLS, sends the `Origin`
    of a form: its host has to be the one that is called. A proxy may hide that the client speaks
    TLS, so that `https` is right there too, and `http` wrong where the server itself speaks TLS.
    Without either header nothing is known of the sender, and it counts as another.
    """
    headers = Headers(scope=scope)
    if sites := headers.getlist("sec-fetch-site"):
        return set(sites) == {SAME_ORIGIN}
    origins = {_origin(each) for each in headers.getlist("origin")}
    hosts = headers.getlist("host")
    host = parse_host(hosts[0]) if len(hosts) == 1 else None
    if host is None or len(origins) != 1 or (origin := origins.pop()) is None:
        return False
    scheme, name, port = origin
    if scope["scheme"] == "https" and scheme != "https":
        return False
    return (name, port) == (host.name, host.port or DEFAULT_PORTS[scheme])


def says_https(scope: Scope) -> bool:
    """Return whether the client speaks TLS, with this server or with a proxy before it."""
    origins = [_origin(each) for each in Headers(scope=scope).getlist("origin")]
    return scope["scheme"] == "https" or any(each and each[0] == "https" for each in origins)


def _origin(text: str) -> tuple[str, str, int | None] | None:
    """Return scheme, host and port of an origin or of an address; None if it has no such."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return None
    host = parse_host(parts.netloc)
    if host is None or parts.scheme not in DEFAULT_PORTS:
        return None
    return parts.scheme, host.name, host.port or DEFAULT_PORTS[parts.scheme]
