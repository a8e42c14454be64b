"""Wait for a state of the database, or another one."""

import time
from collections.abc import Callable

from sqlalchemy import Connection, text


def wait_for(connection: Connection, query: str, seconds: float = 30) -> None:
    """Wait until `query` returns true; each read is its own transaction."""
    deadline = time.monotonic() + seconds
    while not connection.scalar(text(query)):
        connection.rollback()
        assert time.monotonic() < deadline, query
        time.sleep(0.02)
    connection.rollback()


def wait_until(is_reached: Callable[[], bool], seconds: float = 20) -> None:
    """Wait until the state is reached."""
    deadline = time.monotonic() + seconds
    while not is_reached():
        assert time.monotonic() < deadline
        time.sleep(0.01)
