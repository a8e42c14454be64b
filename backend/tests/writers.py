"""Sessions that keep writing into the project's tables while a test changes them."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg2
from sqlalchemy import URL

# Columns that every revision of the tests keeps, so that none of this may ever fail.
COMPANY = "UPDATE companies SET name = name WHERE id = (SELECT min(id) FROM companies)"
DOCUMENT = """
    INSERT INTO documents (company_id, url, fiscal_year, document_type)
    SELECT min(id), 'https://example.org/' || gen_random_uuid(), 2020, 'other' FROM companies
"""


class Load:
    """What the writers did."""

    def __init__(self) -> None:
        self.writes = 0
        self.failures: list[str] = []


@contextmanager
def writers(url: URL, *statements: str) -> Iterator[Load]:
    """Let one session for each statement write until the block ends, each a short transaction."""
    load, stop = Load(), threading.Event()

    def write(statement: str) -> None:
        parts = {"host": url.query.get("host"), "user": url.username, "dbname": url.database}
        connection = psycopg2.connect(**parts)
        connection.autocommit = True
        with connection.cursor() as cursor:
            while not stop.is_set():
                try:
                    cursor.execute(statement)
                    load.writes += 1
                except psycopg2.Error as error:
                    load.failures.append(str(error))
                    return
                stop.wait(0.005)
        connection.close()

    threads = [
        threading.Thread(target=write, args=(statement,))
        for statement in statements or (COMPANY, DOCUMENT)
    ]
    for thread in threads:
        thread.start()
    try:
        yield load
    finally:
        stop.set()
        for thread in threads:
            thread.join()
