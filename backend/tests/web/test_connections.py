"""Slow, silent and wrong clients: each connection ends in bounded time, if possible answered."""

import asyncio
import json
import threading
import time
from collections.abc import Iterator

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from app.web import connections
from app.web.connections import BoundedProtocol
from app.web.serving import Serving
from tests.helpers.raw_client import connect, drip, exchange, receive, status_of
from tests.helpers.waiting import wait_until

SECONDS = 0.2  # for everything, in these tests
LATE = 10.0
"""Seconds: half of those in which a client that drips would have sent all."""
LARGE = 20_000_000  # bytes: more than the kernel buffers
GET = b"GET / HTTP/1.1\r\nHost: a\r\n"
POST = b"POST / HTTP/1.1\r\nHost: a\r\n"


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Read the body, and answer with as many bytes as the query says."""
    if scope["type"] == "lifespan":
        for name in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{name}.complete"})
        return
    size = 0
    while (message := await receive())["type"] == "http.request":
        size += len(message["body"])
        if not message["more_body"]:
            break
    else:
        return
    body = b"x" * int(scope["query_string"] or b"0") or str(size).encode()
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": 200, "headers": [length]})
    await send({"type": "http.response.body", "body": body})


@pytest.fixture(scope="module")
def server() -> Iterator[uvicorn.Server]:
    config = uvicorn.Config(Serving(application), port=0, log_config=None, timeout_keep_alive=60)
    running = uvicorn.Server(config)
    thread = threading.Thread(target=asyncio.run, args=(running.serve(),))
    with pytest.MonkeyPatch.context() as monkeypatch:
        for name in ("HEAD_SECONDS", "BODY_SECONDS", "ANSWER_SECONDS", "LINGER_SECONDS"):
            monkeypatch.setattr(connections, name, SECONDS)
        monkeypatch.setattr(connections, "LOOK_SECONDS", SECONDS / 10)
        monkeypatch.setattr(connections, "NEW_SECONDS", SECONDS / 10)
        thread.start()
        wait_until(lambda: running.started)
        yield running
        running.should_exit = True
        thread.join()


@pytest.fixture(scope="module")
def port(server: uvicorn.Server) -> int:
    number: int = server.servers[0].sockets[0].getsockname()[1]
    return number


def test_a_server_that_is_started_as_usual_has_the_limits(server: uvicorn.Server) -> None:
    assert server.config.http_protocol_class is BoundedProtocol
    assert server.config.timeout_graceful_shutdown == 8


@pytest.mark.parametrize("level", ["info", "trace"])
def test_the_application_sets_the_limits_of_its_server(level: str) -> None:
    """Also where what the server calls is wrapped, as it is while it traces."""
    config = uvicorn.Config("app.main:app", port=0, log_config=None, log_level=level)
    running = uvicorn.Server(config)

    async def start() -> None:
        config.load()
        running.lifespan = config.lifespan_class(config)
        await running.startup()
        await running.shutdown()

    asyncio.run(start())
    assert config.http_protocol_class is BoundedProtocol


def test_an_option_of_the_command_line_is_kept() -> None:
    config = uvicorn.Config(
        Serving(application), port=0, log_config=None, http="h11", timeout_graceful_shutdown=3
    )
    config.load()
    asyncio.run(config.lifespan_class(config).startup())
    assert config.timeout_graceful_shutdown == 3


@pytest.mark.parametrize("sent", [b"", b"GET / HT", GET, GET + b"X: 1\r\n"])
def test_a_head_that_does_not_come_ends_the_connection(port: int, sent: bytes) -> None:
    started = time.monotonic()
    with connect(port, sent) as client:
        answer = receive(client)
    assert SECONDS / 2 < time.monotonic() - started < LATE
    if sent:
        assert_problem(answer, 408, "slow_head")
    else:
        assert answer == b""


def test_a_head_that_drips_ends_the_connection(port: int) -> None:
    with connect(port) as client:
        assert drip(client, GET + b"X: " + b"y" * 1000, SECONDS / 10) < LATE


def test_a_second_head_that_drips_ends_the_connection(port: int) -> None:
    with connect(port, GET + b"\r\n") as client:
        assert client.recv(1000).startswith(b"HTTP/1.1 200")
        assert drip(client, GET + b"X: " + b"y" * 1000, SECONDS / 10) < LATE


def test_a_body_that_does_not_come_is_answered(port: int) -> None:
    with connect(port, POST + b"Content-Length: 10\r\n\r\n12345") as client:
        assert_problem(receive(client), 408, "slow_body")


def test_a_body_that_drips_is_answered(port: int) -> None:
    with connect(port, POST + b"Content-Length: 1000\r\n\r\n") as client:
        assert drip(client, b"y" * 1000, SECONDS / 10) < LATE


def test_a_body_that_comes_slowly_but_comes_is_taken(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "RATE", 100)
    with connect(port, POST + b"Connection: close\r\nContent-Length: 1000\r\n\r\n") as client:
        for _ in range(10):
            client.sendall(b"y" * 100)
            time.sleep(SECONDS / 4)
        answer = receive(client)
    assert answer.startswith(b"HTTP/1.1 200")
    assert answer.endswith(b"1000")


def test_a_client_that_does_not_read_loses_its_connection(
    server: uvicorn.Server, port: int
) -> None:
    with connect(port, b"GET /?%d HTTP/1.1\r\nHost: a\r\n\r\n" % LARGE):
        wait_until(lambda: any(each.flow.write_paused for each in there(server)))
        wait_until(lambda: not there(server))


def test_a_client_that_reads_slowly_gets_all(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "RATE", 1_000_000)
    request = b"GET /?%d HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" % LARGE
    size = 0
    with connect(port, request) as client:
        while part := client.recv(1_000_000):
            size += len(part)
            time.sleep(0.02)
    assert size > LARGE


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        (b"GET /" + b"a" * 1_000_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414, "long_address"),
        (GET + b"X: " + b"a" * 1_000_000 + b"\r\n\r\n", 431, "large_head"),
        (GET + b"X: 1\r\n" * 10_000 + b"\r\n", 431, "large_head"),
        (b"GET / HTTP/1.1\r\n\r\n", 400, "invalid_http"),
        (GET + b"Host: b\r\n\r\n", 400, "invalid_http"),
        (GET + b"X\0: 1\r\n\r\n", 400, "invalid_http"),
        (b"G\xc3\x89T / HTTP/1.1\r\nHost: a\r\n\r\n", 400, "invalid_http"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400, "invalid_http"),
        (b"\0" * 100_000, 400, "invalid_http"),
        (POST + b"Content-Length: -1\r\n\r\n", 400, "invalid_http"),
        (POST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n", 400, "invalid_http"),
        (POST + b"Content-Length: 1" + b"0" * 30 + b"\r\n\r\n", 400, "invalid_http"),
        (POST + b"Transfer-Encoding: gzip\r\n\r\n", 400, "invalid_http"),
        (POST + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n", 400, "invalid_http"),
        (POST + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n", 400, "invalid_http"),
        (POST + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabcdef\r\n", 400, "invalid_http"),
        (POST + b"Transfer-Encoding: chunked\r\n\r\n3;" + b"x" * 100_000, 400, "invalid_http"),
    ],
    ids=lambda each: repr(each[:70]) if isinstance(each, bytes) else str(each),
)
def test_what_is_no_request_is_answered(port: int, sent: bytes, status: int, code: str) -> None:
    answer = exchange(port, sent)
    assert_problem(answer, status, code)
    assert exchange(port, GET + b"Connection: close\r\n\r\n").startswith(b"HTTP/1.1 200")


def test_http_1_0_needs_no_host(port: int) -> None:
    assert exchange(port, b"GET / HTTP/1.0\r\n\r\n").startswith(b"HTTP/1.1 200")


def test_pipelined_requests_are_answered_in_order(port: int) -> None:
    sizes = [1, 20, 300] * 20
    sent = b"".join(b"GET /?%d HTTP/1.1\r\nHost: a\r\n\r\n" % size for size in sizes)
    sent += GET + b"Connection: close\r\n\r\n"
    answers = exchange(port, sent).split(b"HTTP/1.1 200 OK\r\n")[1:]
    assert [len(each.partition(b"\r\n\r\n")[2]) for each in answers] == [*sizes, 1]


def test_the_connection_that_was_silent_the_longest_makes_room(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "HEAD_SECONDS", 60)
    monkeypatch.setattr(BoundedProtocol, "most", 20)
    silent = []
    for _ in range(100):
        silent.append(connect(port))
        time.sleep(SECONDS / 100)
    assert exchange(port, GET + b"Connection: close\r\n\r\n").startswith(b"HTTP/1.1 200")
    assert receive(silent[0]) == b""
    silent[-1].sendall(GET + b"Connection: close\r\n\r\n")
    assert receive(silent[-1]).startswith(b"HTTP/1.1 200")
    for each in silent:
        each.close()


def test_a_connection_too_many_is_refused_while_all_are_busy(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "BODY_SECONDS", 60)
    monkeypatch.setattr(BoundedProtocol, "most", 5)
    busy = [connect(port, POST + b"Content-Length: 1\r\n\r\n") for _ in range(5)]
    answer = exchange(port, GET + b"\r\n")
    assert_problem(answer, 503, "busy")
    assert b"\r\nretry-after: " in answer
    for each in busy:
        each.sendall(b"x")
        assert each.recv(1000).startswith(b"HTTP/1.1 200")
        each.close()


def there(server: uvicorn.Server) -> list[BoundedProtocol]:
    return [each for each in server.server_state.connections if isinstance(each, BoundedProtocol)]


def assert_problem(answer: bytes, status: int, code: str) -> None:
    assert status_of(answer) == status, answer
    assert b"\r\ncontent-type: application/problem+json\r\n" in answer
    assert b"\r\nconnection: close\r\n" in answer
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["code"] == code
