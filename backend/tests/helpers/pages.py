"""Ask for pages as a browser does, and look into them."""

from typing import Any, Final

import lxml.html
from fastapi.testclient import TestClient
from lxml.html import HtmlElement

AS_BROWSER: Final = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


def open_page(client: TestClient, path: str, *, status: int = 200, **query: Any) -> HtmlElement:
    """Return the page of a path."""
    answer = client.get(path, params=query or None, headers=AS_BROWSER, follow_redirects=False)
    assert answer.status_code == status, answer.text
    return page_of(answer)


def page_of(answer: Any) -> HtmlElement:
    """Return the page that an answer is."""
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    return lxml.html.document_fromstring(answer.text)


def text_of(element: HtmlElement) -> str:
    """Return the text of an element in one line."""
    return " ".join(element.text_content().split())


def main_of(page: HtmlElement) -> str:
    """Return the text of the content of a page in one line."""
    (main,) = page.xpath("//main")
    return text_of(main)


def links_of(page: HtmlElement, within: str = "//main") -> dict[str, str]:
    """Return the addresses of links by their text."""
    return {text_of(each): each.get("href") for each in page.xpath(f"{within}//a[@href]")}
