"""Text as requests may contain it."""

from typing import Annotated

from pydantic import AfterValidator, StringConstraints


def _one_line(text: str) -> str:
    if not text.isprintable():
        raise ValueError("it has a line break or another character that is not printable")
    return text


Line = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=500),
    AfterValidator(_one_line),
]
"""Text in one line: printable, so neither NUL nor characters that turn the direction of others."""
