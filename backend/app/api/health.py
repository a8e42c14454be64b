"""`/healthz` says that the process lives, `/readyz` that it can do its work."""

import functools
from typing import Literal

from alembic.script import ScriptDirectory
from fastapi import APIRouter, Response, status
from pydantic import BaseModel
from sqlalchemy.exc import SQLAlchemyError

from app import BACKEND
from app.db import base
from app.db.migrations.failure import describe_failure
from app.db.migrations.state import Verdict, load_scripts, read_state
from app.errors import SettingsError

router = APIRouter(tags=["health"])


class Health(BaseModel):
    """The process answers."""

    status: Literal["alive"] = "alive"


class Readiness(BaseModel):
    """Whether requests can be served, and if not, why, and what to do."""

    status: Literal["ready", "not ready"]
    reason: str
    verdict: Verdict | None = None
    next_step: str | None = None


@router.get("/healthz")
def healthz() -> Health:
    """Answer without touching the database."""
    return Health()


@router.get("/readyz", responses={status.HTTP_503_SERVICE_UNAVAILABLE: {"model": Readiness}})
def readyz(response: Response) -> Readiness:
    """Answer 200 when the database is there and has all that this code needs, else 503.

    That is at its head, or ahead of it, as the ledger tells: while a newer release migrates and
    starts, this one goes on serving.
    """
    try:
        with base.engine.connect() as connection:
            state = read_state(connection, code_revisions())
    except SettingsError as error:
        readiness = Readiness(status="not ready", reason=str(error))
    except SQLAlchemyError as error:
        readiness = Readiness(
            status="not ready", reason=f"no answer from the database: {describe_failure(error)}"
        )
    else:
        readiness = Readiness(
            status="ready" if state.serves_this_code else "not ready",
            verdict=state.verdict,
            reason=f"the database is at {state}",
            next_step=state.next_step,
        )
    if readiness.status != "ready":
        response.status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    return readiness


@functools.cache
def code_revisions() -> ScriptDirectory:
    """Return the revisions of this code, which do not change while it runs."""
    return load_scripts(BACKEND / "alembic.ini")
