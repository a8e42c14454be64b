"""`/`: the companies, and `/companies/{company_id}`: the first page of one."""

import re
from dataclasses import dataclass
from typing import Final, cast

from fastapi import Request, Response
from sqlalchemy.orm import Session

from app.api.bounds import CompanyId
from app.api.pagination import cursor_of, key_of
from app.db.models import Company
from app.pages import addresses
from app.pages.answering import page, see
from app.pages.routing import page_router
from app.pages.templates import count
from app.services.companies import similar_companies
from app.services.company_heads import find_head
from app.services.company_overviews import Key, Overview, OverviewPage, Wanted, list_overviews
from app.services.company_search import understand
from app.web.dependencies import OpenDatabase

router = page_router()

ON_A_PAGE: Final = 50
SHOWN: Final = 1000
"""Characters of a search that are shown in the box again; no name is as long."""


@dataclass(frozen=True, slots=True)
class Remark:
    """What there is to say about a company.

    Attributes:
        is_warning: Whether figures of it may be missing or wrong.
    """

    text: str
    is_warning: bool = True


@router.get("/")
async def get_companies(  # noqa: PLR0913, PLR0917 its query
    request: Request,
    database: OpenDatabase,
    q: str = "",
    after: str = "",
    before: str = "",
    removed: str = "",
    left_over: str = "",
) -> Response:
    """Return the companies that fit a search, with what there is of each.

    After one was removed, also say so, and whether files of it are left over.
    """
    search = understand(q)
    wanted = Wanted(search, _key(after), _key(before))

    def work(session: Session) -> tuple[OverviewPage, list[tuple[int, str]], bool]:
        found = list_overviews(session, wanted, ON_A_PAGE)
        is_vain = search is not None and search.is_name and not found.total
        similar = similar_companies(session, search.text) if search and is_vain else []
        return found, similar, is_gone(session, removed)

    found, similar, is_removed = await database.run(work)
    query = search.text[:SHOWN] if search else ""
    return page(
        request,
        "companies.html",
        query=query,
        search=search,
        found=found,
        similar=similar,
        previous=found.previous and _page_of(query, before=found.previous),
        state=state_of,
        is_removed=is_removed,
        is_left_over=bool(left_over),
        following=found.following and _page_of(query, after=found.following),
    )


@router.get("/companies/{company_id}")
async def get_company(request: Request, company_id: CompanyId, database: OpenDatabase) -> Response:
    """Lead to the first statement of a company, or to its documents."""
    head = await database.run(lambda session: find_head(session, company_id))
    for name in addresses.SLUGS:
        if name in head.compiled:
            return see(request, addresses.statement(company_id, name))
    return see(request, addresses.documents(company_id))


def state_of(company: Overview) -> list[Remark]:
    """Return what there is to say about the statements of a company, the gravest first."""
    remarks = []
    if company.stale:
        remarks.append(Remark("statements not compiled from all readings"))
    if company.proof and company.proof.failing:
        remarks.append(Remark(f"does not close in {', '.join(company.proof.failing)}"))
    if company.doubtful:
        remarks.append(Remark(f"{count(company.doubtful, 'doubtful reading')} left out"))
    if company.unread:
        unread = f"{count(company.unread, 'document')} without statements"
        remarks.append(Remark(unread, is_warning=False))
    return remarks or [Remark("up to date", is_warning=False)]


def is_gone(session: Session, removed: str) -> bool:
    """Return whether there is no company with the id that an address says was removed."""
    is_id = re.fullmatch("[0-9]{1,18}", removed) is not None
    return is_id and session.get(Company, int(removed)) is None


def _key(cursor: str) -> Key | None:
    """Return the key of a cursor; None if there is none.

    Raises:
        ProblemError: It is no cursor of companies.
    """
    return cast("Key", tuple(key_of(cursor, int, str, int))) if cursor else None


def _page_of(query: str, **keys: Key) -> str:
    """Return the path of another page of the same search."""
    cursors = {name: cursor_of(*key) for name, key in keys.items()}
    return addresses.companies({"q": query or None, **cursors})
