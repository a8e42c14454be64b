"""The header with which a browser saves a file, whatever name the file had (RFC 6266)."""

import re
import unicodedata
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final
from urllib.parse import quote

LONGEST: Final = 200
"""Bytes of a name in UTF-8; file systems take 255."""
OCTETS: Final = "application/octet-stream"
ENDINGS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "application/pdf": (".pdf",),
        "application/zip": (".zip", ".xbri", ".xbr"),
        "application/xhtml+xml": (".xhtml", ".html", ".htm", ".xht"),
        "text/html": (".html", ".htm"),
        "application/xml": (".xml", ".xbrl"),
        "application/json": (".json",),
    }
)
"""Endings of names by media type: systems open a file with a program by its ending."""
_UNSAFE: Final = frozenset('"*:<>?|\\/')
"""Characters of paths, patterns and quoted strings."""


def media_type_of(recorded: str | None) -> str:
    """Return the media type with which a stored file is sent: one of filings, or of plain bytes."""
    return recorded if recorded is not None and recorded in ENDINGS else OCTETS


def content_disposition(name: str | None, media_type: str, otherwise: str) -> str:
    """Return the value of the header Content-Disposition.

    Args:
        name: That the file had where it came from; anything.
        media_type: With which it is sent.
        otherwise: Its name if nothing of the other is left.
    """
    safe = _file_name(name, media_type, otherwise)
    plain = _in_ascii(safe)
    if plain == safe:
        return f'attachment; filename="{safe}"'
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(safe, safe='')}"


def _file_name(name: str | None, media_type: str, otherwise: str) -> str:
    """Return a name without path, control and direction characters, with a fitting ending."""
    last = re.split(r"[/\\]", name or "")[-1]
    shown = "".join(each if each.isprintable() and each not in _UNSAFE else "_" for each in last)
    shown = shown.strip(" ._") and shown.strip(" .")
    shown = shown or otherwise
    endings = ENDINGS.get(media_type, (".bin",))
    ending = next((each for each in endings if shown.lower().endswith(each)), None)
    if ending is None:
        stem, ending = shown, endings[0]
    else:
        stem, ending = shown[: -len(ending)], shown[-len(ending) :]
    short = stem.encode()[: LONGEST - len(ending)].decode(errors="ignore")
    return f"{short.rstrip(' .') or otherwise}{ending}"


def _in_ascii(name: str) -> str:
    """Return a similar name for programs that do not know the other parameter."""
    decomposed = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^\w .()+,&'-]", "_", decomposed, flags=re.ASCII)
