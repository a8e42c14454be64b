"""Handle SIGINT and SIGTERM gracefully, also while blocked in C, and in bounded time."""

import logging
import os
import select
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

INTERRUPTED = (
    "Interrupted. The running revision is rolled back, except its autocommit blocks; the revisions "
    "before it stay applied. Run the same command again to resume"
)
GRACE_SECONDS = 10.0  # after a signal: a server that is stopped never answers
DUPLICATE_SECONDS = 0.2  # `timeout` and a parent that forwards signals send one of them twice
STOP = b"\0"  # no signal has this number
LEFT = (
    "The server rolls back the running revision, except its autocommit blocks, when it notices; "
    "the revisions before it stay applied. Run the same command again to resume"
)

EXIT = os._exit  # while a revision runs, that name refuses to exit (_exits.py)

logger = logging.getLogger(__name__)


class Interrupted(KeyboardInterrupt):
    """SIGINT, as from Ctrl-C.

    Not KeyboardInterrupt itself: after that one, `subprocess.run` kills its program but does not
    wait until it has ended.
    """


class Terminated(KeyboardInterrupt):
    """SIGTERM, as from an orchestrator; it interrupts the command like Ctrl-C."""


INTERRUPTS: dict[int, type[KeyboardInterrupt]] = {
    signal.SIGINT: Interrupted,
    signal.SIGTERM: Terminated,
}


class _Interruption:
    """The signals that one command has received.

    The first one raises an exception in the main thread. A call that blocks in C delays that: the
    process ends without it on the second signal, and when it has not ended after the grace period.
    """

    def __init__(self) -> None:
        self._is_raised = False
        self._number = 0
        self._received = 0.0
        self._timer = threading.Timer(GRACE_SECONDS, self._end, ["The server does not answer"])
        self._timer.daemon = True

    def handle(self, number: int, _: FrameType | None) -> None:
        """Raise the exception of the first signal, in the main thread."""
        if not self._is_raised:  # another one must not interrupt the cleanup
            self._is_raised = True
            raise INTERRUPTS[number]

    def note(self, number: int) -> None:
        """Start the grace period, or end the process; called in another thread."""
        now = time.monotonic()
        if not self._number:
            self._number, self._received = number, now
            self._timer.start()
        elif now - self._received > DUPLICATE_SECONDS:
            self._end("Interrupted again")

    def cancel(self) -> None:
        """Let the process end by itself."""
        self._timer.cancel()

    def _end(self, reason: str) -> None:
        """End the process at once: no cleanup, which could block, and no lock for the message."""
        with suppress(OSError):
            if select.select([], [2], [], 0)[1]:
                os.write(2, f"ERROR {reason}: ended without waiting. {LEFT}\n".encode())
        EXIT(128 + self._number)


@contextmanager
def graceful_exit() -> Iterator[None]:
    """Turn SIGINT and SIGTERM into a one-line message and the conventional exit code.

    Raises:
        SystemExit: 130 after SIGINT, 143 after SIGTERM.
    """
    try:
        with interruptible():
            yield
    except KeyboardInterrupt as interrupt:
        number = signal.SIGTERM if isinstance(interrupt, Terminated) else signal.SIGINT
        logger.error(str(interrupt) or INTERRUPTED)  # noqa: TRY400 its traceback has no use
        raise SystemExit(128 + number) from None


@contextmanager
def interruptible() -> Iterator[None]:
    """Let SIGINT and SIGTERM raise an exception, so that the code that they interrupt cleans up.

    A second signal ends the process at once, and so does `GRACE_SECONDS` after the first.

    Raises:
        KeyboardInterrupt: `Interrupted` after SIGINT; `Terminated` after SIGTERM.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread receives signals
        return
    interruption = _Interruption()
    previous = {
        number: signal.signal(number, interruption.handle)
        for number in INTERRUPTS
        if signal.getsignal(number) is not signal.SIG_IGN  # as Ctrl-C for a background job
    }
    try:
        with watch_signals(interruption.note):
            yield
    finally:
        interruption.cancel()
        for number, handler in previous.items():
            signal.signal(number, handler)


@contextmanager
def watch_signals(note: Callable[[int], None]) -> Iterator[None]:
    """Call `note` with each SIGINT and SIGTERM, in a thread: the main one may block in C.

    `note` must return at once. Blocks may be nested: an inner one passes the signals on.
    """
    with wakeup_pipe() as (read_end, write_end, outer):

        def watch() -> None:
            received = b""
            while STOP not in received:
                received = os.read(read_end, 64)
                if outer >= 0 and (numbers := received.replace(STOP, b"")):
                    with suppress(OSError):  # full, or closed by its owner
                        os.write(outer, numbers)
                for number in received:
                    if number in INTERRUPTS:
                        note(number)

        thread = threading.Thread(target=watch, name="signals", daemon=True)
        thread.start()
        try:
            yield
        finally:
            os.write(write_end, STOP)
            thread.join()


@contextmanager
def wakeup_pipe() -> Iterator[tuple[int, int, int]]:
    """Open a pipe that receives the number of each signal, for code that blocks in C.

    Python runs signal handlers only between bytecode instructions: a signal that arrives just
    before a blocking call in C is handled after it. A call that also selects on this pipe returns
    at once.

    Yields:
        The read end, the write end, and the descriptor that received the numbers before, or -1.
        Outside the main thread, no signals are written.

    Source: Python's `signal.set_wakeup_fd`.
    """
    read_end, write_end = os.pipe()
    os.set_blocking(write_end, False)  # required by set_wakeup_fd
    is_main = threading.current_thread() is threading.main_thread()
    previous = signal.set_wakeup_fd(write_end, warn_on_full_buffer=False) if is_main else -1
    try:
        yield read_end, write_end, previous
    finally:
        if is_main:
            signal.set_wakeup_fd(previous)
        os.close(read_end)
        os.close(write_end)
