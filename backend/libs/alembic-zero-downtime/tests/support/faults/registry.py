"""The faults that the tests reproduce, by the words that their row begins with."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from support.faults.case import Case
from support.shell import Done

Producer = Callable[[Case], Iterator[Done]]
Fault = Callable[[Case], AbstractContextManager[Done]]
FAST: dict[str, Fault] = {}
SLOW: dict[str, Fault] = {}


def fault(title: str, *, is_slow: bool = False) -> Callable[[Producer], Producer]:
    """Register a producer under the title of its row.

    A slow one resets the database, starts processes, or a server to stop, to kill or to fill up.
    """

    def register(producer: Producer) -> Producer:
        assert title not in {*FAST, *SLOW}, title
        (SLOW if is_slow else FAST)[title] = contextmanager(producer)
        return producer

    return register
