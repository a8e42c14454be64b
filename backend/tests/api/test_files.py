"""Downloads of stored files, in process."""

import hashlib
import re
import threading
from base64 import b64encode
from typing import Any, BinaryIO
from urllib.parse import unquote

import httpx2 as httpx
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from app.storage import Storage, StorageError, StoredFile, path_of
from app.storage.folder import Folder
from app.web import storage_threads
from app.web.attachments import ENDINGS, LONGEST, content_disposition
from tests.helpers.shelf import Shelf
from tests.helpers.waiting import wait_until

CONTENT = bytes(range(256)) * 3000
SIZE = len(CONTENT)
DIGEST = hashlib.sha256(CONTENT).hexdigest()


def keep(shelf: Shelf, content: bytes = CONTENT, **columns: str | None) -> str:
    """Store a file of a document; return the path of its download."""
    digest = hashlib.sha256(content).hexdigest()
    path = shelf.folder / "given"
    path.write_bytes(content)
    shelf.storage.put(path, digest)
    values = {"file_name": "report.pdf", "media_type": "application/pdf", **columns}
    with shelf.sessions.begin() as session:
        number = session.scalar(
            text(
                "INSERT INTO documents (company_id, url, fiscal_year, document_type, sha256,"
                " file_path, file_name, media_type) VALUES ((SELECT min(id) FROM companies),"
                " 'sha256:' || :digest, 2024, 'annual_report', :digest, :path, :file_name,"
                " :media_type) RETURNING id"
            ),
            {"digest": digest, "path": path_of(digest), **values},
        )
    return f"/api/v1/documents/{number}/file"


def get(client: TestClient, path: str, **headers: str) -> httpx.Response:
    answer: httpx.Response = client.get(
        path, headers={name.replace("_", "-"): value for name, value in headers.items()}
    )
    return answer


def problem(answer: httpx.Response, status: int) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    found: dict[str, Any] = answer.json()
    return found


def test_a_file_comes_whole_as_an_attachment_that_runs_nothing(
    client: TestClient, filled: Shelf
) -> None:
    path = keep(filled)
    answer = get(client, path, Accept_Encoding="gzip")
    assert (answer.status_code, answer.content) == (200, CONTENT)
    expected = {
        "content-length": str(SIZE),
        "content-type": "application/pdf",
        "content-disposition": 'attachment; filename="report.pdf"',
        "content-security-policy": "sandbox",
        "x-content-type-options": "nosniff",
        "accept-ranges": "bytes",
        "etag": f'"{DIGEST}"',
        "repr-digest": f"sha-256=:{b64encode(bytes.fromhex(DIGEST)).decode()}:",
        "cache-control": "no-cache, no-transform",
    }
    assert expected.items() <= dict(answer.headers).items()
    assert "content-encoding" not in answer.headers
    head = client.head(path, headers={"Range": "bytes=0-1"})
    assert (head.status_code, head.content) == (200, b"")
    assert expected.items() <= dict(head.headers).items()


def test_headers_alone_read_nothing(
    client: TestClient, filled: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = keep(filled)
    monkeypatch.delattr(StoredFile, "read")
    assert client.head(path).headers["content-length"] == str(SIZE)
    assert get(client, path, If_None_Match=f'W/"{DIGEST}"').status_code == 304


RANGES = {
    "bytes=0-0": (0, 1),
    "bytes=0-": (0, SIZE),
    "BYTES= 5-9 ": (5, 10),
    "bytes=300000-599999": (300_000, 600_000),
    f"bytes={SIZE - 1}-": (SIZE - 1, SIZE),
    f"bytes=7-{'9' * 30}": (7, SIZE),
    "bytes=-1": (SIZE - 1, SIZE),
    f"bytes=-{SIZE + 5}": (0, SIZE),
}
NO_RANGES = (
    *("bytes=5-4", "bytes=-", "bytes=a-b", "bytes=1_0-20", "items=0-1", "0-1", "bytes", "", "-"),
    *("bytes=0-1,3-4", "bytes=0-1, -1", "bytes=\N{SUPERSCRIPT TWO}-3", f"bytes={'9' * 5000}-"),
    "bytes=-1-2",
)
BEYOND = (f"bytes={SIZE}-", "bytes=-0", f"bytes={'9' * 30}-{'9' * 30}")


def test_a_range_comes_alone_and_what_is_none_is_ignored(client: TestClient, filled: Shelf) -> None:
    path = keep(filled)
    for header, (start, end) in RANGES.items():
        answer = get(client, path, Range=header, Accept_Encoding="gzip")
        assert (answer.status_code, answer.content) == (206, CONTENT[start:end]), header
        assert answer.headers["content-range"] == f"bytes {start}-{end - 1}/{SIZE}"
        assert answer.headers["content-length"] == str(end - start)
        assert answer.headers["content-security-policy"] == "sandbox"
    for header in NO_RANGES:
        answer = client.get(path, headers={b"Range": header.encode("latin-1")})
        assert (answer.status_code, len(answer.content)) == (200, SIZE), header
    twice = client.get(path, headers=[("Range", "bytes=0-1"), ("Range", "bytes=3-4")])
    assert twice.status_code == 200
    for header in BEYOND:
        answer = get(client, path, Range=header)
        assert problem(answer, 416)["code"] == "range_not_satisfiable"
        assert answer.headers["content-range"] == f"bytes */{SIZE}"


def test_a_range_of_another_version_gives_the_whole_file(client: TestClient, filled: Shelf) -> None:
    path = keep(filled)
    assert get(client, path, Range="bytes=0-1", If_Range=f'"{DIGEST}"').status_code == 206
    for other in ('"x"', f'W/"{DIGEST}"', DIGEST, "Wed, 21 Oct 2015 07:28:00 GMT", "*"):
        assert get(client, path, Range="bytes=0-1", If_Range=other).status_code == 200
    same = get(client, path, Range=f"bytes={SIZE}-", If_None_Match=f'"x", "{DIGEST}"')
    assert (same.status_code, same.content) == (304, b"")
    assert get(client, path, If_Match=f'"{DIGEST}"').status_code == 200
    problem(get(client, path, If_Match='"x"'), 412)


HOSTILE = (
    'a"; filename=evil.exe; x="',
    "../../etc/passwd",
    "C:\\temp\\report.pdf",
    "a\r\nSet-Cookie: x=1\r\n\r\n<script>.pdf",
    "fdp.\u202eexe.pdf",
    "report.pdf.exe",
    "a\x7f\x80\x00.pdf",
    "\\\\server\\share\\..\\a*?.pdf",
    "CON",
    ".htaccess",
)


def saved_as(header: str) -> str:
    """Return the name under which a browser saves a file; every header has to be plain."""
    assert re.fullmatch(
        r"attachment; filename=\"[\w .()+,&'-]+\"(; filename\*=UTF-8''\S+)?", header
    )
    assert header.isascii()
    plain, _, extended = header.partition("; filename*=UTF-8''")
    assert re.fullmatch(r"(?:[A-Za-z0-9._~-]|%[0-9A-F]{2})*", extended)
    return unquote(extended, errors="strict") or plain.split('"')[1]


def test_no_name_of_a_file_leads_anywhere() -> None:
    for name in HOSTILE:
        saved = saved_as(content_disposition(name, "application/pdf", "document-1"))
        assert not set(saved) & set('/\\"<>:|?*\r\n'), name
        assert saved.isprintable()
        assert saved.lower().endswith(".pdf")
    for name in ("", "..", "///", "\\", "\u202e", " . _ "):
        assert saved_as(content_disposition(name, "application/pdf", "d-1")) == "d-1.pdf"
    kept = ("REPORT.PDF", "Geschäftsbericht 2024.pdf", "年度报告.pdf", "50%41.pdf")
    for name in kept:
        assert saved_as(content_disposition(name, "application/pdf", "d-1")) == name
    for letter in ("a", "é", "年", "\N{PILE OF POO}"):
        saved = saved_as(content_disposition(letter * 300 + ".htm", "text/html", "d-1"))
        assert LONGEST - 4 < len(saved.encode()) <= LONGEST
        assert saved.endswith(".htm")


def test_a_hostile_name_is_saved_under_a_plain_one(client: TestClient, filled: Shelf) -> None:
    path = keep(filled, b"<html>", file_name='a"\r\nX-Evil: 1\u202e/b.hta', media_type="text/html")
    answer = get(client, path)
    assert answer.headers["content-type"] == "text/html"
    assert "x-evil" not in answer.headers
    assert saved_as(answer.headers["content-disposition"]) == "b.hta.html"


def test_a_type_that_filings_do_not_have_is_not_sent(client: TestClient, filled: Shelf) -> None:
    kinds: dict[str | None, str] = {
        "image/svg+xml": "application/octet-stream",
        "text/html; charset=utf-7": "application/octet-stream",
        "text/javascript": "application/octet-stream",
        "application/pdf\r\nX-Evil: 1": "application/octet-stream",
        None: "application/octet-stream",
        **{each: each for each in ENDINGS},
    }
    for number, (recorded, sent) in enumerate(kinds.items()):
        answer = get(client, keep(filled, b"%d" % number, media_type=recorded, file_name="x"))
        assert answer.headers["content-type"] == sent
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "x-evil" not in answer.headers


def test_a_document_without_a_file_has_no_download(client: TestClient, filled: Shelf) -> None:
    path = keep(filled)
    with filled.sessions.begin() as session:
        session.execute(text("UPDATE documents SET file_path = NULL"))
    assert problem(get(client, path), 404)["code"] == "no_file"
    problem(get(client, "/api/v1/documents/4711/file"), 404)


def test_a_storage_that_fails_is_a_problem_before_the_first_byte(
    client: TestClient, filled: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = keep(filled)
    (filled.folder / "storage" / path_of(DIGEST)).unlink()
    for url in (None, "/proc/no/such/folder", "nosuch://bucket/folder"):
        if url:
            monkeypatch.setenv("STORAGE_URL", url)
        answer = get(client, path, Range="bytes=0-1")
        found = problem(answer, 503)
        assert "retry-after" in answer.headers
        assert "content-security-policy" in answer.headers
        assert "etag" not in answer.headers
        assert str(filled.folder) not in str(found)
    with filled.sessions.begin() as session:
        session.execute(text("UPDATE documents SET file_path = '../../etc/passwd'"))
    problem(get(client, path), 503)


def test_a_storage_that_hangs_has_a_limit(
    client: TestClient, filled: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = keep(filled)
    monkeypatch.setattr(storage_threads, "SECONDS", 0.05)
    opened = Folder.open
    late: list[BinaryIO] = []
    answers = threading.Event()

    def open_late(self: Folder, stored: str, block: int | None = None) -> BinaryIO:
        assert answers.wait(20)
        late.append(opened(self, stored, block))
        return late[0]

    monkeypatch.setattr(Folder, "open", open_late)
    problem(get(client, path), 503)
    assert not late
    answers.set()
    wait_until(lambda: bool(late) and late[0].closed)


def test_a_damaged_file_breaks_off(client: TestClient, filled: Shelf) -> None:
    path = keep(filled)
    (filled.folder / "storage" / path_of(DIGEST)).write_bytes(CONTENT[:-1] + b"x")
    with pytest.raises(RuntimeError) as caught:
        get(client, path)
    assert isinstance(caught.value.__cause__, StorageError)


@pytest.mark.parametrize("asked", ["", "bytes=0-0", "bytes=-1"])
def test_an_emptied_file_is_no_answer(client: TestClient, filled: Shelf, asked: str) -> None:
    path = keep(filled)
    (filled.folder / "storage" / path_of(DIGEST)).write_bytes(b"")
    problem(get(client, path, **({"range": asked} if asked else {})), 503)
    assert client.head(path).status_code == 503


def test_a_file_that_shrinks_breaks_off(
    client: TestClient, filled: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = keep(filled)
    whole = StoredFile.read

    def shrink(self: StoredFile, start: int, length: int) -> bytes:
        (filled.folder / "storage" / path_of(DIGEST)).write_bytes(CONTENT[:10])
        return whole(self, start, length)

    monkeypatch.setattr(StoredFile, "read", shrink)
    with pytest.raises(RuntimeError) as caught:
        get(client, path, Range="bytes=0-99")
    assert isinstance(caught.value.__cause__, StorageError)


def test_no_connection_is_held_while_bytes_are_sent(
    client: TestClient, filled: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = keep(filled)
    seen: list[int] = []
    whole = StoredFile.read

    def look(self: StoredFile, start: int, length: int) -> bytes:
        busy = (
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND state <> 'idle'"
        )
        seen.append(filled.one(busy))
        return whole(self, start, length)

    monkeypatch.setattr(StoredFile, "read", look)
    assert get(client, path).content == CONTENT
    assert len(seen) > 1
    assert set(seen) == {0}


def test_a_file_on_a_server_comes_in_pieces_too(
    client: TestClient, filled: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"memory://{filled.folder.name}"
    monkeypatch.setenv("STORAGE_URL", url)
    filled.storage = Storage(url)
    path = keep(filled)
    assert get(client, path).content == CONTENT
    answer = get(client, path, Range="bytes=300000-599999")
    assert (answer.status_code, answer.content) == (206, CONTENT[300_000:600_000])
    filled.storage.delete(path_of(DIGEST))
    problem(get(client, path), 503)
