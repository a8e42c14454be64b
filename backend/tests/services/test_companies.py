"""The company that a reference means: one, or a message that names candidates."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app.db.models import Company
from app.services.companies import find_company, reference_of
from app.services.errors import NotFoundError


@pytest.fixture
def session(migrated: Engine) -> Iterator[Session]:
    with Session(migrated) as session:
        yield session


@pytest.mark.parametrize(
    ("reference", "name"),
    [
        ("SAP", "SAP SE"),
        ("sap se", "SAP SE"),
        ("  ALLIANZ   se ", "Allianz SE"),
        ("una", "Unilever PLC"),
        ("UNA:Euronext Amsterdam", "Unilever PLC"),
        ("una:euronext amsterdam", "Unilever PLC"),
        ("7203", "Toyota: Motor"),
        ("toyota: motor", "Toyota: Motor"),
        ("cik:1094517", "Toyota: Motor"),
        ("CIK:0001094517", "Toyota: Motor"),
        ("lei:5493006w3qus5lmh6r84", "Toyota: Motor"),
    ],
)
def test_a_company_is_found_by_ticker_name_listing_and_identifiers(
    session: Session, reference: str, name: str
) -> None:
    session.add(
        Company(
            name="Toyota: Motor",
            primary_ticker="7203",
            cik="0001094517",
            lei="5493006W3QUS5LMH6R84",
        )
    )
    session.flush()
    assert find_company(session, reference).name == name


def test_a_company_is_found_by_its_id(session: Session) -> None:
    company = find_company(session, "SAP")
    assert find_company(session, f"id:{company.id}") is company


def test_several_companies_are_named_and_none_is_chosen(session: Session) -> None:
    session.add_all(Company(name=f"Sapient {number}", primary_ticker="SAP") for number in range(6))
    session.flush()
    with pytest.raises(NotFoundError, match=r"'sap' means 7 companies: id:\d+ SAP SE; id:.* and 2"):
        find_company(session, "sap")


@pytest.mark.parametrize(
    ("name", "ticker", "expected"),
    [
        ("Acme plc", "ACM", "ACM"),
        ("Acme plc", "SAP", "Acme plc"),  # another company has the ticker too
        ("Acme plc", None, "Acme plc"),
        ("Acme plc", "id:1", "Acme plc"),
        ("-rf plc", None, "id:{id}"),
        ("cik:acme", None, "id:{id}"),
        ("Acme  plc", None, "id:{id}"),
    ],
)
def test_the_next_command_finds_this_company_and_no_other(
    session: Session, name: str, ticker: str | None, expected: str
) -> None:
    company = Company(name=name, primary_ticker=ticker)
    session.add(company)
    session.flush()
    reference = reference_of(session, company, by_name=True)
    assert reference == expected.format(id=company.id)
    assert find_company(session, reference) is company
    if ticker != "ACM":
        assert reference_of(session, company) == f"id:{company.id}"


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("Unilever", "no company 'Unilever': did you mean 'Unilever PLC'"),
        ("ZZZZ", "no company 'ZZZZ': see fde companies, or make it"),
        ("UNA:XETRA", "no company 'UNA:XETRA'"),
        ("id:7000000", "no company 'id:7000000'"),
        ("id:SAP", "'SAP' is no such identifier: write id: and a number"),
        ("id:99999999999999999999", "is no such identifier"),
        ("cik:12345678901", "write cik: and up to 10 digits"),
        ("lei:529900", "write lei: and 20 characters"),
        ("", "no company ''"),
        ("%", "no company '%'"),
        ("a\0b\udcff", r"no company 'ab\?'"),
    ],
)
def test_a_reference_that_means_none_is_answered_with_a_hint(
    session: Session, reference: str, message: str
) -> None:
    with pytest.raises(NotFoundError, match=message):
        find_company(session, reference)
