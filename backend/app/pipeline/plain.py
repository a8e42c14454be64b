"""Text of a hostile file in one line, without characters that steer a terminal or hide."""

import unicodedata
from typing import Final

REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}"


def plain(text: str) -> str:
    """Return text in one line that cannot steer a terminal or turn the direction of writing.

    White space becomes a space; control characters and halves of surrogate pairs are replaced;
    invisible characters (Unicode category Cf: direction, joiners, soft hyphens) are left out.
    """
    if text.isprintable():
        return text.strip()  # most labels
    kept = []
    for character in text:
        if character.isspace():
            kept.append(" ")
            continue
        category = unicodedata.category(character)
        if category != "Cf":
            kept.append(REPLACEMENT if category in {"Cc", "Cs", "Co", "Cn"} else character)
    return " ".join("".join(kept).split(" ")).strip()
