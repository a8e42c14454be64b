"""The JSON of statements that no row holds rendered, of those that were asked for last.

What is kept is found by digest and options: it is right for as long as the process lives, and for
every row with the same data.
"""

from collections import OrderedDict
from typing import Annotated, Final

from fastapi import Depends, Request

from app.api.statement_formats import Asked
from app.pipeline.statement import StatementName

MOST: Final = 100
MOST_BYTES: Final = 4_000_000
"""Of all; one that is bigger than a tenth is not kept."""

_Key = tuple[StatementName, Asked, str]


class Rendered:
    """A bounded cache of JSON in gzip; the event loop alone uses it."""

    def __init__(self) -> None:
        self._kept: OrderedDict[_Key, bytes] = OrderedDict()
        self._bytes = 0

    def digests(self, statement: StatementName, asked: Asked) -> list[str]:
        """Return the digests of which a representation is kept."""
        return [each[2] for each in self._kept if each[:2] == (statement, asked)]

    def get(self, statement: StatementName, asked: Asked, digest: str) -> bytes | None:
        """Return what is kept; it is then the last that is forgotten."""
        key = (statement, asked, digest)
        if key not in self._kept:
            return None
        self._kept.move_to_end(key)
        return self._kept[key]

    def keep(self, statement: StatementName, asked: Asked, digest: str, content: bytes) -> None:
        """Keep a representation, and forget the oldest ones until there is room."""
        if len(content) > MOST_BYTES // 10:
            return
        key = (statement, asked, digest)
        self._bytes += len(content) - len(self._kept.pop(key, b""))
        self._kept[key] = content
        while len(self._kept) > MOST or self._bytes > MOST_BYTES:
            _, oldest = self._kept.popitem(last=False)
            self._bytes -= len(oldest)


async def _rendered(request: Request) -> Rendered:
    rendered: Rendered = request.app.state.rendered
    return rendered


OpenRendered = Annotated[Rendered, Depends(_rendered)]
