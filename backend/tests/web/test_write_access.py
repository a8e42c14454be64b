"""Who may write: what counts as this machine, the token, and what is refused before its body."""

import logging
from pathlib import Path

import httpx2 as httpx
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import URL
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from app.web.access import Access
from app.web.write_access import WriteProtection
from tests.helpers.api_server import api_server
from tests.helpers.http import LOCAL, local_client

TOKEN = "0123456789abcdef-fedcba9876543210"
HERE = ("127.0.0.1", 50000)
THERE = ("192.0.2.7", 50000)
BEARER = {"Authorization": f"Bearer {TOKEN}"}
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "PURGE"]


async def _done(_: Request) -> Response:
    return Response(status_code=204)


def caller(
    client: tuple[str, int] = HERE, url: str = LOCAL, version: str = "1.1", *, unix: bool = False
) -> TestClient:
    """Return a client of an application that answers 204 to what the protection passes on."""
    inner = Starlette(routes=[Route("/", _done, methods=METHODS)])
    protected = WriteProtection(inner, Access())

    async def as_server(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope["http_version"] = version
            scope["client"] = None if unix else client
        await protected(scope, receive, send)

    app: ASGIApp = as_server
    return TestClient(app, url, client=client)


@pytest.fixture
def token(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("WRITE_TOKEN", TOKEN)
    return TOKEN


@pytest.mark.parametrize("method", METHODS[2:])
def test_every_method_that_may_change_something_is_refused_from_elsewhere(method: str) -> None:
    answer = caller(THERE).request(method, "/")
    assert answer.status_code == 403
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "write_not_allowed"
    assert "WRITE_TOKEN" in answer.json()["detail"]
    assert caller().request(method, "/").status_code == 204


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_reads_are_open(method: str) -> None:
    assert caller(THERE, "http://example.com").request(method, "/").status_code == 204


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", "0:0:0:0:0:0:0:1"]
)
def test_a_loopback_address_is_this_machine(address: str) -> None:
    assert caller((address, 1)).post("/").status_code == 204


@pytest.mark.parametrize(
    "address",
    ["10.0.0.1", "172.17.0.1", "0.0.0.0", "::", "::2", "::ffff:10.0.0.1", "fe80::1", "", "x"],  # noqa: S104
)
def test_another_address_is_not(address: str) -> None:
    assert caller((address, 1)).post("/").status_code == 403


def test_a_socket_file_is_not_this_machine() -> None:
    """A proxy may be what writes into it."""
    assert caller(unix=True).post("/").status_code == 403


@pytest.mark.parametrize(
    "header",
    [
        "Forwarded: for=127.0.0.1",
        "X-Forwarded-For: 127.0.0.1",
        "X-Forwarded-For: ",
        "x_forwarded_for: 127.0.0.1",
        "X-Forwarded-Proto: http",
        "X-Forwarded-Host: localhost",
        "X-Forwarded: 127.0.0.1",
        "X-Real-IP: 127.0.0.1",
        "Via: 1.1 proxy",
        "CF-Connecting-IP: 127.0.0.1",
        "CF-Ray: 1",
        "True-Client-IP: 127.0.0.1",
        "X-Client-IP: 127.0.0.1",
        "X-Cluster-Client-IP: 127.0.0.1",
        "X-Original-Forwarded-For: 127.0.0.1",
        "X-Envoy-External-Address: 127.0.0.1",
        "X-Amzn-Trace-Id: 1",
    ],
)
def test_a_forwarded_request_is_not_from_this_machine(header: str) -> None:
    name, _, value = header.partition(": ")
    answer = caller().post("/", headers={name: value})
    assert (answer.status_code, "proxy" in answer.json()["detail"]) == (403, True)


def test_a_proxy_that_says_nothing_is_known_by_its_version_of_http() -> None:
    assert caller(version="1.0").post("/").status_code == 403


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost",
        "http://LOCALHOST:8000",
        "http://127.0.0.1",
        "http://127.5.5.5:80",
        "http://[::1]:8000",
        "http://[::ffff:127.0.0.1]",
    ],
)
def test_this_machine_has_loopback_names(url: str) -> None:
    assert caller(url=url).post("/", headers={"Origin": url.lower()}).status_code == 204


@pytest.mark.parametrize(
    "host",
    [
        "rebound.example",
        "localhost.example.com",
        "127.0.0.1.example.com",
        "0.0.0.0:8000",
        "192.168.1.5",
        "localhost@rebound.example",
        "localhost:8000:1",
        "127.1",
        "2130706433",
        "[::2]",
        "",
    ],
)
def test_a_name_that_only_resolves_to_this_machine_is_refused(host: str) -> None:
    """DNS rebinding: a page's own name leads to 127.0.0.1, so that its origin is the same."""
    answer = caller().post("/", headers={"Host": host, "Origin": f"http://{host}"})
    assert answer.status_code == 403


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Origin", "null"),
        ("Origin", ""),
        ("Origin", "http://example.com"),
        ("Origin", "https://127.0.0.1:8000"),
        ("Origin", "http://127.0.0.1:8001"),
        ("Origin", "http://127.0.0.1"),
        ("Origin", "http://localhost:8000"),
        ("Origin", "http://127.0.0.1:8000.example.com"),
        ("Origin", "http://127.0.0.1:8000@example.com"),
        ("Origin", "file://"),
        ("Origin", "http://["),
        ("Referer", "http://example.com/page"),
        ("Referer", "about:blank"),
        ("Sec-Fetch-Site", "cross-site"),
        ("Sec-Fetch-Site", "same-site"),
        ("Sec-Fetch-Site", ""),
        ("Sec-Fetch-Site", "none, cross-site"),
    ],
)
def test_a_page_of_another_origin_is_refused(name: str, value: str) -> None:
    assert caller().post("/", headers={name: value}).status_code == 403


def test_one_of_two_origins_is_not_enough() -> None:
    headers = [("Origin", LOCAL), ("Origin", "http://example.com")]
    assert caller().post("/", headers=headers).status_code == 403


def test_two_hosts_are_none() -> None:
    headers = [("Host", "localhost"), ("Host", "localhost")]
    assert caller().post("/", headers=headers).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": LOCAL},
        {"Referer": f"{LOCAL}/docs#x"},
        {"Sec-Fetch-Site": "same-origin", "Origin": LOCAL},
        {"Sec-Fetch-Site": "none"},
    ],
)
def test_a_page_of_this_server_may_write(headers: dict[str, str]) -> None:
    assert caller().post("/", headers=headers).status_code == 204


@pytest.mark.usefixtures("token")
@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_token_allows_writes_from_anywhere(scheme: str) -> None:
    headers = {"Authorization": f"{scheme} {TOKEN}", "X-Forwarded-For": "192.0.2.1"}
    assert caller(THERE, "http://api.example.com").post("/", headers=headers).status_code == 204
    assert caller().post("/", headers=BEARER).status_code == 204


@pytest.mark.usefixtures("token")
def test_without_the_token_others_are_told_of_it() -> None:
    answer = caller(THERE).post("/")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Bearer realm="writes"'
    assert answer.json()["code"] == "write_token_required"
    assert caller().post("/").status_code == 204


@pytest.mark.usefixtures("token")
@pytest.mark.parametrize("client", [HERE, THERE])
@pytest.mark.parametrize(
    "authorization",
    [
        b"Bearer",
        b"Bearer ",
        b"Bearer 0123456789abcdef-fedcba987654321",
        b"Bearer 0123456789abcdef-fedcba98765432100",
        b"Bearer 0123456789ABCDEF-FEDCBA9876543210",
        b"Bearer " + TOKEN.encode() + b" x",
        b"Bearer " + b"x" * 5000,
        b"Bearer \xff\xfe\xe9",
        "Bearer ключ".encode(),
        b"Basic " + TOKEN.encode(),
        TOKEN.encode(),
        b"",
    ],
)
def test_a_wrong_token_is_refused_from_everywhere(
    authorization: bytes, client: tuple[str, int], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        answer = caller(client).post("/", headers=[(b"Authorization", authorization)])
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Bearer realm="writes", error="invalid_token"'
    assert TOKEN not in answer.text + caplog.text + str(answer.headers)
    assert "0123456789" not in answer.text + caplog.text


@pytest.mark.usefixtures("token")
def test_two_tokens_are_none() -> None:
    headers = [("Authorization", f"Bearer {TOKEN}")] * 2
    assert caller().post("/", headers=headers).status_code == 401


@pytest.mark.parametrize("client", [HERE, THERE])
def test_a_token_is_wrong_where_none_is_set(client: tuple[str, int]) -> None:
    assert caller(client).post("/", headers={"Authorization": "Bearer "}).status_code == 403
    assert caller(client).post("/", headers=BEARER).status_code == 403


def test_an_empty_token_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WRITE_TOKEN", "")
    assert caller(THERE).post("/", headers={"Authorization": "Bearer "}).status_code == 403


def test_nothing_is_written_while_a_setting_is_invalid(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WRITE_TOKEN", "short")
    answer = caller().post("/")
    assert (answer.status_code, answer.json()["code"]) == (503, "not_configured")
    assert "short" not in answer.text


def test_a_refused_body_is_not_read() -> None:
    reads: list[str] = []

    async def as_server(scope: Scope, receive: Receive, send: Send) -> None:
        async def noted() -> object:
            reads.append("read")
            return await receive()

        await WriteProtection(Starlette(), Access())(scope, noted, send)  # type: ignore[arg-type]

    assert TestClient(as_server, LOCAL, client=THERE).post("/", content=b"x").status_code == 403
    assert not reads


def test_the_application_is_protected() -> None:
    with local_client() as client:
        assert client.post("/healthz").status_code == 405
        assert client.post("/healthz", headers={"Origin": "null"}).status_code == 403
        assert client.post("/no/such/path", headers={"Via": "1.1 x"}).status_code == 403


@pytest.mark.parametrize(
    ("value", "line"),
    [
        ("", "Writes: from this machine only, until WRITE_TOKEN is set; reads are open"),
        (TOKEN, "Writes: from this machine, from others with WRITE_TOKEN; reads are open"),
        ("short", "WRITE_TOKEN: it has fewer than 16 characters"),
    ],
)
def test_who_may_write_is_said_once_at_the_start(
    value: str, line: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://u@h/d")
    monkeypatch.setenv("WRITE_TOKEN", value)
    with caplog.at_level(logging.INFO), local_client():
        pass
    assert caplog.text.count(line) == 1
    assert not value or value not in caplog.text


@pytest.mark.slow
def test_a_running_server_knows_its_own_machine_whatever_proxies_it_trusts(
    migrated_database: URL, tmp_path: Path
) -> None:
    body = {"name": "Own plc"}
    with api_server(
        migrated_database, tmp_path, WRITE_TOKEN=TOKEN, FORWARDED_ALLOW_IPS="*"
    ) as server:
        address = f"http://127.0.0.1:{server.port}/api/v1/companies"
        assert httpx.post(address, json=body).status_code == 201
        forwarded = httpx.post(address, json=body, headers={"X-Forwarded-For": "127.0.0.1"})
        assert forwarded.status_code == 401
        headers = {"X-Forwarded-For": "192.0.2.1", **BEARER}
        assert httpx.post(address, json={"name": "Other plc"}, headers=headers).status_code == 201
        wrong = httpx.post(address, json=body, headers={"Authorization": f"Bearer {TOKEN}x"})
        assert wrong.status_code == 401
        assert server.words.count("from others with WRITE_TOKEN; reads are open") == 1
        assert TOKEN not in server.words
