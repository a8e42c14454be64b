"""JSON in one line that is safe to print, whatever the texts of a hostile file contain."""

import json
import re
from typing import Any, Final

UNSAFE: Final = re.compile(r"[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""Characters that steer a terminal or turn the direction of writing, and halves of surrogate
pairs."""


def json_line(value: dict[str, Any]) -> str:
    """Return a JSON object in one line that is safe to print, with its line break."""
    return safe_json(json.dumps(value, ensure_ascii=False, separators=(",", ":"))) + "\n"


def safe_json(text: str) -> str:
    """Return JSON in which characters that steer a terminal are escaped."""
    return UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
