"""Companies with filings in a database, typed as text, for tests of what is asked about them."""

from collections.abc import Sequence

from sqlalchemy import Connection, Engine
from sqlalchemy.orm import Session

from app.db.models import Company, Document, Extraction
from app.pipeline.statement import Statement
from app.pipeline.verify import verify
from app.services.compiling import compile_company
from app.services.kept_filing import extraction_values
from tests.helpers.accounts import (
    EARLIER_FLOW,
    EARLIER_INCOME,
    EARLIER_SHEET,
    a_year_earlier,
    flow,
    group,
    income,
    sheet,
)


def two_reports() -> list[list[Statement]]:
    """Return the statements of 2022 and of 2023, each with the year before."""
    earlier = [income(EARLIER_INCOME), sheet(EARLIER_SHEET), flow(EARLIER_FLOW)]
    return [a_year_earlier(earlier), group()]


def keep_filings(
    engine: Engine | Connection,
    filings: Sequence[Sequence[Statement]],
    name: str = "Costa Verde plc",
) -> int:
    """Keep a company with its filings, proved and compiled; return its id."""
    with Session(engine) as session, session.begin():
        company = Company(name=name, primary_ticker=name.split(maxsplit=1)[0].upper())
        session.add(company)
        session.flush()
        for statements in filings:
            keep_filing(session, company.id, statements)
        session.flush()
        compile_company(session, company.id)
        return company.id


def keep_filing(session: Session, company_id: int, statements: Sequence[Statement]) -> Document:
    """Keep a filing, proved; its file is named by its newest year."""
    year = max(p.fiscal_year or 0 for each in statements for p in each.periods)
    sha256 = f"{company_id:032x}{year:032x}"
    document = Document(
        company_id=company_id,
        url=f"sha256:{sha256}",
        fiscal_year=year,
        document_type="annual_report",
        file_path=f"{sha256[:2]}/{sha256}",
        file_name=f"report-{year}.pdf",
        sha256=sha256,
    )
    session.add(document)
    session.flush()
    for each in verify(list(statements)):
        each.source.sha256 = sha256
        values = extraction_values(document.id, each, 0.1, accept_doubtful=False)
        session.add(Extraction(**values))
    return document
