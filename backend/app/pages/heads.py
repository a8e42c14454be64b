"""What stands above every page of a company: its name, what identifies it, and its tabs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request

from app.pages import addresses
from app.pipeline.statement import StatementName
from app.services.company_heads import (
    QUERY,
    CompanyHead,
    heads_of,
    no_such_company,
    values_of,
)
from app.web.database import Database
from app.web.gathering import Gathering


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a page of a company.

    Attributes:
        company: Its name and identifiers, and what there is of it.
        tab: The one that is open: a statement, `documents` or `corrections`.
        query: How statements are shown, which the tabs of the others keep.
    """

    company: CompanyHead
    tab: StatementName | str
    query: addresses.Query = field(default_factory=dict)


class Heads:
    """Finds the heads of companies by a query that all requests of the moment share."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._gathering: Gathering[int, CompanyHead] = Gathering(self._ask)

    async def find(self, company_id: int) -> CompanyHead:
        """Return a company as it is now: the query is sent after the request has come.

        Raises:
            NotFoundError: There is no such company.
        """
        head = await self._gathering.get(company_id)
        if head is None:
            raise no_such_company(company_id)
        return head

    async def _ask(self, company_ids: Sequence[int]) -> Mapping[int, CompanyHead]:
        return heads_of(await self._database.fetch(QUERY, values_of(company_ids)))


async def _heads(request: Request) -> Heads:
    heads: Heads = request.app.state.heads
    return heads


OpenHeads = Annotated[Heads, Depends(_heads)]
