"""The corrections of a company as its page lists them."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy.orm import Session

from app.pages import addresses
from app.pipeline.wording import unit_name
from app.services.correction_places import CompiledPlace, Corrected, corrections_with_places
from app.services.corrections import Listed
from app.services.errors import NotFoundError
from app.services.values import write_value

STATEMENTS: Final = {
    "income_statement": "Income statement",
    "balance_sheet": "Balance sheet",
    "cash_flow_statement": "Cash flow statement",
}


@dataclass(frozen=True, slots=True)
class Row:
    """A correction.

    Attributes:
        statement: Its name.
        period: Such as FY2023; None where only the day of its end is known.
        was: The figure that was read, as statements print it; likewise `now`.
        unit: With its scale.
        state: In force or not, in words.
        address: Of the figure; None if it is in no statement.
    """

    correction: Listed
    statement: str
    label: str
    period: str | None
    was: str
    now: str
    unit: str
    state: str
    address: str | None


def rows_of(session: Session, company_id: int) -> list[Row]:
    """Return all corrections of a company, the newest first."""
    found = corrections_with_places(session, company_id)
    return [_row(company_id, each) for each in reversed(found)]


def find_row(session: Session, company_id: int, number: int) -> Row:
    """Return one correction.

    Raises:
        NotFoundError: The company has none of that number.
    """
    for each in corrections_with_places(session, company_id):
        if each.listed.id == number:
            return _row(company_id, each)
    message = f"the company has no correction {number}"
    raise NotFoundError("no_such_correction", message)


def _row(company_id: int, found: Corrected) -> Row:
    listed, place = found.listed, found.place
    return Row(
        correction=listed,
        statement=STATEMENTS[listed.statement],
        label=listed.label or "(no label)",
        period=place.label if place else None,
        was=write_value(found.was),
        now=write_value(listed.value),
        unit=unit_name(found.unit, listed.scale, unknown="").strip(),
        state=_state(listed, place),
        address=_address(company_id, listed, place) if place else None,
    )


def _state(listed: Listed, place: CompiledPlace | None) -> str:
    if listed.state == "withdrawn":
        return "withdrawn"
    if listed.document is None:
        return "not in force: its document was removed"
    if listed.state == "lost":
        return "not in force: its cell is not found in the document as it is read now"
    if place is None:
        return "in force, but its filing is in no ten-year statement"
    return "in force" if place.is_shown else "in force; a newer filing states it too, and is shown"


def _address(company_id: int, listed: Listed, place: CompiledPlace) -> str:
    query = {
        "line": place.line,
        "year": place.period,
        "framework": place.framework,
        "currency": place.currency,
    }
    return addresses.figure(company_id, listed.statement, query)
