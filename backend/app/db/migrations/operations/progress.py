"""Show how far long work is: a bar on a terminal, now and then a line anywhere else."""

import logging
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

SECONDS_BETWEEN_LINES = 5.0

logger = logging.getLogger(__name__)


class Progress(Protocol):
    """Somebody who is told how far the work is."""

    def show(self, phase: str, done: float, total: float | None) -> None:
        """Tell that `done` of `total` units are finished; no total where nobody knows it."""


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


@contextmanager
def showing(title: str) -> Iterator[Progress]:
    """Yield who is to be told, until the work is done or has failed."""
    if not (sys.stderr.isatty() and logger.isEnabledFor(logging.INFO)):
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

    columns = (
        TextColumn("{task.description}", markup=False),
        *(BarColumn(), MofNCompleteColumn()),
        TaskProgressColumn(show_speed=True),
        TimeRemainingColumn(),
    )
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task(title, total=None)
        yield Bar()
