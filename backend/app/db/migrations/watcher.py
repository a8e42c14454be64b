"""Watch the session that migrates, from a side connection, while it waits in the server.

The driver waits in C until the server has answered. So a thread does what must happen
meanwhile: it notes who is in the way, since afterwards they are gone, and it breaks
the statement off when the process is told to end.
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

from app.db.migrations.connection import Target, connect, run_outside_transaction
from app.db.migrations.settings import MigrationSettings, duration
from app.db.migrations.signals import wakeup_pipe

SHORTEST_PAUSE, LONGEST_PAUSE = 0.02, 0.25  # seconds between two looks
STOP_SECONDS = 5.0  # a server that does not answer must not keep the process
STOP = b"\0"  # no signal has this number
ENDING = (signal.SIGINT, signal.SIGTERM)

# A lock that is waited for has a row of its own, with the moment at which the wait began.
LOOK = text("""
    SELECT extract(epoch FROM wait.waitstart)::float8 AS wait_id,
           extract(epoch FROM clock_timestamp() - wait.waitstart)::float8 AS waited,
           a.pid, a.usename AS role, a.application_name, a.state,
           clock_timestamp() - a.xact_start AS age, a.query_start
      FROM (SELECT waitstart FROM pg_locks WHERE pid = :worker AND NOT granted LIMIT 1) AS wait
      LEFT JOIN pg_stat_activity AS a ON a.pid = ANY (pg_blocking_pids(:worker))
""")


@dataclass(frozen=True)
class Blocker:
    """A session in the way of another one; what its role may not see is None."""

    pid: int
    role: str | None
    application_name: str | None
    state: str | None
    age: timedelta | None
    query_start: datetime | None

    def __str__(self) -> str:
        """Say it for people."""
        words = f"pid {self.pid} ({self.role or 'unknown'}"
        words += f" in {self.application_name}" if self.application_name else ""
        words += f", {self.state}" if self.state else ""
        words += f", transaction open for {self.age.total_seconds():.1f} s" if self.age else ""
        words += f", query since {self.query_start:%H:%M:%S %Z}" if self.query_start else ""
        return f"{words})"


class Watcher:
    """What was seen of one worker's waits since the last `reset`."""

    def __init__(self, worker: Connection) -> None:
        self._driver: Any = worker.connection.driver_connection
        self._driver_errors = worker.dialect.loaded_dbapi.Error
        self._worker_pid = run_outside_transaction(worker, "SELECT pg_backend_pid()")[0]
        self._waits: dict[float, float] = {}
        self.blockers: tuple[Blocker, ...] = ()

    @property
    def lock_wait(self) -> float:
        """The seconds spent waiting for locks, less what fell between two looks."""
        return sum(self._waits.values())

    def reset(self) -> None:
        """Forget what was seen: another revision begins."""
        self._waits = {}
        self.blockers = ()

    def watch(self, side: Connection, wakeup: int, pause: float) -> None:
        """Look every `pause` seconds, until told to stop; break off on a signal."""
        with suppress(DBAPIError):  # without a side connection the migration goes on unwatched
            while True:
                if select.select([wakeup], [], [], pause)[0]:
                    received = os.read(wakeup, 64)
                    if STOP in received:
                        return
                    if any(number in received for number in ENDING):
                        self._break_off()
                self._look(side)

    def _break_off(self) -> None:
        with suppress(self._driver_errors):  # the session has ended by itself
            self._driver.cancel()

    def _look(self, side: Connection) -> None:
        rows = side.execute(LOOK, {"worker": self._worker_pid}).all()
        if rows and rows[0].wait_id:
            self._waits[rows[0].wait_id] = rows[0].waited
        if blockers := [row for row in rows if row.pid]:
            self.blockers = tuple(Blocker(*row[2:]) for row in blockers)


@contextmanager
def watch(target: Target, settings: MigrationSettings, worker: Connection) -> Iterator[Watcher]:
    """Watch `worker` until the block ends."""
    watcher = Watcher(worker)
    pause = duration(settings.lock_timeout) / 8
    pause = min(max(pause, SHORTEST_PAUSE), LONGEST_PAUSE)
    with connect(target, settings, autocommit=True) as side, wakeup_pipe() as (reading, writing):
        thread = threading.Thread(
            target=watcher.watch, args=(side, reading, pause), name="watcher", daemon=True
        )
        thread.start()
        try:
            yield watcher
        finally:
            os.write(writing, STOP)
            thread.join(STOP_SECONDS)
