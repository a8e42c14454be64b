"""Loading a compiled statement, and why there is none."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app.db.models import Company, CompiledStatement, Document, Extraction
from app.pipeline.compiled import digest_of
from app.services.errors import NotFoundError, RefusedError
from app.services.statements import load_compiled
from tests.helpers.compiled_years import typed_years


@pytest.fixture
def session(migrated: Engine) -> Iterator[Session]:
    with Session(migrated) as session:
        yield session


def company_in(session: Session, **values: Any) -> int:
    company = Company(**{"name": "Example plc", "primary_ticker": "EX", **values})
    session.add(company)
    session.flush()
    return company.id


def document_in(session: Session, company: int, *statuses: str, accepted: bool = False) -> None:
    """Store a document with income statements of these statuses."""
    document = Document(company_id=company, url="x", fiscal_year=2023, document_type="other")
    session.add(document)
    session.flush()
    session.add_all(
        Extraction(
            document_id=document.id,
            statement_type="income_statement",
            raw_data={},
            status=status,
            doubtful_accepted=accepted,
        )
        for status in statuses
    )
    session.flush()


def why_not(session: Session, company: int) -> tuple[str, str]:
    """Return code and message of the refusal."""
    with pytest.raises(NotFoundError) as refused:
        load_compiled(session, company, "income_statement")
    return refused.value.code, str(refused.value)


def test_a_statement_is_loaded_as_it_was_stored(session: Session) -> None:
    company = company_in(session)
    stored = typed_years("Sales | 5 | 4.50 < 4 restated\n%Basic | 1.10")
    session.add(
        CompiledStatement(
            company_id=company,
            statement_type="income_statement",
            data=stored.as_json(),
            digest=digest_of(stored.as_json()),
        )
    )
    session.flush()
    session.expire_all()
    assert load_compiled(session, company, "income_statement").as_json() == stored.as_json()
    assert "not compiled" not in str(stored)
    with pytest.raises(NotFoundError):
        load_compiled(session, company, "balance_sheet")


def test_a_statement_that_is_older_than_its_filings_is_not_shown(session: Session) -> None:
    company = company_in(session)
    data = typed_years("Sales | 5").as_json()
    session.add(CompiledStatement(company_id=company, statement_type="income_statement", data=data))
    session.flush()
    with pytest.raises(RefusedError, match="is older than its filings: fde compile EX"):
        load_compiled(session, company, "income_statement")


def test_a_company_without_documents_is_told_to_add_some(session: Session) -> None:
    code, message = why_not(session, company_in(session))
    assert (code, message) == (
        "no_documents",
        "Example plc has no documents yet: fde add EX FILE...",
    )


def test_a_company_without_a_ticker_is_referred_to_by_its_id(session: Session) -> None:
    company = company_in(session, primary_ticker=None)
    assert f"fde add id:{company} FILE..." in why_not(session, company)[1]


def test_documents_without_the_statement_are_named(session: Session) -> None:
    company = company_in(session)
    document_in(session, company)
    assert why_not(session, company) == (
        "not_found_in_documents",
        "no income statement of Example plc was found in its document: fde documents EX",
    )


def test_doubtful_statements_are_compiled_only_when_asked(session: Session) -> None:
    company = company_in(session)
    document_in(session, company, "doubtful", "doubtful")
    code, message = why_not(session, company)
    assert code == "all_doubtful"
    assert "fde add --accept-doubtful EX FILE..." in message


@pytest.mark.parametrize(("status", "accepted"), [("partly", False), ("doubtful", True)])
def test_what_could_be_compiled_is_to_be_compiled(
    session: Session, status: str, *, accepted: bool
) -> None:
    company = company_in(session)
    document_in(session, company, status, accepted=accepted)
    assert why_not(session, company) == (
        "not_compiled",
        "the income statement of Example plc is not compiled yet: fde compile EX",
    )


def test_another_companys_documents_do_not_count(session: Session) -> None:
    document_in(session, company_in(session), "partly")
    other = company_in(session, name="Other", primary_ticker="OT")
    assert why_not(session, other)[0] == "no_documents"


def test_a_form_of_another_release_is_to_be_compiled_anew(session: Session) -> None:
    company = company_in(session)
    session.add(
        CompiledStatement(company_id=company, statement_type="income_statement", data={"a": 1})
    )
    session.flush()
    code, message = why_not(session, company)
    assert code == "other_form"
    assert message.endswith("fde compile EX")
