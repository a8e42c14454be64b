"""Forms with several files, sent to the page of a running server by clients that misbehave."""

from collections.abc import Iterator

import httpx2 as httpx
import pytest
from sqlalchemy import URL

from tests.filings.layout import Layout
from tests.filings.pdf import make_report
from tests.helpers.pages import page_of, text_of
from tests.helpers.running_uploads import PAGE, SLOWEST, Uploads, serving_a_copy
from tests.helpers.upload_desk import form
from tests.helpers.waiting import wait_until

pytestmark = pytest.mark.slow

MEGABYTE = 1024**2
OPTION = ('name="same_company"', b"true")
AS_BROWSER = "Accept: text/html"


@pytest.fixture(scope="module")
def shared(
    migration_server: URL, migrated_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Uploads]:
    folder = tmp_path_factory.mktemp("uploads")
    with serving_a_copy(
        migration_server, migrated_template, folder, API_UPLOAD_MEGABYTES="2"
    ) as uploads:
        yield uploads


@pytest.fixture
def uploads(shared: Uploads) -> Iterator[Uploads]:
    yield shared
    shared.remove_all()


def report(seed: int) -> bytes:
    return make_report(seed, Layout()).data


def file(name: str, data: bytes) -> tuple[str, bytes]:
    return f'name="file"; filename="{name}"', data


def send(uploads: Uploads, body: bytes) -> httpx.Response:
    headers = {"Content-Type": "multipart/form-data; boundary=b", "Accept": "text/html"}
    return httpx.post(f"{uploads.origin}{PAGE}", content=body, headers=headers, timeout=SLOWEST)


def test_files_of_a_form_are_read_while_the_next_ones_wait(uploads: Uploads) -> None:
    parts = [file(f"{seed}.pdf", report(seed)) for seed in (1, 2)]
    body = form(OPTION, parts[0], file("garbage", bytes(MEGABYTE)), parts[1])
    answer = send(uploads, body)
    assert answer.status_code == 200
    lines = page_of(answer).xpath("//ul[@data-files]/li")
    words = [text_of(each.xpath(".//span")[0]) for each in lines]
    assert words == ["Added", "Not added", "Added"]
    assert uploads.count("documents") == 2
    uploads.check_clean()


def test_what_was_read_before_a_client_went_away_is_kept_and_nothing_else(
    uploads: Uploads,
) -> None:
    whole, half = report(1), report(2) + bytes(MEGABYTE)
    body = form(OPTION, file("a.pdf", whole), file("b.pdf", half))
    with uploads.connect() as connection:
        connection.sendall(
            uploads.head(len(body), AS_BROWSER, path=PAGE) + body[: len(whole) + 2000]
        )
        wait_until(lambda: uploads.count("compiled_statements WHERE digest IS NOT NULL") == 3)
    uploads.check_clean()
    assert uploads.count("documents") == 1
    assert send(uploads, body).status_code == 200
    uploads.check_clean()


def test_a_form_that_grows_without_end_is_ended(uploads: Uploads) -> None:
    piece = bytes(MEGABYTE)
    start = form(OPTION, file("a.pdf", b"x"))[:-9]
    sent = 0
    with uploads.connect() as connection:
        connection.sendall(
            uploads.head("chunked", AS_BROWSER, path=PAGE)
            + f"{len(start):x}\r\n".encode()
            + start
            + b"\r\n"
        )
        try:
            while sent < 40:
                connection.sendall(b"100000\r\n" + piece + b"\r\n")
                sent += 1
            received = connection.recv(4096)
        except OSError:
            received = b""
    assert sent < 40 or b" 413 " in received
    uploads.check_clean()
    assert uploads.count("documents") == 0


def test_a_form_that_says_that_it_is_too_large_is_refused_before_it_is_sent(
    uploads: Uploads,
) -> None:
    with uploads.connect() as connection:
        connection.sendall(uploads.head(10**9, AS_BROWSER, "Expect: 100-continue", path=PAGE))
        received = connection.recv(4096)
    assert received.startswith(b"HTTP/1.1 413 ")
    uploads.check_clean()
