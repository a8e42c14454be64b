"""`/companies/{company_id}/{statement}`: years of a statement side by side."""

import gzip
import hashlib
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from fastapi import Request, Response
from pydantic import ValidationError

from app.api.bounds import CompanyId
from app.pages import addresses
from app.pages.answering import HTML, OF_PERSON, PROTECTION, page, root_of, see
from app.pages.heads import Head, OpenHeads
from app.pages.routing import page_router
from app.pages.statement.missing import missing_of
from app.pages.statement.options import Options
from app.pages.statement.page import table_of
from app.pages.templates import render
from app.pipeline.compiled import Compiled
from app.pipeline.statement import StatementName
from app.services.company_heads import CompanyHead
from app.services.compiling import recompile
from app.services.errors import NotFoundError, RefusedError
from app.services.rendering import unpack
from app.services.statements import QUERY, Sought, Stored, find_stored, other_form
from app.web.conditional import answer, not_modified
from app.web.database import Database
from app.web.dependencies import OpenDatabase
from app.web.middleware.compression import accepts_gzip
from app.web.renderings import Renderings
from app.web.write_access import WriteAccess

MOST: Final = 200
MOST_BYTES: Final = 8_000_000
LEVEL: Final = 6
"""Of compression: higher ones take longer, and save little."""
HEADERS: Final = {**PROTECTION, "Cache-Control": OF_PERSON, "Vary": "Cookie"}
router = page_router()


@dataclass(frozen=True, slots=True)
class Rendering:
    """A page that is kept.

    Attributes:
        etag: The digest of its HTML.
        packed: The HTML in gzip.
    """

    etag: str
    packed: bytes

    def __len__(self) -> int:
        """Return the bytes that it takes."""
        return len(self.packed)


def new_renderings() -> Renderings[Hashable, Rendering]:
    """Return a cache of pages."""
    return Renderings(MOST, MOST_BYTES)


@router.get("/companies/{company_id}/income-statement")
@router.get("/companies/{company_id}/balance-sheet")
@router.get("/companies/{company_id}/cash-flow-statement")
async def get_statement(
    request: Request, company_id: CompanyId, database: OpenDatabase, heads: OpenHeads
) -> Response:
    """Return a statement, or why there is none."""
    name = addresses.STATEMENTS[request.scope["path"].rpartition("/")[2]]
    company = await heads.find(company_id)
    options = Options.of_query(request.query_params)
    # The head has the digests of all statements, of which a page may show two.
    key = (name, options, root_of(request), company.version)
    renderings: Renderings[Hashable, Rendering] = request.app.state.page_renderings
    kept = renderings.get(key)
    if kept is not None:
        return _answer(request, kept)
    shown = Shown(database, company, name, options, root_of(request))
    try:
        made, digests = await shown.make()
    except (NotFoundError, RefusedError) as error:
        if error.code == "no_such_company":
            raise
        reason = missing_of(error, name)
        return page(
            request, "no_statement.html", head=Head(company, name, options.query), reason=reason
        )
    if all(company.compiled.get(each) == digest for each, digest in digests.items()):
        renderings.keep(key, made)
    return _answer(request, made)


@router.post("/companies/{company_id}/compile", dependencies=[WriteAccess])
async def compile_statements(
    request: Request, company_id: CompanyId, database: OpenDatabase
) -> Response:
    """Compile the statements of a company, and lead to the one that was wanted."""
    await database.call(lambda sessions: recompile(sessions, company_id))
    name = addresses.STATEMENTS.get(request.query_params.get("then", ""))
    if name is None:
        return see(request, addresses.company(company_id))
    return see(request, addresses.statement(company_id, name))


def _answer(request: Request, made: Rendering) -> Response:
    if same := not_modified(request, made.etag, HEADERS):
        return same
    if not accepts_gzip(request.headers):
        content = unpack(made.packed)
        return answer(request, content, etag=made.etag, media_type=HTML, headers=HEADERS)
    headers = {**HEADERS, "Content-Encoding": "gzip"}
    return answer(request, made.packed, etag=made.etag, media_type=HTML, headers=headers)


@dataclass(frozen=True, slots=True)
class Shown:
    """A statement that is to be shown.

    Attributes:
        root: The path under which a proxy serves the application.
    """

    database: Database
    company: CompanyHead
    name: StatementName
    options: Options
    root: str

    async def make(self) -> tuple[Rendering, Mapping[StatementName, str | None]]:
        """Return its page, and the digests of the statements that it is made of.

        Raises:
            NotFoundError: There is none.
            RefusedError: It is older than its documents.
        """
        stored = await self._find(self.name)
        digests: dict[StatementName, str | None] = {self.name: stored.digest}
        income: Stored | None = None
        if self.name == "cash_flow_statement" and self.options.show == "share":
            income = await self._find_income()
            digests["income_statement"] = income.digest if income else None
        work = partial(_render, self, stored, income)
        try:
            return await self.database.compute(work), digests
        except ValidationError:
            company_id, name = self.company.id, self.name
            raise await self.database.run(
                lambda session: other_form(session, company_id, name)
            ) from None

    async def _find(self, name: StatementName) -> Stored:
        sought = Sought(self.company.id, name)
        stored = Stored.of_row(await self.database.fetch(QUERY, sought.values))
        if stored is not None:
            return stored
        return await self.database.run(lambda session: find_stored(session, sought))

    async def _find_income(self) -> Stored | None:
        """Return the income statement; None if there is none that is up to date."""
        sought = Sought(self.company.id, "income_statement")
        return Stored.of_row(await self.database.fetch(QUERY, sought.values))


def _render(shown: Shown, stored: Stored, income: Stored | None) -> Rendering:
    """Return a page; it needs the processor, and no database."""
    table = table_of(shown.company.id, stored.parse(), shown.options, _parsed(income))
    context: dict[str, Any] = {
        "head": Head(shown.company, shown.name, shown.options.query),
        "table": table,
        "query": "",
    }
    content = render("statement.html", root=shown.root, **context).encode(errors="replace")
    return Rendering(hashlib.sha256(content).hexdigest(), gzip.compress(content, LEVEL, mtime=0))


def _parsed(income: Stored | None) -> Compiled | None:
    if income is None:
        return None
    try:
        return income.parse()
    except ValidationError:
        return None
