"""Forms that arrive in pieces."""

import asyncio
import errno
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path

import pytest
from anyio import CapacityLimiter
from hypothesis import given, settings
from hypothesis import strategies as st

from app.web import multipart
from app.web.multipart import IncomingForm, ReceivedForm, receive_form
from app.web.problems import ProblemError
from tests.helpers.upload_desk import form

KIND = b"multipart/form-data; boundary=b"
CONTENT = b"\r\n--b\r\r\n--\r\n--bb-\r\n" * 3 + bytes(range(256))
"""What looks like the beginning of a boundary."""
BODY = form(('name="accept_doubtful"', b"true"), ('name="file"; filename="a.pdf"', CONTENT))


def receive(
    chunks: list[bytes], path: Path, *, most: int = 10**6, kind: bytes = KIND
) -> ReceivedForm:
    async def body() -> AsyncIterator[bytes]:
        for each in chunks:
            yield each

    async def run() -> ReceivedForm:
        return await receive_form(kind, body(), path, most, CapacityLimiter(1))

    return asyncio.run(run())


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 10_000])
def test_a_form_is_the_same_in_pieces_of_any_size(tmp_path: Path, size: int) -> None:
    # Only a line that is a boundary ends the content.
    content = CONTENT.replace(b"--b\r\r\n", b"--c\r\n")
    body = BODY.replace(CONTENT, content)
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    received = receive(pieces, tmp_path / "file")
    assert received == ReceivedForm("a.pdf", {"accept_doubtful": True})
    assert (tmp_path / "file").read_bytes() == content


def test_a_file_goes_to_the_disk_while_it_is_received(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(multipart, "BATCH", 1000)
    sizes = []
    body = form(('name="file"', b"x" * 10_000))

    class Watched(list[bytes]):
        def __iter__(self):  # type: ignore[no-untyped-def]  # noqa: ANN204
            for each in super().__iter__():
                sizes.append(path.stat().st_size if path.exists() else 0)
                yield each

    path = tmp_path / "file"
    receive(Watched(body[at : at + 500] for at in range(0, len(body), 500)), path)
    assert max(b - a for a, b in pairwise(sizes)) <= 1500
    assert sizes[-1] > 8000
    assert path.stat().st_size == 10_000


def test_a_file_that_grows_too_large_is_refused_while_it_is_received(tmp_path: Path) -> None:
    read = []

    class Counted(list[bytes]):
        def __iter__(self):  # type: ignore[no-untyped-def]  # noqa: ANN204
            for each in super().__iter__():
                read.append(each)
                yield each

    body = form(('name="file"', b"x" * 10_000))
    chunks = Counted(body[at : at + 500] for at in range(0, len(body), 500))
    with pytest.raises(ProblemError) as error:
        receive(chunks, tmp_path / "file", most=2000)
    assert error.value.status == 413
    assert len(read) <= 6


def test_a_full_disk_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(ProblemError) as error:
        receive([BODY.replace(CONTENT, b"x")], tmp_path / "file")
    assert (error.value.status, error.value.code) == (503, "no_space")


@settings(max_examples=30)
@given(st.lists(st.binary(max_size=200), max_size=5), st.binary(max_size=80))
def test_noise_is_never_more_than_a_problem(
    tmp_path_factory: pytest.TempPathFactory, chunks: list[bytes], kind: bytes
) -> None:
    path = tmp_path_factory.mktemp("noise") / "file"
    for each in (KIND, b"multipart/form-data;" + kind):
        with pytest.raises(ProblemError):
            receive([b"--b\r\n", *chunks], path, kind=each)


SEVERAL = form(
    ('name="same_company"', b"true"),
    ('name="file"; filename="a.pdf"', CONTENT.replace(b"--b\r\r\n", b"--c\r\n")),
    ('name="file"; filename=""', b""),
    ('name="file"; filename="empty"', b""),
    ('name="file"; filename="large"', b"x" * 2000),
    ('name="file"; filename="b.pdf"', b"y" * 900),
)


@pytest.mark.parametrize("size", [1, 7, 64, 100_000])
def test_several_files_of_a_form_are_written_each_where_it_belongs(
    tmp_path: Path, size: int
) -> None:
    pieces = [SEVERAL[at : at + size] for at in range(0, len(SEVERAL), size)]

    async def run() -> list[tuple[str, bool, int]]:
        incoming = IncomingForm(KIND, chunked(pieces), 1500, CapacityLimiter(1))
        found: list[tuple[str, bool, int]] = []
        while (file := await incoming.next_file(tmp_path / str(len(found)))) is not None:
            written = (tmp_path / str(len(found))).stat().st_size
            found.append((file.name, file.is_too_large, written))
            assert incoming.flags == {"same_company": True}
            assert not incoming.is_complete
        assert incoming.is_complete
        return found

    found = asyncio.run(run())
    assert [each[:2] for each in found] == [
        ("a.pdf", False),
        ("empty", False),
        ("large", True),
        ("b.pdf", False),
    ]
    assert found[1][2] == 0
    assert found[2][2] <= 1500
    assert found[3][2] == 900


def test_a_file_is_received_only_when_it_is_asked_for(tmp_path: Path) -> None:
    taken = []

    async def pieces() -> AsyncIterator[bytes]:
        for at in range(0, len(SEVERAL), 50):
            taken.append(at)
            yield SEVERAL[at : at + 50]

    async def run() -> None:
        incoming = IncomingForm(KIND, pieces(), 10**6, CapacityLimiter(1))
        await incoming.next_file(tmp_path / "first")
        before = len(taken)
        assert before * 50 < len(SEVERAL) - 2500
        await incoming.next_file(tmp_path / "second")
        await incoming.next_file(tmp_path / "third")
        assert len(taken) * 50 >= len(SEVERAL) - 1100

    asyncio.run(run())


async def chunked(chunks: list[bytes]) -> AsyncIterator[bytes]:
    for each in chunks:
        yield each
