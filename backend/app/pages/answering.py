"""The answer that a page is: its headers keep scripts and files of other places out."""

import hashlib
from collections.abc import Mapping
from typing import Any, Final

from fastapi import Request, Response

from app.pages.templates import render
from app.web.conditional import answer
from app.web.write_state import write_state

HTML: Final = "text/html; charset=utf-8"
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
PROTECTION: Final = {
    "Content-Security-Policy": POLICY,
    # With `no-referrer`, a browser sends the forms of a page as if they came from another site.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
OF_PERSON: Final = "private, no-cache"
"""A page may depend on who has signed in."""


def root_of(request: Request) -> str:
    """Return the path under which a proxy serves the application; mostly empty."""
    return str(request.scope.get("root_path", "")).rstrip("/")


def page(
    request: Request,
    template: str,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    **context: Any,
) -> Response:
    """Return a page, or 304 if the client has it.

    Args:
        request: Asks for it.
        template: Name of the file in `templates`.
        status: Of the answer.
        headers: Further ones.
        context: Variables of the template, beside `root`, `query`, and `write`: whether the person
            may change things (app.web.write_state).
    """
    context = {"query": "", "write": write_state(request), **context}
    content = render(template, root=root_of(request), **context).encode(errors="replace")
    sent = {**PROTECTION, "Cache-Control": OF_PERSON, "Vary": "Cookie", **(headers or {})}
    if status == 200:  # noqa: PLR2004
        digest = hashlib.sha256(content).hexdigest()
        return answer(request, content, etag=digest, media_type=HTML, headers=sent)
    return Response(content, status, sent, HTML)


def see(request: Request, path: str) -> Response:
    """Return an answer that leads to another page, also after a form (303)."""
    return Response(None, 303, {"Location": f"{root_of(request)}{path}", **PROTECTION})
