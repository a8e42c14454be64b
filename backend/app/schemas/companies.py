"""A company as the API and the command line return it, and as a request describes it."""

import re
import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Self

from pydantic import (
    AfterValidator,
    AnyHttpUrl,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    TypeAdapter,
    UrlConstraints,
    model_validator,
)
from pydantic.json_schema import SkipJsonSchema

from app.pipeline.identifiers import MAX_NAME, has_check_digits
from app.schemas.text import Line

MAX_LISTINGS: Final = 50
_SCHEME: Final = r"^[Hh][Tt][Tt][Pp][Ss]?://"
_TICKER: Final = r"^[A-Za-z0-9]{1,10}(?:[.\-/ ][A-Za-z0-9]{1,6}){0,3}$"
_MONTH_AND_DAY: Final = (
    r"^(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])"
    r"|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-9]))$"
)
_ADDRESS: Final = TypeAdapter[AnyHttpUrl](
    Annotated[AnyHttpUrl, UrlConstraints(max_length=2000, preserve_empty_path=True)]
)


def in_utc(moment: datetime) -> datetime:
    """Return the same moment in UTC, whatever time zone the session of the database has."""
    return moment.astimezone(UTC)


def one_form(text: str) -> str:
    """Return text in which a letter with an accent is one character, not a letter and an accent."""
    return unicodedata.normalize("NFC", text)


def _name(text: str) -> str:
    return one_form(" ".join(text.split()))  # as `find_company` looks for it


def _exchange(text: str) -> str:
    if ":" in text:
        raise ValueError("it has a colon, which separates ticker and exchange")
    return text


def _lei(text: str) -> str:
    if not has_check_digits(text):
        raise ValueError("its check digits are wrong (ISO 17442)")
    return text


def _cik(text: str) -> str:
    if not int(text):
        raise ValueError("it is zero")
    return text.zfill(10)


def _month_and_day(text: str) -> str:
    if not re.fullmatch(_MONTH_AND_DAY, text):
        raise ValueError("it is no month and day, such as 09-30")
    return text


def _web_address(text: str) -> str:
    if not re.match(_SCHEME, text):
        raise ValueError("it does not begin with http:// or https://")
    url = _ADDRESS.validate_python(text)
    if url.username is not None or url.password is not None:
        raise ValueError("it contains a user or a password")
    return str(url)


Moment = Annotated[datetime, AfterValidator(in_utc)]
Name = Annotated[Line, Field(max_length=MAX_NAME, examples=["Apple Inc."]), AfterValidator(_name)]
Ticker = Annotated[
    str,
    StringConstraints(strip_whitespace=True, to_upper=True, pattern=_TICKER, max_length=31),
    Field(examples=["AAPL"], json_schema_extra={"format": "ticker"}),
]
Exchange = Annotated[Line, Field(max_length=50, examples=["NASDAQ"]), AfterValidator(_exchange)]
Lei = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, to_upper=True, pattern=r"^[A-Za-z0-9]{18}[0-9]{2}$", max_length=20
    ),
    Field(
        examples=["HWUPKR0MPOU8FGXBT394"],
        description="the Legal Entity Identifier, with right check digits (ISO 17442)",
        json_schema_extra={"format": "lei"},
    ),
    AfterValidator(_lei),
]
Cik = Annotated[
    str,
    StringConstraints(strip_whitespace=True, pattern=r"^[0-9]{1,10}$", max_length=10),
    Field(
        examples=["0000320193"],
        description="the SEC's Central Index Key; it gets leading zeros up to ten digits",
        json_schema_extra={"format": "cik"},
    ),
    AfterValidator(_cik),
]
MonthAndDay = Annotated[
    str,
    StringConstraints(max_length=5),
    Field(
        examples=["09-30"],
        description="the last day of the fiscal year",
        json_schema_extra={"pattern": _MONTH_AND_DAY},
    ),
    AfterValidator(_month_and_day),
]
WebAddress = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=2000),
    Field(
        examples=["https://investor.apple.com/"],
        description="the page on which annual reports appear: http or https",
        json_schema_extra={"format": "uri", "pattern": _SCHEME},
    ),
    AfterValidator(_web_address),
]


class Listing(BaseModel):
    """A ticker on one exchange."""

    ticker: str
    exchange: str


class NewListing(BaseModel):
    """A ticker on one exchange, of a request."""

    model_config = ConfigDict(extra="forbid")

    ticker: Ticker
    exchange: Exchange


def _each_once(listings: Sequence[NewListing]) -> Sequence[NewListing]:
    if len({(each.ticker, each.exchange.casefold()) for each in listings}) < len(listings):
        raise ValueError("a listing is there twice")
    return listings


Listings = Annotated[list[NewListing], Field(max_length=MAX_LISTINGS), AfterValidator(_each_once)]

_EXAMPLE: Final[dict[str, Any]] = {
    "name": "Apple Inc.",
    "primary_ticker": "AAPL",
    "tickers": [{"ticker": "AAPL", "exchange": "NASDAQ"}],
    "ir_url": "https://investor.apple.com/",
    "lei": "HWUPKR0MPOU8FGXBT394",
    "cik": "0000320193",
    "fiscal_year_end": "09-30",
}


class CompanyRead(BaseModel):
    """A company; `created_at` is in ISO 8601 with a UTC offset."""

    model_config = ConfigDict(
        from_attributes=True,
        json_schema_extra={
            "examples": [
                {
                    "id": 7,
                    **_EXAMPLE,
                    "created_at": "2026-11-27T09:30:00Z",
                    "updated_at": "2026-11-27T09:30:00Z",
                }
            ]
        },
    )

    id: int
    name: str
    primary_ticker: str | None
    tickers: list[Listing]
    ir_url: str | None = Field(description="the page on which annual reports appear")
    lei: str | None = Field(description="the Legal Entity Identifier (ISO 17442)")
    cik: str | None = Field(description="the SEC's Central Index Key, ten digits")
    fiscal_year_end: str | None = Field(description="month and day of the newest year, `09-30`")
    created_at: Moment
    updated_at: Moment


class CompanyCreate(BaseModel):
    """A new company."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_EXAMPLE]})

    name: Name
    primary_ticker: Ticker | None = None
    tickers: Listings = []
    ir_url: WebAddress | None = None
    lei: Lei | None = None
    cik: Cik | None = None
    fiscal_year_end: MonthAndDay | None = None


def _without_default(schema: dict[str, Any]) -> None:
    """Say nothing of a default that means: as it is."""
    schema.pop("default", None)


class CompanyPatch(BaseModel):
    """Changes of a company (RFC 7396): what is absent stays, and null clears."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"fiscal_year_end": "09-30", "ir_url": None}]},
    )

    name: Name | SkipJsonSchema[None] = Field(default=None, json_schema_extra=_without_default)
    primary_ticker: Ticker | None = Field(default=None, json_schema_extra=_without_default)
    tickers: Listings | SkipJsonSchema[None] = Field(
        default=None, json_schema_extra=_without_default
    )
    ir_url: WebAddress | None = Field(default=None, json_schema_extra=_without_default)
    lei: Lei | None = Field(default=None, json_schema_extra=_without_default)
    cik: Cik | None = Field(default=None, json_schema_extra=_without_default)
    fiscal_year_end: MonthAndDay | None = Field(default=None, json_schema_extra=_without_default)

    @model_validator(mode="after")
    def _keeps_what_is_required(self) -> Self:
        for each in ("name", "tickers"):
            if each in self.model_fields_set and getattr(self, each) is None:
                raise ValueError(f"{each} cannot be null")
        return self


class CompanyRemoved(BaseModel):
    """What went with a company."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": 7,
                    "name": "Apple Inc.",
                    "documents": 10,
                    "extractions": 30,
                    "statements": 3,
                    "corrections": 1,
                    "files": 9,
                    "files_kept": 1,
                    "files_left_over": 0,
                }
            ]
        }
    )

    id: int
    name: str
    documents: int
    extractions: int = Field(description="statements that were read in them")
    statements: int = Field(description="compiled ones")
    corrections: int = Field(description="withdrawn ones included")
    files: int = Field(description="stored files that were deleted")
    files_kept: int = Field(description="which a document of another company has as well")
    files_left_over: int = Field(
        description="which could not be deleted now; `fde doctor` lists them"
    )
