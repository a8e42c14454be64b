"""The pictures of the documentation: those that `make screenshots` takes, small, and shown."""

import re

from tests.pages.screenshots import AS_ADDED, CORRECTED, MOST_BYTES, OUT, ROOT

_SHOWN = re.compile(r"!\[(?P<words>[^]]*)\]\([^)]*_static/pages/(?P<name>[\w-]+)\.png\)")
_PAGES = (ROOT / "README.md", *(ROOT / "docs" / "pages").glob("*.md"))


def test_each_picture_is_taken_by_the_command_and_shown_with_words_in_its_place() -> None:
    taken = {shot.name for shot in (*AS_ADDED, *CORRECTED)}
    assert {file.stem for file in OUT.iterdir()} == taken
    found = [match for page in _PAGES for match in _SHOWN.finditer(page.read_text("utf-8"))]
    assert {match["name"] for match in found} == taken
    assert all(len(match["words"]) > 30 for match in found)


def test_each_picture_is_small() -> None:
    large = {file.name for file in OUT.iterdir() if file.stat().st_size > MOST_BYTES}
    assert not large
