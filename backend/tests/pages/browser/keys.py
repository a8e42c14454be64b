"""Go through pages by Tab, Enter, Space and Escape alone, and look where the focus is."""

from typing import Any, Final

from playwright.sync_api import Locator, Page

_MOST_STOPS: Final = 900
_FOCUS = """() => {
  const each = document.activeElement;
  if (!each || each === document.body || each === document.documentElement) return null;
  const box = each.getBoundingClientRect();
  const left = Math.max(0, box.left), right = Math.min(innerWidth, box.right);
  const top = Math.max(0, box.top), bottom = Math.min(innerHeight, box.bottom);
  const faults = [];
  if (right - left < 2 || bottom - top < 2) faults.push("outside of the window");
  const isOutlined = (element) => {
    const style = getComputedStyle(element);
    return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1;
  };
  if (!isOutlined(each) && !isOutlined(each.parentElement)) faults.push("no outline");
  const above = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
  if (above && !each.contains(above) && !above.contains(each) && !above.closest("[popover]")) {
    faults.push(`covered by ${above.outerHTML.slice(0, 80)}`);
  }
  window.stops ??= new WeakMap();
  window.count ??= 0;
  if (!window.stops.has(each)) window.stops.set(each, window.count++);
  return {number: window.stops.get(each), words: each.outerHTML.slice(0, 160), faults};
}"""


class Keyboard:
    """The keyboard of a person who has no mouse.

    Attributes:
        page: The page that has the focus.
        faults: Where the focus was not to be seen.
    """

    def __init__(self, page: Page) -> None:
        self.page = page
        self.faults: list[str] = []

    def press(self, key: str) -> None:
        """Press a key."""
        self.page.keyboard.press(key)

    def type(self, text: str) -> None:
        """Write into the field that has the focus, in place of its text."""
        self.press("Control+A")
        self.page.keyboard.type(text)

    def tab(self) -> Any:
        """Go to the next stop; return what it is, or None at the end of the page."""
        self.press("Tab")
        stop = self.page.evaluate(_FOCUS)
        if stop:
            self.faults += [f"{fault}: {stop['words']}" for fault in stop["faults"]]
        return stop

    def go_to(self, wanted: Locator) -> None:
        """Press Tab until an element has the focus.

        Raises:
            AssertionError: It never has.
        """
        element = wanted.element_handle()
        is_there = "each => each === document.activeElement"
        for _ in range(_MOST_STOPS):
            if element.evaluate(is_there):
                return
            self.tab()
        msg = f"Tab does not lead to {wanted}"
        raise AssertionError(msg)

    def use(self, wanted: Locator) -> None:
        """Go to a link or a button, and press Enter; wait for the page that it leads to."""
        self.go_to(wanted)
        with self.page.expect_navigation():
            self.press("Enter")

    def stops(self) -> list[str]:
        """Press Tab through the whole page; return the stops in their order."""
        found: list[str] = []
        for _ in range(_MOST_STOPS):
            stop = self.tab()
            if stop is None or (found and stop["number"] < len(found)):
                return found
            found.append(stop["words"])
        msg = "Tab does not lead to the end of the page"
        raise AssertionError(msg)
