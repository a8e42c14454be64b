"""The fixed calculation by which times are compared between machines."""

import time

ROUNDS = 16_400_000
"""Takes a second of an idle core of 2026 with CPython 3.11."""


def seconds() -> float:
    """Return the seconds of the processor that the calculation takes in this process."""
    started = time.process_time()
    state = 1
    for _ in range(ROUNDS):
        state = (state * 1_103_515_245 + 12_345) & 0x7FFF_FFFF
    return time.process_time() - started
