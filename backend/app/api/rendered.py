"""The JSON of statements that no row holds rendered, of those that were asked for last.

What is kept is found by digest and options, and is right for every row with the same data.
"""

from typing import Annotated

from fastapi import Depends, Request

from app.api.statement_formats import Asked
from app.pipeline.statement import StatementName
from app.web.renderings import MOST, MOST_BYTES, Renderings


class Rendered:
    """A bounded cache of JSON in gzip; the event loop alone uses it."""

    def __init__(self, most: int = MOST, most_bytes: int = MOST_BYTES) -> None:
        self._kept: Renderings[tuple[StatementName, Asked, str], bytes] = Renderings(
            most, most_bytes
        )

    def digests(self, statement: StatementName, asked: Asked) -> list[str]:
        """Return the digests of which a representation is kept."""
        return [each[2] for each in self._kept if each[:2] == (statement, asked)]

    def get(self, statement: StatementName, asked: Asked, digest: str) -> bytes | None:
        """Return what is kept; it is then the last that is forgotten."""
        return self._kept.get((statement, asked, digest))

    def keep(self, statement: StatementName, asked: Asked, digest: str, content: bytes) -> None:
        """Keep a representation, and forget the oldest ones until there is room."""
        self._kept.keep((statement, asked, digest), content)


async def _rendered(request: Request) -> Rendered:
    rendered: Rendered = request.app.state.rendered
    return rendered


OpenRendered = Annotated[Rendered, Depends(_rendered)]
