"""Numbers about what the database holds, read seldom, and never waited for long."""

import asyncio
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, create_engine, func, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from alembic_zero_downtime.history.state import MigrationStatus, read_state
from app.db.migrations import PROJECT, code_revisions
from app.db.models import Extraction
from app.db.url import resolve_database_url
from app.web.deadline import Deadline, heed_deadlines, set_deadline

FRESH_SECONDS: Final = 15.0
LONGEST_SECONDS: Final = 2.0
"""Until it is said that the database does not answer."""
NO_STATUS: Final = "unknown"
"""The status of readings of releases that recorded none."""


@dataclass(frozen=True, slots=True)
class StoredNumbers:
    """What the database says.

    Attributes:
        revision: Of the schema; several have commas between them, none is empty.
        code_revision: The newest one that this code has.
        migration_status: The former compared with the latter.
        readings: Extractions by status; None if the schema has none.
    """

    revision: str
    code_revision: str
    migration_status: MigrationStatus
    readings: dict[str, int] | None


class Stored:
    """Reads the numbers on a thread and a connection of its own, one at a time."""

    def __init__(self) -> None:
        self._reading: asyncio.Task[StoredNumbers | None] | None = None
        self._thread: threading.Thread | None = None
        self._last: StoredNumbers | None = None
        self._until = 0.0  # monotonic time

    async def read(self) -> StoredNumbers | None:
        """Return the numbers, at most 15 s old; None if the database does not answer within 2 s."""
        if time.monotonic() < self._until:
            return self._last
        loop = asyncio.get_running_loop()
        reading = self._reading
        if reading is None or reading.done() or reading.get_loop() is not loop:
            reading = self._reading = loop.create_task(self._read_in_time())
        return await asyncio.shield(reading)

    async def _read_in_time(self) -> StoredNumbers | None:
        """Read on a thread; while one does not come back, there is no second one."""
        if self._thread is not None and self._thread.is_alive():
            return None
        loop = asyncio.get_running_loop()
        deadline = Deadline()
        answer: asyncio.Future[StoredNumbers | None] = loop.create_future()

        def work() -> None:
            set_deadline(deadline)
            found = _read()
            with suppress(RuntimeError):  # the loop has ended meanwhile
                loop.call_soon_threadsafe(_set, answer, found)

        self._thread = threading.Thread(target=work, name="metrics", daemon=True)
        self._thread.start()
        done, _ = await asyncio.wait({answer}, timeout=LONGEST_SECONDS)
        if not done:
            deadline.end()
            return None
        self._last = answer.result()
        if self._last is not None:
            self._until = time.monotonic() + FRESH_SECONDS
        return self._last


def _set(answer: "asyncio.Future[StoredNumbers | None]", found: StoredNumbers | None) -> None:
    if not answer.done():
        answer.set_result(found)


def _read() -> StoredNumbers | None:
    try:
        url = resolve_database_url().url
        timeout = {} if "connect_timeout" in url.query else {"connect_timeout": "2"}
        engine = create_engine(url, poolclass=NullPool, connect_args=timeout)
        heed_deadlines(engine)
        with engine.connect() as connection:
            return _numbers(connection)
    except Exception:  # noqa: BLE001 whatever it is, the numbers are not known
        return None


def _numbers(connection: Connection) -> StoredNumbers:
    connection.execute(text("SET LOCAL statement_timeout = '1500ms'"))
    connection.execute(text("SET LOCAL lock_timeout = '1s'"))
    revisions = code_revisions()
    state = read_state(connection, PROJECT, revisions)
    return StoredNumbers(
        ",".join(state.current), ",".join(state.heads), state.status, _readings(connection)
    )


def _readings(connection: Connection) -> dict[str, int] | None:
    """Return the number of extractions by status; None before the schema has them, or is busy."""
    query = select(Extraction.status, func.count()).group_by(Extraction.status)
    try:
        return {name or NO_STATUS: number for name, number in connection.execute(query)}
    except SQLAlchemyError:
        return None
