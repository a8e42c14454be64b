"""`fde companies` and `fde documents`: what is kept."""

import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated, Final

import typer

from app.cli.exit_codes import Exit

if TYPE_CHECKING:
    from sqlalchemy.orm import Session, sessionmaker

    from app.services.documents import CompanySummary, DocumentSummary

COMPANIES_EXAMPLES: Final = """\b
Examples:
  fde companies            a line for each company
  fde companies --json     with all identifiers and years
"""
DOCUMENTS_EXAMPLES: Final = """\b
Examples:
  fde documents AAPL              its files, the newest fiscal year first
  fde documents "Apple Inc."      also AAPL:NASDAQ, cik:320193, lei:…, id:7
  fde documents AAPL --json       with whole digests
"""
SHOWN_DIGEST: Final = 12
SHORT: Final = {"income_statement": "Income", "balance_sheet": "Balance",
                "cash_flow_statement": "Cash flow"}  # fmt: skip

JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object.")]


def companies(*, as_json: JsonOption = False) -> Callable[[], int]:
    """List the companies: their identifiers, years, documents and statements."""

    def run() -> int:
        from app.cli.database import with_sessions  # noqa: PLC0415 `--help` imports nothing slow

        return with_sessions(lambda sessions: _list_companies(sessions, as_json=as_json))

    return run


def documents(
    company: Annotated[
        str,
        typer.Argument(metavar="COMPANY", help="Ticker, name, TICKER:EXCHANGE, cik:, lei:, id:."),
    ],
    *,
    as_json: JsonOption = False,
) -> Callable[[], int]:
    """List a company's documents, and how far the statements of each are proved."""

    def run() -> int:
        from app.cli.database import with_sessions  # noqa: PLC0415

        return with_sessions(lambda sessions: _list_documents(sessions, company, as_json=as_json))

    return run


def _list_companies(sessions: "sessionmaker[Session]", *, as_json: bool) -> int:
    from app.cli.table import Column, render, width_of_output  # noqa: PLC0415
    from app.pipeline.json_text import json_line  # noqa: PLC0415
    from app.pipeline.wording import year_ranges  # noqa: PLC0415
    from app.services.documents import summarize_companies  # noqa: PLC0415

    with sessions.begin() as session:
        found = summarize_companies(session)
    if as_json:
        sys.stdout.write(json_line({"companies": [_company_json(each) for each in found]}))
        return Exit.OK
    columns = [Column("ID", is_number=True), Column("Company"), Column("Ticker"), Column("LEI"),
               Column("CIK"), Column("Years"), Column("Documents", is_number=True),
               Column("Statements")]  # fmt: skip
    rows = [
        (
            *(str(each.id), each.name, each.ticker or "", each.lei or "", each.cik or ""),
            year_ranges(each.years),
            str(each.documents or ""),
            _counted(each.statuses),
        )
        for each in found
    ]
    sys.stdout.write(render(columns, rows, width_of_output()))
    if not any(each.documents for each in found):
        sys.stderr.write("No company has documents yet: fde add COMPANY FILE…\n")
    return Exit.OK


def _list_documents(sessions: "sessionmaker[Session]", reference: str, *, as_json: bool) -> int:
    from app.cli.table import Column, render, width_of_output  # noqa: PLC0415
    from app.cli.text import plain  # noqa: PLC0415
    from app.pipeline.json_text import json_line  # noqa: PLC0415
    from app.services.companies import find_company  # noqa: PLC0415
    from app.services.documents import list_documents  # noqa: PLC0415

    with sessions.begin() as session:
        company = find_company(session, reference)
        number, name = company.id, company.name
        found = list_documents(session, number)
    if as_json:
        listed = [_document_json(each) for each in found]
        company_json = {"id": number, "name": name}
        sys.stdout.write(json_line({"company": company_json, "documents": listed}))
        return Exit.OK
    if not found:
        sys.stderr.write(f"{plain(name)} has no documents yet: fde add COMPANY FILE…\n")
        return Exit.OK
    columns = [Column("ID", is_number=True), Column("Form"), Column("Year", is_number=True),
               Column("Period end"), Column("Filed"), Column("Kind"),
               *(Column(each) for each in SHORT.values()), Column("File"),
               Column("SHA-256")]  # fmt: skip
    sys.stdout.write(render(columns, [_document_row(each) for each in found], width_of_output()))
    return Exit.OK


def _document_row(document: "DocumentSummary") -> tuple[str, ...]:
    form = document.form or document.document_type.replace("_", " ")
    if document.supersedes_id:
        form += f" amends {document.supersedes_id}"
    statements = (
        _counted(document.statuses.get(name, {}))
        + (" (accepted)" if name in document.accepted else "")
        for name in SHORT
    )
    return (
        *(str(document.id), form, str(document.fiscal_year)),
        str(document.period_end or ""),
        str(document.filed_on or ""),
        ", ".join(document.kinds) or "not read",
        *(each or "none" for each in statements),
        document.file_name or document.url,
        (document.sha256 or "")[:SHOWN_DIGEST],
    )


def _counted(statuses: Mapping[str, int]) -> str:
    """Return e.g. `verified`, or `9 verified, 1 partly` where there are several."""
    if sum(statuses.values()) == 1:
        return next(iter(statuses))
    order = ("verified", "partly", "doubtful", "unknown")
    return ", ".join(f"{statuses[name]} {name}" for name in order if name in statuses)


def _company_json(company: "CompanySummary") -> dict[str, object]:
    return {
        **{name: getattr(company, name) for name in ("id", "name", "ticker", "lei", "cik")},
        "years": list(company.years),
        "documents": company.documents,
        "statements": dict(company.statuses),
    }


def _document_json(document: "DocumentSummary") -> dict[str, object]:
    names = ("id", "document_type", "form", "fiscal_year", "file_name", "sha256", "url",
             "supersedes_id")  # fmt: skip
    return {
        **{name: getattr(document, name) for name in names},
        "period_end": document.period_end and document.period_end.isoformat(),
        "filed_on": document.filed_on and document.filed_on.isoformat(),
        "kinds": list(document.kinds),
        "statements": {name: dict(counts) for name, counts in document.statuses.items()},
        "accepted": list(document.accepted),
    }
