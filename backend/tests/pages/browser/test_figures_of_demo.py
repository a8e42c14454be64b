"""The figures of the demo company: each link leads to its figure, each box to its digits."""

from decimal import ROUND_HALF_UP, Decimal

import httpx2 as httpx
import lxml.html
import pypdfium2
import pytest
from lxml.html import HtmlElement

from app.pipeline.compiled import Compiled
from app.pipeline.draw.pages import Box, text_in
from app.storage import path_of
from tests.helpers.pages import AS_BROWSER, text_of
from tests.pages.browser.conftest import Filled, Site

pytestmark = pytest.mark.slow
SLUGS = ("income-statement", "balance-sheet", "cash-flow-statement")
EACH = 5
"""Of the links, one in so many is followed."""


def number(text: str) -> Decimal | None:
    """Return the figure of a text; None of a dash."""
    digits = text.strip("()").replace(",", "")
    if not any(map(str.isdigit, digits)):
        return None
    return -Decimal(digits) if text.startswith("(") else Decimal(digits)


def rounded(text: str, like: str) -> Decimal | None:
    """Return a figure with as many decimals as another one, which a statement shows."""
    value, shown = number(text), number(like)
    if value is None or shown is None:
        return value
    exponent = shown.as_tuple().exponent
    assert isinstance(exponent, int)
    return value.quantize(Decimal(1).scaleb(exponent), ROUND_HALF_UP)


def links(client: httpx.Client, site: Site, slug: str, view: str) -> list[HtmlElement]:
    """Return the links to figures of a statement."""
    answer = client.get(f"/companies/{site.company}/{slug}?years=all&view={view}")
    page = lxml.html.document_fromstring(answer.text)
    return [
        each
        for each in page.xpath("//table//td//a[contains(@href, '/figure?')]")
        if number(text_of(each)) is not None
    ]


@pytest.mark.parametrize("view", ["latest", "original"])
def test_each_figure_of_a_statement_leads_to_a_page_that_shows_the_same(
    site: Site, view: str
) -> None:
    seen = 0
    with httpx.Client(base_url=site.origin, headers=AS_BROWSER, timeout=60) as client:
        for slug in SLUGS:
            for each in links(client, site, slug, view)[::EACH]:
                answer = client.get(str(each.get("href")))
                assert answer.status_code == 200, each.get("href")
                page = lxml.html.document_fromstring(answer.text)
                (figure,) = page.xpath("//p[@class='value']/data")
                shown = text_of(each)
                assert rounded(text_of(figure), shown) == number(shown), each.get("href")
                seen += 1
    assert seen > 100


def test_the_text_under_each_box_is_what_was_printed(site: Site, demo: Filled) -> None:
    seen = 0
    for sha256, places in boxes(site).items():
        document = pypdfium2.PdfDocument(demo.storage / path_of(sha256))
        for page, box, printed in places:
            found = text_in(document[page - 1], box)
            assert "".join(found.split()) == "".join(printed.split()), (sha256, page, box)
            seen += 1
        document.close()
    assert seen > 500


def boxes(site: Site) -> dict[str, list[tuple[int, Box, str]]]:
    """Return page, box and printed characters of all figures of PDFs, by SHA-256 of the file."""
    found: dict[str, list[tuple[int, Box, str]]] = {}
    with httpx.Client(base_url=site.origin, timeout=60) as client:
        for slug in SLUGS:
            name = slug.replace("-", "_")
            path = f"/api/v1/companies/{site.company}/statements/{name}?years=all"
            answer = client.get(path, headers={"Accept": "application/json"})
            compiled = Compiled.model_validate_json(answer.text)
            for row in compiled.rows:
                for cell in row.cells.values():
                    for place in (cell, *cell.history):
                        if isinstance(place.at, tuple) and place.printed is not None:
                            page, *box = place.at
                            places = found.setdefault(compiled.inputs[place.input].sha256, [])
                            places.append((page, box, place.printed))
    return found
