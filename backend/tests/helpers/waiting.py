"""Wait for a state of the database."""

import time

from sqlalchemy import Connection, text


def wait_for(connection: Connection, query: str, seconds: float = 30) -> None:
    """Wait until `query` returns true; each read is its own transaction."""
    deadline = time.monotonic() + seconds
    while not connection.scalar(text(query)):
        connection.rollback()
        assert time.monotonic() < deadline, query
        time.sleep(0.02)
    connection.rollback()
