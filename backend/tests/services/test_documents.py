"""What is listed of companies and documents: the newest reading of each, by statement."""

from collections.abc import Iterator
from datetime import date

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from app.db.models import Company, CompiledStatement, Document, Extraction
from app.services.documents import list_documents, summarize_companies

DIGEST = "ab" * 32


@pytest.fixture
def session(migrated: Engine) -> Iterator[Session]:
    with Session(migrated) as session:
        yield session


@pytest.fixture
def company(session: Session) -> Company:
    """Return SAP with a report that was read twice, an amendment, and a report that was not."""
    company = session.scalars(select(Company).where(Company.name == "SAP SE")).one()
    report = Document(
        company_id=company.id, url=f"sha256:{DIGEST}", fiscal_year=2023, document_type="other",
        form="20-F", filed_on=date(2024, 2, 29), period_end=date(2023, 12, 31),
        file_name="report.pdf", file_path=f"ab/{DIGEST}", sha256=DIGEST,
    )  # fmt: skip
    unread = Document(
        company_id=company.id, url="https://example.com", fiscal_year=2024, document_type="other"
    )
    session.add_all([report, unread])
    session.flush()
    session.add(
        Document(
            company_id=company.id,
            url="a",
            fiscal_year=2023,
            document_type="annual_report",
            form="20-F/A",
            filed_on=date(2024, 3, 31),
            supersedes_id=report.id,
        )
    )
    for reader, status in (("pdf/1", "doubtful"), ("pdf/2", "verified")):
        session.add(extraction(report, "income_statement", reader, status))
        session.flush()
    session.add(extraction(report, "balance_sheet", "pdf/2", "doubtful", is_accepted=True))
    for accession in ("0-1", "0-2"):
        session.add(
            extraction(report, "cash_flow_statement", "facts/1", "partly", accession=accession)
        )
    session.flush()
    return company


def extraction(
    document: Document,
    statement: str,
    reader: str,
    status: str | None,
    *,
    accession: str | None = None,
    is_accepted: bool = False,
) -> Extraction:
    return Extraction(
        document_id=document.id, statement_type=statement, raw_data={}, reader=reader,
        method=reader.partition("/")[0].replace("facts", "companyfacts"), status=status,
        accession=accession, doubtful_accepted=is_accepted,
    )  # fmt: skip


def test_documents_come_by_year_with_the_newest_reading_of_each_statement(
    session: Session, company: Company
) -> None:
    unread, amendment, report = list_documents(session, company.id)
    assert [unread.fiscal_year, amendment.form, report.form] == [2024, "20-F/A", "20-F"]
    assert unread.statuses == {}
    assert unread.kinds == ()
    assert amendment.supersedes_id == report.id
    assert report.statuses == {
        "income_statement": {"verified": 1},
        "balance_sheet": {"doubtful": 1},
        "cash_flow_statement": {"partly": 2},
    }
    assert report.accepted == ("balance_sheet",)
    assert report.kinds == ("companyfacts", "pdf")
    assert (report.file_name, report.sha256) == ("report.pdf", DIGEST)


def test_companies_come_by_name_with_what_is_kept_of_each(
    session: Session, company: Company
) -> None:
    for statement, years in (("income_statement", [2023, 2022]), ("balance_sheet", [2023, None])):
        periods = [{"key": str(year), "fiscal_year": year} for year in years]
        session.add(
            CompiledStatement(
                company_id=company.id, statement_type=statement, data={"periods": periods}
            )
        )
    session.flush()
    found = {each.name: each for each in summarize_companies(session)}
    assert list(found) == sorted(found, key=str.lower)
    sap = found["SAP SE"]
    assert (sap.id, sap.ticker, sap.documents) == (company.id, "SAP", 3)
    assert sap.years == (2022, 2023)
    assert sap.statuses == {"verified": 1, "doubtful": 1, "partly": 2}
    assert found["Allianz SE"].statuses == {}


def test_a_reading_of_a_release_before_has_an_unknown_status(
    session: Session, company: Company
) -> None:
    amendment = list_documents(session, company.id)[1]
    document = session.get_one(Document, amendment.id)
    session.add(Extraction(document_id=document.id, statement_type="balance_sheet", raw_data={}))
    session.flush()
    assert list_documents(session, company.id)[1].statuses == {"balance_sheet": {"unknown": 1}}
