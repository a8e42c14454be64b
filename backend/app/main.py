"""The web application: `uvicorn app.main:app`."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request, status
from fastapi.responses import JSONResponse
from sqlalchemy.exc import OperationalError, ProgrammingError

from app import VERSION
from app.api import companies, health
from app.db.url import resolve_database_url
from app.errors import SettingsError

logger = logging.getLogger("uvicorn.error")  # the server's own log


@asynccontextmanager
async def log_database(_: FastAPI) -> AsyncIterator[None]:
    """Log the database, or the error in the settings, when the server starts."""
    try:
        logger.info("Database: %s", resolve_database_url())
    except SettingsError as error:
        logger.error("No database: %s", error)  # noqa: TRY400 the message is complete
    yield


def create_app() -> FastAPI:
    """Return the application; it connects to the database on the first request."""
    application = FastAPI(
        title="Financial Data Extractor",
        summary="Ten years of a company's financial statements side by side.",
        version=VERSION,
        lifespan=log_database,
    )
    application.include_router(health.router)
    application.include_router(companies.router)
    for error in (OperationalError, ProgrammingError, SettingsError):
        application.add_exception_handler(error, answer_unavailable)
    return application


def answer_unavailable(_: Request, __: Exception) -> JSONResponse:
    """Answer 503 when the database is unreachable or not migrated; `/readyz` reports which."""
    return JSONResponse(
        {"detail": "The database is not ready; /readyz gives the reason."},
        status.HTTP_503_SERVICE_UNAVAILABLE,
    )


app = create_app()
