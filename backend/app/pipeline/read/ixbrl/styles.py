"""Positions of elements by their inline style and the classes of the document's style sheet."""

import re
from dataclasses import dataclass
from typing import Final

from lxml import etree

_MEDIA: Final = re.compile(r"@[\w-]+[^{};]*\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}")
_RULE: Final = re.compile(r"\.([\w-]+)\s*\{([^{}]*)\}")
# A box of its own, whatever the name of the element: positioned, floating, or a cell.
_APART: Final = re.compile(
    r"position\s*:\s*absolute|float\s*:\s*(?:left|right)|"
    r"display\s*:\s*(?:block|inline-block|table|table-row|table-cell|flex|grid)\b",
    re.IGNORECASE,
)
_HIDDEN: Final = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_OF_BOXES: Final = re.compile(r"left|top|bottom|position|float|display|visibility|transform")
_SIDES: Final = re.compile(
    r"(?:^|[;\s])(left|top|bottom)\s*:\s*(-?\d{0,7}\.?\d{1,9})\d*(px|pt|em|rem|mm|cm|in|%)?",
    re.IGNORECASE,
)
_NUMBER: Final = r"\s*(-?\d{0,7}\.?\d{1,9})\d*"
_MOVED: Final = re.compile(
    rf"transform\s*:\s*(?:translate\({_NUMBER}(px|pt|em)?\s*,{_NUMBER}(px|pt|em)?\s*\)|"
    rf"matrix\((?:\s*-?[\d.]+\s*,){{4}}{_NUMBER}\s*,{_NUMBER}\s*\))",
    re.IGNORECASE,
)
# In pixels, in which all positions are compared.
_PIXELS: Final = {"px": 1, "pt": 4 / 3, "em": 16, "rem": 16, "mm": 3.78, "cm": 37.8, "in": 96}
# Percentages are of the page, which is taken as one of A4 in points.
_PAGE: Final = {"left": 5.95, "top": 8.42, "bottom": 8.42}
_XHTML: Final = "{http://www.w3.org/1999/xhtml}"
_NONE: Final[dict[str, float]] = {}
_DEPTH: Final = 6


@dataclass(frozen=True, slots=True)
class Place:
    """Where a text stands on a page.

    Attributes:
        page: The element that its position is relative to.
        x: From the left; y from the top, or negative from the bottom; in pixels.
    """

    page: etree._Element
    x: float
    y: float


class Styles:
    """What the style sheet says of positions."""

    def __init__(self, root: etree._Element) -> None:
        self._rules: dict[str, str] = {}
        for element in root.iter("{http://www.w3.org/1999/xhtml}style"):
            text = _MEDIA.sub("", element.text or "")
            for name, body in _RULE.findall(text):
                if _OF_BOXES.search(body):
                    self._rules[name] = f"{self._rules.get(name, '')};{body}"
        self._boxes = {name: _sides(body) for name, body in self._rules.items()}
        self._apart = {name for name, body in self._rules.items() if _APART.search(body)}
        self._hidden = {name for name, body in self._rules.items() if _HIDDEN.search(body)}

    def is_apart(self, element: etree._Element) -> bool:
        """Return whether an element is a box of its own, by its style or a class."""
        return _is(element, _APART, self._apart)

    def is_hidden(self, element: etree._Element) -> bool:
        """Return whether an element is not printed, by its style or a class."""
        return _is(element, _HIDDEN, self._hidden)

    def place(self, element: etree._Element) -> Place | None:
        """Return where an element is positioned, by itself or by the elements around it."""
        found = False
        x = y = 0.0
        each: etree._Element | None = element
        for _ in range(_DEPTH):
            while each is not None and not str(each.tag).startswith(_XHTML):
                each = each.getparent()  # a tag around a text is not a box on the page
            if each is None:
                break
            sides = self._sides(each)
            if "left" in sides and ("top" in sides or "bottom" in sides):
                found = True
                x += sides["left"]
                y += sides["top"] if "top" in sides else -sides["bottom"]
            elif found:
                return Place(each, x, y)
            each = each.getparent()
        return None

    def _sides(self, element: etree._Element) -> dict[str, float]:
        """Return the sides that classes and inline style declare, in pixels."""
        declared: dict[str, float] = {}
        for name in (element.get("class") or "").split():
            declared.update(self._boxes.get(name, _NONE))
        style = element.get("style")
        if style:
            declared.update(_sides(style))
        return declared


def _is(element: etree._Element, pattern: re.Pattern[str], classes: set[str]) -> bool:
    style = element.get("style")
    if style and pattern.search(style):
        return True
    return bool(classes) and not classes.isdisjoint((element.get("class") or "").split())


def _sides(style: str) -> dict[str, float]:
    sides = {
        side.lower(): float(value) * (_PAGE[side.lower()] if unit == "%" else _PIXELS.get(unit, 1))
        for side, value, unit in _SIDES.findall(style)
    }
    moved = _MOVED.search(style)
    if moved:
        x, y = float(moved[1] or moved[5]), float(moved[3] or moved[6])
        if x or y:
            sides["left"] = sides.get("left", 0.0) + x * _PIXELS.get(moved[2], 1)
            sides["top"] = sides.get("top", 0.0) + y * _PIXELS.get(moved[4], 1)
    return sides
