"""Sessions that keep writing into the project's tables while a test migrates them."""

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager

import psycopg2
from sqlalchemy import URL

# Only columns that every revision of the tests keeps, so that no statement may ever fail.
COMPANY = "UPDATE companies SET name = name WHERE id = (SELECT min(id) FROM companies)"
DOCUMENT = """
    INSERT INTO documents (company_id, url, fiscal_year, document_type)
    SELECT min(id), 'https://example.org/' || gen_random_uuid(), 2020, 'other' FROM companies
"""


class Load:
    """The result of the writers: how many statements they ran, and the errors."""

    def __init__(self) -> None:
        self.writes = 0
        self.failures: list[str] = []


@contextmanager
def writers(url: URL, *statements: str) -> Iterator[Load]:
    """Run each statement repeatedly in its own session, in short transactions, during the block."""
    load, stop = Load(), threading.Event()

    def write(statement: str) -> None:
        address = {"host": url.query.get("host"), "user": url.username, "dbname": url.database}
        with closing(psycopg2.connect(**address)) as connection, connection.cursor() as cursor:
            connection.autocommit = True
            while not stop.is_set():
                try:
                    cursor.execute(statement)
                    load.writes += 1
                except psycopg2.Error as error:
                    load.failures.append(str(error))
                    return
                stop.wait(0.005)

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
