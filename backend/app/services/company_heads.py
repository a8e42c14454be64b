"""Companies with what there is of them, by one query."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import Row
from sqlalchemy.orm import Session

from app.pipeline.statement import StatementName
from app.services.errors import NotFoundError

QUERY: Final = """
    SELECT coalesce(jsonb_object_agg(id, CAST(to_jsonb(found) AS text)), '{}') AS heads
      FROM (
           SELECT id, name, primary_ticker AS ticker, tickers AS listings, lei, cik, ir_url,
                  fiscal_year_end,
                  (SELECT count(*) FROM documents WHERE company_id = companies.id) AS documents,
                  (SELECT count(*) FROM corrections
                    WHERE company_id = companies.id AND withdrawn_at IS NULL) AS corrections,
                  (SELECT coalesce(jsonb_object_agg(statement_type, digest), '{}')
                     FROM compiled_statements WHERE company_id = companies.id) AS compiled
             FROM companies
            WHERE id = ANY(%(companies)s)
           ) AS found
"""
"""Finds companies by id, in the style of the driver; `heads_of` reads its row."""


@dataclass(frozen=True, slots=True)
class CompanyHead:
    """A company.

    Attributes:
        listings: Each with `ticker` and `exchange`.
        documents: Their number.
        corrections: The number of those that are not withdrawn.
        compiled: Digests by statement; None where the statement is older than its filings.
        version: Changes whenever anything of it does.
    """

    id: int
    name: str
    ticker: str | None
    listings: list[dict[str, str]]
    lei: str | None
    cik: str | None
    ir_url: str | None
    fiscal_year_end: str | None
    documents: int
    corrections: int
    compiled: dict[StatementName, str | None]
    version: str


def heads_of(found: Row[Any] | None) -> dict[int, CompanyHead]:
    """Return the companies of the row of `QUERY` by id."""
    return {} if found is None else {int(key): _head_of(text) for key, text in found.heads.items()}


def values_of(company_ids: Sequence[int]) -> dict[str, Any]:
    """Return the parameters of `QUERY`."""
    return {"companies": list(company_ids)}


def find_head(session: Session, company_id: int) -> CompanyHead:
    """Return a company with what there is of it.

    Raises:
        NotFoundError: There is no such company.
    """
    found = session.connection().exec_driver_sql(QUERY, values_of([company_id])).one()
    head = heads_of(found).get(company_id)
    if head is None:
        raise no_such_company(company_id)
    return head


def no_such_company(company_id: int) -> NotFoundError:
    """Return the refusal of an id that no company has."""
    return NotFoundError("no_such_company", f"there is no company id:{company_id}")


@lru_cache(1000)
def _head_of(text: str) -> CompanyHead:
    return CompanyHead(**json.loads(text), version=text)
