"""Measure the API on companies with ten years of statements, beside its floors, in one run.

The floors of a statement as JSON are the same SQL as text on an open connection, and an empty
route that answers as many bytes under the same server. The database is kept in `.bench/`, and made
anew when its generator changes.
"""

import argparse
import os
import random
import secrets
import signal
import statistics
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.table import Table

from tests.bench.api import data, pages, queries
from tests.bench.api.cases import (
    STATEMENTS,
    Case,
    Population,
    cases,
    one_statement_case,
    path_of,
    population,
    statement_case,
)
from tests.bench.api.client import Client, Request, load, milliseconds
from tests.bench.api.floors import Floors, Queries, compare, random_statement
from tests.bench.api.servers import API, EMPTY, Serving, serving
from tests.evaluation import calculation
from tests.helpers.shell import as_text

MOST_RATIO = 1.5
MOST_GROWTH = 10_000_000  # bytes
CLIENTS = (1, 10, 100)


@dataclass(frozen=True, slots=True)
class Options:
    """What is measured.

    Attributes:
        companies: In the database.
        requests: Of a statement and of each of its floors, with one client.
        seconds: Of each other measurement.
        growth: Requests between two readings of the server's memory.
        folder: Of the database, which is kept there.
        pages: Whether only the pages for people are measured.
    """

    companies: int
    requests: int
    seconds: float
    growth: int
    seed: int
    folder: Path
    pages: bool


@dataclass(frozen=True, slots=True)
class Bench:
    """What is measured on."""

    database: data.Prepared
    api: Serving
    empty: Serving
    there: Population
    options: Options


def main(command_line: Sequence[str] | None = None) -> int:
    """Measure and print; return the exit code: 1 where a goal is missed."""
    options = _options(command_line)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # to clean up
    console = Console(width=None if sys.stdout.isatty() else 1000, highlight=False)
    try:
        with ExitStack() as stack:
            folder = Path(stack.enter_context(TemporaryDirectory(prefix="bench-api-")))
            database = stack.enter_context(data.prepared(options.companies, options.folder))
            env = {"DATABASE_URL": as_text(database.url), "STORAGE_URL": str(database.storage)}
            api = stack.enter_context(serving(API, "/readyz", env, folder / "api.log"))
            empty = stack.enter_context(serving(EMPTY, "/1", {}, folder / "empty.log"))
            there = population(database.url)
            return _measure(console, Bench(database, api, empty, there, options))
    except KeyboardInterrupt:
        sys.stderr.write("\ninterrupted\n")
        return 130


def _options(command_line: Sequence[str] | None) -> Options:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.api", description=__doc__)
    parser.add_argument("--companies", type=int, default=data.MOST_COMPANIES, metavar="N")
    parser.add_argument(
        "--requests", type=int, default=1000, metavar="N", help="of a statement, with one client"
    )
    parser.add_argument(
        "--seconds", type=float, default=3, metavar="S", help="of each other measurement"
    )
    parser.add_argument(
        "--growth", type=int, default=10_000, metavar="N", help="requests between two memories"
    )
    parser.add_argument("--seed", type=int, default=None, help="of an earlier run, to repeat it")
    parser.add_argument(
        "--folder", type=Path, default=data.FOLDER, metavar="DIR", help="for the database"
    )
    parser.add_argument("--pages", action="store_true", help="measure only the pages for people")
    given = parser.parse_args(command_line)
    if not 1 <= given.companies <= data.MOST_COMPANIES or min(given.requests, given.growth) < 1:
        parser.error(f"1 to {data.MOST_COMPANIES:,} companies, and at least one request")
    seed = secrets.randbits(32) if given.seed is None else given.seed
    numbers = given.companies, given.requests, given.seconds, given.growth
    return Options(*numbers, seed, given.folder, given.pages)


def _measure(console: Console, bench: Bench) -> int:
    """Measure everything and print it; return the exit code."""
    started, before = time.monotonic(), os.getloadavg()[0]
    made = bench.database.seconds
    console.print(
        f"{len(bench.there.companies):,} companies with ten years of three statements"
        + (f", made in {made:.0f} s" if made else ", of an earlier run")
        + f"; --seed {bench.options.seed} repeats the choice of requests"
    )
    failures: list[str] = []
    goals = {} if bench.options.pages else _api(console, bench, failures)
    goals |= _pages(console, bench, failures)
    for each in failures:
        console.print(f"FAILED  {each}", markup=False)
    growth = _growth(console, bench)
    unit = calculation.seconds()
    console.print(
        f"{os.cpu_count()} processors, load before {before:.1f}; the fixed calculation took"
        f" {unit:.2f} s; all took {time.monotonic() - started:.0f} s"
    )
    goals |= {
        f"memory grows by <= {MOST_GROWTH // 10**6} MB": growth <= MOST_GROWTH,
        "every request is answered": not failures,
    }
    for goal, is_reached in goals.items():
        console.print(f"{'reached' if is_reached else 'MISSED '}  {goal}")
    return int(not all(goals.values()))


def _api(console: Console, bench: Bench, failures: list[str]) -> dict[str, bool]:
    """Measure what programs ask for; return the goals, and whether they are reached."""
    asked = _queries(bench)
    random_ones, one = _floors(console, bench, asked)
    failures += _others(console, bench)
    _many_clients(console, bench)
    return {
        f"one query for a statement (there are {len(asked)})": len(asked) == 1,
        f"statements of random companies <= {MOST_RATIO} of the floors": random_ones <= MOST_RATIO,
        f"one statement again and again <= {MOST_RATIO} of the floors": one <= MOST_RATIO,
    }


def _pages(console: Console, bench: Bench, failures: list[str]) -> dict[str, bool]:
    """Measure what people ask for; return the goals, and whether they are reached."""
    options = bench.options
    asked = pages.Asked(
        bench.api.port, bench.empty.port, bench.database.url, bench.there, options.seconds,
        options.seed,
    )  # fmt: skip
    ratio = pages.measure_pages(console, asked, failures)
    goal = f"a kept page <= {pages.MOST_RATIO:.0f} of the empty route, 99 % with 10 clients"
    return {f"{goal} ({ratio:.2f})": ratio <= pages.MOST_RATIO}


def _queries(bench: Bench) -> list[str]:
    """Return the queries of a statement as the server logs them, with parameters."""
    company, statement = max(bench.there.companies), STATEMENTS[0]
    with Client(bench.api.port) as client:
        request = Request(path_of(company, statement))
        client.get(request)  # the first one of a connection may ask more
        logged = _logged(bench, client, request)
    return [queries.with_parameters(each, company, statement) for each in logged]


def _logged(bench: Bench, client: Client, request: Request) -> list[str]:
    log = bench.database.log
    found = queries.logged_statements(bench.database.url, log, lambda: client.get(request))
    return queries.queries_of(found)


def _floors(console: Console, bench: Bench, asked: list[str]) -> tuple[float, float]:
    """Compare statements as JSON with their floors, and print it; return both ratios."""
    there, options = bench.there, bench.options
    table = Table("statement as JSON, one client", "bytes", "API", "p99", "SQL as text",
                  "empty route", "ratio", "queries of the API")  # fmt: skip
    sql = Queries(bench.database.url, [queries.PLAIN])
    own = Queries(bench.database.url, asked)
    one = there.companies[0], STATEMENTS[0]
    ratios = []
    with Client(bench.api.port) as api, Client(bench.empty.port) as empty:
        for case, choose in (
            (statement_case(there, "of random companies"), random_statement(there)),
            (one_statement_case(there, "one, again and again"), lambda _: one),
        ):
            compare(api, empty, sql, own, case, choose, 50, options.seed + 1)
            found = compare(api, empty, sql, own, case, choose, options.requests, options.seed)
            table.add_row(case.name, *_row_of(found))
            ratios.append(found.ratio)
    sql.close()
    own.close()
    console.print(table)
    for each in asked:
        console.print(f"Query of the API: {each}", markup=False)
    return ratios[0], ratios[1]


def _row_of(found: Floors) -> list[str]:
    return [
        f"{statistics.median(found.sizes):,.0f}",
        milliseconds(statistics.median(found.api)),
        milliseconds(statistics.quantiles(found.api, n=100)[-1]),
        milliseconds(statistics.median(found.sql)),
        milliseconds(statistics.median(found.empty)),
        f"{found.ratio:.2f}",
        milliseconds(statistics.median(found.own)),
    ]


def _others(console: Console, bench: Bench) -> list[str]:
    """Measure the other answers with one client, and print them; return what failed."""
    table = Table("with one client", "bytes", "queries", "p50", "p99", "requests/s")
    failures = []
    for case in cases(bench.there, bench.api.port):
        try:
            with Client(bench.api.port) as client:
                choice = random.Random(bench.options.seed)  # noqa: S311
                client.get(case.make(choice))
                asked = _logged(bench, client, case.make(choice))
            found = load(bench.api.port, case.make, 1, bench.options.seconds, bench.options.seed)
        except (AssertionError, ConnectionError) as error:
            failures.append(f"{case.name}: {error}")
            continue
        times = milliseconds(found.percentile(0.5)), milliseconds(found.percentile(0.99))
        size = found.size / len(found.seconds)
        row = f"{size:,.0f}", f"{len(asked)}", *times, f"{found.per_second:,.0f}"
        table.add_row(case.name, *row)
    console.print(table)
    return failures


def _many_clients(console: Console, bench: Bench) -> None:
    """Measure with more and more clients, and print it."""
    sizes = [f"/{each}" for each in _sizes(bench)]
    kinds = [
        (statement_case(bench.there, "statement as JSON"), bench.api),
        (Case("50 companies", lambda _: Request("/api/v1/companies")), bench.api),
        (Case("empty route", lambda choice: Request(choice.choice(sizes))), bench.empty),
    ]
    table = Table("", "clients", "p50", "p99", "slowest", "requests/s", "MB/s")
    for case, server in kinds:
        for clients in CLIENTS:
            found = load(server.port, case.make, clients, bench.options.seconds, bench.options.seed)
            table.add_row(
                case.name, f"{clients}", milliseconds(found.percentile(0.5)),
                milliseconds(found.percentile(0.99)), milliseconds(found.seconds[-1]),
                f"{found.per_second:,.0f}",
                f"{found.size / found.clock / 1e6:,.0f}",
            )  # fmt: skip
    console.print(table)


def _sizes(bench: Bench) -> list[int]:
    """Return the bytes of some statements."""
    choice = random.Random(bench.options.seed)  # noqa: S311
    case = statement_case(bench.there, "")
    with Client(bench.api.port) as client:
        return [client.get(case.make(choice)).size for _ in range(50)]


def _growth(console: Console, bench: Bench) -> int:
    """Send many requests for statements; print and return by how much memory grows, in bytes."""
    case = statement_case(bench.there, "")
    before, sent = bench.api.memory(), 0
    while sent < bench.options.growth:
        found = load(bench.api.port, case.make, 10, bench.options.seconds, sent)
        sent += len(found.seconds)
    after = bench.api.memory()
    console.print(
        f"Memory of the server: {before / 1e6:.0f} MB before {sent:,} more requests for statements"
        f" of 10 clients, {after / 1e6:.0f} MB after"
    )
    return after - before


if __name__ == "__main__":
    sys.exit(main())
