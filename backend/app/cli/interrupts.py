"""Let Ctrl-C and SIGTERM end a command that has processes to end first."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Terminated(KeyboardInterrupt):
    """SIGTERM, which interrupts a command like Ctrl-C."""


@contextmanager
def interruptible() -> Iterator[None]:
    """Turn the first SIGINT or SIGTERM into an exception, and ignore others during the clean-up.

    GNU timeout sends its signal twice. An ignored signal, such as Ctrl-C of a background job, stays
    ignored.

    Raises:
        KeyboardInterrupt: After SIGINT; `Terminated` after SIGTERM.
    """
    raised: KeyboardInterrupt | None = None

    def handle(number: int, _: FrameType | None) -> None:
        nonlocal raised
        if raised is None:
            raised = KeyboardInterrupt() if number == signal.SIGINT else Terminated()
            raise raised

    previous = {
        number: signal.signal(number, handle)
        for number in (signal.SIGINT, signal.SIGTERM)
        if signal.getsignal(number) is not signal.SIG_IGN
    }
    try:
        yield
    except Exception as error:
        if raised is not None:  # a library may wrap it in an exception of its own, as pydantic does
            raise raised from error
        raise
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
