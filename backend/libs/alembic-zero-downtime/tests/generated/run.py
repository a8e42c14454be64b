"""Draw histories of models from a seed and check them."""

import logging
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import count

import pytest
from alembic.util import messaging
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded
from sqlalchemy import URL

from alembic_zero_downtime._log_levels import log_level
from alembic_zero_downtime.embedded.disposable import lasting_server
from alembic_zero_downtime.testing import reused_server
from generated.histories import histories
from generated.outcome import FaultError, InvalidModelsError, RefusedError
from generated.properties import check_history
from generated.reduce import History, reduce
from generated.tally import Fault, Tally, kind_of

BATCH = 10  # Hypothesis draws so many before it varies what it has drawn
TRIES = 60  # of smaller models for a fault


def draw_batch(seed: int, batch: int) -> list[History]:
    """Return the histories of a batch; the same seed and batch give the same ones."""
    drawn: list[History] = []

    @seeded(f"{seed} {batch}")
    @settings(
        max_examples=BATCH + 1,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(histories())
    def note(history: History) -> None:
        drawn.append(history)

    note()
    return drawn[1:]  # the first one is the same in each batch


def check_examples(server: URL, seed: int, examples: int, seconds: float) -> Tally:
    """Check generated histories.

    Args:
        server: the administrative database of a server.
        seed: the same seed gives the same histories.
        examples: how many at most.
        seconds: after which no further one is checked.
    """
    tally = Tally()
    started = time.monotonic()
    for batch in count():
        for history in draw_batch(seed, batch):
            if tally.examples == examples or time.monotonic() - started > seconds:
                return tally
            check_one(server, history, tally)
    return tally


def check_batch(server: URL, seed: int, batch: int) -> Tally:
    """Check the histories of a batch."""
    tally = Tally()
    for history in draw_batch(seed, batch):
        check_one(server, history, tally)
    return tally


def check_one(server: URL, history: History, tally: Tally) -> None:
    """Check a history and note its end."""
    started = time.monotonic()
    end = end_of(server, history)
    tally.note(history, end, time.monotonic() - started)


def end_of(server: URL, history: History) -> Exception | None:
    """Return the exception with which the check of a history ends; None if all is well."""
    try:
        check_history(server, history)
    except (FaultError, RefusedError, InvalidModelsError) as end:
        return end
    return None


def reduce_fault(server: URL, kind: str, fault: Fault) -> Fault:
    """Return the same kind of fault with smaller models."""
    smallest = fault

    def has_fault(history: History) -> bool:
        nonlocal smallest
        end = end_of(server, history)
        if kind_of(end) != kind:
            return False
        smallest = Fault(str(end), history, fault.count)
        return True

    reduce(fault.history, has_fault, TRIES)
    return smallest


@contextmanager
def quiet_library() -> Iterator[None]:
    """Let commands print nothing, downgrade with rows, and share one disposable server."""
    with ExitStack() as stack:
        stack.enter_context(log_level("alembic", "alembic_zero_downtime", level=logging.ERROR))
        server = stack.enter_context(lasting_server())
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        patch.setenv("ALLOW_DATA_LOSS", "1")
        patch.setattr(messaging, "write_outstream", lambda *_, **__: None)
        patch.setattr(
            "alembic_zero_downtime.embedded.disposable.disposable_server",
            lambda *_: reused_server(server),
        )
        yield
