"""Clients that send requests over connections of their own, and note the times.

A client is a thread with a blocking socket: it waits in the kernel, and costs a fraction of what
the server does for a request. Each reads answers of HTTP/1.1 and keeps none of them.
"""

import random
import re
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final, Self

_END: Final = b"\r\n\r\n"
_LENGTH: Final = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)
_CHUNKED: Final = re.compile(rb"\r\ntransfer-encoding: *chunked\r\n", re.IGNORECASE)
_ETAG: Final = re.compile(rb"\r\netag: *([^\r]+)\r\n", re.IGNORECASE)
_LAST_CHUNK: Final = b"0\r\n\r\n"
_ROOM: Final = 2_000_000  # bytes of the biggest answer, with its head
_WITHOUT_BODY: Final = frozenset({204, 304})
LONGEST: Final = 60.0  # seconds


@dataclass(frozen=True, slots=True)
class Request:
    """A GET request, and what answers it."""

    target: str
    headers: Mapping[str, str] = field(default_factory=dict)
    status: int = 200

    def as_bytes(self) -> bytes:
        """Return the request as it is sent."""
        headers = {"Host": "127.0.0.1", "Accept": "*/*", **self.headers}
        lines = [f"GET {self.target} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        return "\r\n".join([*lines, "", ""]).encode()


@dataclass(frozen=True, slots=True)
class Answer:
    """Seconds from the first byte sent to the last byte received, and bytes of the body."""

    seconds: float
    status: int
    size: int
    etag: str


class Client:
    """One connection, which is kept open."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), LONGEST)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._room = bytearray(_ROOM)
        self._view = memoryview(self._room)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def get(self, request: Request) -> Answer:
        """Send a request, and read the answer to its end.

        Raises:
            ConnectionError: The server ended the connection.
            AssertionError: The status is another one.
        """
        sent = request.as_bytes()
        started = time.perf_counter()
        self._socket.sendall(sent)
        head, status, size = self._read()
        seconds = time.perf_counter() - started
        if status != request.status:
            body = bytes(self._room[len(head) : len(head) + min(size, 500)])
            raise AssertionError(f"{request.target}: {status} and not {request.status}: {body!r}")
        etag = _ETAG.search(head)
        return Answer(seconds, status, size, etag[1].decode() if etag else "")

    def body(self, request: Request) -> bytes:
        """Send a request, and return the body of its answer."""
        size = self.get(request).size
        start = self._room.index(_END) + len(_END)
        return bytes(self._room[start : start + size])

    def _read(self) -> tuple[bytes, int, int]:
        """Read an answer; return its head, status and size."""
        got = 0
        while (end := self._room.find(_END, 0, got)) < 0:
            got += self._receive(got)
        head = bytes(self._room[: end + len(_END)])
        status = int(head[9:12])
        start = len(head)
        length = _LENGTH.search(head)
        if status in _WITHOUT_BODY:
            return head, status, 0
        if _CHUNKED.search(head):
            while not self._room.endswith(_LAST_CHUNK, start, got):
                got += self._receive(got)
            return head, status, got - start
        size = int(length[1]) if length else 0
        while got < start + size:
            got += self._receive(got)
        return head, status, size

    def _receive(self, got: int) -> int:
        assert got < _ROOM, f"the answer has more than {_ROOM:,} bytes"
        received = self._socket.recv_into(self._view[got:])
        if not received:
            raise ConnectionError("the server ended the connection")
        return received


@dataclass(frozen=True, slots=True)
class Load:
    """What many clients measured.

    Attributes:
        seconds: Of each answer, the shortest first.
        clock: Seconds from the first request to the last answer.
        size: Bytes of all bodies.
    """

    seconds: list[float]
    clock: float
    size: int

    @classmethod
    def together(cls, loads: Sequence["Load"]) -> "Load":
        """Return what several measurements of the same found."""
        seconds = sorted(second for each in loads for second in each.seconds)
        return cls(seconds, sum(each.clock for each in loads), sum(each.size for each in loads))

    @property
    def per_second(self) -> float:
        """Answers in a second."""
        return len(self.seconds) / self.clock

    def percentile(self, share: float) -> float:
        """Return the seconds within which a share of the requests was answered."""
        return self.seconds[min(len(self.seconds) - 1, int(share * len(self.seconds)))]


def load(port: int, requests: Callable[[random.Random], Request], clients: int, seconds: float,
         seed: int) -> Load:  # fmt: skip
    """Let clients send one request after the other, each over its connection, for a time.

    Args:
        port: Of the server.
        requests: Returns the next request.
        clients: Their number.
        seconds: After which no further request is begun; each client sends one.
        seed: Of the choice of requests.
    """
    found: list[Answer] = []

    def work(number: int) -> None:
        choice = random.Random(f"{seed} {number}")  # noqa: S311 which request does not matter
        with Client(port) as client:
            while True:
                found.append(client.get(requests(choice)))
                if time.perf_counter() >= until:
                    break

    started = time.perf_counter()
    until = started + seconds
    with ThreadPoolExecutor(clients) as pool:
        for each in [pool.submit(work, number) for number in range(clients)]:
            each.result()
    clock = time.perf_counter() - started
    return Load(sorted(each.seconds for each in found), clock, sum(each.size for each in found))


def milliseconds(seconds: float) -> str:
    """Return a time as it is printed."""
    return f"{1000 * seconds:.2f} ms" if seconds < 1 else f"{1000 * seconds:,.0f} ms"
