"""The pages that people read: kept and made anew, as a browser asks for them."""

import re
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from html import unescape
from random import Random
from typing import Final

from rich.console import Console
from rich.table import Table
from sqlalchemy import URL

from app.pages import addresses
from tests.bench.api.cases import STATEMENTS, Population
from tests.bench.api.client import Client, Load, Request, load, milliseconds
from tests.bench.api.wide import make_anew, wide_company

MOST_RATIO: Final = 3.0
"""Of the 99 % of a kept page to those of the empty route, with ten clients."""
CLIENTS: Final = (1, 10, 100)
JUDGED: Final = 10
ROUNDS: Final = 3
"""In turn, so that what else the machine does meets both."""
KEPT: Final = 20
"""Companies whose pages are asked for again and again."""
COLD: Final = 30
"""Pages that are made anew."""
BROWSER: Final = {
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Encoding": "gzip, deflate",
}
_PICTURE: Final = re.compile(r'src="([^"]*/figure\.png\?[^"]*)"')


@dataclass(frozen=True, slots=True)
class Asked:
    """Where pages are asked for, and for how long.

    Attributes:
        port: Of the server.
        empty: Of the empty route.
        url: Of the database.
        seconds: Of each measurement.
        seed: Of the choice of pages.
    """

    port: int
    empty: int
    url: URL
    there: Population
    seconds: float
    seed: int


def measure_pages(console: Console, asked: Asked, failures: list[str]) -> float:
    """Measure the pages and print it.

    Args:
        console: Where it is printed.
        asked: Where pages are asked for.
        failures: Get those that are not answered.

    Returns:
        The ratio of a kept page to the empty route, of the 99 % with ten clients.
    """
    _cold(console, asked)
    failures += _others(console, asked)
    return _kept(console, asked)


def _page(path: str, status: int = 200) -> Request:
    return Request(path, BROWSER, status)


def _kept(console: Console, asked: Asked) -> float:
    """Measure statements that have been rendered before, beside the empty route."""
    paths = [
        addresses.statement(company, statement)
        for company in asked.there.companies[:KEPT]
        for statement in STATEMENTS
    ]
    sizes, unchanged = [], []
    with Client(asked.port) as client:
        for path in paths:
            answer = client.get(_page(path))
            sizes.append(answer.size)
            known = {**BROWSER, "If-None-Match": answer.etag}
            unchanged.append(Request(path, known, 304))
    kinds: list[tuple[str, int, Callable[[Random], Request]]] = [
        ("empty route, as many bytes", asked.empty, lambda c: Request(f"/{c.choice(sizes)}")),
        ("statement as a page, kept", asked.port, lambda c: _page(c.choice(paths))),
        ("the same, not modified (304)", asked.port, lambda c: c.choice(unchanged)),
    ]
    table = Table("", "clients", "p50", "p99", "slowest", "requests/s")
    ratios = {}
    for clients in CLIENTS:
        found: dict[str, list[Load]] = {name: [] for name, _, _ in kinds}
        for number in range(ROUNDS):
            for name, port, make in kinds:
                seconds = asked.seconds / ROUNDS
                found[name].append(load(port, make, clients, seconds, asked.seed + number))
        together = {name: Load.together(each) for name, each in found.items()}
        for name, each in together.items():
            times = (each.percentile(0.5), each.percentile(0.99), each.seconds[-1])
            row = [milliseconds(seconds) for seconds in times]
            table.add_row(name, f"{clients}", *row, f"{each.per_second:,.0f}")
        floor, kept, _ = (each.percentile(0.99) for each in together.values())
        ratios[clients] = kept / floor
    console.print(table)
    return ratios[JUDGED]


def _cold(console: Console, asked: Asked) -> None:
    """Measure the first answer for a digest."""
    choice = Random(asked.seed)  # noqa: S311 which companies does not matter
    others = asked.there.companies[KEPT:] or asked.there.companies
    tens = [
        addresses.statement(company, choice.choice(STATEMENTS))
        for company in choice.sample(others, min(COLD, len(others)))
    ]
    table = Table("made anew, one client", "bytes", "in gzip", "median", "slowest")
    with Client(asked.port) as client:
        # Loads the templates.
        client.get(_page(addresses.statement(asked.there.companies[0], STATEMENTS[0])))

        def add(name: str, made: list[tuple[str, Callable[[], None]]]) -> None:
            seconds = []
            for path, before in made:
                before()
                seconds.append(client.get(_page(path)).seconds)
            sizes = [statistics.median(_sizes(client, [path for path, _ in made], gzip=gzip))
                     for gzip in (False, True)]  # fmt: skip
            times = milliseconds(statistics.median(seconds)), milliseconds(max(seconds))
            table.add_row(name, *(f"{size:,.0f}" for size in sizes), *times)

        add("ten years", [(path, lambda: None) for path in tens])
        with wide_company(asked.url) as company:
            wide = addresses.statement(company, "balance_sheet", {"years": "all"})
            add("30 years of 150 lines", [(wide, lambda: make_anew(asked.url, company))] * 10)
    console.print(table)


def _sizes(client: Client, paths: list[str], *, gzip: bool) -> list[int]:
    headers = BROWSER if gzip else {"Accept": BROWSER["Accept"]}
    return [client.get(Request(path, headers)).size for path in paths]


def _others(console: Console, asked: Asked) -> list[str]:
    """Measure the other pages with one client, and print them; return what failed."""
    there = asked.there
    queries = [
        (company, statement, {"line": line, "year": year})
        for company, statement, line, year in there.figures
    ]
    figures = [addresses.figure(*each) for each in queries]  # type: ignore[arg-type]
    companies = [addresses.documents(each) for each in there.companies]
    pages: list[tuple[str, list[str]]] = [
        (f"{len(there.companies):,} companies", [addresses.COMPANIES]),
        ("search for a company", [f"/?q={word}" for word in ("Alder", "plc", "missing", "NYSE")]),
        ("where a figure comes from", figures),
        ("documents of a company", companies),
        ("document", [addresses.document(each) for each in there.documents]),
        ("corrections", [addresses.corrections(each) for each in there.companies]),
        ("state of the schema", [addresses.SCHEMA]),
    ]
    table = Table("page, one client", "bytes in gzip", "p50", "p99", "requests/s")
    failures = []
    for name, paths in pages:
        try:
            found = load(asked.port, _chosen(paths), 1, asked.seconds, asked.seed)
        except (AssertionError, ConnectionError) as error:
            failures.append(f"{name}: {error}")
            continue
        times = milliseconds(found.percentile(0.5)), milliseconds(found.percentile(0.99))
        size = found.size / len(found.seconds)
        table.add_row(name, f"{size:,.0f}", *times, f"{found.per_second:,.0f}")
    for name, (sizes, seconds) in _pictures(asked, figures).items():
        times = milliseconds(statistics.median(seconds)), milliseconds(max(seconds))
        rate = len(seconds) / sum(seconds)
        table.add_row(name, f"{statistics.mean(sizes):,.0f}", *times, f"{rate:,.0f}")
    console.print(table)
    return failures


def _chosen(paths: list[str]) -> Callable[[Random], Request]:
    return lambda choice: _page(choice.choice(paths))


def _pictures(asked: Asked, figures: list[str]) -> dict[str, tuple[list[int], list[float]]]:
    """Return bytes and seconds of pictures that are drawn, and of the same again."""
    names = "picture of a page, drawn", "the same, kept"
    found: dict[str, tuple[list[int], list[float]]] = {name: ([], []) for name in names}
    until = time.monotonic() + 4 * asked.seconds
    with Client(asked.port) as client:
        for page in figures:
            pictures = _PICTURE.findall(client.body(Request(page)).decode())
            for picture in map(unescape, pictures[:1]):
                for name in names:
                    answer = client.get(Request(picture))
                    found[name][0].append(answer.size)
                    found[name][1].append(answer.seconds)
            if time.monotonic() > until:
                break
    return {name: each for name, each in found.items() if each[0]}
