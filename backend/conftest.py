"""State how long the tests took as a ratio, which another machine can be compared by."""

import gc
import hashlib
import time

import pytest

ROUNDS = 200  # of hashing a megabyte: about a fifth of a second


def pytest_sessionstart(session: pytest.Session) -> None:
    """Note the time."""
    session.config.stash[STARTED] = time.monotonic()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start with the longest tests, and let a slow one that fails run once more.

    So none is left to one worker alone; and a moment that a busy machine has missed fails no run.
    The summary names the tests that ran again.
    """
    items.sort(key=lambda item: item.get_closest_marker("long") is None)
    for item in items:
        if item.get_closest_marker("slow"):
            item.add_marker(pytest.mark.flaky(reruns=1))


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Print the ratio; it is independent of the machine, and of its load but for noise."""
    seconds = time.monotonic() - config.stash[STARTED]
    unit = min(_calculate() for _ in range(3))
    terminalreporter.write_line(
        f"{seconds:.0f} s, {seconds / unit:,.0f} times a fixed calculation ({unit:.3f} s)"
    )


def _calculate() -> float:
    """Return the seconds of hashing the same megabytes, on one core."""
    block = bytes(2**20)
    started = time.perf_counter()
    digest = hashlib.sha256()
    for _ in range(ROUNDS):
        digest.update(block)
    return time.perf_counter() - started


STARTED = pytest.StashKey[float]()

# What is imported stays: without this a twentieth of the time goes into looking for garbage in it.
gc.freeze()
gc.set_threshold(200_000, 50, 100)
