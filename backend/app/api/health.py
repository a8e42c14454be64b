"""`/healthz` reports that the process is alive, `/readyz` that it can serve requests."""

import functools
from typing import Literal

from alembic.script import ScriptDirectory
from fastapi import APIRouter, Response, status
from pydantic import BaseModel
from sqlalchemy.exc import SQLAlchemyError

from alembic_zero_downtime import DatabaseURL
from alembic_zero_downtime.errors import describe_failure
from alembic_zero_downtime.history.state import MigrationStatus, read_state
from app.db import base
from app.db.migrations import PROJECT
from app.errors import SettingsError

router = APIRouter(tags=["health"])


class Health(BaseModel):
    """The process is alive."""

    status: Literal["alive"] = "alive"


class Readiness(BaseModel):
    """Whether requests can be served; the reason and the next step if not."""

    status: Literal["ready", "not ready"]
    reason: str
    migration_status: MigrationStatus | None = None
    next_step: str | None = None


@router.get("/healthz")
def healthz() -> Health:
    """Answer without touching the database."""
    return Health()


@router.get("/readyz", responses={status.HTTP_503_SERVICE_UNAVAILABLE: {"model": Readiness}})
def readyz(response: Response) -> Readiness:
    """Answer 200 when the database is reachable and compatible with this code, else 503.

    Compatible is a database at head, or one that is ahead according to its ledger: while a newer
    release migrates and starts, this one continues to serve.
    """
    try:
        with base.engine.connect() as connection:
            state = read_state(connection, PROJECT, code_revisions())
    except SettingsError as error:
        readiness = Readiness(status="not ready", reason=str(error))
    except SQLAlchemyError as error:
        reason = DatabaseURL(base.engine.url, "").scrub(describe_failure(error))
        readiness = Readiness(status="not ready", reason=f"no answer from the database: {reason}")
    else:
        readiness = Readiness(
            status="ready" if state.is_compatible else "not ready",
            migration_status=state.status,
            reason=f"the database is at {state}",
            next_step=state.next_step,
        )
    if readiness.status != "ready":
        response.status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    return readiness


@functools.cache
def code_revisions() -> ScriptDirectory:
    """Return the revisions of this code; they do not change while it runs."""
    return PROJECT.load_revisions()
