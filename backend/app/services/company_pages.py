"""Pages of companies by name, and by what identifies them."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Text, cast, func, or_, select, tuple_
from sqlalchemy.orm import Session

from app.db.models import Company
from app.services.listings import has_ticker_with, is_listed


@dataclass(frozen=True, slots=True)
class CompanyFilter:
    """Which companies are listed; all that is given has to fit.

    Attributes:
        contains: Text that the name or a ticker contains, in any case.
        ticker: In any case; with an exchange: of the same listing.
        exchange: In any case.
        lei: In upper case.
        cik: Ten digits.
    """

    contains: str | None = None
    ticker: str | None = None
    exchange: str | None = None
    lei: str | None = None
    cik: str | None = None


def list_page(
    session: Session, wanted: CompanyFilter, after: tuple[str, int] | None, limit: int
) -> tuple[Sequence[Company], tuple[str, int] | None]:
    """Return companies ordered by name, and the key of the page that follows, if one does.

    Args:
        session: Its transaction reads.
        wanted: Which ones.
        after: The key of the last company of the page before.
        limit: Their number at most.
    """
    key = func.lower(Company.name)
    query = select(Company, key).where(*_conditions(wanted)).order_by(key, Company.id)
    if after is not None:
        query = query.where(tuple_(key, Company.id) > tuple_(cast(after[0], Text), after[1]))
    rows = session.execute(query.limit(limit + 1)).all()
    page = rows[:limit]
    companies = [company for company, _ in page]
    return companies, (page[-1][1], page[-1][0].id) if len(rows) > limit else None


def _conditions(wanted: CompanyFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.contains is not None:
        conditions.append(_contains(wanted.contains))
    if wanted.ticker is not None or wanted.exchange is not None:
        conditions.append(_is_traded(wanted.ticker, wanted.exchange))
    if wanted.lei is not None:
        conditions.append(Company.lei == wanted.lei)
    if wanted.cik is not None:
        conditions.append(Company.cik == wanted.cik)
    return conditions


def _contains(text: str) -> ColumnElement[bool]:
    """Return the condition that a name or a ticker contains a text, in any case."""
    return or_(
        Company.name.icontains(text, autoescape=True),
        Company.primary_ticker.icontains(text, autoescape=True),
        has_ticker_with(text),
    )


def _is_traded(ticker: str | None, exchange: str | None) -> ColumnElement[bool]:
    """Return the condition that a company has a ticker, an exchange, or both in one listing."""
    listed = is_listed(ticker, exchange)
    if ticker is None or exchange is not None:
        return listed
    return or_(func.lower(Company.primary_ticker) == func.lower(cast(ticker, Text)), listed)
