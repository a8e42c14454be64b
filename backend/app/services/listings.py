"""Conditions on the listings of a company: each a ticker on an exchange, in any case."""

from sqlalchemy import ColumnElement, Text, cast, column, exists, func, select

from app.db.models import Company


def is_listed(ticker: str | None, exchange: str | None = None) -> ColumnElement[bool]:
    """Return the condition that one of the listings has a ticker, an exchange, or both."""
    given = {"ticker": ticker, "exchange": exchange}
    return _some(
        *(
            func.lower(_LISTING.c.value[name].astext) == func.lower(cast(text, Text))
            for name, text in given.items()
            if text is not None
        )
    )


def has_ticker_with(text: str) -> ColumnElement[bool]:
    """Return the condition that the ticker of one of the listings contains a text."""
    return _some(_LISTING.c.value["ticker"].astext.icontains(text, autoescape=True))


_LISTING = func.jsonb_array_elements(Company.tickers).table_valued(
    column("value", Company.tickers.type), name="listing"
)


def _some(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists(select(1).select_from(_LISTING).where(*conditions))
