"""Work on a thread that has a deadline, though the driver of the database knows none.

A server that is stopped, or a network that is cut, answers neither a query nor the request to
cancel it. Shutting down the socket is what ends the wait in the driver.
"""

import os
import socket
import threading
from contextlib import suppress
from typing import Any, Final

import psycopg2
from sqlalchemy import Engine, event
from sqlalchemy.pool import ConnectionPoolEntry

_TIMED: Final = "timed"
"""The key in the `info` of a connection of the timer and the deadline of its transaction."""


class DeadlineError(Exception):
    """The database does not answer at all; its connection was ended."""


class Deadline:
    """The connections of one piece of work, which its deadline ends.

    Args:
        lock_seconds: How long its statements wait for a lock, if not as long as others.
    """

    def __init__(self, lock_seconds: float | None = None) -> None:
        self.lock_seconds: Final = lock_seconds
        self._lock = threading.Lock()
        self._connections: set[Any] = set()
        self.is_over = False

    def end(self) -> None:
        """Shut down the sockets: what waits for an answer fails at once, and so does what follows.

        Another thread may be using the connections.
        """
        with self._lock:
            self.is_over = True
            for each in self._connections:
                with suppress(OSError, psycopg2.Error), _socket_of(each) as connected:
                    connected.shutdown(socket.SHUT_RDWR)

    def hold(self, connection: Any) -> None:
        """Note a connection that this work uses from now on.

        Raises:
            DeadlineError: The deadline is over.
        """
        with self._lock:
            if self.is_over:
                raise DeadlineError
            self._connections.add(connection)

    def release(self, connection: Any) -> None:
        """Forget a connection that others may use from now on."""
        with self._lock:
            self._connections.discard(connection)


class _Current(threading.local):
    deadline: Deadline | None = None


_CURRENT: Final = _Current()


def set_deadline(deadline: Deadline | None) -> None:
    """Let all connections that this thread uses from now on end with a deadline."""
    _CURRENT.deadline = deadline


def current_deadline() -> Deadline | None:
    """Return the deadline of this thread."""
    return _CURRENT.deadline


def heed_deadlines(engine: Engine) -> None:
    """Let the connections of an engine end with the deadline of the thread that uses them."""

    def hold(connection: Any, *_: Any) -> None:
        if (deadline := current_deadline()) is not None:
            deadline.hold(connection)

    def release(connection: Any, *_: Any) -> None:
        if (deadline := current_deadline()) is not None:
            deadline.release(connection)

    # At first, so that it includes what is asked of a new connection before anything else.
    event.listen(engine, "connect", hold, insert=True)
    event.listen(engine, "checkout", hold, insert=True)
    event.listen(engine, "checkin", release)


def limit_transactions(engine: Engine, seconds: float, running: set[Deadline]) -> None:
    """Give the transactions of threads without a deadline one each.

    Args:
        engine: Whose connections end with their transaction's time.
        seconds: Of a transaction, with all that is done in it.
        running: Is kept up: the deadlines of the transactions that have not ended.
    """

    def stop(_: Any, entry: ConnectionPoolEntry) -> None:
        timer, deadline = entry.info.pop(_TIMED, (None, None))
        if timer is not None:
            timer.cancel()
            running.discard(deadline)

    def start(connection: Any, entry: ConnectionPoolEntry, _: Any) -> None:
        stop(connection, entry)  # of a connection that was found to be dead
        if current_deadline() is not None:
            return
        deadline = Deadline()
        deadline.hold(connection)
        running.add(deadline)
        timer = threading.Timer(seconds, deadline.end)
        timer.daemon = True
        timer.start()
        entry.info[_TIMED] = timer, deadline

    event.listen(engine, "checkout", start, insert=True)
    event.listen(engine, "checkin", stop)


def _socket_of(connection: Any) -> socket.socket:
    """Return the socket of a connection, as a duplicate that is closed without closing it."""
    return socket.socket(fileno=os.dup(connection.fileno()))
