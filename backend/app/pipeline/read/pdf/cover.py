"""The form that the cover page of a PDF names, such as 10-K/A."""

import re
from collections.abc import Sequence

from app.pipeline.read.pdf.language import plain
from app.pipeline.read.pdf.pages import PageText

_FRONT = 3
"""Pages among which the cover is: a page of the company's own may precede it."""
_DASHES = re.compile(r"[\u2010-\u2015\u2212]")
_RULES = re.compile(r"_{3,}")
_FORM = re.compile(r"form (10-k(?:t|405|sb)?|20-f|40-f)( ?/ ?a)?(?: ?\(amendment no\. ?\d+\))?")
_AMENDMENT = re.compile(r"\(?amendment (?:no\.?|number|#) ?\d+\)?|.*\(amendment no\. ?\d+\)")
_COMMISSION = "securities and exchange commission"


def find_form(pages: Sequence[PageText]) -> str | None:
    """Return the form that a line of the cover consists of; None if there is no such cover.

    A report that only mentions the form in a sentence is not that form.
    """
    for page in pages[:_FRONT]:
        if _COMMISSION not in " ".join(page.folded.split()):
            continue
        lines = [
            _DASHES.sub("-", " ".join(plain(line).lower().split()))
            for line in _RULES.sub("\n", page.text).splitlines()
        ]
        forms = [found for line in lines if (found := _FORM.fullmatch(line))]
        if forms:
            amended = bool(forms[0][2]) or any(_AMENDMENT.fullmatch(line) for line in lines)
            return forms[0][1].upper() + ("/A" if amended else "")
    return None
