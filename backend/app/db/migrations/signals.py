"""End a command line in order when it is told to end, and notice that wherever it waits."""

import logging
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

logger = logging.getLogger(__name__)


class Terminated(KeyboardInterrupt):
    """An orchestrator's SIGTERM, which ends what runs just as Ctrl-C does."""


@contextmanager
def ending_in_order() -> Iterator[None]:
    """Turn Ctrl-C and SIGTERM into one line and the exit code that shells expect.

    Raises:
        SystemExit: 130 after Ctrl-C, 143 after SIGTERM.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # signals belong to the main thread
        return
    before = signal.signal(signal.SIGTERM, _terminate)
    try:
        yield
    except KeyboardInterrupt as interrupt:
        number = signal.SIGTERM if isinstance(interrupt, Terminated) else signal.SIGINT
        logger.error(  # noqa: TRY400 the trace of an interrupt tells nobody anything
            "Interrupted. What was running is rolled back, unless it was in an autocommit block; "
            "what was done before stays, and the same command goes on from there"
        )
        raise SystemExit(128 + number) from None
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def wakeup_pipe() -> Iterator[tuple[int, int]]:
    """Open a pipe into which every signal's number is written, for what waits outside of Python.

    Python itself notices a signal only between two of its own instructions: one that comes right
    before a wait in C is noticed after it. A wait for this pipe as well ends at once.

    Yields:
        The end to read from and the end to write to. A thread that is not the main one gets no
        signals.

    Source: Python's `signal.set_wakeup_fd`.
    """
    reading, writing = os.pipe()
    os.set_blocking(writing, False)  # Python writes a signal's number only where it cannot block
    is_main = threading.current_thread() is threading.main_thread()
    before = signal.set_wakeup_fd(writing, warn_on_full_buffer=False) if is_main else None
    try:
        yield reading, writing
    finally:
        if before is not None:
            signal.set_wakeup_fd(before)
        os.close(reading)
        os.close(writing)


def _terminate(_: int, __: FrameType | None) -> None:
    raise Terminated
