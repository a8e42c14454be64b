"""Large tables at the seeds, and clients that use them as the previous release does."""

import random
import statistics
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import cycle
from threading import Event
from typing import NamedTuple
from uuid import uuid4

from sqlalchemy import URL, create_engine, text
from sqlalchemy.pool import NullPool

CLIENTS = 4
PACE = 0.02  # seconds between two statements of one client
MARGIN = 0.5  # seconds of load before and after the measured block
COMPANIES = 2_000

# Rows as the previous release wrote them; the raw data of some names the model and the page.
FILL = """
    INSERT INTO companies (name, ir_url)
    SELECT 'Company ' || n, 'https://example.com/' || n FROM generate_series(1, :companies) AS n;
    INSERT INTO documents (company_id, url, fiscal_year, document_type, file_path)
    SELECT ids[1 + n % cardinality(ids)], 'https://example.com/documents/' || n, 1980 + n % 45,
           (ARRAY['annual_report', 'quarterly_report', 'presentation', 'other'])[1 + n % 4],
           'documents/' || n || '.pdf'
      FROM generate_series(1, :rows) AS n, (SELECT array_agg(id) AS ids FROM companies) AS known;
    INSERT INTO extractions (document_id, statement_type, raw_data)
    SELECT id, 'balance_sheet', CASE id % 3 WHEN 0 THEN jsonb_build_object(
               'model', 'gpt-4o', 'confidence', 0.9, 'page', id % 200 + 1) ELSE '{}' END
      FROM documents
"""
STATEMENTS = (
    (
        "INSERT INTO documents (company_id, url, fiscal_year, document_type, file_path)"
        " SELECT company_id, 'https://example.com/new/' || :unique, 2026, 'other', 'new'"
        " FROM documents WHERE id = :id"
    ),
    "UPDATE documents SET file_path = 'documents/' || :unique WHERE id = :id",
    "SELECT * FROM documents WHERE id = :id",
    (
        "INSERT INTO extractions (document_id, statement_type, raw_data)"
        " VALUES (:id, 'cash_flow_statement', '{}')"
    ),
    "UPDATE extractions SET raw_data = jsonb_build_object('new', :unique) WHERE id = :id",
    "UPDATE companies SET primary_ticker = left(:unique, 4) WHERE id = 1 + :id % 1000",
)


def fill(url: URL, rows: int) -> None:
    """Insert companies, documents, and an extraction of each document."""
    engine = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(FILL), {"rows": rows, "companies": COMPANIES})
        for table in ("documents", "extractions"):
            connection.execute(text(f"VACUUM (FREEZE, ANALYZE) {table}"))
        connection.execute(text("CHECKPOINT"))


class Wait(NamedTuple):
    """The wait of a client for one statement, from the time at which it was due."""

    due: float
    end: float

    @property
    def seconds(self) -> float:
        return self.end - self.due


class Load:
    """Clients at work.

    Attributes:
        waits: the waits of all clients.
    """

    def __init__(self, url: URL, rows: int) -> None:
        self.waits: list[Wait] = []
        self._engine = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
        self._rows = rows
        self._is_over = Event()

    @property
    def percentile_99(self) -> float:
        """The 99th percentile of the waits, in seconds."""
        return statistics.quantiles([wait.seconds for wait in self.waits], n=100)[-1]

    def worst(self, start: float = 0.0, end: float = float("inf")) -> float:
        """Return the longest wait that overlaps a period of the clock, in seconds."""
        waits = (wait.seconds for wait in self.waits if wait.end >= start and wait.due <= end)
        return max(waits, default=0.0)

    def stop(self) -> None:
        """Let each client stop after its statement."""
        self._is_over.set()

    def work(self, number: int) -> None:
        """Run the statements in turn, each in a transaction, as requests arrive.

        A request does not arrive later because others wait: each wait begins when it was due.
        """
        choose = random.Random(number).randrange  # noqa: S311 which row does not matter
        with self._engine.connect() as connection:
            start = time.time() + number * PACE / CLIENTS
            for count, statement in enumerate(cycle(map(text, STATEMENTS))):
                due = start + count * PACE
                if self._is_over.wait(max(0.0, due - time.time())):
                    return
                values = {"id": choose(self._rows) + 1, "unique": uuid4().hex}
                connection.execute(statement, values)
                self.waits.append(Wait(due, time.time()))


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
