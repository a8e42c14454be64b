"""The routes of all pages, in the order in which they are tried."""

from typing import Final

from app.pages.assets import router as assets
from app.pages.companies.changes import router as company_changes
from app.pages.companies.listing import router as companies
from app.pages.corrections.routes import router as corrections
from app.pages.documents.chosen_pages import router as chosen_pages
from app.pages.documents.document import router as document
from app.pages.documents.listing import router as documents
from app.pages.documents.removal import router as removal
from app.pages.figure.routes import router as figures
from app.pages.schema import router as schema
from app.pages.sign_in import router as sign_in
from app.pages.statement.routes import router as statements

FIRST: Final = (statements,)
"""Asked for most: tried before all others, since each route that is tried costs time."""
ROUTERS: Final = (
    company_changes,  # /companies/new before /companies/{company_id}
    companies,
    sign_in,
    schema,
    figures,
    corrections,
    documents,
    document,
    chosen_pages,
    removal,
    assets,
)
