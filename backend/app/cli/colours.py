"""Colours for a terminal, and none elsewhere."""

import os
from collections.abc import Callable
from typing import Final, TextIO

CODES: Final = {"bold": 1, "dim": 2, "red": 31, "green": 32, "yellow": 33}

Paint = Callable[[str, str], str]
"""Returns a text in a colour."""


def painter(stream: TextIO) -> Paint:
    """Return a function that colours text, if the stream is a terminal and the user wants it.

    Source: no-color.org.
    """
    is_plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    if is_plain or not stream.isatty():
        return lambda text, _: text
    return lambda text, colour: f"\x1b[{CODES[colour]}m{text}\x1b[0m"
