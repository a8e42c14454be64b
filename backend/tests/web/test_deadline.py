"""Transactions that end although the database is mute."""

import time
from collections.abc import Iterator

import pytest
from sqlalchemy import URL, Engine, create_engine, text
from sqlalchemy.exc import DBAPIError

from app.web.deadline import Deadline, heed_deadlines, limit_transactions, set_deadline

SECONDS = 0.6
"""So that a busy machine has run a short transaction long before."""


class Timed:
    """An engine with one connection, whose transactions have a deadline."""

    def __init__(self, url: URL) -> None:
        self.engine: Engine = create_engine(url, pool_size=1, max_overflow=0, pool_timeout=1)
        self.running: set[Deadline] = set()
        heed_deadlines(self.engine)
        limit_transactions(self.engine, SECONDS, self.running)

    def sleep(self, seconds: float) -> None:
        with self.engine.begin() as connection:
            connection.execute(text("SELECT pg_sleep(:seconds)"), {"seconds": seconds})


@pytest.fixture
def timed(migrated_database: URL) -> Iterator[Timed]:
    timed = Timed(migrated_database)
    yield timed
    timed.engine.dispose()


def test_a_transaction_that_takes_too_long_is_ended_and_the_next_one_is_well(timed: Timed) -> None:
    timed.sleep(0)
    started = time.monotonic()
    with pytest.raises(DBAPIError):
        timed.sleep(60)
    assert time.monotonic() - started < 30
    timed.sleep(0)
    assert not timed.running


def test_the_time_of_a_transaction_is_over_with_it(timed: Timed) -> None:
    timed.sleep(0)
    with timed.engine.begin() as connection:
        connection.execute(text("SELECT 1"))
    time.sleep(SECONDS + 0.1)
    assert not timed.running
    timed.sleep(0)


def test_work_with_a_deadline_of_its_own_has_no_other(timed: Timed) -> None:
    deadline = Deadline()
    set_deadline(deadline)
    try:
        timed.sleep(SECONDS + 0.1)
        assert not timed.running
    finally:
        set_deadline(None)


def test_all_that_is_running_can_be_ended(timed: Timed) -> None:
    connection = timed.engine.connect()
    (deadline,) = timed.running
    deadline.end()
    with pytest.raises(DBAPIError):
        connection.execute(text("SELECT 1"))
    connection.close()
