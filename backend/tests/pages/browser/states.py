"""Every page, in the states that matter: where to look, and which route of the application it is.

A new route of a page needs a state here, or a reason in `OTHERS`; `test_states.py` checks it.
"""

from dataclasses import dataclass
from typing import Final, Literal

from fastapi.routing import iter_route_contexts

from app.main import app
from tests.helpers.demo_company import COMPANY

Database = Literal["demo", "empty"]
AT: Final = f"/companies/{COMPANY}"
INCOME: Final = f"{AT}/income-statement"
BALANCE: Final = f"{AT}/balance-sheet"
CASH_FLOW: Final = f"{AT}/cash-flow-statement"
OF_PDF: Final = f"{INCOME}/figure?line=Profit+for+the+year&year=2023"
OF_IXBRL: Final = f"{INCOME}/figure?line=Revenue&year=2018"
CORRECTED: Final = f"{INCOME}/figure?line=Administrative+expenses&year=2020"
DOCUMENTS: Final = f"{AT}/documents"
NEWEST_PDF: Final = "/documents/10"
NEWEST_IXBRL: Final = "/documents/8"
OTHERS: Final = {
    "/companies/{company_id}": "leads to the first page of a company",
    "/companies/{company_id}/{slug}/figure.png": "is a picture",
    "/static/{name}": "is a file",
}
"""Routes that people do not look at, and why."""


@dataclass(frozen=True, slots=True)
class State:
    """A page to look at.

    Attributes:
        name: Of the state, for people.
        route: The path of the route that answers, as the application has it.
        path: The address.
        database: With the demo company, or without any company.
        status: Of the answer.
        elsewhere: Whether the person is on another machine, and so may only read.
    """

    name: str
    route: str
    path: str
    database: Database = "demo"
    status: int = 200
    elsewhere: bool = False


_COMPANY = "/companies/{company_id}"
_INCOME = f"{_COMPANY}/income-statement"
_BALANCE = f"{_COMPANY}/balance-sheet"
_CASH_FLOW = f"{_COMPANY}/cash-flow-statement"
_FIGURE = f"{_COMPANY}/{{slug}}/figure"
_DOCUMENTS = f"{_COMPANY}/documents"
_CORRECTIONS = f"{_COMPANY}/corrections"
_DOCUMENT = "/documents/{document_id}"
_UNKNOWN = ""

STATES: Final = (
    State("companies", "/", "/"),
    State("companies, read elsewhere", "/", "/", elsewhere=True),
    State("search that finds some", "/", "/?q=s"),
    State("search that finds none", "/", "/?q=nothing+of+this+name"),
    State("no companies", "/", "/", "empty"),
    State("new company", "/companies/new", "/companies/new"),
    State("new company, read elsewhere", "/companies/new", "/companies/new", elsewhere=True),
    State("changes of a company", f"{_COMPANY}/edit", f"{AT}/edit"),
    State("removal of a company", f"{_COMPANY}/remove", f"{AT}/remove"),
    State("income statement", _INCOME, INCOME),
    State("income statement, read elsewhere", _INCOME, f"{INCOME}?years=5", elsewhere=True),
    State("balance sheet, five years, oldest first", _BALANCE, f"{BALANCE}?years=5&order=oldest"),
    State("cash flow statement, all years", _CASH_FLOW, f"{CASH_FLOW}?years=all"),
    State("as first reported", _INCOME, f"{INCOME}?years=5&view=original"),
    State("shares of revenue", _INCOME, f"{INCOME}?years=5&show=share"),
    State("shares of total assets", _BALANCE, f"{BALANCE}?years=5&show=share"),
    State("growth", _CASH_FLOW, f"{CASH_FLOW}?years=5&show=growth"),
    State("company without statements", _INCOME, "/companies/4/income-statement"),
    State("figure of a PDF", _FIGURE, OF_PDF),
    State("figure of a PDF, read elsewhere", _FIGURE, OF_PDF, elsewhere=True),
    State("figure of iXBRL", _FIGURE, OF_IXBRL),
    State("figure as first reported", _FIGURE, f"{OF_PDF}&view=original"),
    State("corrected figure", _FIGURE, CORRECTED),
    State("figure that is not known", _FIGURE, f"{INCOME}/figure?line=x&year=2020", status=404),
    State("corrections", _CORRECTIONS, f"{AT}/corrections"),
    State("corrections, read elsewhere", _CORRECTIONS, f"{AT}/corrections", elsewhere=True),
    State("no corrections", _CORRECTIONS, "/companies/4/corrections"),
    State("documents", _DOCUMENTS, DOCUMENTS),
    State("documents, read elsewhere", _DOCUMENTS, DOCUMENTS, elsewhere=True),
    State("no documents", _DOCUMENTS, "/companies/4/documents"),
    State("document, PDF", _DOCUMENT, NEWEST_PDF),
    State("document, iXBRL", _DOCUMENT, NEWEST_IXBRL),
    State("pages taken and not taken", f"{_DOCUMENT}/pages", f"{NEWEST_PDF}/pages"),
    State("removal", f"{_DOCUMENT}/remove", f"{NEWEST_PDF}/remove"),
    State("removal, read elsewhere", f"{_DOCUMENT}/remove", f"{NEWEST_PDF}/remove", elsewhere=True),
    State("schema", "/schema", "/schema"),
    State("sign-in", "/sign-in", "/sign-in", elsewhere=True),
    State("no such page", _UNKNOWN, "/nothing", status=404),
    State("no such company", _INCOME, "/companies/999999/income-statement", status=404),
    State("no such document", _DOCUMENT, "/documents/999999", status=404),
)


def page_routes() -> set[str]:
    """Return the paths of the application's routes that answer GET with a page."""
    return {
        str(route.path)
        for route in iter_route_contexts(app.routes)
        if getattr(route.endpoint, "__module__", "").startswith("app.pages.")
        and "GET" in (route.methods or ())
    }
