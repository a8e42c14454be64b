"""Limits of bodies, as the server passes them on."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import pytest
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Message, Receive, Scope, Send

from app.web import body_limits
from app.web.body_limits import BodyLimits

KIB = 1024
MIB = 1024 * 1024
UPLOAD = ("POST", "/api/v1/companies/1/documents")
READING = ("PUT", "/api/v1/documents/1/extractions/balance_sheet")
OTHER = ("POST", "/api/v1/companies")


@pytest.fixture(autouse=True)
def _short_linger(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body_limits, "LINGER_SECONDS", 0.02)


class Client:
    """What a server gives an application: one request, whose body comes in pieces.

    Attributes:
        pieces: Bytes, or seconds that pass before the next ones; None: the client goes away.
        taken: How many pieces were asked for.
    """

    def __init__(
        self,
        request: tuple[str, str],
        pieces: Sequence[bytes | float | None],
        headers: dict[str, str] | None = None,
    ) -> None:
        if headers is None:
            headers = {"transfer-encoding": "chunked"}
        self.scope: Scope = {
            "type": "http",
            "method": request[0],
            "path": request[1],
            "root_path": "",
            "query_string": b"",
            "headers": [(k.encode(), v.encode()) for k, v in headers.items()],
        }
        self.pieces = list(pieces)
        self.sent: list[Message] = []
        self.taken = 0

    async def receive(self) -> Message:
        while self.pieces:
            piece = self.pieces.pop(0)
            if isinstance(piece, float):
                await asyncio.sleep(piece)
            elif piece is None:
                return {"type": "http.disconnect"}
            else:
                self.taken += 1
                return {"type": "http.request", "body": piece, "more_body": bool(self.pieces)}
        await asyncio.sleep(3600)
        raise AssertionError

    async def send(self, message: Message) -> None:
        self.sent.append(message)

    def ask(self, application: Any) -> "Client":
        limited = BodyLimits(application, lambda: 4 * MIB)
        asyncio.run(limited(self.scope, self.receive, self.send))
        return self

    @property
    def status(self) -> int:
        status: int = self.sent[0]["status"]
        assert not self.sent[-1].get("more_body", False)
        return status

    @property
    def headers(self) -> dict[bytes, bytes]:
        return dict(self.sent[0]["headers"])

    @property
    def problem(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(b"".join(m["body"] for m in self.sent[1:]))
        assert document["status"] == self.status
        return document


async def read_all(scope: Scope, receive: Receive, send: Send) -> None:
    body = await Request(scope, receive).body()
    await PlainTextResponse(str(len(body)))(scope, receive, send)


async def read_nothing(scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse("no", 403)(scope, receive, send)


@pytest.mark.parametrize(
    ("request_line", "most"),
    [(OTHER, MIB), (READING, 4 * MIB), (UPLOAD, 4 * MIB + 64 * KIB), (("GET", "/"), MIB)],
)
def test_each_route_has_its_size(request_line: tuple[str, str], most: int) -> None:
    pieces = [bytes(most // 4)] * 4
    assert Client(request_line, pieces).ask(read_all).status == 200
    larger = Client(request_line, [*pieces, b"x"]).ask(read_all)
    assert (larger.status, larger.problem["code"]) == (413, "too_large")
    said = Client(request_line, [], {"content-length": str(most + 1)}).ask(read_all)
    assert (said.status, said.problem["code"]) == (413, "too_large")


def test_a_body_that_says_that_it_is_too_large_is_not_given_to_the_application() -> None:
    async def fail(*_: object) -> None:
        raise AssertionError

    for length in (str(MIB + 1), "9" * 400):
        client = Client(OTHER, [b"x"], {"content-length": length}).ask(fail)
        assert client.status == 413
        assert client.headers[b"connection"] == b"close"


def test_a_body_that_grows_too_large_is_not_read_on() -> None:
    client = Client(OTHER, [bytes(MIB // 4)] * 400).ask(read_all)
    assert client.status == 413
    assert client.headers[b"connection"] == b"close"
    assert client.taken <= 4 + 1 + body_limits.LINGER_SIZE // (MIB // 4) + 1


def test_a_slow_body_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body_limits, "GRACE", 0.05)
    slow: list[list[bytes | float | None]] = [
        [3600.0],
        [b"x", 3600.0, b"x"],
        [b"x", *(each for _ in range(100) for each in (0.02, b"x"))],
    ]
    for pieces in slow:
        client = Client(OTHER, pieces).ask(read_all)
        assert (client.status, client.problem["code"]) == (408, "slow_body")


def test_a_body_that_is_fast_enough_may_take_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body_limits, "GRACE", 0.05)
    pieces: list[bytes | float | None] = [bytes(2 * KIB), 0.03] * 4
    assert Client(OTHER, [*pieces, b"x"]).ask(read_all).status == 200


def test_a_body_has_a_limit_in_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body_limits, "JSON", body_limits.BodyLimit(MIB, 0.1))
    pieces: list[bytes | float | None] = [bytes(100 * KIB), 0.03] * 8
    assert Client(OTHER, [*pieces, b"x"]).ask(read_all).status == 408


def test_time_in_which_the_application_does_not_read_is_not_the_clients(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(body_limits, "GRACE", 0.5)

    async def read_late(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(0.6)
        await read_all(scope, receive, send)

    assert Client(OTHER, [b"x", 0.02, b"x"]).ask(read_late).status == 200


def test_an_answer_before_the_body_was_read_ends_the_connection_after_a_moment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(body_limits, "LINGER_SECONDS", 5)
    client = Client(UPLOAD, [bytes(KIB)] * 10).ask(read_nothing)
    assert client.status == 403
    assert client.headers[b"connection"] == b"close"
    assert client.taken == 10
    assert [m.get("more_body") for m in client.sent[1:]] == [True, False]


def test_a_client_that_waits_for_100_continue_is_not_told_to_go_on() -> None:
    headers = {"content-length": "10", "expect": "100-continue"}
    client = Client(UPLOAD, [bytes(10)], headers).ask(read_nothing)
    assert (client.status, client.taken) == (403, 0)
    headers["content-length"] = str(100 * MIB)
    assert Client(UPLOAD, [b"x"], headers).ask(read_all).taken == 0


def test_requests_without_a_body_are_left_as_they_are() -> None:
    for headers in ({}, {"content-length": "0"}):
        client = Client(("GET", "/healthz"), [b""], headers).ask(read_nothing)
        assert b"connection" not in client.headers
        assert client.taken == 0


def test_a_client_that_goes_away_ends_the_request() -> None:
    async def note(scope: Scope, receive: Receive, _: Send) -> None:
        while (await receive())["type"] == "http.request":
            pass
        scope["gone"] = True

    client = Client(UPLOAD, [b"x", None]).ask(note)
    assert client.scope["gone"]
    assert client.sent == []


def test_compressed_bodies_are_refused() -> None:
    for value in ("gzip", "br, gzip"):
        headers = {"content-length": "10", "content-encoding": value}
        client = Client(OTHER, [bytes(10)], headers).ask(read_all)
        assert (client.status, client.problem["code"]) == (415, "unsupported_encoding")
    headers = {"content-length": "10", "content-encoding": "identity"}
    assert Client(OTHER, [bytes(10)], headers).ask(read_all).status == 200


def test_the_answer_says_why_a_body_was_refused_whatever_the_application_makes_of_it() -> None:
    async def answer_otherwise(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await read_all(scope, receive, send)
        except HTTPException:
            await PlainTextResponse("cannot be parsed", 400)(scope, receive, send)

    client = Client(OTHER, [bytes(MIB), b"x"]).ask(answer_otherwise)
    assert (client.status, client.problem["code"]) == (413, "too_large")


def test_an_error_of_the_application_passes() -> None:
    async def fail(*_: object) -> None:
        raise RuntimeError("a fault")

    with pytest.raises(RuntimeError, match="a fault"):
        Client(OTHER, [b"x"]).ask(fail)
