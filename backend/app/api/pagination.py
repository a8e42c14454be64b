"""Pages by key: each begins after the last item of the one before."""

import base64
import json
import re
from typing import Annotated, Generic, TypeVar

from fastapi import Query
from pydantic import BaseModel, Field

from app.api.bounds import DIGITS
from app.web.problems import FieldError, ProblemError

Item = TypeVar("Item")

_NO_TEXT = re.compile("[\0\ud800-\udfff]")
"""What PostgreSQL does not take, and UTF-8 does not encode."""

DEFAULT_LIMIT = 50
MOST_CURSOR = 1200
"""Characters of a cursor: a name of 200 characters in UTF-8 and in base64."""
Limit = Annotated[int, Query(ge=1, le=200, description="The number of items at most."), DIGITS]
After = Annotated[
    str | None,
    Query(
        max_length=MOST_CURSOR,
        pattern="^[A-Za-z0-9_-]+$",
        description="`next` of the page before.",
    ),
]


class Page(BaseModel, Generic[Item]):
    """Some items in their order."""

    items: list[Item]
    next: str | None = Field(
        description="the value of `after` for the page that follows; null on the last one"
    )


def cursor_of(*key: str | int | None) -> str:
    """Return the cursor of the last item of a page.

    Args:
        key: The values by which the items are ordered.
    """
    text = json.dumps(key, ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def key_of(cursor: str, *kinds: type | tuple[type, ...]) -> list[str | int | None]:
    """Return the key of a cursor.

    Args:
        cursor: From a client.
        kinds: The type of each value of the key.

    Raises:
        ProblemError: It is no cursor of such items.
    """
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        key = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except ValueError:
        key = None
    except RecursionError:
        key = None
    if (
        not isinstance(key, list)
        or len(key) != len(kinds)
        or not all(_is(each, kind) for each, kind in zip(key, kinds, strict=True))
    ):
        message = "it is no cursor of this list: give `next` of the page before, or leave it out"
        error = FieldError(location="query.after", message=message)
        raise ProblemError(422, "invalid_cursor", f"after: {message}", errors=[error])
    return key


def _is(value: object, kind: type | tuple[type, ...]) -> bool:
    """Return whether a value has a type, and PostgreSQL takes it."""
    if isinstance(value, bool) or not isinstance(value, kind):
        return False
    if isinstance(value, str):  # of a row, and therefore perhaps not printable
        return not _NO_TEXT.search(value)
    return not isinstance(value, int) or abs(value) < 2**63
