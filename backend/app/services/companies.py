"""List companies, and find the one that a person means."""

import re
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from sqlalchemy import ColumnElement, Text, cast, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.db.models import Company
from app.services.errors import NotFoundError
from app.services.listings import is_listed

_SHOWN: Final = 5
"""Candidates that a message names."""
_SIMILAR: Final = 75
"""Of 100, from which on a name is worth asking about."""
_BIGGEST: Final = 2**63 - 1
_SCHEMES: Final = frozenset({"id", "cik", "lei"})


def list_companies(session: Session) -> Sequence[Company]:
    """Return all companies, ordered by name."""
    return session.scalars(select(Company).order_by(func.lower(Company.name))).all()


def find_company(session: Session, reference: str) -> Company:
    """Return the company that a reference means.

    Args:
        session: Its transaction reads.
        reference: A ticker or an exact name, in any case; `TICKER:EXCHANGE`; or `id:`, `cik:` or
            `lei:` and a number.

    Raises:
        NotFoundError: There is none, or several; the message names candidates.
    """
    text = " ".join(reference.replace("\0", "").encode(errors="replace").decode().split())
    found = session.scalars(select(Company).where(_means(text)).order_by(Company.id)).all()
    if len(found) == 1:
        return found[0]
    if found:
        named = "; ".join(f"id:{each.id} {each.name}" for each in found[:_SHOWN])
        more = f"; and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
        raise NotFoundError(
            "several_companies", f"{text!r} means {len(found)} companies: {named}{more}"
        )
    raise NotFoundError("no_such_company", f"there is no company {text!r}{_hint(session, text)}")


def reference_of(session: Session, company: Company, *, by_name: bool = False) -> str:
    """Return the shortest text that finds this company and no other, for a next command.

    Args:
        session: Its transaction reads.
        company: To be found.
        by_name: Whether its name is better than its id, where it has no ticker of its own.
    """
    names = [company.primary_ticker, company.name if by_name else None]
    for name in filter(None, names):
        if name.startswith("-"):
            continue  # an option
        with suppress(NotFoundError):  # several have it, or it looks like an identifier
            if find_company(session, name) is company:
                return name
    return f"id:{company.id}"


def _means(text: str) -> ColumnElement[bool]:
    """Return the condition that a company is meant."""
    scheme, _, value = text.partition(":")
    if scheme.lower() in _SCHEMES:
        return _has_number(scheme.lower(), value.strip())
    conditions = [_equals(Company.name, text), _equals(Company.primary_ticker, text)]
    conditions.append(is_listed(text))
    ticker, colon, exchange = text.rpartition(":")
    if colon:
        conditions.append(is_listed(ticker.strip(), exchange.strip()))
    return or_(*conditions)


def _has_number(scheme: str, value: str) -> ColumnElement[bool]:
    """Return the condition that a company has an identifier.

    Raises:
        NotFoundError: The value is no such identifier.
    """
    if scheme == "lei" and re.fullmatch(r"[A-Za-z0-9]{18}[0-9]{2}", value):
        return Company.lei == value.upper()
    if scheme == "cik" and re.fullmatch(r"[0-9]{1,10}", value):
        return Company.cik == value.zfill(10)
    if scheme == "id" and re.fullmatch(r"[0-9]{1,19}", value) and int(value) <= _BIGGEST:
        return Company.id == int(value)
    forms = {
        "id": "id: and a number",
        "cik": "cik: and up to 10 digits",
        "lei": "lei: and 20 characters",
    }
    raise NotFoundError("bad_reference", f"{value!r} is no such identifier: write {forms[scheme]}")


def _equals(attribute: InstrumentedAttribute[str] | InstrumentedAttribute[str | None],
            text: str) -> ColumnElement[bool]:  # fmt: skip
    return func.lower(attribute) == func.lower(cast(text, Text))


def similar_companies(session: Session, text: str) -> list[tuple[int, str]]:
    """Return id, and name or ticker, of companies that a mistaken text may mean; the best first."""
    from rapidfuzz import fuzz, process  # noqa: PLC0415 only for a mistake

    names = session.execute(select(Company.id, Company.name, Company.primary_ticker)).all()
    known = [(row.id, each) for row in names for each in row[1:] if each]
    similar = process.extract(
        text.lower(), [each.lower() for _, each in known], scorer=fuzz.WRatio,
        score_cutoff=_SIMILAR, limit=2,
    )  # fmt: skip
    return [known[position] for _, _, position in similar]


def _hint(session: Session, text: str) -> str:
    """Return what to do about a company that was not found."""
    if similar := similar_companies(session, text):
        return ": did you mean " + " or ".join(repr(name) for _, name in similar) + "?"
    return ": see fde companies, or make it from its filings with fde add --create"
