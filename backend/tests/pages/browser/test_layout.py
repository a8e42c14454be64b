"""How pages fit: on a phone, in their scrolling boxes, and on paper."""

import io
from typing import Any, Final

import pypdfium2
import pytest
from playwright.sync_api import Locator

from tests.helpers.chromium import PHONE, SMALL_PHONE
from tests.pages.browser.conftest import OpenTab, Site
from tests.pages.browser.states import BALANCE, CASH_FLOW, INCOME, STATES

_TOO_WIDE = """() => {
  const root = document.documentElement;
  const width = root.clientWidth;
  if (root.scrollWidth <= width) return [];
  const isClipped = (element) => {
    const parent = element.parentElement;
    return parent !== document.body
      && (getComputedStyle(parent).overflowX !== "visible" || isClipped(parent));
  };
  return [...document.body.querySelectorAll("*")]
    .filter((each) => each.getBoundingClientRect().right > width + 0.5 && !isClipped(each))
    .slice(0, 5)
    .map((each) => each.outerHTML.slice(0, 200))
    .concat([`${root.scrollWidth} > ${width}`]);
}"""
_NARROW: Final = 0.57
"""Of the size of letters: digits of Arial, Helvetica, Liberation Sans and Segoe UI are no wider."""
_WIDTH_OF_A_DIGIT: Final = """() => {
    const context = document.createElement("canvas").getContext("2d");
    context.font = `100px ${getComputedStyle(document.body).fontFamily}`;
    return context.measureText("0").width / 100;
}"""
_WIDE_FIGURES = """() => {
  for (const each of document.querySelectorAll(".years td > a")) each.textContent = "(16,223,617)";
}"""
_BOX = ".box:has(table.years)"


@pytest.mark.parametrize("size", [PHONE, SMALL_PHONE], ids=["phone", "small-phone"])
def test_no_page_scrolls_sideways_on_a_phone(
    size: tuple[int, int], site: Site, empty_site: Site, open_tab: OpenTab
) -> None:
    options: dict[str, Any] = {"size": size, "is_mobile": True, "has_touch": True}
    tabs = {
        "demo": open_tab(site, expected=(404,), **options),
        "empty": open_tab(empty_site, **options),
    }
    too_wide = {}
    for state in STATES:
        page = tabs[state.database]
        page.goto(state.path)
        if found := page.evaluate(_TOO_WIDE):
            too_wide[state.name] = found
    assert not too_wide


@pytest.mark.parametrize("path", [INCOME, BALANCE, CASH_FLOW])
def test_years_scroll_in_a_box_beside_the_labels_on_a_phone(
    path: str, site: Site, open_tab: OpenTab
) -> None:
    page = open_tab(site, size=PHONE, is_mobile=True, has_touch=True)
    page.goto(path)
    box = page.locator(_BOX)
    assert box.evaluate("each => each.scrollWidth > each.clientWidth")
    label = page.locator(f"{_BOX} tbody th[scope=row]").nth(1)
    figure = page.locator(f"{_BOX} tbody tr:has(td a) td a").first
    before, shown = _left(label), _left(figure)
    box.evaluate("each => each.scrollBy({left: 200, behavior: 'instant'})")
    assert _left(label) == before
    assert _left(figure) == pytest.approx(shown - 200, abs=1)
    assert page.evaluate("scrollX") == 0
    # The labels leave room for figures, and trends for a year.
    width = label.evaluate("each => each.getBoundingClientRect().width")
    assert width < PHONE[0] * 0.55
    assert not page.locator("th.w").is_visible()


@pytest.mark.parametrize("width", [1280, 1366, 1440])
def test_ten_years_of_eight_digits_fit_beside_their_labels(
    width: int, site: Site, open_tab: OpenTab
) -> None:
    page = open_tab(site, size=(width, 800))
    page.goto(BALANCE)
    if page.evaluate(_WIDTH_OF_A_DIGIT) > _NARROW:
        pytest.skip("only wide letters are installed")
    page.evaluate(_WIDE_FIGURES)
    table = page.locator(f"{_BOX} > table")
    room = page.locator(".statement").first.evaluate("each => each.clientWidth")
    assert table.evaluate("each => each.offsetWidth") <= room
    assert page.locator("th.w").is_visible()


def test_years_and_labels_stay_while_a_long_statement_scrolls(
    site: Site, open_tab: OpenTab
) -> None:
    page = open_tab(site, size=(700, 420))
    page.goto(f"{BALANCE}?years=all")
    header = page.locator(f"{_BOX} thead th").nth(2)
    label = page.locator(f"{_BOX} tbody th[scope=row]").nth(3)
    left = _left(label)
    page.mouse.move(350, 300)
    page.locator(_BOX).evaluate("each => each.scrollBy({left: 150, behavior: 'instant'})")
    for _ in range(4):
        page.mouse.wheel(0, 300)
        page.wait_for_timeout(50)
    assert _left(label) == left
    (top, bottom) = header.evaluate(
        "each => { const box = each.getBoundingClientRect(); return [box.top, box.bottom]; }"
    )
    assert 0 <= top < bottom <= 420, "the years have scrolled out of the window"
    row = page.locator(f"{_BOX} tbody tr").last
    assert row.evaluate("each => each.getBoundingClientRect().top") > bottom


@pytest.mark.parametrize("path", [INCOME, BALANCE, CASH_FLOW])
def test_ten_years_are_one_landscape_page(path: str, site: Site, open_tab: OpenTab) -> None:
    page = open_tab(site)
    page.goto(path)
    texts = page.locator(f"{_BOX} td > a, {_BOX} tbody th").all_inner_texts()
    printed = pypdfium2.PdfDocument(io.BytesIO(page.pdf(prefer_css_page_size=True)))
    assert len(printed) == 1
    width, height = printed[0].get_size()
    assert width > height
    text = _squeezed(printed[0].get_textpage().get_text_bounded())
    printed.close()
    assert len(texts) > 100
    assert [each for each in texts if _squeezed(each) not in text] == []
    assert [each for each in ("Edit", "Search", "Download", "Trend") if each in text] == []


def _left(locator: Locator) -> float:
    return float(locator.evaluate("each => each.getBoundingClientRect().left"))


def _squeezed(text: str) -> str:
    return "".join(text.split())
