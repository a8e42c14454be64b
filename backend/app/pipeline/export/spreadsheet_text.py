"""Text of CSV files that no spreadsheet takes for a formula."""

import re
from functools import lru_cache
from typing import Final

from app.pipeline.plain import plain

_FORMULA: Final = re.compile(r'(^|[;|])([\s"]*)(?=[-=+@\uff1d\uff0b\uff0d\uff20])')
"""Where a cell may begin that a spreadsheet computes: also behind the separators of other locales,
since a file that is separated by commas is split at semicolons there. The last four are full-width
forms, which some versions read as the others."""


@lru_cache(maxsize=4096)  # in the long form each text is repeated
def as_text(text: str | None) -> str:
    """Return text from a file in one line, with an apostrophe in front of what begins a formula.

    https://owasp.org/www-community/attacks/CSV_Injection
    """
    return _FORMULA.sub(r"\1\2'", plain(text)) if text else ""
