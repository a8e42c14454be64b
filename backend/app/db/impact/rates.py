"""Measure how fast a server works on tables, on a small one of its own."""

import time
from dataclasses import dataclass
from typing import Any

from sqlalchemy import URL, Connection, create_engine, text
from sqlalchemy.pool import NullPool

ROWS = 100_000
CHANGED = 20_000
FILL = f"""
    CREATE TABLE scratch AS
    SELECT n AS id, mod(n, 1000) AS number, md5(n::text) AS word, repeat('x', 60) AS filler
      FROM generate_series(1, {ROWS}) AS n
"""  # noqa: S608 constants
LEAST = 1e-4  # seconds; nothing is faster than the clock


@dataclass(frozen=True)
class Rates:
    """How fast this machine's server works.

    Attributes:
        scan: bytes a second of a table that is read, as a validation does.
        rewrite: bytes a second of a table that is written anew, without its indexes.
        index: bytes a second of a table for which an index is built, of words in no order.
        write: rows a second that are updated, in a table with two indexes.
    """

    scan: float
    rewrite: float
    index: float
    write: float


def measure_rates(server: URL) -> Rates:
    """Return the rates; takes about a second and leaves nothing behind."""
    engine = create_engine(server, poolclass=NullPool)
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql(FILL)
            size: Any = connection.scalar(text("SELECT pg_table_size('scratch')"))
            scan = _time(connection, "ALTER TABLE scratch ADD CHECK (id > 0)")
            rewrite = _time(connection, "ALTER TABLE scratch ALTER number TYPE bigint")
            index = _time(connection, "CREATE INDEX ON scratch (word)")
            connection.exec_driver_sql("ALTER TABLE scratch ADD PRIMARY KEY (id)")
            write = _time(connection, f"UPDATE scratch SET number = 0 WHERE id <= {CHANGED}")  # noqa: S608
            connection.rollback()
    finally:
        engine.dispose()
    return Rates(size / scan, size / rewrite, size / index, CHANGED / write)


def _time(connection: Connection, statement: str) -> float:
    began = time.perf_counter()
    connection.exec_driver_sql(statement)
    return max(time.perf_counter() - began, LEAST)
