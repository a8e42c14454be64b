"""The places of uploads."""

import asyncio
import threading
from contextlib import AsyncExitStack

import pytest

from app.web import upload_slots
from app.web.database import WRITING
from app.web.problems import ProblemError
from app.web.upload_slots import MOST, UploadSlots


async def is_there() -> bool:
    return False


async def is_gone() -> bool:
    return True


def test_only_so_many_uploads_have_a_place_and_each_gives_it_back() -> None:
    async def run() -> None:
        slots = UploadSlots()
        for _ in range(2):
            async with AsyncExitStack() as places:
                for _ in range(MOST):
                    await places.enter_async_context(slots.admit())
                with pytest.raises(ProblemError, match="too many"):
                    async with slots.admit():
                        pass

    asyncio.run(run())


@pytest.mark.parametrize(("jobs", "number"), [("1", 1), ("2", 2), ("64", WRITING)])
def test_no_more_files_are_read_than_there_are_connections_for(
    monkeypatch: pytest.MonkeyPatch, jobs: str, number: int
) -> None:
    monkeypatch.setenv("FDE_JOBS", jobs)
    lock, running, most = threading.Lock(), 0, 0
    together = threading.Barrier(number)

    def work(_: threading.Event) -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        together.wait(5)
        with lock:
            running -= 1

    async def run() -> None:
        slots = UploadSlots()
        await asyncio.gather(*(slots.read(work, is_there) for _ in range(2 * number)))

    asyncio.run(run())
    assert most == number


def test_a_request_that_is_cancelled_stops_its_reading() -> None:
    begun, stopped = threading.Event(), threading.Event()

    def work(stop: threading.Event) -> None:
        begun.set()
        assert stop.wait(5)
        stopped.set()

    async def run() -> None:
        slots = UploadSlots()
        reading = asyncio.create_task(slots.read(work, is_there))
        assert await asyncio.to_thread(begun.wait, 5)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading

    asyncio.run(run())
    assert stopped.wait(5)


@pytest.mark.parametrize("fault", [ValueError, KeyError])
def test_a_reading_that_fails_gives_its_place_back(
    monkeypatch: pytest.MonkeyPatch, fault: type[Exception]
) -> None:
    monkeypatch.setenv("FDE_JOBS", "1")

    def fail(_: threading.Event) -> None:
        raise fault

    async def run() -> str:
        slots = UploadSlots()
        with pytest.raises(fault):
            await slots.read(fail, is_there)
        with pytest.raises(ProblemError, match="gone"):
            await slots.read(fail, is_gone)
        return await slots.read(lambda _: "done", is_there)

    assert asyncio.run(run()) == "done"


def test_waiting_for_a_place_to_read_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FDE_JOBS", "1")
    monkeypatch.setattr(upload_slots, "READ_WAIT", 0.05)
    begun = threading.Event()

    def work(stop: threading.Event) -> None:
        begun.set()
        stop.wait(5)

    async def run() -> None:
        slots = UploadSlots()
        first = asyncio.create_task(slots.read(work, is_there))
        assert await asyncio.to_thread(begun.wait, 5)
        with pytest.raises(ProblemError, match="too many"):
            await slots.read(work, is_there)
        first.cancel()

    asyncio.run(run())


def test_the_smaller_of_two_settings_is_the_largest_size(monkeypatch: pytest.MonkeyPatch) -> None:
    megabyte = 1024**2
    assert UploadSlots().size() == 100 * megabyte
    monkeypatch.setenv("API_UPLOAD_MEGABYTES", "30")
    assert UploadSlots().size() == 30 * megabyte
    monkeypatch.setenv("FDE_MAX_SIZE", "20")
    assert UploadSlots().size() == 20 * megabyte
