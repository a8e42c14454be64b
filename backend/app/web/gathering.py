"""One query for all that wait for the same kind of answer, for pages that many look at.

A query on its own costs a slot, a thread and a round trip, many times what a page costs that is
kept. Requests that come while a query is under way wait for the next one, and share it. An answer
is therefore never older than its request: no cache has to be told of changes, which other processes
make too.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final, Generic, TypeVar, cast

Key = TypeVar("Key")
Value = TypeVar("Value")

PATIENCE: Final = 0.05
"""Seconds for which requests wait for a query that others have sent, until they send their own:
one that a lock delays does not hold up the others."""


class Gathering(Generic[Key, Value]):
    """Asks for what several requests need at once; the event loop alone uses it.

    Args:
        ask: Returns what there is of some keys.
    """

    def __init__(self, ask: Callable[[Sequence[Key]], Awaitable[Mapping[Key, Value]]]) -> None:
        self._ask = ask
        self._next: dict[Key, asyncio.Future[Value | None]] = {}
        self._asking: set[asyncio.Task[None]] = set()

    async def get(self, key: Key) -> Value | None:
        """Return what a query that is sent from now on finds; None if it finds nothing.

        Raises:
            Exception: Whatever the query raises.
        """
        if not self._next:
            loop = asyncio.get_running_loop()
            loop.call_later(PATIENCE if self._asking else 0, self._send, self._next)
        if key not in self._next:
            self._next[key] = asyncio.get_running_loop().create_future()
        return await asyncio.shield(self._next[key])

    def _send(self, waiting: dict[Key, asyncio.Future[Value | None]]) -> None:
        """Send a query for those who wait, unless that has been done."""
        if waiting is not self._next or not waiting:
            return
        self._next = {}
        self._asking.add(asyncio.get_running_loop().create_task(self._answer(waiting)))

    async def _answer(self, waiting: Mapping[Key, asyncio.Future[Value | None]]) -> None:
        """Send a query, give its result to those who wait, and send that of the others."""
        try:
            found = await self._ask(list(waiting))
        except Exception as error:  # noqa: BLE001 each of those who wait raises it
            for each in waiting.values():
                each.set_exception(error)
                each.exception()  # noted, though nothing may wait for it any more
        else:
            for key, each in waiting.items():
                each.set_result(found.get(key))
        finally:
            self._asking.remove(cast("asyncio.Task[None]", asyncio.current_task()))
            for each in waiting.values():
                each.cancel()  # if the query was cancelled; else it is done
            if not self._asking:
                self._send(self._next)
