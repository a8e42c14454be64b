"""Lets many pass a few at a time, so that the event loop hears of others between them.

Five hundred requests that come at once would otherwise each be begun before a later one is even
read, `/healthz` too; and those that give up at the same moment would all be answered before it.
"""

import asyncio
from collections import deque
from typing import Final

AT_ONCE: Final = 4
"""How many pass in one turn of the event loop: each takes a millisecond or two."""


class Turnstile:
    """Those who come first pass first; without a crowd, at once."""

    def __init__(self) -> None:
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._passed = 0  # in this turn of the event loop

    async def enter(self) -> None:
        """Wait for one's turn."""
        loop = asyncio.get_running_loop()
        if self._passed == 0:
            loop.call_soon(self._turn, loop)
        if self._passed < AT_ONCE and not self._waiting:
            self._passed += 1
            return
        turn = loop.create_future()
        self._waiting.append(turn)
        await turn

    def _turn(self, loop: asyncio.AbstractEventLoop) -> None:
        self._passed = 0
        while self._waiting and self._passed < AT_ONCE:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                self._passed += 1
        if self._passed:
            loop.call_soon(self._turn, loop)
