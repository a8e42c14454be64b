"""The environment that a database was declared to belong to, as `production`."""

import difflib
import re

PRODUCTION = "production"
"""The environment in which a reset is refused, and a downgrade asks."""
SYNONYMS = ("prod", "prd", "live")
SIMILARITY = 0.85  # of a misspelling: `produktion` has 0.9, `product` 0.82
NEGATIONS = ("pre", "non", "not", "no")


def means_production(name: str) -> bool:
    """Whether a name means production, also misspelt, abbreviated or with a region: `prod-eu`."""
    words = re.findall(r"[^\W\d_]+", name.lower())
    if any(word.startswith(NEGATIONS) for word in words):
        return False
    return any(
        word in SYNONYMS or difflib.get_close_matches(word, [PRODUCTION], cutoff=SIMILARITY)
        for word in words
    )
