"""Make a company from what a filing says, and complete one that lacks an identifier."""

import re
from typing import Final

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from app.db.models import Company, Document
from app.services.companies import find_company
from app.services.company_names import clean_name, is_part_of, is_same_name
from app.services.errors import NotFoundError, RefusedError
from app.services.identity import OVERRIDE, Identity, is_ticker_of, missing

_UPPER: Final = re.compile(r"[A-Z0-9]{1,6}(?:[.\-/][A-Z0-9]{1,4})?")
_LONGEST_NAMELIKE: Final = 4
"""Letters of a ticker that is the company's name as well, such as SAP; TESCO is only a name."""


def company_identity(company: Company) -> Identity:
    """Return what the database knows of a company."""
    tickers = {each["ticker"].upper() for each in company.tickers}
    if company.primary_ticker:
        tickers.add(company.primary_ticker.upper())
    return Identity(company.name, company.cik, company.lei, frozenset(tickers))


def owner_of(session: Session, filing: Identity, besides: int | None = None) -> Company | None:
    """Return another company that has one of the filing's identifiers.

    Args:
        session: Its transaction reads.
        filing: What it says about its company.
        besides: A company that is not looked for.
    """
    conditions: list[ColumnElement[bool]] = [
        *([Company.cik == filing.cik] if filing.cik else []),
        *([Company.lei == filing.lei] if filing.lei else []),
    ]
    if not conditions:
        return None
    query = select(Company).where(or_(*conditions)).order_by(Company.id)
    return next((each for each in session.scalars(query) if each.id != besides), None)


def find_or_make(
    session: Session, reference: str, filing: Identity, *, trusted: bool
) -> tuple[Company, bool]:
    """Return the company of a reference, or make it from a filing; and whether it was made.

    Args:
        session: Its transaction holds the lock of new companies.
        reference: As `find_company` takes it; for a new company its ticker, listing, identifier or
            name.
        filing: What the first filing that names its company says.
        trusted: Whether the filing is of the company whatever it says.

    Raises:
        NotFoundError: The reference means several, or is one that no company can be made of.
        RefusedError: The filing is of another company than the reference says.
    """
    try:
        return find_company(session, reference), False
    except NotFoundError as error:
        if error.code != "no_such_company" or reference.lower().startswith("id:"):
            raise
    wanted = _Wanted.of(reference, filing)
    if not trusted:
        wanted.check(filing)
    name = filing.name or wanted.name
    if name is None:
        raise RefusedError(
            "no_name", f"no file names its company: give a name or ticker instead of {reference!r}"
        )
    found = owner_of(session, filing) or _named(session, name)
    is_new = found is None
    if found is None:
        found = Company(name=name, primary_ticker=None, tickers=[])
        session.add(found)
    elif wanted.ticker and not (trusted or is_ticker_of(wanted.ticker, company_identity(found))):
        raise _refusal(reference, str(company_identity(found)))
    wanted.complete(found)
    fill_in(session, found, filing)
    session.flush()
    return found, is_new


def fill_in(session: Session, company: Company, filing: Identity) -> None:
    """Give a company the identifiers of a filing that it lacks, and that no other company has."""
    if owner_of(session, filing, company.id) is None:
        for column, value in missing(company_identity(company), filing).items():
            setattr(company, column, value)
    if company.primary_ticker is None and filing.tickers:
        company.primary_ticker = min(filing.tickers)


def update_year_end(session: Session, company: Company) -> None:
    """Let the end of the fiscal year be that of the newest document, unless a person set it."""
    session.flush()
    ends = session.scalars(
        select(Document.period_end)
        .where(Document.company_id == company.id, Document.period_end.is_not(None))
        .order_by(Document.period_end.desc())
    ).all()
    known = [each.strftime("%m-%d") for each in ends if each]
    if known and (company.fiscal_year_end is None or company.fiscal_year_end in known):
        company.fiscal_year_end = known[0]


class _Wanted:
    """The company that a reference describes."""

    def __init__(self, reference: str) -> None:
        self.reference = reference
        self.name: str | None = None
        self.ticker: str | None = None
        self.exchange: str | None = None
        self.cik: str | None = None
        self.lei: str | None = None

    @classmethod
    def of(cls, reference: str, filing: Identity) -> "_Wanted":
        """Return what a reference says, in the light of a filing."""
        wanted = cls(reference)
        scheme, _, value = reference.partition(":")
        if scheme.lower() == "cik":  # `find_company` has checked its form
            wanted.cik = value.strip().zfill(10)
            return wanted
        if scheme.lower() == "lei":
            wanted.lei = value.strip().upper()
            return wanted
        text = clean_name(reference)
        ticker, colon, exchange = (text or "").rpartition(":")
        if colon and _UPPER.fullmatch(ticker.strip().upper()) and exchange.strip():
            wanted.ticker, wanted.exchange = ticker.strip().upper(), exchange.strip()
        elif text and _is_ticker(text, filing):
            wanted.ticker = text.upper()
        wanted.name = text
        return wanted

    def check(self, filing: Identity) -> None:
        """Refuse a filing of another company.

        Raises:
            RefusedError: The filing contradicts the reference.
        """
        if self.ticker:
            fits = is_ticker_of(self.ticker, filing)
        elif self.name and filing.name:
            fits = is_part_of(self.name, filing.name)
        else:
            fits = not any(
                wanted and said and wanted != said
                for wanted, said in ((self.cik, filing.cik), (self.lei, filing.lei))
            )
        if not fits:
            tickers = f", {min(filing.tickers)}" if filing.tickers else ""
            capitals = "" if self.reference.isupper() else "a new ticker is written in capitals; "
            raise _refusal(self.reference, f"{filing}{tickers}", capitals)

    def complete(self, company: Company) -> None:
        """Give the company what the reference says and the company lacks, so that it is found."""
        company.primary_ticker = company.primary_ticker or self.ticker
        company.cik = company.cik or self.cik
        company.lei = company.lei or self.lei
        if self.ticker and self.exchange:
            listing = {"ticker": self.ticker, "exchange": self.exchange}
            if listing not in company.tickers:
                company.tickers = [*company.tickers, listing]


def _is_ticker(text: str, filing: Identity) -> bool:
    """Whether a bare reference is a ticker, and not a name."""
    if text.upper() in filing.tickers:
        return True
    if not _UPPER.fullmatch(text.upper()):
        return False
    if not (text.isupper() or text.isdigit()):
        return False
    if filing.name is None or not is_part_of(text, filing.name):
        return True
    return is_same_name(text, filing.name) and len(text) <= _LONGEST_NAMELIKE


def _named(session: Session, name: str) -> Company | None:
    return session.scalars(
        select(Company).where(func.lower(Company.name) == func.lower(name)).order_by(Company.id)
    ).first()


def _refusal(reference: str, filing: str, hint: str = "") -> RefusedError:
    return RefusedError(
        "other_company", f"the filing is of {filing}, not of {reference}: {hint}{OVERRIDE}"
    )
