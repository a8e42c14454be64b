"""The database as requests use it: one transaction on one thread, then the answer.

A request takes a slot before it takes a thread. There are as many slots as connections, so that no
thread ever waits for a connection that another waiting thread would have to give back, and the
event loop stays free for `/healthz` whatever the database does. A slot is free again when its
thread is, also if the answer was given before.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

import psycopg2
from anyio import CapacityLimiter, to_thread
from sqlalchemy import Engine, Row, create_engine, event
from sqlalchemy.exc import DisconnectionError, OperationalError
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import ConnectionPoolEntry

from app.db.base import CONNECT_SECONDS
from app.db.url import resolve_database_url
from app.services.transactions import CONFLICTS, PATIENCE, Patience, is_conflict, is_locked
from app.web.deadline import (
    Deadline,
    DeadlineError,
    current_deadline,
    heed_deadlines,
    limit_transactions,
    set_deadline,
)
from app.web.turnstile import Turnstile

if TYPE_CHECKING:
    from config import Settings

Result = TypeVar("Result")

COMPUTING: Final = 2
"""Answers that are rendered at a time, without the database."""
GRACE: Final = 2.0
"""Seconds after the server's own limit, until the client ends a connection that is mute; and then
until it answers though the thread is not back."""
LETTING_GO: Final = 0.3
"""Seconds that a request waits for a lock, until it lets go of all that it has and begins anew: a
migration that has locked one table, and waits for it at another, then goes on. PostgreSQL finds
that out after a second, for one request at a time."""
WRITING: Final = 4
"""Connections for uploads, beside those of the slots."""
TRANSACTION: Final = 60.0
"""Seconds of a transaction outside the slots, which may write a large file to the storage."""
_BEGUN: Final = "begun"
"""The key in the `info` of a connection that has served before."""


_SET_LIMITS: Final = (
    "SELECT set_config('statement_timeout', %(statement_limit)s, true),"
    " set_config('lock_timeout', %(lock_limit)s, true)"
)


class _Autocommit(threading.local):
    is_on = False


_AUTOCOMMIT: Final = _Autocommit()
"""Whether this thread sends the limits with its query."""


class BusyError(Exception):
    """No slot is free in time; the request was not begun."""


class Database:
    """Runs the work of requests; connects at the first one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._made: _Made | None = None
        self._computing = CapacityLimiter(COMPUTING)
        self._waiting = 0

    async def run(self, work: Callable[[Session], Result]) -> Result:
        """Do work in one transaction, and return its result after the commit.

        Args:
            work: Gets a session, on a thread of its own. Objects that it returns must not need it.
                It is done again if another transaction is in its way.

        Raises:
            BusyError: Too many other requests are before this one.
            DeadlineError: The database does not answer; whether it has committed is not known.
            SettingsError: No database is configured.
        """
        patience = self._make().settings.api_lock_seconds
        return await self._call(
            lambda sessions: _in_one_transaction(sessions, work, patience),
            Deadline(min(patience, LETTING_GO)),
        )

    async def fetch(self, query: str, values: Mapping[str, Any]) -> Row[Any] | None:
        """Return the row of a query that only reads, by one round trip to the database.

        The limits and the query are one message, which PostgreSQL executes as a transaction. As
        `run` otherwise; it is for what is asked for most.

        Args:
            query: In the driver's style, `%(name)s`; it gives one row at most.
            values: Its parameters.
        """
        made = self._make()
        return await self.call(lambda _: _fetch(made, query, values))

    async def call(self, work: Callable[[sessionmaker[Session]], Result]) -> Result:
        """Do work that opens transactions itself, one after the other; as `run` otherwise."""
        return await self._call(work, Deadline())

    async def _call(
        self, work: Callable[[sessionmaker[Session]], Result], deadline: Deadline
    ) -> Result:
        made = self._make()
        self._waiting += 1
        try:
            await made.take_slot()
        finally:
            self._waiting -= 1
        made.deadlines.add(deadline)
        running = asyncio.get_running_loop().run_in_executor(
            made.threads, partial(_called, deadline, work, made.sessions)
        )
        running.add_done_callback(partial(made.give_slot, deadline))
        return await _before(deadline, running, made.settings.api_statement_seconds + GRACE)

    async def compute(self, work: Callable[[], Result]) -> Result:
        """Do work that needs the processor and no database; return its result.

        Raises:
            BusyError: Too many other requests are before this one.
            SettingsError: The settings are invalid.
        """
        made = self._make()
        place = object()
        try:
            async with asyncio.timeout(made.settings.api_wait_seconds):
                await self._computing.acquire_on_behalf_of(place)
        except TimeoutError:
            await made.leaving.enter()
            raise BusyError from None
        try:
            return await to_thread.run_sync(work, limiter=CapacityLimiter(1))
        finally:
            self._computing.release_on_behalf_of(place)

    @property
    def sessions(self) -> sessionmaker[Session]:
        """Make sessions outside the slots, for work that waits for more than the database.

        Each of its transactions has a deadline.

        Raises:
            SettingsError: No database is configured.
        """
        return self._make().sessions

    @property
    def usage(self) -> "Usage":
        """How many slots there are, are taken, and are waited for."""
        made = self._made
        if made is None:
            return Usage(0, 0, 0)
        return Usage(made.settings.api_connections, len(made.deadlines), self._waiting)

    def close(self) -> None:
        """Close the connections, also those of requests that have not ended."""
        with self._lock:
            made, self._made = self._made, None
        if made is not None:
            for each in [*made.deadlines, *made.others]:
                each.end()
            made.threads.shutdown(wait=False, cancel_futures=True)
            made.engine.dispose()

    def _make(self) -> "_Made":
        with self._lock:
            if self._made is None:
                self._made = _Made.of_settings()
            return self._made


class Usage(NamedTuple):
    """The slots of a database: all, those taken, and the requests that wait for one."""

    size: int
    in_use: int
    waiting: int


@dataclass(frozen=True, slots=True)
class _Made:
    """What is made once the settings are known."""

    settings: "Settings"
    engine: Engine
    sessions: sessionmaker[Session]
    slots: asyncio.Semaphore
    threads: ThreadPoolExecutor
    others: set[Deadline]
    """Of the transactions outside the slots."""
    leaving: Turnstile = field(default_factory=Turnstile)
    deadlines: set[Deadline] = field(default_factory=set)

    @classmethod
    def of_settings(cls) -> "_Made":
        """Return what the settings say.

        Raises:
            SettingsError: One is invalid.
        """
        from config import load_settings  # noqa: PLC0415 it is above in the layers for tests only

        settings = load_settings()
        number = settings.api_connections
        patience = Patience(settings.api_lock_seconds, attempts=1)
        engine = _engine(settings)
        others: set[Deadline] = set()
        limit_transactions(engine, TRANSACTION, others)
        return cls(
            settings,
            engine,
            sessionmaker(engine, info={PATIENCE: patience}),
            asyncio.Semaphore(number),
            ThreadPoolExecutor(number, thread_name_prefix="request"),
            others,
        )

    async def take_slot(self) -> None:
        """Wait for a slot, first come, first served.

        Raises:
            BusyError: None is free in time.
        """
        if not self.slots.locked():
            await self.slots.acquire()
            return
        try:
            async with asyncio.timeout(self.settings.api_wait_seconds):
                await self.slots.acquire()
        except TimeoutError:
            await self.leaving.enter()
            raise BusyError from None

    def give_slot(self, deadline: Deadline, done: asyncio.Future[Any]) -> None:
        """Give back the slot of a thread that has ended."""
        self.slots.release()
        self.deadlines.discard(deadline)
        if not done.cancelled():
            done.exception()  # noted, though the request may not wait for it any more


async def _before(deadline: Deadline, running: asyncio.Future[Result], seconds: float) -> Result:
    """Return the result of a thread; when its time is over, end its connections.

    Raises:
        DeadlineError: The time is over.
    """
    done, _ = await asyncio.wait({running}, timeout=seconds)
    if not done:
        deadline.end()
        # In the driver, only a connection that is being made does not end at once.
        done, _ = await asyncio.wait({running}, timeout=GRACE)
    if not done:
        raise DeadlineError
    try:
        return running.result()
    except Exception as error:
        if deadline.is_over:
            raise DeadlineError from error
        raise


def _called(
    deadline: Deadline,
    work: Callable[[sessionmaker[Session]], Result],
    sessions: sessionmaker[Session],
) -> Result:
    set_deadline(deadline)
    try:
        return work(sessions)
    finally:
        set_deadline(None)


def _in_one_transaction(
    sessions: sessionmaker[Session], work: Callable[[Session], Result], lock_seconds: float
) -> Result:
    """Do work in one transaction, again while another one is in its way."""
    started = time.monotonic()
    conflicts = 0
    while True:
        try:
            with sessions.begin() as session:
                return work(session)
        except OperationalError as error:
            conflicts += is_conflict(error)
            may_wait = is_locked(error) and time.monotonic() - started < lock_seconds
            if not may_wait and not (is_conflict(error) and conflicts < CONFLICTS):
                raise


def _limits(settings: "Settings", lock_seconds: float) -> dict[str, str]:
    """Return the parameters of `_SET_LIMITS`."""
    return {
        "statement_limit": f"{int(settings.api_statement_seconds * 1000)}ms",
        "lock_limit": f"{int(lock_seconds * 1000)}ms",
    }


def _fetch(made: "_Made", query: str, values: Mapping[str, Any]) -> Row[Any] | None:
    """Return the row of a query; send it again after a conflict, or if a connection was dead."""
    message = f"{_SET_LIMITS}; {query}"
    given = {**values, **_limits(made.settings, made.settings.api_lock_seconds)}
    for _ in range(CONFLICTS - 1):
        try:
            return _fetch_once(made.engine, message, given)
        except OperationalError as error:
            deadline = current_deadline()
            is_over = deadline is not None and deadline.is_over
            if is_over or not (is_conflict(error) or error.connection_invalidated):
                raise
    return _fetch_once(made.engine, message, given)


def _fetch_once(engine: Engine, message: str, values: Mapping[str, Any]) -> Row[Any] | None:
    _AUTOCOMMIT.is_on = True
    try:
        with engine.connect() as connection:
            return connection.exec_driver_sql(message, dict(values)).one_or_none()
    finally:
        _AUTOCOMMIT.is_on = False


def _engine(settings: "Settings") -> Engine:
    url = resolve_database_url().url
    timeout = {} if "connect_timeout" in url.query else {"connect_timeout": CONNECT_SECONDS}
    engine = create_engine(
        url,
        connect_args=timeout,
        pool_size=settings.api_connections + WRITING,
        max_overflow=0,
        pool_timeout=settings.api_wait_seconds,
    )
    heed_deadlines(engine)

    @event.listens_for(engine, "checkout")
    def begin(connection: Any, entry: ConnectionPoolEntry, _: Any) -> None:
        """Begin the transaction with its limits; a connection that is dead is replaced once.

        They end with the transaction, and therefore do no harm behind a pooler.
        """
        deadline = current_deadline()
        lock_seconds = (deadline and deadline.lock_seconds) or settings.api_lock_seconds
        try:
            if connection.autocommit != _AUTOCOMMIT.is_on:
                connection.autocommit = _AUTOCOMMIT.is_on  # of the driver alone, without a query
            if not _AUTOCOMMIT.is_on:
                with connection.cursor() as cursor:
                    cursor.execute(_SET_LIMITS, _limits(settings, lock_seconds))
        except psycopg2.Error as error:
            if entry.info.get(_BEGUN) and not (deadline and deadline.is_over):
                raise DisconnectionError(str(error)) from error
            raise
        entry.info[_BEGUN] = True

    return engine
