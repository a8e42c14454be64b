"""The web application: `uvicorn app.main:app`."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from fastapi import FastAPI
from starlette.middleware import Middleware

from app import VERSION
from app.api import companies, corrections, documents, extractions, health, statements, uploads
from app.api import metrics as metrics_route
from app.api.health import Probe
from app.api.measuring import Measuring
from app.api.metrics import Metrics
from app.api.openapi import Application
from app.api.reference import routes as reference
from app.api.rendered import Rendered
from app.db.url import resolve_database_url
from app.errors import SettingsError
from app.pages.documents.chosen_pages import ChosenPages
from app.pages.heads import Heads
from app.pages.problem_pages import ProblemPages
from app.pages.routes import FIRST
from app.pages.routes import ROUTERS as PAGES
from app.pages.statement.routes import new_renderings
from app.pipeline.cycles import collect_cycles_rarely
from app.web.access import Access
from app.web.body_limits import BodyLimits
from app.web.database import Database
from app.web.middleware.compression import Compression
from app.web.middleware.hosts import HostCheck
from app.web.middleware.methods import Methods
from app.web.place_pictures import PlacePictures
from app.web.problems import add_handlers
from app.web.serving import Serving
from app.web.upload_slots import UploadSlots
from app.web.write_access import WriteProtection

logger = logging.getLogger("uvicorn.error")  # the server's own log

ROUTES: Final = (
    health,
    metrics_route,
    companies,
    documents,
    uploads,
    statements,
    extractions,
    corrections,
    reference,
)
"""In the order of the OpenAPI document."""


@asynccontextmanager
async def serve(application: FastAPI) -> AsyncIterator[None]:
    """Log who may write and which database it is, or the error in the settings, at the start."""
    collect_cycles_rarely()
    try:
        logger.info("Database: %s", resolve_database_url())
    except SettingsError as error:
        logger.error("No database: %s", error)  # noqa: TRY400 the message is complete
    application.state.access.log()
    yield
    application.state.database.close()


def create_app() -> FastAPI:
    """Return the application; it connects to the database on the first request."""
    database = Database()
    access = Access()
    metrics = Metrics(database)
    slots = UploadSlots()
    application = Application(
        version=VERSION,
        lifespan=serve,
        middleware=_around_routes(access, metrics, slots),
        around_all=(ProblemPages,),
        redirect_slashes=False,
    )
    application.state.database = database
    application.state.heads = Heads(database)
    application.state.rendered = Rendered()
    application.state.page_renderings = new_renderings()
    application.state.probe = Probe()
    application.state.access = access
    application.state.metrics = metrics
    application.state.upload_slots = slots
    application.state.place_pictures = PlacePictures()
    application.state.chosen_pages = ChosenPages()
    for router in FIRST:
        application.include_router(router)
    for module in ROUTES:
        application.include_router(module.router)
    for router in PAGES:
        application.include_router(router)
    add_handlers(application)
    return application


def _around_routes(access: Access, metrics: Metrics, slots: UploadSlots) -> list[Middleware]:
    """Return the middleware: a request passes it in this order, its answer in the opposite one."""
    return [
        Middleware(Serving),  # the server's limits, and its end
        Middleware(Measuring, metrics=metrics),  # whatever answers below
        Middleware(HostCheck, access=access),
        Middleware(Methods),  # HEAD is GET for all that follows, and its headers are the same
        Middleware(BodyLimits, upload_size=slots.size),  # answers below may leave a body unread
        Middleware(Compression),
        Middleware(WriteProtection, access=access),  # before the body is read
    ]


app = create_app()
