"""End a command line in order when it is told to end."""

import logging
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


def _terminate(_: int, __: FrameType | None) -> None:
    raise Terminated
