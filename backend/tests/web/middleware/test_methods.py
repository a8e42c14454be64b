"""HEAD, OPTIONS and `Allow`, and the headers that protect every answer."""

from collections.abc import Iterator

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.testclient import TestClient
from starlette.middleware import Middleware
from starlette.types import Receive, Scope, Send

from app.main import create_app
from app.web.middleware.compression import Compression
from app.web.middleware.headers import PROTECTION, ProtectionHeaders
from app.web.middleware.methods import Methods
from tests.helpers.http import LOCAL, local_client

LONG = "figures " * 1000


@pytest.fixture
def client() -> Iterator[TestClient]:
    """Return a client of an application whose paths have a route for each method."""
    application = FastAPI(middleware=[Middleware(Methods), Middleware(Compression)])
    router = APIRouter(prefix="/things")

    @router.get("")
    async def list_things() -> str:
        return LONG

    @router.post("")
    async def create_thing() -> str:
        return "made"

    @router.delete("/{thing}")
    async def delete_thing(thing: int) -> int:
        return thing

    application.include_router(router)
    with TestClient(application) as client:
        yield client


@pytest.mark.parametrize("encoding", ["gzip", "identity"])
def test_head_has_the_headers_of_get_and_no_body(client: TestClient, encoding: str) -> None:
    headers = {"Accept-Encoding": encoding}
    get = client.get("/things", headers=headers)
    head = client.head("/things", headers=headers)
    assert head.status_code == 200
    assert dict(head.headers) == dict(get.headers)
    assert int(head.headers["content-length"]) > 0
    assert head.content == b""


def test_head_of_what_is_not_there_is_not_found(client: TestClient) -> None:
    assert client.head("/nothing").status_code == 404
    assert client.head("/things/1").status_code == 405


@pytest.mark.parametrize(
    ("path", "allowed"),
    [("/things", "GET, HEAD, OPTIONS, POST"), ("/things/1", "DELETE, OPTIONS")],
)
def test_allow_names_the_methods_of_all_routes_of_a_path(
    client: TestClient, path: str, allowed: str
) -> None:
    options = client.options(path)
    assert (options.status_code, options.headers["allow"], options.content) == (204, allowed, b"")
    for method in ("PUT", "PATCH", "TRACE", "PURGE"):
        refused = client.request(method, path)
        assert (refused.status_code, refused.headers["allow"]) == (405, allowed)


def test_options_of_an_unknown_path_is_not_found(client: TestClient) -> None:
    assert client.options("/nothing").status_code == 404


def test_options_of_the_server_names_every_method(client: TestClient) -> None:
    """A client of tests sends no target but a path."""

    async def of_the_server(scope: Scope, receive: Receive, send: Send) -> None:
        await client.app({**scope, "path": "*"}, receive, send)

    answer = TestClient(of_the_server).options("/")
    assert (answer.status_code, answer.headers["allow"]) == (
        204,
        "DELETE, GET, HEAD, OPTIONS, POST",
    )


def test_no_page_of_another_origin_is_let_in(client: TestClient) -> None:
    asked = {"Origin": "http://example.com", "Access-Control-Request-Method": "POST"}
    answer = client.options("/things", headers=asked)
    assert not [name for name in answer.headers if name.startswith("access-control-")]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/healthz", 200),
        ("HEAD", "/healthz", 200),
        ("OPTIONS", "/healthz", 204),
        ("PUT", "/healthz", 405),
        ("GET", "/nothing", 404),
        ("GET", "/openapi.json", 200),
        ("GET", "/healthz/", 404),
    ],
)
def test_every_answer_is_protected(method: str, path: str, status: int) -> None:
    with local_client() as client:
        answer = client.request(method, path)
    assert answer.status_code == status
    assert {name: answer.headers[name] for name in PROTECTION} == PROTECTION


def test_a_refusal_is_protected() -> None:
    with local_client() as client:
        refused = client.post("/healthz", headers={"Via": "1.1 proxy"})
        malformed = client.get("/healthz", headers={"Host": "a b"})
    assert (refused.status_code, malformed.status_code) == (403, 400)
    for answer in (refused, malformed):
        assert {name: answer.headers[name] for name in PROTECTION} == PROTECTION


@pytest.mark.usefixtures("on_migrated")  # it is no fault if the schema is an older one
def test_a_fault_of_the_program_is_protected() -> None:
    application = create_app()

    @application.get("/fault")
    async def fail() -> None:
        raise LookupError

    with TestClient(application, LOCAL, raise_server_exceptions=False) as client:
        answer = client.get("/fault")
    assert (answer.status_code, answer.json()["code"]) == (500, "unexpected")
    assert {name: answer.headers[name] for name in PROTECTION} == PROTECTION


def test_an_answer_keeps_a_policy_of_its_own() -> None:
    async def application(_: object, __: object, send: object) -> None:
        headers = [(b"content-security-policy", b"sandbox")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})  # type: ignore[operator]
        await send({"type": "http.response.body", "body": b""})  # type: ignore[operator]

    answer = TestClient(ProtectionHeaders(application)).get("/")
    assert answer.headers["content-security-policy"] == "sandbox"
    assert answer.headers["x-content-type-options"] == "nosniff"
