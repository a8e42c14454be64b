"""Measure the throughput of a server on a small scratch table."""

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
SHORTEST = 1e-4  # seconds; the resolution of the measurement


@dataclass(frozen=True)
class Throughput:
    """The throughput of the server on this machine.

    Attributes:
        scan: bytes per second of a table scan, such as the validation of a constraint.
        rewrite: bytes per second of a table rewrite, without its indexes.
        index: bytes per second of the table during an index build on unsorted text.
        write: rows per second of an UPDATE of a table with two indexes.
    """

    scan: float
    rewrite: float
    index: float
    write: float


def measure_throughput(server: URL) -> Throughput:
    """Return the throughput; takes about a second, and the scratch table is rolled back."""
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
    return Throughput(size / scan, size / rewrite, size / index, CHANGED / write)


def _time(connection: Connection, statement: str) -> float:
    began = time.perf_counter()
    connection.exec_driver_sql(statement)
    return max(time.perf_counter() - began, SHORTEST)
