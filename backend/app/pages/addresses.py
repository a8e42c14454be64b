"""The paths of the pages, in one place; a link to a page is made by one of these functions."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode

from app.pipeline.statement import StatementName

SLUGS: Final[dict[StatementName, str]] = {
    "income_statement": "income-statement",
    "balance_sheet": "balance-sheet",
    "cash_flow_statement": "cash-flow-statement",
}
"""The part of a path that names a statement."""
STATEMENTS: Final[dict[str, StatementName]] = {slug: name for name, slug in SLUGS.items()}
Query = Mapping[str, str | None]
"""Parameters by name; those that are None are left out."""

COMPANIES: Final = "/"
SCHEMA: Final = "/schema"
SIGN_IN: Final = "/sign-in"
SIGN_OUT: Final = "/sign-out"
NEW_COMPANY: Final = "/companies/new"


def new_company(name: str | None = None) -> str:
    """Return the path of the form of a new company, with the name that is filled in."""
    return _with(NEW_COMPANY, {"name": name})


def companies(query: Query | None = None) -> str:
    """Return the path of the companies; the query has `q`, and `after` or `before`."""
    return _with(COMPANIES, query)


def company(company_id: int) -> str:
    """Return the path of a company, which leads to its first page."""
    return f"/companies/{company_id}"


def editing(company_id: int) -> str:
    """Return the path of the form that changes a company."""
    return f"{company(company_id)}/edit"


def company_removal(company_id: int) -> str:
    """Return the path of what goes with a company, which also removes it."""
    return f"{company(company_id)}/remove"


def statement(company_id: int, name: StatementName, query: Query | None = None) -> str:
    """Return the path of a ten-year statement."""
    return _with(f"{company(company_id)}/{SLUGS[name]}", query)


def figure(company_id: int, name: StatementName, query: Query) -> str:
    """Return the path of a figure; the query has `line` and `year`, and names the view."""
    return _with(f"{company(company_id)}/{SLUGS[name]}/figure", query)


def compiling(company_id: int, name: StatementName) -> str:
    """Return the path that compiles a company's statements again, and then shows one."""
    return _with(f"{company(company_id)}/compile", {"then": SLUGS[name]})


def picture(company_id: int, name: StatementName, query: Query) -> str:
    """Return the path of the picture of the page that a figure stands on."""
    return _with(f"{company(company_id)}/{SLUGS[name]}/figure.png", query)


def why(company_id: int, name: StatementName, query: Query) -> str:
    """Return the path of where a figure comes from, for programs."""
    return _with(f"/api/v1{company(company_id)}/statements/{name}/why", query)


def download(company_id: int, name: StatementName, query: Query) -> str:
    """Return the path of a statement as a file; the query names the format."""
    return _with(f"/api/v1{company(company_id)}/statements/{name}", query)


def corrections(company_id: int) -> str:
    """Return the path of a company's corrections, which also takes new ones."""
    return f"{company(company_id)}/corrections"


def withdraw(company_id: int, correction_id: int) -> str:
    """Return the path that withdraws a correction."""
    return f"{corrections(company_id)}/{correction_id}/withdraw"


def documents(company_id: int) -> str:
    """Return the path of a company's documents, which also takes new ones."""
    return f"{company(company_id)}/documents"


def document(document_id: int) -> str:
    """Return the path of a document."""
    return f"/documents/{document_id}"


def file(document_id: int) -> str:
    """Return the path of the file of a document."""
    return f"/api/v1/documents/{document_id}/file"


def pages_of(document_id: int) -> str:
    """Return the path of the reasons why pages of a document were taken or not."""
    return f"{document(document_id)}/pages"


def acceptance(document_id: int) -> str:
    """Return the path that accepts the doubtful statements of a document."""
    return f"{document(document_id)}/accept"


def removal(document_id: int) -> str:
    """Return the path of what goes with a document, which also removes it."""
    return f"{document(document_id)}/remove"


def _with(path: str, query: Query | None) -> str:
    kept = {name: value for name, value in (query or {}).items() if value is not None}
    return f"{path}?{urlencode(kept)}" if kept else path
