"""The style of the pages: what templates and style sheets say of each other, colours, and size."""

import re
from html.parser import HTMLParser
from itertools import product
from pathlib import Path
from typing import Final

import pytest

from tests.helpers.shell import BACKEND

PAGES: Final = BACKEND / "app" / "pages"
TEMPLATES: Final = sorted((PAGES / "templates").glob("*.html"))
SHEETS: Final = sorted((PAGES / "static").glob("*.css"))
MOST: Final = 25_000
"""Bytes of style that a page may load."""
EVERYWHERE: Final = ("style.css", "print.css")
TEXTS: Final = ("ink", "quiet", "link", "proved", "partly", "doubtful")
GROUNDS: Final = ("ground", "raised", "touched")


class Elements(HTMLParser):
    """Collects the tags of a template and their attributes; what Jinja2 fills in stays as it is."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        text = re.sub(r"\{#.*?#\}|\{%.*?%\}", " ", path.read_text(), flags=re.DOTALL)
        self.feed(re.sub(r"\{\{.*?\}\}", "{}", text, flags=re.DOTALL))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep a tag."""
        self.found.append((tag, dict(attrs)))


def rules_of(path: Path) -> str:
    return re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL)


def classes_in_sheets() -> set[str]:
    selectors = "".join(re.findall(r"[^{}]*\{", "".join(map(rules_of, SHEETS))))
    return set(re.findall(r"\.([a-z][\w-]*)", selectors))


def classes_in(path: Path) -> set[str]:
    """Return the classes that a template names itself; parts of names are left out."""
    texts = (attributes.get("class") or "" for _, attributes in Elements(path).found)
    return {each for text in texts for each in text.split() if "{" not in each}


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_a_template_has_no_style_or_script_of_its_own(path: Path) -> None:
    for tag, attributes in Elements(path).found:
        assert tag != "style"
        assert tag != "script" or attributes.get("src")
        assert not [each for each in attributes if each == "style" or each.startswith("on")]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_each_class_of_a_template_has_a_rule(path: Path) -> None:
    assert classes_in(path) <= classes_in_sheets()


def test_each_rule_is_of_a_class_that_a_page_has() -> None:
    written = "\n".join(
        path.read_text()
        for path in [*TEMPLATES, *PAGES.rglob("*.py"), *(PAGES / "static").glob("*.js")]
    )
    words = set(re.findall(r"[\w-]+", written))
    counted = re.compile(r"(i|f|level-)\d")
    assert {each for each in classes_in_sheets() if not counted.fullmatch(each)} <= words


@pytest.mark.parametrize("path", SHEETS, ids=lambda path: path.name)
def test_a_page_loads_little_style_and_nothing_from_elsewhere(path: Path) -> None:
    loaded = {path.name, *EVERYWHERE}
    assert sum((PAGES / "static" / each).stat().st_size for each in loaded) < MOST
    assert "url(" not in rules_of(path)
    assert "@import" not in rules_of(path)


def roles() -> dict[str, tuple[str, str]]:
    """Return the colours by role, in the light and in the dark."""
    found = re.findall(
        r"--([a-z-]+): light-dark\((#\w{6}), (#\w{6})\)", rules_of(PAGES / "static" / "style.css")
    )
    return {name: (light, dark) for name, light, dark in found}


def luminance(colour: str) -> float:
    """Return the relative luminance of WCAG 2.2."""
    parts = (int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5))
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("mode", [0, 1], ids=["light", "dark"])
def test_colours_can_be_told_from_their_ground(mode: int) -> None:
    colours = {name: both[mode] for name, both in roles().items()}
    pairs = [*product(TEXTS, GROUNDS), ("on-accent", "accent")]
    faint = [each for each in pairs if contrast(*(colours[name] for name in each)) < 4.5]
    assert not faint
    for name in ("edge", "accent"):
        assert contrast(colours[name], colours["ground"]) >= 3
