"""The web application: `uvicorn app.main:app`."""

from fastapi import FastAPI, Request, status
from fastapi.responses import JSONResponse
from sqlalchemy.exc import OperationalError, ProgrammingError

from app.api import companies, health
from app.errors import SettingsError


def create_app() -> FastAPI:
    """Return the application; nothing connects before the first request."""
    application = FastAPI(
        title="Financial Data Extractor",
        summary="Ten years of a company's financial statements side by side.",
        version="0.1.0",
    )
    application.include_router(health.router)
    application.include_router(companies.router)
    for error in (OperationalError, ProgrammingError, SettingsError):
        application.add_exception_handler(error, answer_unavailable)
    return application


def answer_unavailable(_: Request, __: Exception) -> JSONResponse:
    """Answer 503 when the database is away or not migrated; `/readyz` says which."""
    return JSONResponse(
        {"detail": "The database is not ready; /readyz says why."},
        status.HTTP_503_SERVICE_UNAVAILABLE,
    )


app = create_app()
