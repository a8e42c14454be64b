"""The name of an uploaded file, which is hostile, as it may be kept and shown."""

import re
from typing import Final

from app.pipeline.plain import plain

UNNAMED: Final = "unnamed"
LONGEST: Final = 200
"""Bytes in UTF-8: what file systems allow, with room for what a download adds."""
_LONGEST_SUFFIX: Final = 20
_APART: Final = re.compile(r"[/\\]")
_NO_NAME: Final = re.compile(r'[<>:"|?*\x00-\x1f\x7f\N{REPLACEMENT CHARACTER}]')


def safe_name(given: bytes | None) -> str:
    """Return the last part of a path as a name that no system understands as anything else.

    Args:
        given: As the client sent it: UTF-8, or anything.
    """
    text = (given or b"").decode(errors="replace")
    name = _APART.split(text.replace("\0", ""))[-1]
    name = _NO_NAME.sub("_", plain(name)).strip(" .")
    if not name.strip("_"):
        return UNNAMED
    return _shorten(name)


def _shorten(name: str) -> str:
    """Return a name of at most `LONGEST` bytes that keeps its suffix."""
    if len(name.encode()) <= LONGEST:
        return name
    stem, dot, suffix = name.rpartition(".")
    if not stem or len(suffix.encode()) > _LONGEST_SUFFIX:
        stem, dot, suffix = name, "", ""
    room = LONGEST - len(f"{dot}{suffix}".encode())
    return stem.encode()[:room].decode(errors="ignore").rstrip(" .") + dot + suffix
