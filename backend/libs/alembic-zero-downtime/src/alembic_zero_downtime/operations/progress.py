"""Report the progress of long operations: a bar on a terminal, log lines elsewhere."""

import logging
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from typing import Protocol

from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from alembic_zero_downtime.operations.context import OnlineContext

SECONDS_BETWEEN_LINES = 5.0
POLL_SECONDS = 0.5
STOP_SECONDS = 5.0  # a server that does not respond must not block the process
PHASES = text("""
    SELECT phase, blocks_done, blocks_total, tuples_done, tuples_total, lockers_done, lockers_total,
           current_locker_pid
      FROM pg_stat_progress_create_index WHERE pid = :pid
""")

logger = logging.getLogger(__name__)


class Progress(Protocol):
    """A progress reporter."""

    def show(self, phase: str, done: float, total: float | None) -> None:
        """Report that `done` of `total` units are finished; the total is None if unknown."""

    def log(self, message: str) -> None:
        """Report an event."""


class LogProgress:
    """Logs a line when a phase begins and then every few seconds, with rate and time left."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._phase = ""
        self._start = self._last = (time.monotonic(), 0.0)

    def show(self, phase: str, done: float, total: float | None) -> None:
        """Log a line if one is due."""
        now = time.monotonic()
        if phase != self._phase:
            self._phase, self._start = phase, (now, done)
        elif now - self._last[0] < SECONDS_BETWEEN_LINES:
            return
        self._last = (now, done)
        rate = (done - self._start[1]) / max(now - self._start[0], 0.001)
        progress = f"{done:,.0f}"
        if total:
            progress += f" of {total:,.0f} ({min(done / total, 1):.0%})"
        if rate > 0:
            progress += f", {rate:,.0f} a second"
            progress += f", {max(total - done, 0) / rate:,.0f} s left" if total else ""
        logger.info("%s: %s: %s", self._title, phase, progress)

    def log(self, message: str) -> None:
        """Log a line."""
        logger.info("%s %s", self._title, message)


@contextmanager
def show_progress(title: str) -> Iterator[Progress]:
    """Yield a progress reporter."""
    is_visible = sys.stderr.isatty() and logger.isEnabledFor(logging.INFO)
    if not (is_visible and find_spec("rich")):  # the operations also run without rich
        yield LogProgress(title)
        return
    with _bar(title) as bar:
        yield bar


@contextmanager
def _bar(title: str) -> Iterator[Progress]:
    from rich.console import Console  # noqa: PLC0415 only a terminal needs it
    from rich.progress import (  # noqa: PLC0415
        BarColumn,
        MofNCompleteColumn,
        TaskProgressColumn,
        TextColumn,
        TimeRemainingColumn,
    )
    from rich.progress import Progress as Bars  # noqa: PLC0415

    class BarProgress:
        def show(self, phase: str, done: float, total: float | None) -> None:
            bars.update(task, description=f"{title}: {phase}", completed=done, total=total)

        def log(self, message: str) -> None:
            bars.console.print(f"{title} {message}", markup=False, highlight=False)  # above the bar

    columns = (
        TextColumn("{task.description}", markup=False),
        *(BarColumn(), MofNCompleteColumn()),
        TaskProgressColumn(show_speed=True),
        TimeRemainingColumn(),
    )
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task(title, total=None)
        yield BarProgress()


@contextmanager
def show_build_progress(online: OnlineContext, title: str) -> Iterator[None]:
    """Report the progress of an index build from another session, since the driver blocks."""
    if online.is_offline:
        yield
        return
    pid = online.fetch_row("SELECT pg_backend_pid()")
    done = threading.Event()
    arguments = (online.connection, pid[0] if pid else 0, title, done)
    thread = threading.Thread(target=_poll, args=arguments, name="index progress", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join(STOP_SECONDS)


def _poll(builder: Connection, pid: int, title: str, done: threading.Event) -> None:
    with suppress(SQLAlchemyError):  # without a second session the build continues without progress
        if done.wait(POLL_SECONDS):
            return
        with builder.engine.connect() as plain, show_progress(title) as progress:
            observer = plain.execution_options(isolation_level="AUTOCOMMIT")
            while True:
                for row in observer.execute(PHASES, {"pid": pid}):
                    if row.lockers_total:
                        phase = f"{row.phase} (pid {row.current_locker_pid})"
                        progress.show(phase, row.lockers_done, row.lockers_total)
                    elif row.tuples_total:
                        progress.show(f"{row.phase}, rows", row.tuples_done, row.tuples_total)
                    else:
                        progress.show(f"{row.phase}, blocks", row.blocks_done, row.blocks_total)
                if done.wait(POLL_SECONDS):
                    return
