"""Handle SIGINT and SIGTERM gracefully, also while blocked in C."""

import logging
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

INTERRUPTED = (
    "Interrupted. The running revision is rolled back, except its autocommit blocks; the revisions "
    "before it stay applied. Run the same command again to resume"
)

logger = logging.getLogger(__name__)


class Terminated(KeyboardInterrupt):
    """SIGTERM, as from an orchestrator; it interrupts the command like Ctrl-C."""


@contextmanager
def graceful_exit() -> Iterator[None]:
    """Turn SIGINT and SIGTERM into a one-line message and the conventional exit code.

    Raises:
        SystemExit: 130 after SIGINT, 143 after SIGTERM.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread receives signals
        return
    previous = signal.signal(signal.SIGTERM, _terminate)
    try:
        yield
    except KeyboardInterrupt as interrupt:
        number = signal.SIGTERM if isinstance(interrupt, Terminated) else signal.SIGINT
        logger.error(str(interrupt) or INTERRUPTED)  # noqa: TRY400 its traceback has no use
        raise SystemExit(128 + number) from None
    finally:
        signal.signal(signal.SIGTERM, previous)


@contextmanager
def wakeup_pipe() -> Iterator[tuple[int, int]]:
    """Open a pipe that receives the number of each signal, for code that blocks in C.

    Python runs signal handlers only between bytecode instructions: a signal that arrives just
    before a blocking call in C is handled after it. A call that also selects on this pipe returns
    at once.

    Yields:
        The read end and the write end. Outside the main thread, no signals are written.

    Source: Python's `signal.set_wakeup_fd`.
    """
    read_end, write_end = os.pipe()
    os.set_blocking(write_end, False)  # required by set_wakeup_fd
    is_main = threading.current_thread() is threading.main_thread()
    previous = signal.set_wakeup_fd(write_end, warn_on_full_buffer=False) if is_main else None
    try:
        yield read_end, write_end
    finally:
        if previous is not None:
            signal.set_wakeup_fd(previous)
        os.close(read_end)
        os.close(write_end)


def _terminate(_: int, __: FrameType | None) -> None:
    raise Terminated
