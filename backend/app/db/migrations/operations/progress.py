"""Show how far long work is: a bar on a terminal, now and then a line anywhere else."""

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

from app.db.migrations.operations.steps import Steps

SECONDS_BETWEEN_LINES = 5.0
LOOK_SECONDS = 0.5
STOP_SECONDS = 5.0  # a server that does not answer must not keep the process
PHASES = text("""
    SELECT phase, blocks_done, blocks_total, tuples_done, tuples_total, lockers_done, lockers_total,
           current_locker_pid
      FROM pg_stat_progress_create_index WHERE pid = :pid
""")

logger = logging.getLogger(__name__)


class Progress(Protocol):
    """Somebody who is told how far the work is."""

    def show(self, phase: str, done: float, total: float | None) -> None:
        """Tell that `done` of `total` units are finished; no total where nobody knows it."""

    def say(self, words: str) -> None:
        """Tell something that happens once."""


class Lines:
    """A line when a phase begins, and then one every few seconds, with rate and time left."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._phase = ""
        self._began = self._said = (time.monotonic(), 0.0)

    def show(self, phase: str, done: float, total: float | None) -> None:
        """Write a line if it is time for one."""
        now = time.monotonic()
        if phase != self._phase:
            self._phase, self._began = phase, (now, done)
        elif now - self._said[0] < SECONDS_BETWEEN_LINES:
            return
        self._said = (now, done)
        rate = (done - self._began[1]) / max(now - self._began[0], 0.001)
        words = f"{done:,.0f}"
        if total:
            words += f" of {total:,.0f} ({min(done / total, 1):.0%})"
        if rate > 0:
            words += f", {rate:,.0f} a second"
            words += f", {max(total - done, 0) / rate:,.0f} s left" if total else ""
        logger.info("%s: %s: %s", self._title, phase, words)

    def say(self, words: str) -> None:
        """Write a line."""
        logger.info("%s %s", self._title, words)


@contextmanager
def showing(title: str) -> Iterator[Progress]:
    """Yield who is to be told, until the work is done or has failed."""
    is_seen = sys.stderr.isatty() and logger.isEnabledFor(logging.INFO)
    if not (is_seen and find_spec("rich")):  # which is no part of Alembic
        yield Lines(title)
        return
    with _bar(title) as bar:
        yield bar


@contextmanager
def _bar(title: str) -> Iterator[Progress]:
    from rich.console import Console  # noqa: PLC0415 most runs show no bar
    from rich.progress import (  # noqa: PLC0415
        BarColumn,
        MofNCompleteColumn,
        TaskProgressColumn,
        TextColumn,
        TimeRemainingColumn,
    )
    from rich.progress import Progress as Bars  # noqa: PLC0415

    class Bar:
        def show(self, phase: str, done: float, total: float | None) -> None:
            bars.update(task, description=f"{title}: {phase}", completed=done, total=total)

        def say(self, words: str) -> None:
            bars.console.print(f"{title} {words}", markup=False, highlight=False)  # above the bar

    columns = (
        TextColumn("{task.description}", markup=False),
        *(BarColumn(), MofNCompleteColumn()),
        TaskProgressColumn(show_speed=True),
        TimeRemainingColumn(),
    )
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task(title, total=None)
        yield Bar()


@contextmanager
def showing_build(steps: Steps, title: str) -> Iterator[None]:
    """Show how far an index is, as another session sees it: the driver waits until it is done."""
    if steps.is_offline:
        yield
        return
    pid = steps.ask("SELECT pg_backend_pid()")
    done = threading.Event()
    arguments = (steps.connection, pid[0] if pid else 0, title, done)
    thread = threading.Thread(target=_report, args=arguments, name="index progress", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join(STOP_SECONDS)


def _report(builder: Connection, pid: int, title: str, done: threading.Event) -> None:
    with suppress(SQLAlchemyError):  # without a second session the build goes on unseen
        if done.wait(LOOK_SECONDS):
            return
        with builder.engine.connect() as plain, showing(title) as progress:
            side = plain.execution_options(isolation_level="AUTOCOMMIT")
            while True:
                for row in side.execute(PHASES, {"pid": pid}):
                    if row.lockers_total:
                        words = f"{row.phase} (pid {row.current_locker_pid})"
                        progress.show(words, row.lockers_done, row.lockers_total)
                    elif row.tuples_total:
                        progress.show(f"{row.phase}, rows", row.tuples_done, row.tuples_total)
                    else:
                        progress.show(f"{row.phase}, blocks", row.blocks_done, row.blocks_total)
                if done.wait(LOOK_SECONDS):
                    return
