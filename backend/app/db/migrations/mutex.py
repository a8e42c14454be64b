"""Let one process at a time migrate a database, by an advisory lock that no crash leaves behind.

The lock is tried, never waited for in the server: a session that waits holds a snapshot, and the
holder's CREATE INDEX CONCURRENTLY waits for that (PostgreSQL manual, "Building Indexes
Concurrently"). Two sessions hold a part of it. The guard's part keeps other processes out. The
worker's part shows that a process that was killed still has a statement running in the server,
which may go on for a moment: whoever comes next waits for its end too.
"""

import logging
import random
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager

from alembic.util import CommandError
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from app.db.migrations.connection import (
    Target,
    apply_settings,
    connect,
    run_outside_transaction,
)
from app.db.migrations.failure import describe_failure, one_line
from app.db.migrations.settings import LONGEST_NAME, MigrationSettings

SPACE = 0x616C656D  # the four letters "alem"
GUARD, WORKER = 1, 2
FIRST_PAUSE, LONGEST_PAUSE = 0.025, 1.0  # seconds between two tries
PROGRESS_SECONDS = 5.0
LONGEST_QUERY = 80  # characters of a statement that are shown

TRY = "SELECT pg_try_advisory_lock(%s, %s)"
HOLDERS = text("""
    SELECT lock.objid = :guard AS is_guard, a.pid, a.application_name, a.backend_start,
           coalesce(host(a.client_addr), 'this machine') AS client, a.state, a.query
      FROM pg_locks AS lock JOIN pg_stat_activity AS a USING (pid)
     WHERE lock.locktype = 'advisory' AND lock.objsubid = 2 AND lock.classid = :space
       AND lock.database = (SELECT oid FROM pg_database WHERE datname = current_database())
       AND lock.granted AND lock.pid <> pg_backend_pid()
     ORDER BY lock.objid
""")
# What monitoring sees, and whether the lock is still held, in one round trip.
ANNOUNCE = text("""
    SELECT set_config('application_name', :name, false),
           (SELECT count(*) FROM pg_locks
             WHERE locktype = 'advisory' AND objsubid = 2 AND classid = :space AND objid = :guard
               AND pid = pg_backend_pid() AND granted)
""")

logger = logging.getLogger(__name__)


class MutexLostError(CommandError):
    """Another process may be migrating by now."""


class Mutex:
    """The right to migrate: held by the session of `guard` until that is closed."""

    def __init__(self, guard: Connection, worker: Connection, name: str) -> None:
        self._guard = guard
        self._worker = worker
        self._name = name
        self._has_guard = False

    def acquire(self, limit: float) -> None:
        """Wait up to `limit` seconds, and say who is waited for.

        Raises:
            CommandError: Somebody else still holds it.
        """
        started = time.monotonic()
        pause, next_word = FIRST_PAUSE, 0.0
        while not self._try():
            waited = time.monotonic() - started
            holder = self._describe_holder() if waited >= min(next_word, limit) else None
            if holder and waited >= limit:
                raise CommandError(
                    f"another process is migrating this database: {holder}. Waited {limit:g} s "
                    "(MIGRATION_LOCK_WAIT); nothing was changed here"
                )
            if holder:
                logger.info("Waiting for another migration: %s", holder)
                next_word = waited + PROGRESS_SECONDS
            time.sleep(min(pause * random.uniform(0.5, 1), max(limit - waited, FIRST_PAUSE)))  # noqa: S311
            pause = min(2 * pause, LONGEST_PAUSE)

    def announce(self, what: str) -> None:
        """Show others what is running, and make sure that the lock is still held.

        Raises:
            MutexLostError: Its session is gone.
        """
        name = f"{self._name}: {what}".encode("ascii", "replace").decode()[:LONGEST_NAME]
        values = {"name": name, "space": SPACE, "guard": GUARD}
        try:
            is_held = self._guard.execute(ANNOUNCE, values).one()[1] == 1
        except DBAPIError:
            is_held = False
        if not is_held:
            raise MutexLostError(
                f"the session that keeps other migrations away was lost: stopped before {what}. "
                "What is applied stays; run the same command again"
            )

    def _try(self) -> bool:
        if not self._has_guard:
            statement = text("SELECT pg_try_advisory_lock(:space, :guard)")
            self._has_guard = bool(self._guard.scalar(statement, {"space": SPACE, "guard": GUARD}))
        return self._has_guard and run_outside_transaction(self._worker, TRY, SPACE, WORKER)[0]

    def _describe_holder(self) -> str | None:
        """Say who has it, and what is running there; nothing when it has just become free."""
        holders = self._guard.execute(HOLDERS, {"space": SPACE, "guard": GUARD}).all()
        if not holders:
            return None
        first = holders[0]
        names = [first.application_name]
        if first.backend_start:  # the rest is hidden from a role that may not see it
            names.append(first.client)
        words = f"pid {first.pid} ({', '.join(filter(None, names)) or 'unknown'})"
        if first.backend_start:
            words += f" since {first.backend_start:%Y-%m-%d %H:%M:%S %Z}"
        if not first.is_guard:
            words += ", left behind by a process that was killed"
        running = [each for each in holders if not each.is_guard and each.state]
        return words + "".join(f", {each.state}: {_shown(each.query)}" for each in running)


def _shown(query: str) -> str:
    """Return the beginning of a statement, up to where a password may stand."""
    harmless = re.split("password", one_line(query), maxsplit=1, flags=re.IGNORECASE)[0]
    return harmless[:LONGEST_QUERY]


@contextmanager
def hold_mutex(target: Target, settings: MigrationSettings, worker: Connection) -> Iterator[Mutex]:
    """Hold the mutex of the worker's database, and give the worker its timeouts.

    Raises:
        CommandError: It cannot be had in time, or a pooler makes it worthless.
    """
    with connect(target, settings, autocommit=True) as guard:
        _require_own_sessions(guard, worker, target)
        apply_settings(worker, settings)
        mutex = Mutex(guard, worker, settings.application_name)
        try:
            mutex.acquire(settings.lock_wait)
        except DBAPIError as error:
            reason = describe_failure(error)
            raise CommandError(f"cannot wait any more: {reason}. Nothing was changed") from error
        yield mutex


def _require_own_sessions(guard: Connection, worker: Connection, target: Target) -> None:
    """Refuse a pooler that lends a server session for one transaction at a time.

    While the worker is in a transaction its server session is taken. If the guard had the same
    one before, or gets another one now, its sessions are not its own. Three rounds, since others
    use the same pool.
    """
    pid = text("SELECT pg_backend_pid()")
    try:
        for _ in range(3):
            before = guard.scalar(pid)
            meanwhile = worker.scalar(pid)
            after = guard.scalar(pid)
            worker.rollback()
            if before != after or meanwhile == before:
                break
        else:
            return
    except DBAPIError as error:  # in its statement mode, PgBouncer knows no transactions at all
        reason = describe_failure(error)
        raise CommandError(f"{target} does not let migrations run: {reason}") from error
    raise CommandError(
        f"{target} is a pooler that shares sessions between transactions (PgBouncer's "
        "transaction mode): a lock that keeps two migrations apart does not last there. Nothing "
        "was changed. Set MIGRATION_DATABASE_URL to the server itself or to a session pool"
    )
