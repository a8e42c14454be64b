"""Locks that requests wait for."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Timer

from sqlalchemy import Engine

WAITING = """
    SELECT count(*) FROM pg_stat_activity
     WHERE datname = current_database() AND wait_event_type = 'Lock'
"""


@contextmanager
def locked(engine: Engine, table: str, seconds: float) -> Iterator[None]:
    """Lock a table for some seconds, or until the block ends."""
    with engine.connect() as connection:
        connection.exec_driver_sql(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        release = Timer(seconds, connection.rollback)
        release.start()
        try:
            yield
        finally:
            release.cancel()
            release.join()


def waiting_for_locks(engine: Engine) -> int:
    """Return how many sessions of a database wait for a lock."""
    with engine.connect() as connection:
        return int(connection.exec_driver_sql(WAITING).scalar_one())
