"""What every page has in common: its headers, and nothing but its own scripts and links."""

import unicodedata
from typing import Any, Final

from lxml.html import HtmlElement

from tests.helpers.pages import page_of

POLICY: Final = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}
HEADERS: Final = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
_LOADED: Final = ("src", "srcset", "poster", "data", "background", "formaction", "action", "ping")
_SCHEMES: Final = ("http://", "https://")


def check_headers(answer: Any) -> None:
    """Check the headers of a page, or of a redirection to one."""
    policy = dict(
        each.strip().partition(" ")[::2]
        for each in answer.headers["content-security-policy"].split(";")
    )
    assert policy == POLICY
    for name, value in HEADERS.items():
        assert answer.headers[name] == value, name
    assert "camera=()" in answer.headers["permissions-policy"]
    assert "public" not in answer.headers.get("cache-control", "")
    assert "access-control-allow-origin" not in answer.headers


def check_page(answer: Any) -> HtmlElement:
    """Check the headers of a page, and that it runs and loads nothing of others; return it."""
    check_headers(answer)
    page = page_of(answer)
    for element in page.iter():
        if isinstance(element.tag, str):
            _check_element(element)
    unseen = {each for each in answer.text if each != "\n" and _is_unseen(each)}
    assert not unseen, unseen
    return page


def _check_element(element: HtmlElement) -> None:
    tag = str(element.tag)
    assert tag not in {"style", "base", "iframe", "object", "embed", "frame", "applet"}, tag
    assert tag != "script" or (element.get("src") and not (element.text or "").strip())
    assert tag != "meta" or (element.get("http-equiv") or "").lower() != "refresh"
    for name, value in element.items():
        assert not name.lower().startswith("on"), (tag, name)
        assert name.lower() != "style", tag
        if name in _LOADED or (tag == "link" and name == "href"):
            assert _is_own(value), (tag, name, value)
        elif name.rpartition(":")[2] == "href":
            assert _is_own(value) or value.startswith(("#", *_SCHEMES)), (tag, name, value)


def _is_own(value: str) -> bool:
    return value.startswith("/") and not value.startswith(("//", "/\\"))


def _is_unseen(character: str) -> bool:
    return unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co"}
