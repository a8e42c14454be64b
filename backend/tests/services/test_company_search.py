"""Which companies a search means, and in which order."""

from collections.abc import Iterator

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db.models import Company
from app.services.company_search import search_companies, understand
from tests.helpers.shelf import Shelf

LEI = "HWUPKR0MPOU8FGXBT394"
COMPANIES = (
    Company(name="Ford Motor Company", primary_ticker="F", cik="0000037996"),
    Company(
        name="Fastenal Company",
        lei="9695LEI0CIK0EXAMPL45",
        tickers=[{"ticker": "FAST", "exchange": "NASDAQ"}],
    ),
    Company(name="Apple Inc.", lei=LEI, tickers=[{"ticker": "AAPL", "exchange": "NASDAQ"}]),
    Company(name="Nasdaq, Inc.", tickers=[{"ticker": "NDAQ", "exchange": "NASDAQ"}]),
    Company(name="Nestlé S.A.", tickers=[{"ticker": "NESN", "exchange": "SIX Swiss Exchange"}]),
    Company(name="L\N{RIGHT SINGLE QUOTATION MARK}Oréal S.A.", primary_ticker="OR"),
    Company(name="A.P. Møller - Mærsk A/S", primary_ticker="MAERSK-B"),
    Company(name="Toyota Motor Corporation", tickers=[{"ticker": "7203", "exchange": "TSE"}]),
    Company(name="Seven Motors", cik="0000007203"),
    Company(name="Field AG"),
    Company(name="Gross_Weiß 100% AG"),
)


@pytest.fixture(scope="module")
def copies() -> list[dict[str, object]]:
    return [
        {each.key: getattr(company, each.key) for each in Company.__mapper__.column_attrs}
        for company in COMPANIES
    ]


@pytest.fixture
def session(shelf: Shelf, copies: list[dict[str, object]]) -> Iterator[Session]:
    with shelf.sessions() as session:
        for each in copies:
            session.add(Company(**{key: value for key, value in each.items() if value is not None}))
        session.flush()
        yield session


def found(session: Session, text: str) -> list[str]:
    search = understand(text)
    assert search is not None
    meant = search_companies(search).subquery()
    query = select(Company.name).join(meant, meant.c.id == Company.id)
    return list(session.scalars(query.order_by(meant.c.rank, meant.c.key)))


def test_a_search_finds_by_each_thing_that_identifies_a_company(session: Session) -> None:
    for text in (LEI, LEI.lower(), f"LEI {LEI}", f"lei:{LEI}", "HWUP-KR0M-POU8-FGXB-T394", LEI[:9]):
        assert found(session, text) == ["Apple Inc."], text
    assert found(session, "9695LEI0CIK0EXAMPL45") == ["Fastenal Company"], "a scheme within"
    for text in ("37996", "0000037996", "CIK 37996", "cik:0000037996"):
        assert found(session, text) == ["Ford Motor Company"], text
    for text in ("AAPL:NASDAQ", "nasdaq:aapl", "AAPL : NASDAQ", "AAPL NASDAQ", "aapl · Nasdaq"):
        assert found(session, text) == ["Apple Inc."], text
    number = session.scalar(select(Company.id).where(Company.name == "Apple Inc."))
    assert found(session, f"id:{number}") == ["Apple Inc."]


def test_names_are_found_without_accents_case_and_punctuation(session: Session) -> None:
    for text, name in {
        "nestle": "Nestlé S.A.",
        "NESTLÉ": "Nestlé S.A.",
        "Nestle\N{COMBINING ACUTE ACCENT}": "Nestlé S.A.",
        "nest\u200ble": "Nestlé S.A.",
        "l'oreal": "L\N{RIGHT SINGLE QUOTATION MARK}Oréal S.A.",
        "maersk": "A.P. Møller - Mærsk A/S",
        "moller mærsk": "A.P. Møller - Mærsk A/S",
        "Apple, Inc": "Apple Inc.",
        "motor toyota": "Toyota Motor Corporation",
        "weiss": "Gross_Weiß 100% AG",
        "100%": "Gross_Weiß 100% AG",
        "swiss": "Nestlé S.A.",
        "\N{LATIN SMALL LIGATURE FI}eld": "Field AG",
    }.items():
        assert found(session, text) == [name], text
    # Keys of the listings, a mark alone, and wildcards of LIKE.
    assert found(session, "ticker") == found(session, "*") == found(session, "r_s") == []


def test_those_that_are_meant_exactly_come_first(session: Session) -> None:
    assert found(session, "f")[:2] == ["Ford Motor Company", "Fastenal Company"]
    of_exchange = found(session, "NASDAQ")  # the seeded ones too
    assert of_exchange[0] == "Nasdaq, Inc."
    assert {"Apple Inc.", "Fastenal Company", "ASML Holding N.V."} <= {*of_exchange[1:]}
    assert found(session, "7203") == ["Seven Motors", "Toyota Motor Corporation"]
    assert found(session, "motor")[0] == "Ford Motor Company"


def test_a_text_without_anything_to_see_is_no_search() -> None:
    for text in ("", " ", "\0", "\u200b\u202e", "\udcff"):
        assert understand(text) is None, ascii(text)


def test_an_lei_with_a_slip_is_told() -> None:
    right, wrong, other = understand(LEI), understand(f"{LEI[:-1]}5"), understand("Apple")
    assert right is not None
    assert wrong is not None
    assert other is not None
    assert [each.has_wrong_check_digits for each in (right, wrong, other)] == [False, True, False]


def test_what_is_longer_than_any_name_finds_nothing(session: Session) -> None:
    assert found(session, "a " * 5000) == []
