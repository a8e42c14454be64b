"""Collect reference cycles rarely, and not at all while one file is read and proved."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_RARELY: Final = 50_000
"""Objects that are made, and not freed, between two collections; Python's own number is 700."""


def collect_cycles_rarely() -> None:
    """Let this process collect reference cycles rarely.

    What it imports stays, and is most of what it has: walking that again and again takes a sixth
    of the time of a command that shows a statement, and a request that parses one 0.1 s at times.
    """
    gc.set_threshold(_RARELY)


@contextmanager
def without_cycle_collection() -> Iterator[None]:
    """Suspend the collection of reference cycles: it would walk all that was read repeatedly.

    There are no cycles in what is read, and collecting takes a fifth of the time.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            # Of the oldest generation from here on: else all of it would be walked at once.
            gc.freeze()
            gc.unfreeze()
            gc.enable()
