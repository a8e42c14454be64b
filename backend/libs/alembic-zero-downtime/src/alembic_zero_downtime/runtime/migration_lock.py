"""Serialize migrations with a session-level advisory lock, which the server releases on a crash.

The lock is polled with pg_try_advisory_lock: a session that waits for it in the server holds a
snapshot, and the holder's CREATE INDEX CONCURRENTLY waits for that snapshot (PostgreSQL manual,
"Building Indexes Concurrently"). It has two keys. The lock session holds the first for the whole
run. The worker session holds the second: the statement of a killed process may continue in the
server briefly, and the next process waits for its end too.

A pooler that assigns server sessions per transaction breaks such a lock: another client gets the
session that holds it. Three facts of a session show that, each read in one statement:
- before the lock: the server processes of the two sessions do not change, however their statements
  and transactions follow one another;
- while the lock is taken: the session does not hold it already. PostgreSQL grants a session-level
  lock to its own session again, which no other process may share;
- after that: each transaction of the worker session runs in the server process that has the lock.
"""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any, Self

from sqlalchemy import Connection, event, text
from sqlalchemy.exc import DBAPIError

from alembic_zero_downtime._backoff import pauses
from alembic_zero_downtime.database.connection import MigrationDatabase
from alembic_zero_downtime.database.session import (
    run_outside_transaction,
    search_system_schema_first,
    set_parameters,
)
from alembic_zero_downtime.errors import MigrationError, describe_failure, shorten

NAMESPACE = 0x616C656D  # "alem" in ASCII: the first key of both advisory locks
LOCK_KEY, WORKER_KEY = 1, 2  # the second key
FIRST_PAUSE, LONGEST_PAUSE = 0.025, 1.0  # seconds between attempts
PROGRESS_SECONDS = 5.0
LOOKS = 3
NOTHING_CHANGED = "Nothing was changed"

# The lock is only tried (CASE) where this session does not hold it; NULL if it does.
TRY_LOCK = """
    SELECT CASE WHEN NOT EXISTS (
        SELECT FROM pg_locks
         WHERE locktype = 'advisory' AND objsubid = 2 AND classid = %s AND objid = %s
           AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
           AND pid = pg_backend_pid()
    ) THEN pg_try_advisory_lock(%s, %s) END, pg_backend_pid()
"""
TRY_LOCK_IN_TRANSACTION = "SELECT pg_try_advisory_xact_lock(%s, %s)"
BACKEND = "SELECT pg_backend_pid()"
UNLOCK = "SELECT pg_advisory_unlock(%s, %s)"
HOLDERS = text("""
    SELECT lock.objid = :lock_key AS is_lock_session, a.pid, a.application_name, a.backend_start,
           coalesce(host(a.client_addr), 'this machine') AS client, a.query,
           a.state || CASE WHEN a.state LIKE 'idle%'  -- it computes, or its process is stopped
                           THEN format(' for %s s', round(extract(
                                epoch FROM clock_timestamp() - a.state_change)))
                           ELSE '' END AS state
      FROM pg_locks AS lock LEFT JOIN pg_stat_activity AS a USING (pid)
     WHERE lock.locktype = 'advisory' AND lock.objsubid = 2 AND lock.classid = :namespace
       AND lock.database = (SELECT oid FROM pg_database WHERE datname = current_database())
       AND lock.granted AND lock.pid IS DISTINCT FROM pg_backend_pid()
     ORDER BY lock.objid
""")
IS_HELD = text("""
    SELECT count(*) FROM pg_locks
     WHERE locktype = 'advisory' AND objsubid = 2 AND classid = :namespace AND objid = :lock_key
       AND pid = pg_backend_pid() AND granted
""")

logger = logging.getLogger(__name__)


class MigrationLockLostError(MigrationError):
    """The migration lock was lost: another process may be migrating."""

    @classmethod
    def before(cls, step: str) -> Self:
        """Return the error that stops a run before a step."""
        return cls(
            f"the migration lock was lost: stopped before {step}. Applied revisions stay applied; "
            "run the same command again"
        )


class SharedSessionError(MigrationLockLostError):
    """Another client may use the session: a pooler assigns it per transaction."""

    def __init__(self, database: MigrationDatabase, done: str) -> None:
        super().__init__(
            f"{database} is a pooler that shares sessions between transactions (PgBouncer's "
            f"transaction mode): it does not preserve a session-level advisory lock. {done}. "
            f"Set {database.url_setting} to the server itself or to a session pool"
        )


class MigrationLock:
    """The migration lock: held until the lock session is closed.

    Attributes:
        begin: executes the first statement of each transaction of the worker session, with the
            connection of the driver, and returns its server process.
    """

    def __init__(
        self, database: MigrationDatabase, session: Connection, worker: Connection
    ) -> None:
        self._database = database
        self._session = session
        self._worker = worker
        self.begin: Callable[[Any], int] = read_process
        self._has_lock_key = False
        self._worker_process: int | None = None

    def acquire(self, limit: float) -> None:
        """Wait up to `limit` seconds for the lock, and log its holder.

        Raises:
            CommandError: Another process still holds it.
        """
        started = time.monotonic()
        delays, next_report = pauses(FIRST_PAUSE, LONGEST_PAUSE), 0.0
        while not self._try():
            waited = time.monotonic() - started
            holder = self._describe_holder() if waited >= min(next_report, limit) else None
            if holder and waited >= limit:
                raise MigrationError(
                    f"another process is migrating this database: {holder}. Waited {limit:g} s "
                    "(MIGRATION_LOCK_WAIT); nothing was changed here"
                )
            if holder:
                logger.info("Waiting for another migration: %s", holder)
                next_report = waited + PROGRESS_SECONDS
            time.sleep(min(next(delays), max(limit - waited, FIRST_PAUSE)))

    def require_held(self, step: str) -> None:
        """Check that the lock is still held.

        Raises:
            MigrationLockLostError: The lock session does not hold the lock any more.
        """
        values = {"namespace": NAMESPACE, "lock_key": LOCK_KEY}
        try:
            is_held = self._session.scalar(IS_HELD, values) == 1
        except DBAPIError:
            is_held = False
        if not is_held:
            raise MigrationLockLostError.before(step)

    @contextmanager
    def checked(self) -> Iterator[None]:
        """Check in each transaction of the worker session that its session holds the lock."""
        event.listen(self._worker, "begin", self._require_worker_process)
        try:
            yield
        finally:
            event.remove(self._worker, "begin", self._require_worker_process)

    def _require_worker_process(self, worker: Connection) -> None:
        """Check where the transaction that begins runs, before anything else is done in it."""
        driver: Any = worker.connection.dbapi_connection
        try:
            if self.begin(driver) != self._worker_process:
                raise SharedSessionError(self._database, "Applied revisions stay applied")
        except worker.dialect.loaded_dbapi.Error:
            if not driver.closed:
                raise
            # The connection is lost: the first statement of the transaction says so.
        except MigrationError:
            driver.rollback()
            raise

    def _try(self) -> bool:
        if not self._has_lock_key:
            self._has_lock_key, _ = self._try_key(self._session, LOCK_KEY)
        if not self._has_lock_key:
            return False
        if self._worker.in_transaction():  # of a calling program: its server process is its own
            row = run_outside_transaction(
                self._worker, TRY_LOCK_IN_TRANSACTION, NAMESPACE, WORKER_KEY
            )
            return bool(row[0])
        is_granted, self._worker_process = self._try_key(self._worker, WORKER_KEY)
        return is_granted

    def _try_key(self, session: Connection, key: int) -> tuple[bool, int]:
        """Try to take a key; return whether it is granted, and the server process.

        Raises:
            SharedSessionError: The session already holds it, for another process.
        """
        keys = (NAMESPACE, key)
        is_granted, process = run_outside_transaction(session, TRY_LOCK, *keys, *keys)
        if is_granted is None:
            raise SharedSessionError(self._database, NOTHING_CHANGED)
        return is_granted, process

    def _describe_holder(self) -> str | None:
        """Describe the holder and its statements; None if the lock was just released."""
        values = {"namespace": NAMESPACE, "lock_key": LOCK_KEY}
        holders = self._session.execute(HOLDERS, values).all()
        if not holders:
            return None
        first = holders[0]
        if first.pid is None:
            return "a prepared transaction, see pg_prepared_xacts"
        names = [holders[-1].application_name]  # the worker's name shows its step
        if first.backend_start:  # NULL if the role may not read it
            names.append(first.client)
        details = f"pid {first.pid} ({', '.join(filter(None, names)) or 'unknown'})"
        if first.backend_start:
            details += f" since {first.backend_start:%Y-%m-%d %H:%M:%S %Z}"
        if not first.is_lock_session:
            details += ", left behind by a process that was killed"
        running = [each for each in holders if not each.is_lock_session and each.state]
        return details + "".join(f", {each.state}: {shorten(each.query)}" for each in running)


@contextmanager
def hold_migration_lock(database: MigrationDatabase, worker: Connection) -> Iterator[MigrationLock]:
    """Hold the migration lock for the block, and set the timeouts of the worker session.

    Raises:
        CommandError: The lock is not released in time, or a pooler makes it unsafe.
    """
    # A borrowed session stays open: unlock it. In a transaction, its end releases the lock.
    is_borrowed = worker.get_execution_options().get("is_borrowed") and not worker.in_transaction()
    with database.connect(autocommit=True) as session:
        _refuse_transaction_pooling(session, worker, database)
        # A pooler may have ignored the startup options.
        parameters = database.settings.server_parameters
        set_parameters(session, parameters, is_local=False)
        set_parameters(worker, parameters, is_local=worker.in_transaction())
        search_system_schema_first(worker, is_local=worker.in_transaction())
        lock = MigrationLock(database, session, worker)
        try:
            lock.acquire(database.settings.lock_wait)
        except DBAPIError as error:
            reason = describe_failure(error)
            raise MigrationError(
                f"waiting for the migration lock failed: {reason}. {NOTHING_CHANGED}"
            ) from error
        try:
            with nullcontext() if worker.in_transaction() else lock.checked():
                yield lock
        finally:
            if is_borrowed and not worker.invalidated:
                worker.rollback()
                run_outside_transaction(worker, UNLOCK, NAMESPACE, WORKER_KEY)


def read_process(driver: Any) -> int:
    """Return the process of the session in its server."""
    with driver.cursor() as cursor:
        cursor.execute(BACKEND)
        process: int = cursor.fetchone()[0]
        return process


def _refuse_transaction_pooling(
    session: Connection, worker: Connection, database: MigrationDatabase
) -> None:
    """Refuse a pooler that assigns a server session per transaction.

    Each look is two statements, a transaction, and a statement beside it. Whichever of its idle
    server processes such a pooler gives next: if it is another one than before, the second
    statement shows it; if it is the same one, the transaction does. Other clients of the pool may
    hide that. The rest is found while the lock is taken and used.

    Raises:
        MigrationError: The pooler assigns sessions per transaction or per statement.
    """
    if worker.in_transaction():  # its server process is shared with no other client
        return
    processes: dict[str, int] = {}

    def is_shared(role: str) -> bool:
        process = (session if role == "lock" else worker).scalar(text(BACKEND))
        others = {other for each, other in processes.items() if each != role}
        return process in others or process != processes.setdefault(role, process)

    try:
        for _ in range(LOOKS):
            # A pool of one has no process for the last statement: it must not be reached.
            if any(map(is_shared, ("lock", "lock", "worker", "lock"))):
                raise SharedSessionError(database, NOTHING_CHANGED)
            worker.rollback()
    except DBAPIError as error:  # PgBouncer's statement mode rejects transactions
        reason = describe_failure(error)
        raise MigrationError(f"{database} cannot be used for migrations: {reason}") from error
