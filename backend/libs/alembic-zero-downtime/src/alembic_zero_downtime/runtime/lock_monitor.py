"""Monitor the lock waits of the worker session, from a thread with a separate connection.

The driver blocks in C until the server answers. Meanwhile the thread samples the blocking
sessions, which may be gone after the wait, and cancels the statement on SIGINT and SIGTERM. It does
so by a statement: psycopg2's `cancel` opens a connection without a limit of time, and stops all
threads for as long.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from alembic_zero_downtime.database.connection import MigrationDatabase
from alembic_zero_downtime.database.session import run_outside_transaction
from alembic_zero_downtime.settings import parse_duration
from alembic_zero_downtime.signals import watch_signals

SHORTEST_PAUSE, LONGEST_PAUSE = 0.02, 0.25  # seconds between samples
STOP_SECONDS = 5.0  # an unresponsive server must not keep the process from exiting

CANCEL = text("SELECT pg_cancel_backend(:worker)")
# Each ungranted lock has a row in pg_locks, with the timestamp at which the wait began.
SAMPLE = text("""
    SELECT extract(epoch FROM wait.waitstart)::float8 AS wait_id,
           extract(epoch FROM clock_timestamp() - wait.waitstart)::float8 AS waited,
           a.pid, a.usename AS role, a.application_name, a.state,
           clock_timestamp() - a.xact_start AS age, a.query_start
      FROM (SELECT waitstart FROM pg_locks WHERE pid = :worker AND NOT granted LIMIT 1) AS wait
      LEFT JOIN pg_stat_activity AS a ON a.pid = ANY (pg_blocking_pids(:worker))
""")


@dataclass(frozen=True)
class Blocker:
    """A session that blocks another one; values that the role may not see are None."""

    pid: int
    role: str | None
    application_name: str | None
    state: str | None
    age: timedelta | None
    query_start: datetime | None

    def __str__(self) -> str:
        """Return a description for users."""
        details = f"pid {self.pid} ({self.role or 'unknown'}"
        details += f" in {self.application_name}" if self.application_name else ""
        details += f", {self.state}" if self.state else ""
        details += f", transaction open for {self.age.total_seconds():.1f} s" if self.age else ""
        details += f", query since {self.query_start:%H:%M:%S %Z}" if self.query_start else ""
        return f"{details})"


class LockMonitor:
    """The lock waits and blockers of one worker session since the last `reset`."""

    def __init__(self, worker: Connection) -> None:
        self._worker_pid = run_outside_transaction(worker, "SELECT pg_backend_pid()")[0]
        self._waits: dict[float, float] = {}
        self._wake = threading.Event()
        self._is_stopped = False
        self.blockers: tuple[Blocker, ...] = ()

    @property
    def lock_wait(self) -> float:
        """The sampled seconds of lock waits; up to one interval per wait is missed."""
        return sum(self._waits.values())

    def reset(self) -> None:
        """Clear the waits and blockers before the next revision."""
        self._waits = {}
        self.blockers = ()

    def run(self, connection: Connection, pause: float) -> None:
        """Sample every `pause` seconds until stopped; cancel the statement on a signal."""
        with suppress(DBAPIError):  # if the connection is lost, the migration continues
            while True:
                is_signal = self._wake.wait(pause)
                if self._is_stopped:
                    return
                if is_signal:
                    self._wake.clear()
                    connection.execute(CANCEL, {"worker": self._worker_pid})
                self._sample(connection)

    def interrupt(self, _: int) -> None:
        """Cancel the worker's statement, because of a signal."""
        self._wake.set()

    def stop(self) -> None:
        """End `run` after the current sample."""
        self._is_stopped = True
        self._wake.set()

    def _sample(self, connection: Connection) -> None:
        rows = connection.execute(SAMPLE, {"worker": self._worker_pid}).all()
        if rows and rows[0].wait_id:
            self._waits[rows[0].wait_id] = rows[0].waited
        if blockers := [row for row in rows if row.pid]:
            self.blockers = tuple(Blocker(*row[2:]) for row in blockers)


@contextmanager
def monitor_locks(database: MigrationDatabase, worker: Connection) -> Iterator[LockMonitor]:
    """Monitor the worker session for the duration of the block."""
    monitor = LockMonitor(worker)
    pause = parse_duration(database.settings.lock_timeout) / 8
    pause = min(max(pause, SHORTEST_PAUSE), LONGEST_PAUSE)
    with database.connect(autocommit=True) as connection:
        thread = threading.Thread(
            target=monitor.run, args=(connection, pause), name="lock monitor", daemon=True
        )
        thread.start()
        try:
            with watch_signals(monitor.interrupt):
                yield monitor
        finally:
            monitor.stop()
            thread.join(STOP_SECONDS)
