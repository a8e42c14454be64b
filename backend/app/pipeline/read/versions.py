"""The present reader of each kind of file, known before a file is read.

A reader whose figures, labels or places change for a file that it read before gets the next
version: `fde reread` reads again what another version has read.
"""

from types import MappingProxyType
from typing import Final

from app.pipeline.statement import SourceKind

COMPANYFACTS: Final = "companyfacts/1"
IXBRL: Final = "ixbrl/1"
PDF: Final = "pdf-geometry/2"
XBRL: Final = "xbrl/1"
XBRL_JSON: Final = "xbrl-json/1"

READERS: Final = MappingProxyType[SourceKind, str](
    {
        "companyfacts": COMPANYFACTS,
        "ixbrl": IXBRL,
        "pdf": PDF,
        "xbrl": XBRL,
        "xbrl_json": XBRL_JSON,
    }
)
"""Name and version by kind of file; what no program reads (`llm`, `manual`) is not in it."""
