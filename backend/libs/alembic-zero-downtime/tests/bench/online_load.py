"""A large table, and clients that use it at a steady rate while it is changed."""

import math
import random
import statistics
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import cycle
from uuid import uuid4

from sqlalchemy import URL, text

from support.databases import connected

CLIENTS = 4
PACE = 0.02  # seconds between two statements of one client
MARGIN = 0.5  # seconds of load before and after the measured block
COMPANIES = 2_000

FILL = """
    INSERT INTO companies (name, ir_url)
    SELECT 'Company ' || n, 'https://example.com/' || n FROM generate_series(1, :companies) AS n;
    INSERT INTO documents (company_id, url, fiscal_year, document_type, file_path)
    SELECT ids[1 + n % cardinality(ids)], 'https://example.com/documents/' || n, 1980 + n % 45,
           (ARRAY['annual_report', 'quarterly_report', 'presentation', 'other'])[1 + n % 4],
           'documents/' || n || '.pdf'
      FROM generate_series(1, :rows) AS n, (SELECT array_agg(id) AS ids FROM companies) AS known
"""
STATEMENTS = (
    text(
        "INSERT INTO documents (company_id, url, fiscal_year, document_type, file_path)"
        " SELECT company_id, 'https://example.com/new/' || :unique, 2026, 'other', 'new'"
        " FROM documents WHERE id = :id"
    ),
    text("UPDATE documents SET file_path = 'documents/' || :unique WHERE id = :id"),
    text("SELECT * FROM documents WHERE id = :id"),
)


def fill(url: URL, rows: int) -> int:
    """Insert documents into an empty table; return its size in bytes, with its indexes."""
    with connected(url) as connection:
        connection.execute(text(FILL), {"rows": rows, "companies": COMPANIES})
        connection.execute(text("VACUUM (FREEZE, ANALYZE) documents"))
        size = connection.scalar(text("SELECT pg_total_relation_size('documents')"))
    return size or 0


class Load:
    """Clients at work.

    Attributes:
        waits: the seconds of each statement, from the time at which it was due.
    """

    def __init__(self, url: URL, rows: int) -> None:
        self.waits: list[float] = []
        self._url = url
        self._rows = rows
        self._end = math.inf

    @property
    def worst(self) -> float:
        """The longest wait, in seconds."""
        return max(self.waits)

    @property
    def percentile_99(self) -> float:
        """The 99th percentile of the waits, in seconds."""
        return statistics.quantiles(self.waits, n=100)[-1]

    def stop(self) -> None:
        """Let each client finish the statements that are due by now."""
        self._end = time.monotonic()

    def work(self, number: int) -> None:
        """Insert, update and select by key, each in a transaction, as requests arrive.

        A request does not arrive later because others wait: each wait begins when it was due.
        """
        choose = random.Random(number).randrange  # noqa: S311 which row does not matter
        with connected(self._url) as connection:
            start = time.monotonic() + number * PACE / CLIENTS
            for count, statement in enumerate(cycle(STATEMENTS)):
                due = start + count * PACE
                time.sleep(max(0.0, due - time.monotonic()))
                if due > self._end:
                    return
                values = {"id": choose(self._rows) + 1, "unique": uuid4().hex}
                connection.execute(statement, values)
                self.waits.append(time.monotonic() - due)


@contextmanager
def clients(url: URL, rows: int) -> Iterator[Load]:
    """Let clients work during the block, and for a margin before and after it.

    Raises:
        DBAPIError: A statement of a client failed.
    """
    load = Load(url, rows)
    with ThreadPoolExecutor(CLIENTS) as pool:
        workers = [pool.submit(load.work, number) for number in range(CLIENTS)]
        try:
            time.sleep(MARGIN)
            yield load
            time.sleep(MARGIN)
        finally:
            load.stop()
    for worker in workers:
        worker.result()
