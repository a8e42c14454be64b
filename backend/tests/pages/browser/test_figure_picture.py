"""The picture of a figure's place in Chromium: drawn, brought into view, or explained."""

import json
from typing import Final

from playwright.sync_api import Route

from app.pipeline.draw.size import DETAIL_WIDTH
from tests.pages.browser.conftest import OpenTab, Site

FIGURE: Final = "/companies/7/income-statement/figure?line=operating-profit&year=2024"
BOX: Final = ".picture .scroll"
PHONE: Final = (390, 844)
DRAWN: Final = "async image => { await image.decode(); return image.naturalWidth; }"
"""Waits for a picture, and gives its width."""


def test_the_figure_is_brought_into_view_on_a_phone(site: Site, open_tab: OpenTab) -> None:
    page = open_tab(site, size=PHONE)
    page.goto(FIGURE)
    box = page.locator(BOX).first
    box.scroll_into_view_if_needed()
    image = box.locator("img")
    assert image.evaluate(DRAWN) == DETAIL_WIDTH
    # The figure stands in the columns of years, on the right of the label.
    assert box.evaluate("box => box.scrollLeft > 100 && box.scrollWidth > box.clientWidth")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_whole_page_opens_without_moving_what_is_above(site: Site, open_tab: OpenTab) -> None:
    page = open_tab(site)
    page.goto(FIGURE)
    page.locator("details.picture summary").click()
    whole = page.locator("details.picture img")
    assert whole.evaluate(DRAWN) == 2 * whole.evaluate("image => image.width")


def test_a_picture_that_cannot_be_drawn_is_explained_once(site: Site, open_tab: OpenTab) -> None:
    page = open_tab(site, expected=(404,))

    def refuse(route: Route) -> None:
        problem = {"status": 404, "code": "encrypted", "detail": "the PDF is encrypted"}
        route.fulfill(status=404, content_type="application/problem+json", body=json.dumps(problem))

    page.route("**/figure.png*", refuse)
    page.goto(FIGURE)
    said = page.locator(".no-picture")
    said.wait_for()
    assert said.inner_text() == "There is no picture of the page: the PDF is encrypted."
    assert page.locator("figure.picture").count() == 0
    assert page.get_by_text("printed").first.is_visible()
