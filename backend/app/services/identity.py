"""Whether a filing is of the company that it is to be added to."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from app.pipeline.identifiers import has_check_digits
from app.pipeline.statement import Filing
from app.services.company_names import clean_name, is_same_name
from app.services.shared_years import Agreement, Comparison

LEI: Final = re.compile(r"[A-Z0-9]{18}[0-9]{2}")
_CIK: Final = re.compile(r"[0-9]{1,10}")
TICKER: Final = re.compile(r"[A-Z0-9]{1,10}(?:[.\-/ ][A-Z0-9]{1,6})?")
_AKIN: Final = 2
"""Letters that tickers of two classes of shares have in common at least: GOOG, GOOGL."""
OVERRIDE: Final = "--same-company adds it nevertheless"


@dataclass(frozen=True, slots=True)
class Identity:
    """A company as the database or a filing knows it.

    Attributes:
        tickers: Upper case.
        is_printed: Whether the identifiers are printed in a text, and may be of another company
            that it speaks of, such as a parent.
    """

    name: str | None = None
    cik: str | None = None
    lei: str | None = None
    tickers: frozenset[str] = frozenset()
    is_printed: bool = False

    def __str__(self) -> str:
        """Return the name and the numbers, for people."""
        numbers = [
            *([f"CIK {self.cik}"] if self.cik else []),
            *([f"LEI {self.lei}"] if self.lei else []),
        ]
        name = self.name or next(iter(sorted(self.tickers)), "") or "a company without a name"
        return f"{name} ({', '.join(numbers)})" if numbers else name


def identity_of(filing: Filing) -> Identity:
    """Return what a filing says about its company, as far as it is valid."""
    said = {key: value.strip().upper() for key, value in filing.company.identifiers.items()}
    is_printed = filing.kind == "pdf"
    cik, lei, ticker = said.get("cik", ""), said.get("lei", ""), said.get("ticker", "")
    return Identity(
        name=clean_name(filing.company.name),
        cik=cik.zfill(10) if _CIK.fullmatch(cik) else None,
        lei=lei if LEI.fullmatch(lei) and (not is_printed or has_check_digits(lei)) else None,
        tickers=frozenset({ticker}) if TICKER.fullmatch(ticker) else frozenset(),
        is_printed=is_printed,
    )


def why_other(
    company: Identity,
    filing: Identity,
    owner: Identity | None,
    compare: Callable[[], Comparison],
) -> str | None:
    """Return why a filing is not of the company; None if nothing speaks against it.

    Equal identifiers decide, then contradicting ones, then the figures of shared years, then the
    names: companies are renamed, and a subsidiary may have its parent's name.

    Args:
        company: That it is to be added to.
        filing: What it says itself.
        owner: Another company of the database that has one of the filing's identifiers.
        compare: Compares its figures with those of the company's other filings.
    """
    pairs = [(company.cik, filing.cik), (company.lei, filing.lei)]
    if any(known and known == said for known, said in pairs):
        return None
    is_named_so = bool(company.name and filing.name and is_same_name(company.name, filing.name))
    differ = any(known and said and known != said for known, said in pairs)
    if (differ or owner) and not (filing.is_printed and is_named_so):
        return f"it is of {owner or filing}, not of {company}"
    comparison = compare()
    if comparison.agreement is Agreement.SAME:
        return None
    if comparison.agreement is Agreement.OTHER:
        return (
            f"its figures are not those of {company}: of {comparison.compared} in years that other "
            f"filings state too (to {max(comparison.years)}), {comparison.equal} are equal"
        )
    return _why_by_names(company, filing, is_named_so=is_named_so)


def _why_by_names(company: Identity, filing: Identity, *, is_named_so: bool) -> str | None:
    if company.name and filing.name:
        return None if is_named_so else f"it is of {filing}, not of {company}"
    if company.tickers and filing.tickers and not _are_akin(company.tickers, filing.tickers):
        return f"its ticker is {min(filing.tickers)}, and that of {company} is not"
    return None


def is_known(filing: Identity) -> bool:
    """Whether a filing says anything about its company."""
    return bool(filing.name or filing.cik or filing.lei or filing.tickers)


def is_ticker_of(ticker: str, filing: Identity) -> bool:
    """Whether a ticker can be of the filing's company: its own is akin, or not known."""
    return not filing.tickers or _are_akin(frozenset({ticker}), filing.tickers)


def missing(company: Identity, filing: Identity) -> Mapping[str, str]:
    """Return the identifiers that the filing adds to a company, by name of the column."""
    added = {"cik": filing.cik} if filing.cik and not company.cik else {}
    if filing.lei and not company.lei:
        added["lei"] = filing.lei
    return added


def _are_akin(some: frozenset[str], others: frozenset[str]) -> bool:
    """Whether a ticker of each is of one company: equal, or of another class of its shares."""
    plain = [[re.sub(r"[^A-Z0-9]", "", each) for each in one] for one in (some, others)]
    return any(
        one == other
        or (min(len(one), len(other)) >= _AKIN and (one.startswith(other) or other.startswith(one)))
        for one in plain[0]
        for other in plain[1]
    )
