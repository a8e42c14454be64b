"""A company as the API and the command line return it."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict


class Listing(BaseModel):
    """A ticker on one exchange."""

    ticker: str
    exchange: str


class CompanyRead(BaseModel):
    """A company; `created_at` is in ISO 8601 with a UTC offset."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    name: str
    primary_ticker: str | None
    tickers: list[Listing]
    ir_url: str | None
    lei: str | None
    cik: str | None
    fiscal_year_end: str | None
    created_at: datetime
