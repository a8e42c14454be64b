"""Ids of compiled rows, which people type: from the label, unique, and the same every time."""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence

_NO_WORD = re.compile(r"[^\w]+")
_LONGEST = 80


def slug(text: str) -> str:
    """Return a text in lower case, without accents, with hyphens between its words."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    plain = "".join(each for each in plain if not unicodedata.combining(each))
    return _NO_WORD.sub("-", plain.replace("_", " "))[:_LONGEST].strip("-")


def row_ids(rows: Sequence[tuple[str, Sequence[str], str]]) -> list[str]:
    """Return an id for each row.

    Args:
        rows: Label, section, and a name for a row without a label. Where several have the same,
            the heading above is put before it, then a number behind it.
    """
    plain = [slug(label) or slug(name) or "line" for label, _, name in rows]
    often = Counter(plain)
    longer = [
        f"{above}-{each}" if often[each] > 1 and section and (above := slug(section[-1])) else each
        for each, (_, section, _) in zip(plain, rows, strict=True)
    ]
    taken = {each for each, number in Counter(longer).items() if number == 1}
    ids: list[str] = []
    used: set[str] = set()
    for each in longer:
        number, name = 1, each
        while name in used or (number > 1 and name in taken):
            number += 1
            name = f"{each}-{number}"
        used.add(name)
        ids.append(name)
    return ids
