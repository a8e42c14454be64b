"""Send many requests at once, and ask `/healthz` meanwhile."""

import asyncio
import json
import os
import threading
import time
from collections import Counter
from collections.abc import Coroutine, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

CLIENT_PATIENCE = 60.0
"""Seconds after which a client gives up: no server may let it wait for so long."""
BETWEEN = 0.05
"""Seconds between two questions to `/healthz`."""


A_MOMENT = 2.0
"""Seconds for an answer that waits for nothing, beside hundreds of requests."""


def on_this_machine(seconds: float) -> float:
    """Return more seconds where other programs have the processors too.

    The load is an average of the last minute: it does not tell of tests that have just begun.
    """
    busy = max(os.getloadavg()[0], float(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")))
    return seconds * max(1, busy / (os.cpu_count() or 1))


@dataclass(frozen=True, slots=True)
class Reply:
    """How the server answered.

    Attributes:
        status: 0 if the connection ended without an answer, -1 if nothing came in time.
        seconds: From the beginning of the connection to the end of the answer.
    """

    status: int
    seconds: float
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def problem(self) -> dict[str, Any]:
        """Return the problem document."""
        assert self.headers["content-type"] == "application/problem+json", self
        return dict(json.loads(self.body))


@dataclass(frozen=True, slots=True, repr=False)
class Outcome:
    """How many requests were answered, and `/healthz` meanwhile."""

    replies: list[Reply]
    health: list[Reply]

    @property
    def statuses(self) -> Counter[int]:
        """Return how often each status came."""
        return Counter(each.status for each in self.replies)

    @property
    def slowest(self) -> float:
        """Return the seconds of the slowest answer."""
        return max(each.seconds for each in self.replies)

    @property
    def slowest_health(self) -> float:
        """Return the seconds of the slowest answer of `/healthz`."""
        return max(each.seconds for each in self.health)

    def __repr__(self) -> str:
        """Return the figures in one line, and the problems."""
        statuses = ", ".join(f"{count} x {status}" for status, count in self.statuses.items())
        problems = Counter(each.problem["code"] for each in self.replies if each.status >= 400)
        return (
            f"{statuses}; slowest {self.slowest:.2f} s; "
            f"/healthz {len(self.health)} times, slowest {self.slowest_health:.3f} s"
            f"{f'; {dict(problems)}' if problems else ''}"
        )


def flood(
    port: int,
    paths: Iterable[str],
    *,
    method: str = "GET",
    body: bytes | None = None,
    is_watched: bool = True,
) -> Outcome:
    """Send one request to each path, all at once, each on a connection of its own.

    Args:
        port: Of the server.
        paths: With the query.
        method: Of all requests.
        body: JSON of all requests.
        is_watched: Whether to ask `/healthz` meanwhile.
    """
    requests = [request(port, path, method=method, body=body) for path in paths]
    if not is_watched:
        return Outcome(asyncio.run(_gather(requests)), [])
    with _watching(port) as health:
        replies = asyncio.run(_gather(requests))
    return Outcome(replies, health)


def ask(port: int, path: str, *, method: str = "GET", body: bytes | None = None) -> Reply:
    """Send one request."""
    return asyncio.run(request(port, path, method=method, body=body))


@contextmanager
def traffic(port: int, paths: Sequence[str], clients: int) -> Iterator[list[Outcome]]:
    """Let clients ask for paths in turn, each again as soon as it is answered, during the block.

    Yields:
        An empty list, into which the outcome is put at the end of the block.
    """
    outcomes: list[Outcome] = []
    is_over = threading.Event()
    with ThreadPoolExecutor(1) as elsewhere, _watching(port) as health:
        running = elsewhere.submit(asyncio.run, _traffic(port, paths, clients, is_over))
        try:
            yield outcomes
        finally:
            is_over.set()
            outcomes.append(Outcome(running.result(), health))


async def _traffic(
    port: int, paths: Sequence[str], clients: int, is_over: threading.Event
) -> list[Reply]:
    replies: list[Reply] = []

    async def ask_again(number: int) -> None:
        while not is_over.is_set():
            replies.append(await request(port, paths[number % len(paths)]))
            number += 1

    await asyncio.gather(*map(ask_again, range(clients)))
    return replies


async def _gather(requests: Iterable[Coroutine[Any, Any, Reply]]) -> list[Reply]:
    return await asyncio.gather(*requests)


@contextmanager
def _watching(port: int) -> Iterator[list[Reply]]:
    """Ask `/healthz` again and again during the block, on a thread that has no other work."""
    health: list[Reply] = []
    is_over = threading.Event()
    with ThreadPoolExecutor(1) as elsewhere:
        watching = elsewhere.submit(asyncio.run, _watch(port, health, is_over))
        try:
            yield health
        finally:
            is_over.set()
            watching.result()


async def _watch(port: int, health: list[Reply], is_over: threading.Event) -> None:
    while not is_over.is_set():
        health.append(await request(port, "/healthz"))
        await asyncio.sleep(BETWEEN)


async def request(port: int, path: str, *, method: str = "GET", body: bytes | None = None) -> Reply:
    """Send one request on a connection of its own; return the answer or its absence."""
    started = time.monotonic()
    try:
        async with asyncio.timeout(CLIENT_PATIENCE):
            answer = await _exchange(port, _render(method, path, body))
    except TimeoutError:
        return Reply(-1, time.monotonic() - started)
    except OSError:
        answer = b""
    return _parse(answer, time.monotonic() - started)


async def _exchange(port: int, sent: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(sent)
        return await reader.read()
    finally:
        writer.close()


def _render(method: str, path: str, body: bytes | None) -> bytes:
    head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
    if body is not None:
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    return f"{head}\r\n".encode() + (body or b"")


def _parse(answer: bytes, seconds: float) -> Reply:
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    if not first:
        return Reply(0, seconds)
    headers = dict(line.lower().split(": ", 1) for line in lines)
    return Reply(int(first.split()[1]), seconds, headers, body)
