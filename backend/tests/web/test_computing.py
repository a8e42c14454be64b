"""Work of requests that needs the processor: a few at a time, and none waits without an end."""

import asyncio
import threading
from functools import partial

import pytest

from app.web.database import COMPUTING, BusyError, Database


@pytest.mark.usefixtures("on_migrated")
def test_work_that_gets_no_place_in_time_is_not_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_WAIT_SECONDS", "0.1")
    ending = threading.Event()
    begun: list[int] = []

    def work(number: int) -> int:
        begun.append(number)
        assert ending.wait(10)
        return number

    async def ask() -> list[int | BaseException]:
        database = Database()
        asked = [
            asyncio.create_task(database.compute(partial(work, number)))
            for number in range(COMPUTING + 1)
        ]
        with pytest.raises(BusyError):
            await asked[-1]
        ending.set()
        first = await asyncio.gather(*asked[:-1], return_exceptions=True)
        again = await database.compute(lambda: work(9))
        database.close()
        return [*first, again]

    assert asyncio.run(ask()) == [*range(COMPUTING), 9]
    assert sorted(begun) == [*range(COMPUTING), 9]
