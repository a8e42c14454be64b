"""Requests of the same moment share a query, which is always sent after they have come."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence

import pytest

from app.web.gathering import Gathering

Ask = Callable[[Sequence[int]], Awaitable[Mapping[int, str]]]


class Queries:
    """Queries that are under way until they are let go, and answer with their number."""

    def __init__(self) -> None:
        self.asked: list[list[int]] = []
        self.ends: list[asyncio.Event] = []
        self._sent: asyncio.Queue[None] = asyncio.Queue()

    async def __call__(self, keys: Sequence[int]) -> Mapping[int, str]:
        number = len(self.asked)
        self.asked.append(sorted(keys))
        self.ends.append(asyncio.Event())
        self._sent.put_nowait(None)
        await self.ends[number].wait()
        return {key: f"{key} of {number}" for key in keys if key > 0}

    async def sent(self) -> None:
        """Wait until the next query has been sent."""
        async with asyncio.timeout(5):
            await self._sent.get()


def test_those_who_come_together_share_a_query() -> None:
    async def crowd() -> None:
        queries = Queries()
        gathering = Gathering(queries)
        waiting = [asyncio.create_task(gathering.get(key)) for key in (1, 2, 2, -1)]
        await queries.sent()
        queries.ends[0].set()
        assert await asyncio.gather(*waiting) == ["1 of 0", "2 of 0", "2 of 0", None]
        assert queries.asked == [[-1, 1, 2]]

    asyncio.run(crowd())


def test_one_who_comes_during_a_query_gets_the_answer_of_the_next() -> None:
    async def crowd() -> None:
        queries = Queries()
        gathering = Gathering(queries)
        first = asyncio.create_task(gathering.get(1))
        await queries.sent()
        second = asyncio.create_task(gathering.get(1))
        await asyncio.sleep(0)
        queries.ends[0].set()
        await queries.sent()
        queries.ends[1].set()
        assert (await first, await second) == ("1 of 0", "1 of 1")

    asyncio.run(crowd())


def test_a_query_that_is_held_up_does_not_hold_up_others() -> None:
    async def crowd() -> None:
        queries = Queries()
        gathering = Gathering(queries)
        first = asyncio.create_task(gathering.get(1))
        await queries.sent()
        second = asyncio.create_task(gathering.get(2))
        await queries.sent()
        queries.ends[1].set()
        assert await second == "2 of 1"
        assert not first.done()
        queries.ends[0].set()
        assert await first == "1 of 0"

    asyncio.run(crowd())


def test_an_error_is_that_of_all_who_wait_and_of_none_later() -> None:
    async def fail(_: Sequence[int]) -> Mapping[int, str]:
        await asyncio.sleep(0)
        raise LookupError

    async def crowd() -> None:
        gathering = Gathering(fail)
        done = await asyncio.gather(*map(gathering.get, (1, 2)), return_exceptions=True)
        assert [type(each) for each in done] == [LookupError, LookupError]
        with pytest.raises(LookupError):
            await gathering.get(1)

    asyncio.run(crowd())


def test_one_who_leaves_takes_no_answer_from_the_others() -> None:
    async def crowd() -> None:
        queries = Queries()
        gathering = Gathering(queries)
        leaving, staying = (asyncio.create_task(gathering.get(1)) for _ in range(2))
        await queries.sent()
        leaving.cancel()
        await asyncio.sleep(0)
        queries.ends[0].set()
        assert await staying == "1 of 0"

    asyncio.run(crowd())
