"""A statement over HTTP beside its floors: the same SQL, and an empty route, in turn."""

import random
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import psycopg2
import psycopg2.extras
from sqlalchemy import URL

from tests.bench.api.cases import STATEMENTS, Case, Population
from tests.bench.api.client import Answer, Client, Request

_BLOCK: Final = 25
"""Requests of one kind in a row, so that each kind finds its caches as a busy server does."""


Query = Callable[[int, str], float]


@dataclass(slots=True)
class Floors:
    """Seconds of each request and query.

    Attributes:
        api: Of the statement.
        sql: Of the statement as text, on an open connection.
        own: Of the queries that the API executes, on an open connection.
        empty: Of a route that answers as many bytes.
        sizes: Bytes of each statement.
    """

    api: list[float] = field(default_factory=list)
    sql: list[float] = field(default_factory=list)
    own: list[float] = field(default_factory=list)
    empty: list[float] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)

    @property
    def ratio(self) -> float:
        """Of the median of the API to the sum of the medians of the floors."""
        floor = statistics.median(self.sql) + statistics.median(self.empty)
        return statistics.median(self.api) / floor


def compare(
    api: Client,
    empty: Client,
    sql: Query,
    own: Query,
    case: Case,
    choose: Callable[[random.Random], tuple[int, str]],
    requests: int,
    seed: int,
) -> Floors:
    """Ask for statements, and measure their floors between.

    Args:
        api: Connected to the API.
        empty: Connected to the empty application.
        sql: Fetches the statement of a company as text; returns the seconds.
        own: Executes the queries of the API for it; returns the seconds.
        case: The requests.
        choose: Returns the company and the statement of a query: not those of the requests
            before, since PostgreSQL would have their rows at hand.
        requests: Of each kind.
        seed: Of the choice.
    """
    found = Floors()
    choice = random.Random(seed)  # noqa: S311 which companies does not matter
    for _ in range(0, requests, _BLOCK):
        answers = [api.get(case.make(choice)) for _ in range(_BLOCK)]
        found.api += [each.seconds for each in answers]
        found.sizes += [each.size for each in answers]
        found.sql += [sql(*choose(choice)) for _ in range(_BLOCK)]
        found.own += [own(*choose(choice)) for _ in range(_BLOCK)]
        found.empty += [_empty(empty, each).seconds for each in answers]
    return found


def _empty(client: Client, answer: Answer) -> Answer:
    return client.get(Request(f"/{answer.size}"))


def random_statement(there: Population) -> Callable[[random.Random], tuple[int, str]]:
    """Return the choice of a random statement."""
    return lambda choice: (choice.choice(there.companies), choice.choice(STATEMENTS))


class Queries:
    """An open connection of psycopg2 that executes the queries of a statement, and fetches text."""

    def __init__(self, url: URL, queries: list[str]) -> None:
        self._connection: Any = psycopg2.connect(
            host=str(url.query["host"]), user=url.username, dbname=url.database
        )
        self._connection.autocommit = True
        # As text, and not parsed into dictionaries.
        psycopg2.extras.register_default_jsonb(self._connection, loads=lambda text: text)
        self._queries = queries

    def __call__(self, company: int, statement: str) -> float:
        """Execute the queries; return the seconds until all rows are there."""
        started = time.perf_counter()
        with self._connection.cursor() as cursor:
            for each in self._queries:
                cursor.execute(each, {"company": company, "statement": statement})
                rows = cursor.fetchall()
                if not rows:
                    raise AssertionError(f"no rows: {each}")
        return time.perf_counter() - started

    def close(self) -> None:
        """End the connection."""
        self._connection.close()
