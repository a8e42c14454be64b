"""A crowd passes a few at a time, and in order."""

import asyncio

from app.web.turnstile import AT_ONCE, Turnstile


def test_a_crowd_passes_in_order_a_few_in_each_turn() -> None:
    passed: list[int] = []
    turns: list[int] = []

    async def enter(turnstile: Turnstile, number: int) -> None:
        await turnstile.enter()
        passed.append(number)

    async def crowd() -> None:
        turnstile = Turnstile()
        everyone = asyncio.gather(*(enter(turnstile, number) for number in range(50)))
        while not everyone.done():
            before = len(passed)
            await asyncio.sleep(0)
            turns.append(len(passed) - before)
        await asyncio.sleep(0)
        await enter(turnstile, 50)

    asyncio.run(crowd())
    assert passed == list(range(51))
    assert max(turns) <= AT_ONCE


def test_one_who_leaves_lets_the_others_pass() -> None:
    async def crowd() -> int:
        turnstile = Turnstile()
        tasks = [asyncio.create_task(turnstile.enter()) for _ in range(20)]
        await asyncio.sleep(0)
        for each in tasks[5:15]:
            each.cancel()
        done = await asyncio.gather(*tasks, return_exceptions=True)
        return sum(each is None for each in done)

    assert asyncio.run(crowd()) == 10
