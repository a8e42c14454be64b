"""Problems in the words of the pages: a heading, and what a person can do about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlsplit

from starlette.datastructures import Headers
from starlette.types import Scope

from app.pages import addresses
from app.pages.sign_in import own_path
from app.web.origins import route_path
from app.web.write_access import SAFE

_HEADINGS: Final = {
    "write_token_required": "Sign in first",
    "write_not_allowed": "Changes are not accepted from here",
    "not_own_page": "This form did not come from a page of this server",
    "malformed_host": "This address cannot be understood",
    "host_not_allowed": "This server is not called by that name",
    "invalid_address": "This address is not complete",
    "no_such_company": "There is no such company",
    "no_such_document": "There is no such document",
    "no_such_correction": "There is no such correction",
    "not_configured": "A setting of the server is invalid",
    "other_schema": "The database has another schema than this program",
    "storage_unavailable": "The files cannot be reached",
    "busy": "The server is busy",
    "stopping": "The server stops",
}
_BY_STATUS: Final = {
    400: "This request cannot be understood",
    401: "Sign in first",
    403: "This is not allowed",
    404: "There is no such page",
    405: "This page takes no such request",
    408: "The request came too slowly",
    409: "That cannot be done as things are",
    413: "That is too large",
    414: "This address is too long",
    415: "This page takes no such content",
    422: "This request cannot be understood",
    429: "Too many requests at once",
    500: "This is a fault of the program",
    503: "The server cannot answer now",
}
_DETAILS: Final = {
    "write_token_required": "Changes need the server\N{RIGHT SINGLE QUOTATION MARK}s write token.",
    "write_not_allowed": (
        "Changes are accepted from browsers on the server\N{RIGHT SINGLE QUOTATION MARK}s own "
        "machine, by the name localhost, until WRITE_TOKEN is set on the server."
    ),
    "not_found": "Check the address, or begin with the list of companies.",
    "unexpected": "The log of the server says more about it.",
    "not_configured": "The log of the server says which one.",
    "other_schema": "It is being migrated, or its migrations were not applied yet.",
    "storage_unavailable": "The storage of the files does not answer.",
    "busy": "Too many people use it at once.",
    "no_answer": "The database gives no answer.",
}
_LASTING: Final = frozenset({"not_configured"})
"""Codes of 503 that no waiting helps against."""


@dataclass(frozen=True, slots=True)
class Words:
    """A problem as a page says it.

    Attributes:
        wait: How long to wait before another try, as a sentence; empty if that does not help.
        nothing_changed: Whether the person wanted to change something, and did not.
        again: Path of the page to ask for again; None if that does not help.
        sign_in: Path with which to sign in; None if that does not help.
        schema: Whether the state of the schema says more.
    """

    status: int
    heading: str
    detail: str
    wait: str
    nothing_changed: bool
    again: str | None
    sign_in: str | None
    schema: bool


def words_of(scope: Scope, problem: Mapping[str, Any], retry_after: str | None) -> Words:
    """Return a problem in the words of the pages.

    Args:
        scope: Of the request.
        problem: The problem document.
        retry_after: Seconds, as the header has them.
    """
    status, code = int(problem["status"]), str(problem["code"])
    is_read = scope["method"] in SAFE
    waits = retry_after if code not in _LASTING else None
    return Words(
        status=status,
        heading=_HEADINGS.get(code) or _BY_STATUS.get(status) or str(problem["title"]),
        detail=_DETAILS.get(code) or _sentence(str(problem["detail"])),
        wait=_wait(waits, is_read=is_read) if waits else "",
        nothing_changed=not is_read and status < 500,  # noqa: PLR2004 a fault may come later
        again=_own(scope) if waits and is_read else None,
        sign_in=_sign_in(scope) if code == "write_token_required" else None,
        schema=code == "other_schema",
    )


def _wait(seconds: str, *, is_read: bool) -> str:
    second = "second" if seconds == "1" else "seconds"
    if is_read:
        return f"Try again in {seconds} {second}."
    return f"Go back, and send the form again in {seconds} {second}."


def _own(scope: Scope) -> str | None:
    """Return the address that was asked for, if it is one of a page."""
    query = scope.get("query_string", b"").decode("latin-1")
    asked = quote(route_path(scope), safe="/") + (f"?{query}" if query else "")
    return asked if own_path(asked) == asked else None


def _sign_in(scope: Scope) -> str:
    """Return the way to sign in, and from there back to the page that the form was on."""
    try:
        there = urlsplit(Headers(scope=scope).get("referer", ""))
    except ValueError:
        return addresses.SIGN_IN
    path = route_path({**scope, "path": there.path}) + (f"?{there.query}" if there.query else "")
    back = own_path(path)
    return addresses.SIGN_IN + (f"?next={quote(back, safe='/')}" if back == path else "")


def _sentence(text: str) -> str:
    text = text.rstrip(".")
    return f"{text[:1].upper()}{text[1:]}."
