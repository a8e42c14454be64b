"""`/healthz` reports that the process is alive, `/readyz` that it can serve requests."""

import asyncio
import logging
import threading
from contextlib import suppress
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Depends, Request, Response, status
from pydantic import BaseModel
from sqlalchemy import URL, create_engine, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from alembic_zero_downtime.errors import describe_failure
from alembic_zero_downtime.history.state import MigrationState, MigrationStatus, read_state
from app.db.migrations import PROJECT, code_revisions
from app.db.url import resolve_database_url
from app.errors import SettingsError
from app.web.deadline import Deadline, heed_deadlines, set_deadline

logger = logging.getLogger("uvicorn.error")  # the server's own log

router = APIRouter(tags=["health"])

PROBE_SECONDS: Final = 3.0
"""Until `/readyz` answers, whatever the database does."""


class Health(BaseModel):
    """The process is alive."""

    status: Literal["alive"] = "alive"


class Readiness(BaseModel):
    """Whether requests can be served; the log of the server says why not."""

    status: Literal["ready", "not ready"]
    migration_status: MigrationStatus | None = None


NOT_READY: Final = Readiness(status="not ready")


class Probe:
    """Asks the database, one question at a time, on a connection of its own.

    Requests that come meanwhile get the same answer. Whether it is ready is logged when it changes.
    """

    def __init__(self) -> None:
        self._asking: asyncio.Future[Readiness] | None = None
        self._thread: threading.Thread | None = None
        self._logged = ""

    async def ask(self) -> Readiness:
        """Return whether requests can be served, in bounded time."""
        loop = asyncio.get_running_loop()
        asking = self._asking
        if asking is None or asking.done() or asking.get_loop() is not loop:
            asking = self._asking = loop.create_task(self._ask(loop))
        return await asyncio.shield(asking)

    async def _ask(self, loop: asyncio.AbstractEventLoop) -> Readiness:
        """Ask on a thread; one that does not come back is the only one."""
        if self._thread is None or not self._thread.is_alive():
            deadline = Deadline()
            answer: asyncio.Future[_Answer] = loop.create_future()
            self._thread = threading.Thread(
                target=_answer, args=(deadline, loop, answer), name="readyz", daemon=True
            )
            self._thread.start()
            done, _ = await asyncio.wait({answer}, timeout=PROBE_SECONDS)
            if done:
                # It has answered, and may take a moment to end, in which the next request comes.
                self._thread = None
                return self._note(*answer.result())
            deadline.end()
        return self._note(NOT_READY, "the database gives no answer")

    def _note(self, readiness: Readiness, reason: str) -> Readiness:
        """Log the reason unless it is that of the last time."""
        if reason != self._logged:
            if readiness.status == "ready":
                logger.info("Ready: %s", reason)
            else:
                logger.warning("Not ready: %s", reason)
            self._logged = reason
        return readiness


_Answer = tuple[Readiness, str]
"""Whether it is ready, and the reason for the log."""


def _answer(
    deadline: Deadline, loop: asyncio.AbstractEventLoop, answer: "asyncio.Future[_Answer]"
) -> None:
    set_deadline(deadline)
    found = _read()
    with suppress(RuntimeError):  # the server has ended meanwhile
        loop.call_soon_threadsafe(_set, answer, found)


def _set(answer: "asyncio.Future[_Answer]", found: _Answer) -> None:
    if not answer.done():
        answer.set_result(found)


def _read() -> _Answer:
    """Read the settings, without which no request is answered, and the revision of the database."""
    from config import load_settings  # noqa: PLC0415 importing pydantic-settings is slow

    try:
        load_settings()
        database = resolve_database_url()
    except SettingsError as error:
        return NOT_READY, str(error)
    try:
        state = _read_state(database.url)
    except SQLAlchemyError as error:
        return NOT_READY, database.scrub(describe_failure(error))
    except Exception as error:  # noqa: BLE001 whatever it is, it is not ready
        return NOT_READY, type(error).__name__
    status: Literal["ready", "not ready"] = "ready" if state.is_compatible else "not ready"
    reason = f"the database is at {state}; {state.next_step or ''}".rstrip("; ")
    return Readiness(status=status, migration_status=state.status), reason


def _read_state(url: URL) -> MigrationState:
    timeout = {} if "connect_timeout" in url.query else {"connect_timeout": "2"}
    engine = create_engine(url, poolclass=NullPool, connect_args=timeout)
    heed_deadlines(engine)
    with engine.connect() as connection:
        connection.execute(text("SET LOCAL statement_timeout = '2s'"))
        connection.execute(text("SET LOCAL lock_timeout = '2s'"))
        return read_state(connection, PROJECT, code_revisions())


def _probe(request: Request) -> Probe:
    probe: Probe = request.app.state.probe
    return probe


@router.get("/healthz", operation_id="get_health", summary="Alive")
async def healthz() -> Health:
    """Answer without touching the database."""
    return Health()


@router.get(
    "/readyz",
    operation_id="get_readiness",
    summary="Ready",
    responses={status.HTTP_503_SERVICE_UNAVAILABLE: {"model": Readiness}},
)
async def readyz(response: Response, probe: Annotated[Probe, Depends(_probe)]) -> Readiness:
    """Answer 200 when the database is reachable and compatible with this code, else 503.

    Compatible is a database at head, or one that is ahead according to its ledger: while a newer
    release migrates and starts, this one continues to serve. Hosts, users and errors are in the
    log of the server only.
    """
    readiness = await probe.ask()
    if readiness.status != "ready":
        response.status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    return readiness
