"""Interrupt online operations after a step: a statement that changes something."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, event

from alembic_zero_downtime.operations.context import is_in_online_operation

READ_ONLY = ("SELECT", "BEGIN", "ROLLBACK", "CREATE TEMPORARY")
Listener = Callable[..., None]


class Interrupted(Exception):  # noqa: N818 it is no error of the code
    """The operation was interrupted."""


@contextmanager
def interrupted_after(step: int) -> Iterator[None]:
    """Raise `Interrupted` right after the n-th step in the block, counted from 1."""

    def interrupt() -> None:
        raise Interrupted

    listener = _after(step, interrupt)
    event.listen(Engine, "after_cursor_execute", listener)
    try:
        yield
    finally:
        event.remove(Engine, "after_cursor_execute", listener)


def kill_after(step: int) -> None:
    """Kill this process right after the n-th step."""
    listener = _after(step, lambda: os.kill(os.getpid(), signal.SIGKILL))
    event.listen(Engine, "after_cursor_execute", listener)


def _after(step: int, stop: Callable[[], None]) -> Listener:
    done = 0

    def count(connection: Connection, _: object, statement: str, *__: Any) -> None:
        nonlocal done
        if is_in_online_operation(connection) and not _only_reads(statement):
            done += 1
            if done == step:
                stop()

    return count


def _only_reads(statement: str) -> bool:
    return statement.lstrip().startswith(READ_ONLY) or "pg_temp" in statement
