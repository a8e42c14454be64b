"""Monitor the lock waits of the worker session, from a thread with a separate connection.

The driver blocks in C until the server answers. Meanwhile the thread samples the blocking
sessions, which may be gone after the wait, and cancels the statement on SIGINT and SIGTERM.
"""

import os
import select
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from alembic_zero_downtime.database.connection import MigrationDatabase
from alembic_zero_downtime.database.session import run_outside_transaction
from alembic_zero_downtime.settings import parse_duration
from alembic_zero_downtime.signals import wakeup_pipe

SHORTEST_PAUSE, LONGEST_PAUSE = 0.02, 0.25  # seconds between samples
STOP_SECONDS = 5.0  # an unresponsive server must not keep the process from exiting
STOP = b"\0"  # no signal has this number
TERMINATION_SIGNALS = (signal.SIGINT, signal.SIGTERM)

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
        self._driver: Any = worker.connection.dbapi_connection
        self._driver_errors = worker.dialect.loaded_dbapi.Error
        self._worker_pid = run_outside_transaction(worker, "SELECT pg_backend_pid()")[0]
        self._waits: dict[float, float] = {}
        self.blockers: tuple[Blocker, ...] = ()

    @property
    def lock_wait(self) -> float:
        """The sampled seconds of lock waits; up to one interval per wait is missed."""
        return sum(self._waits.values())

    def reset(self) -> None:
        """Clear the waits and blockers before the next revision."""
        self._waits = {}
        self.blockers = ()

    def run(self, connection: Connection, wakeup: int, pause: float) -> None:
        """Sample every `pause` seconds until stopped; cancel the statement on a signal."""
        with suppress(DBAPIError):  # if the connection is lost, the migration continues
            while True:
                if select.select([wakeup], [], [], pause)[0]:
                    received = os.read(wakeup, 64)
                    if STOP in received:
                        return
                    if any(number in received for number in TERMINATION_SIGNALS):
                        self._cancel()
                self._sample(connection)

    def _cancel(self) -> None:
        with suppress(self._driver_errors):  # the session has already ended
            self._driver.cancel()

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
    with (
        database.connect(autocommit=True) as connection,
        wakeup_pipe() as (read_end, write_end),
    ):
        thread = threading.Thread(
            target=monitor.run,
            args=(connection, read_end, pause),
            name="lock monitor",
            daemon=True,
        )
        thread.start()
        try:
            yield monitor
        finally:
            os.write(write_end, STOP)
            thread.join(STOP_SECONDS)
