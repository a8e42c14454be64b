"""The picture of the page on which a figure is printed: drawn in a process, kept, or refused."""

import asyncio
import dataclasses
import io
import struct
import threading
import zlib
from collections.abc import Callable, Generator, Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from fastapi.testclient import TestClient
from PIL import Image
from sqlalchemy import Engine

from app.pipeline.draw.pages import as_png
from app.services import place_pictures, tasks
from app.services.answer import Answer, AskedPlace, DrawnPlace, Picture
from app.services.errors import UnavailableError
from app.services.limits import Limits
from app.services.place_pictures import NoPictureError, PlaceOf, size_of
from app.services.reading import Request
from app.storage import Storage, path_of
from app.web import place_pictures as kept_pictures
from app.web.place_pictures import PlacePictures
from app.web.problems import ProblemError
from tests.helpers.pages import main_of, open_page
from tests.helpers.printed import PAGE, keep_printed, printed_income

usable = pytest.mark.usefixtures("on_migrated")
DETAIL = (1920, 540)


class Book:
    """A company with a printed report."""

    def __init__(
        self,
        client: TestClient,
        engine: Engine,
        folder: Path,
        data: bytes | None = None,
    ) -> None:
        report, statement = printed_income()
        self.client = client
        self.storage = Storage(str(folder / "storage"))
        company = keep_printed(engine, self.storage, data or report, [statement], folder)
        self.at = f"/companies/{company}/income-statement/figure"

    def picture(self, line: str = "revenue", year: str = "2023", **query: Any) -> httpx.Response:
        headers = query.pop("headers", None)
        query = {"line": line, "year": year, **query}
        return self.client.get(f"{self.at}.png", params=query, headers=headers)

    def page(self, line: str = "revenue", year: str = "2023") -> str:
        return main_of(open_page(self.client, self.at, line=line, year=year))


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[Request]:
    """Draw in this process, which takes no second to start; return what was asked for."""
    asked = []

    def in_process(
        requests: Sequence[Request], limits: Limits, _: int, *, stop: threading.Event | None
    ) -> Generator[Answer]:
        assert stop is not None
        for each in requests:
            asked.append(each)
            assert each.place is not None
            yield tasks.perform("place", str(each.path), each.place.model_dump_json(), limits)

    monkeypatch.setattr(place_pictures, "read_files", in_process)
    return asked


@pytest.fixture
def make_book(
    client: TestClient, migrated: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Book]:
    monkeypatch.setenv("STORAGE_URL", str(tmp_path / "storage"))
    return lambda data=None: Book(client, migrated, tmp_path, data)


def image_of(answer: httpx.Response) -> Image.Image:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "image/png"
    return Image.open(io.BytesIO(answer.content))


@usable
def test_the_page_and_the_lines_around_a_figure_are_drawn_once_and_kept(
    make_book: Callable[..., Book], drawn: list[Request]
) -> None:
    book = make_book()
    assert image_of(book.picture(part="detail")).size == DETAIL
    page = book.picture()
    assert image_of(page).size == (2 * 612, 2 * 792)
    assert page.headers["cache-control"] == "private, no-cache"
    assert page.headers["x-content-type-options"] == "nosniff"
    assert book.picture().content == page.content
    assert len(drawn) == 1
    again = book.picture(headers={"If-None-Match": page.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["cache-control"] == "private, no-cache"


@usable
def test_a_client_that_has_the_picture_makes_no_process_start(
    make_book: Callable[..., Book], drawn: list[Request]
) -> None:
    book = make_book()
    etag = book.picture().headers["etag"]
    book.client.app.state.place_pictures = PlacePictures()  # type: ignore[attr-defined]
    assert book.picture(headers={"If-None-Match": etag}).status_code == 304
    assert len(drawn) == 1


@usable
def test_the_box_is_that_of_the_reading_whatever_the_query_says(
    make_book: Callable[..., Book], drawn: list[Request]
) -> None:
    book = make_book()
    _, statement = printed_income()
    book.picture("gross-profit", at="1,0,0,9,9", page="1", box="0,0,9,9", x0="4")
    (asked,) = [each.place for each in drawn]
    assert asked is not None
    place = statement.rows[2].cells["p0"].at
    assert isinstance(place, tuple)
    assert (asked.page, asked.box, asked.state) == (PAGE, place[1:], "proved")
    revenue, costs = (statement.rows[n].cells["p0"].at for n in (0, 1))
    assert isinstance(revenue, tuple)
    assert isinstance(costs, tuple)
    assert {revenue[1:], costs[1:]} <= set(asked.others)
    assert place[1:] not in asked.others


@usable
def test_the_page_names_the_picture_with_its_size_and_describes_it(
    make_book: Callable[..., Book], drawn: list[Request]
) -> None:
    book = make_book()
    page = open_page(book.client, book.at, line="revenue", year="2023")
    detail, whole = page.xpath("//img")
    assert detail.get("alt") == whole.get("alt") == "Page 2 of report-2023.pdf, with 48,211 boxed"
    assert (detail.get("width"), detail.get("height")) == ("960", "270")
    assert {each.get("loading") for each in (detail, whole)} == {"lazy"}
    assert not drawn
    assert image_of(book.client.get(whole.get("src"))).size == (1224, 1584)
    page = open_page(book.client, book.at, line="revenue", year="2023")
    _, whole = page.xpath("//img")
    assert (whole.get("width"), whole.get("height")) == ("612", "792")


@usable
@pytest.mark.parametrize("case", ["gone", "damaged", "encrypted", "other", "huge"])
def test_a_page_that_cannot_be_drawn_is_a_small_problem_and_the_page_says_why(
    case: str,
    make_book: Callable[..., Book],
    drawn: list[Request],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data, _ = printed_income()
    locked, _ = printed_income("secret")
    content = {"damaged": data[:800], "encrypted": locked}.get(case, data)
    book = make_book(content)
    (stored,) = [each for each in (tmp_path / "storage").glob("??/*") if each.is_file()]
    if case == "gone":
        stored.unlink()
    elif case == "other":
        stored.chmod(0o600)
        stored.write_bytes(data + b"\n%")
    elif case == "huge":
        monkeypatch.setenv("FDE_MAX_SIZE", "1")
        stored.chmod(0o600)
        with stored.open("ab") as file:
            file.truncate(2_000_000)
    status, code, words = {
        "gone": (503, "storage_unavailable", "not in the storage"),
        "damaged": (404, "damaged_pdf", "the PDF is damaged"),
        "encrypted": (404, "encrypted", "the PDF is encrypted"),
        "other": (404, "damaged_file", "not the one that was read"),
        "huge": (404, "too_large", "larger than files may be"),
    }[case]
    answer = book.picture()
    assert answer.status_code == status
    assert answer.json()["code"] == code
    assert words in answer.json()["detail"]
    assert len(answer.content) < 600
    page = book.page()
    assert f"There is no picture of the page: {answer.json()['detail']}." in page
    assert "page 2, printed 48,211" in page
    seen = len(drawn)
    assert book.picture().status_code == status
    assert case == "gone" or len(drawn) == seen  # what is known is not tried again


@usable
def test_what_has_no_page_or_no_figure_has_no_picture(
    make_book: Callable[..., Book], drawn: list[Request]
) -> None:
    book = make_book()
    for query, status in (
        ({"line": "nonsense"}, 404),
        ({"year": "1999"}, 404),
        ({"document": "999999"}, 404),
        ({"part": "corner"}, 400),
        ({"document": "-1"}, 400),
    ):
        answer = book.picture(**query)
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
    assert not drawn


@usable
@pytest.mark.slow
def test_a_process_with_limits_draws_the_page(make_book: Callable[..., Book]) -> None:
    book = make_book()
    page = image_of(book.picture()).convert("RGB")
    _, statement = printed_income()
    place = statement.rows[0].cells["p0"].at
    assert isinstance(place, tuple)
    _, left, bottom, right, top = place
    area = (round(2 * left), round(2 * (792 - top)), round(2 * right), round(2 * (792 - bottom)))
    assert any(page.crop(area).convert("L").histogram()[:60])  # its digits
    red, green, _ = page.getpixel((area[0] + 1, area[1] + 1))  # type: ignore[misc]
    assert green > red  # its box


@usable
@pytest.mark.slow
def test_a_page_that_takes_too_long_ends_with_its_process(
    make_book: Callable[..., Book], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(place_pictures, "SECONDS", 0.05)
    answer = make_book().picture()
    assert answer.status_code == 404
    assert answer.json()["code"] == "time_limit"


PIXEL = as_png(1, 1, [b"\0\0\0"])
TEXT = b"tEXtComment\0<script>"
WITH_TEXT = (
    PIXEL[:33]
    + struct.pack(">I", len(TEXT) - 4)
    + TEXT
    + struct.pack(">I", zlib.crc32(TEXT))
    + PIXEL[33:]
)
"""A valid picture with a chunk that this program does not write."""


@pytest.mark.parametrize(
    "png",
    [
        b"",
        b"<svg/>",
        PIXEL[:-1],
        PIXEL[:30],
        PIXEL + b"<script>",
        PIXEL.replace(b"IDAT", b"tEXt"),
        WITH_TEXT,
        PIXEL[:8] + PIXEL[33:],
        as_png(20_000, 1, [bytes(60_000)]),
    ],
    ids=["empty", "svg", "cut", "begun", "more", "damaged", "text", "headless", "wide"],
)
def test_what_a_process_gives_for_a_picture_is_refused_unless_it_is_one(png: bytes) -> None:
    with pytest.raises(NoPictureError):
        size_of(png)
    assert size_of(PIXEL) == (1, 1)


def place(number: int = 1) -> PlaceOf:
    asked = AskedPlace(sha256=f"{number:064x}", page=1, box=(1, 1, 2, 2), state="read")
    return PlaceOf(asked, path_of(asked.sha256), None)


def test_the_key_of_a_place_changes_with_all_that_its_picture_shows() -> None:
    first = place()
    others = [
        place(2),
        *(
            dataclasses.replace(first, asked=first.asked.model_copy(update=change))
            for change in (
                {"page": 2},
                {"box": (1, 1, 2, 3)},
                {"others": [(0, 0, 1, 1)]},
                {"state": "proved"},
            )
        ),
    ]
    assert len({each.key for each in (first, *others)}) == 6
    assert first.key == place().key


class Slow:
    """Draws when it is let, and counts."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, size: int = 10) -> None:
        self.go = threading.Event()
        self.begun = self.at_once = self.most = 0
        self.lock = threading.Lock()
        self.error: Exception | None = None
        self.png = as_png(1, size, [b"\0\0\0"] * size)
        monkeypatch.setattr(kept_pictures, "draw", self.draw)

    def draw(self, _storage: object, _place: PlaceOf, _stop: threading.Event) -> DrawnPlace:
        with self.lock:
            self.begun += 1
            self.at_once += 1
            self.most = max(self.most, self.at_once)
        self.go.wait(10)
        with self.lock:
            self.at_once -= 1
        if self.error is not None:
            raise self.error
        return DrawnPlace(page=Picture(png=self.png), detail=None, text="")


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Iterator[Slow]:
    made = Slow(monkeypatch)
    yield made
    made.go.set()


def test_several_who_ask_for_one_picture_are_answered_by_one_process(slow: Slow) -> None:
    async def ask() -> None:
        pictures = PlacePictures()
        asking = [asyncio.ensure_future(pictures.get(place())) for _ in range(10)]
        await asyncio.sleep(0.05)
        asking[0].cancel()  # one gives up: the others get it all the same
        slow.go.set()
        done = await asyncio.gather(*asking, return_exceptions=True)
        assert isinstance(done[0], asyncio.CancelledError)
        assert {each.sizes["page"] for each in done[1:]} == {(1, 10)}  # type: ignore[union-attr]

    asyncio.run(ask())
    assert slow.begun == 1


def test_two_are_drawn_at_a_time_and_more_than_some_are_refused(slow: Slow) -> None:
    async def ask() -> None:
        pictures = PlacePictures()
        number = kept_pictures.WAITING + 3
        asking = [asyncio.ensure_future(pictures.get(place(n))) for n in range(number)]
        await asyncio.sleep(0.1)
        slow.go.set()
        done = await asyncio.gather(*asking, return_exceptions=True)
        refused = [each for each in done if isinstance(each, ProblemError)]
        assert [each.status for each in refused] == [503] * 3
        assert all(each.headers["Retry-After"] for each in refused)

    asyncio.run(ask())
    assert slow.most <= 2


def test_the_last_pictures_are_kept_within_bounds(
    slow: Slow, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow.go.set()
    monkeypatch.setattr(kept_pictures, "MOST_BYTES", 3 * len(slow.png))

    async def ask() -> None:
        pictures = PlacePictures()
        for number in (1, 2, 3, 1, 4):
            await pictures.get(place(number))
        assert [pictures.peek(place(n)) is not None for n in (1, 2, 3, 4)] == [
            True,
            False,
            True,
            True,
        ]

    asyncio.run(ask())
    assert slow.begun == 4


def test_a_failure_is_kept_unless_another_attempt_may_succeed(
    slow: Slow, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow.go.set()

    async def ask() -> None:
        pictures = PlacePictures()
        slow.error = NoPictureError("crashed", "the process that drew the page crashed")
        for _ in range(2):
            with pytest.raises(NoPictureError):
                await pictures.get(place(1))
        assert slow.begun == 1
        slow.error = UnavailableError("storage_unavailable", "it does not answer")
        for _ in range(2):
            with pytest.raises(UnavailableError):
                await pictures.get(place(2))
        assert slow.begun == 3
        assert pictures.failure(place(2)) is not None
        monkeypatch.setattr(kept_pictures, "TOLD", -1)
        assert pictures.failure(place(2)) is None
        assert pictures.failure(place(1)) is not None
        slow.error = None
        await pictures.get(place(2))
        assert pictures.failure(place(2)) is None

    asyncio.run(ask())
