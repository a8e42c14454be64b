"""Answer a statement in the representation that a client asks for, by one query where it can be."""

import gzip
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from fastapi import Request, Response
from pydantic import ValidationError

from app.api.rendered import Rendered
from app.api.statement_formats import MEDIA_TYPES, Asked, known_digests
from app.pipeline.compile.view import NoSuchGroupError, view_of
from app.pipeline.export.errors import ExportError
from app.pipeline.statement import StatementName
from app.services.errors import NotFoundError, RefusedError, ServiceError
from app.services.exporting import export
from app.services.rendering import unpack
from app.services.statements import QUERY, Sought, Stored, find_stored, other_form
from app.web.conditional import answer, known_tags, not_modified
from app.web.database import Database
from app.web.middleware.compression import accepts_gzip
from app.web.problems import ProblemError

COMPILE: Final = "POST /api/v1/companies/{id}/compile"
NEXT: Final = {
    "no_documents": "POST /api/v1/companies/{id}/documents",
    "not_found_in_documents": "GET /api/v1/documents?company={id}",
    "all_doubtful": "GET /api/v1/documents?company={id}",
    "not_compiled": COMPILE,
    "stale": COMPILE,
    "other_form": COMPILE,
    "replaced": "ask with view=original",
}
"""What a client does next, by the code of the refusal; a person is told a command instead."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A representation of a statement of a company.

    Attributes:
        rendered: Representations that the process keeps.
    """

    database: Database
    rendered: Rendered
    company_id: int
    statement: StatementName
    asked: Asked

    async def answer(self, request: Request) -> Response:
        """Return the representation, or 304 if the client has it.

        Raises:
            ServiceError: There is none; the message names the next request.
            ProblemError: It cannot be given so.
        """
        known = known_digests(known_tags(request))
        stored = await self._find([*known, *self.rendered.digests(self.statement, self.asked)])
        if same := not_modified(request, self.asked.etag(stored)):
            return same
        packed = self._packed(stored)
        if packed is None and stored.data is None:  # the client has another representation
            stored = await self._find([])
            packed = self._packed(stored)
        headers = self.asked.headers(self.statement, stored.company)
        if packed is None:
            content = await self._render(stored)
        elif accepts_gzip(request.headers):
            content = packed
            headers["Content-Encoding"] = "gzip"
        else:
            content = unpack(packed)
        return answer(
            request,
            content,
            etag=self.asked.etag(stored),
            media_type=MEDIA_TYPES[self.asked.format],
            headers=headers,
        )

    def _packed(self, stored: Stored) -> bytes | None:
        """Return the representation in gzip, if the row or the process has it."""
        if stored.rendering is not None:
            return stored.rendering
        return self.rendered.get(self.statement, self.asked, stored.digest)

    async def _find(self, known: Sequence[str]) -> Stored:
        """Return what is stored; without data if its digest is known."""
        sought = Sought(
            self.company_id,
            self.statement,
            known,
            rendered=self.asked.is_default,
            with_name=self.asked.format != "json",
        )
        stored = Stored.of_row(await self.database.fetch(QUERY, sought.values))
        if stored is not None:
            return stored
        try:
            return await self.database.run(lambda session: find_stored(session, sought))
        except ServiceError as error:
            raise for_programs(error, self.company_id) from None

    async def _render(self, stored: Stored) -> bytes:
        """Return the representation, made outside the slots of the database; keep JSON."""
        try:
            content, packed = await self.database.compute(partial(_rendered, self.asked, stored))
        except ValidationError:
            error = await self.database.run(
                lambda session: other_form(session, self.company_id, self.statement)
            )
            raise for_programs(error, self.company_id) from None
        except NoSuchGroupError as error:
            raise ProblemError(404, "group_not_found", str(error)) from None
        except ExportError as error:
            raise ProblemError(409, error.code, str(error)) from None
        if packed is not None:
            self.rendered.keep(self.statement, self.asked, stored.digest, packed)
        return content


def for_programs(error: ServiceError, company_id: int) -> Exception:
    """Return a refusal that names the next request instead of the next command."""
    step = NEXT.get(error.code)
    if step is None or type(error) not in {NotFoundError, RefusedError}:
        return error
    reason, _, _ = str(error).rpartition(": ")
    return type(error)(error.code, f"{reason}: {step.format(id=company_id)}")


def _rendered(asked: Asked, stored: Stored) -> tuple[bytes, bytes | None]:
    """Return a representation, and JSON also in gzip; other formats name the company, too."""
    shown = view_of(
        stored.parse(),
        years=asked.years,
        view=asked.view,
        framework=asked.framework,
        currency=asked.currency,
    )
    content = export(asked.format, stored.company or "", [shown], asked.view)
    return content, gzip.compress(content, mtime=0) if asked.format == "json" else None
