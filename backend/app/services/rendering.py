"""The JSON of a compiled statement that most requests ask for, made when it is compiled.

Parsing, cutting and writing ten years of a statement takes several times as long as reading it
(docs/adr/0017).
"""

import gzip
from typing import Final

from app.pipeline.compile.view import view_of
from app.pipeline.compiled import Compiled
from app.pipeline.json_text import json_line

RULES: Final = "1"
"""Version of what `render` gives for the same statement: a rendering by another one is not used."""


def render(compiled: Compiled) -> bytes:
    """Return what `fde statements --json` prints by default, in gzip.

    It is compressed once, and most clients take it as it is.
    """
    text = json_line(view_of(compiled).as_json())
    return gzip.compress(text.encode(), mtime=0)


def unpack(rendering: bytes) -> bytes:
    """Return a rendering as JSON in UTF-8."""
    return gzip.decompress(rendering)


def key_of(digest: str) -> str:
    """Return what names the rendering of a statement with a digest."""
    return f"{RULES}:{digest}"
