"""Exponential backoff with jitter."""

import random
from collections.abc import Iterator


def pauses(first: float, longest: float) -> Iterator[float]:
    """Yield delays in seconds, endlessly; jitter keeps processes from retrying in step."""
    pause = first
    while True:
        yield pause * random.uniform(0.5, 1)  # noqa: S311 jitter
        pause = min(2 * pause, longest)
