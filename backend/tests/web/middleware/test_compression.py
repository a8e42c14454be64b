"""gzip: who gets it, what is never compressed, and what happens to the entity tag."""

import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import FileResponse, Response, StreamingResponse
from starlette.routing import Route

from app.web.middleware.compression import Compression, accepts_gzip
from tests.helpers.http import local_client

TEXT = b"a figure, and another one; " * 100
TAGGED = {"ETag": '"abc"'}


def answer(
    response: Response, accepted: str = "gzip", headers: dict[str, str] | None = None
) -> tuple[Headers, bytes]:
    """Return headers and bytes of an answer, as they are sent."""

    async def endpoint(_: Request) -> Response:
        return response

    client = TestClient(Compression(Starlette(routes=[Route("/", endpoint)])))
    sent = {"Accept-Encoding": accepted, **(headers or {})}
    with client.stream("GET", "/", headers=sent) as found:
        return Headers(dict(found.headers)), b"".join(found.iter_raw())


@pytest.mark.parametrize(
    ("accepted", "expected"),
    [
        ("gzip", True),
        ("GZIP", True),
        ("x-gzip", True),
        ("br, gzip", True),
        ("gzip;q=0.5", True),
        ("gzip; q=1.0, identity;q=0.5", True),
        ("*", True),
        ("*;q=0.1", True),
        ("", False),
        ("br", False),
        ("gzip;q=0", False),
        ("gzip;q=0.000", False),
        ("gzip;q=0, *", False),
        ("*;q=0", False),
        ("gzip;q=0.5, identity", False),
        ("gzip;q=", False),
        ("gzip;q=nan", False),
        ("gzip;q=-1", False),
        ("gzipped", False),
        ("identity", False),
    ],
)
def test_a_client_says_whether_it_accepts_gzip(accepted: str, expected: bool) -> None:
    assert accepts_gzip(Headers({"accept-encoding": accepted})) is expected


def test_what_is_compressed_has_a_weak_tag() -> None:
    headers, content = answer(Response(TEXT, 200, TAGGED, "application/json"))
    assert headers["content-encoding"] == "gzip"
    assert headers["etag"] == 'W/"abc"'
    assert headers["vary"] == "Accept-Encoding"
    assert int(headers["content-length"]) == len(content) < len(TEXT)
    assert gzip.decompress(content) == TEXT


def test_a_header_that_answers_depend_on_is_named_once() -> None:
    varying = {"Vary": "Accept, accept-encoding"}
    assert answer(Response(TEXT, 200, varying))[0]["vary"] == "Accept, Accept-Encoding"


def test_a_weak_tag_stays_as_it_is() -> None:
    assert answer(Response(TEXT, 200, {"ETag": 'W/"a"'}))[0]["etag"] == 'W/"a"'


@pytest.mark.parametrize("accepted", ["", "gzip;q=0"])
def test_a_client_that_does_not_accept_it_gets_the_strong_tag(accepted: str) -> None:
    headers, content = answer(Response(TEXT, 200, TAGGED), accepted)
    assert (headers["etag"], content) == ('"abc"', TEXT)
    assert "content-encoding" not in headers
    assert headers["vary"] == "Accept-Encoding"


@pytest.mark.parametrize(
    "response",
    [
        Response(b"short", 200, TAGGED),
        Response(TEXT, 206, {**TAGGED, "Content-Range": "bytes 0-1/2"}),
        Response(TEXT, 200, {**TAGGED, "Accept-Ranges": "bytes"}, "application/xhtml+xml"),
        Response(TEXT, 200, {**TAGGED, "Content-Encoding": "br"}),
        Response(TEXT, 200, TAGGED, "application/zip"),
        Response(TEXT, 200, TAGGED, "application/pdf"),
        Response(TEXT, 200, TAGGED, "image/png"),
        Response(TEXT, 200, TAGGED, "application/vnd.apache.parquet"),
        Response(None, 304, TAGGED),
    ],
)
def test_some_answers_are_never_compressed(response: Response) -> None:
    headers, content = answer(response)
    assert headers.get("content-encoding") != "gzip"
    assert headers["etag"] == '"abc"'
    assert content == response.body


def test_a_file_of_which_ranges_can_be_asked_is_not_compressed(tmp_path: Path) -> None:
    path = tmp_path / "filing.xhtml"
    path.write_bytes(TEXT)
    headers, content = answer(FileResponse(path))
    assert content == TEXT
    assert headers["content-length"] == str(len(TEXT))
    part = answer(FileResponse(path), headers={"Range": "bytes=0-3"})[1]
    assert part == TEXT[:4]


def test_a_stream_is_compressed_as_it_comes() -> None:
    def pieces() -> Iterator[bytes]:
        yield TEXT
        yield TEXT

    headers, content = answer(StreamingResponse(pieces(), media_type="text/csv"))
    assert headers["content-encoding"] == "gzip"
    assert "content-length" not in headers
    assert gzip.decompress(content) == TEXT * 2


def test_the_application_compresses() -> None:
    with local_client() as client:
        found = client.get("/openapi.json", headers={"Accept-Encoding": "gzip"})
    assert found.headers["content-encoding"] == "gzip"
    assert found.json()["openapi"].startswith("3.1")
