"""Limits of connections: time for a head, a body and an answer, size of a head, and how many.

uvicorn limits only how long a connection is idle between two requests; one byte ends that limit.
The rule for the time is that of Apache's mod_reqtimeout: some seconds, and one more for each
`RATE` bytes that have moved, so that a slow line is served and a mute one is not.
"""

import asyncio
import logging
import resource
import sys
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from app.web.problems import problem_response

logger = logging.getLogger("uvicorn.error")  # the server's own log

HEAD_SECONDS: Final = 10.0
"""For the request line and all headers; and for a body that is not awaited any more."""
BODY_SECONDS: Final = 20.0
ANSWER_SECONDS: Final = 20.0
RATE: Final = 1024
"""Bytes of a body or of an answer that give one second more."""
LINGER_SECONDS: Final = 2.0
"""How long a client that is refused may still send: closed at once, it would not read why."""
LOOK_SECONDS: Final = 1.0
PIECE: Final = 8192
"""Bytes that are read of a head at a time; h11 refuses one that is incomplete after 16 KiB."""
DRAINED: Final = 48 * 1024
"""Bytes that have left when asyncio lets a paused writer go on: its high less its low water."""
MOST: Final = 4096
"""Connections at a time, where there are enough file descriptors."""
RESERVED: Final = 512
"""Descriptors for files, the database, and connections that come before others have made room."""
MOST_LINGERING: Final = 16
"""Refused connections that may linger while there are too many."""
NEW_SECONDS: Final = 0.1
"""How long a connection that says nothing may yet have a request on its way."""


def raise_descriptors() -> None:
    """Let this process have as many file descriptors as connections need, where it may.

    The limit that most systems begin with is meant for programs that use select(2).
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST + RESERVED
    if soft != resource.RLIM_INFINITY and soft < wanted:
        possible = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (possible, hard))


def most_connections() -> int:
    """Return how many connections there may be, so that files and the database have descriptors."""
    descriptors = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if descriptors == resource.RLIM_INFINITY:
        return MOST
    return max(8, min(MOST, descriptors - min(RESERVED, descriptors // 3)))


@dataclass(slots=True)
class _Wait:
    """For how long a connection has been in one state, and the bytes that have moved meanwhile."""

    state: object = None
    seconds: float = 0
    moved: int = 0


class BoundedProtocol(H11Protocol):
    """A connection of uvicorn that ends when its client takes too long or asks for too much."""

    most = MOST

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._looking: asyncio.TimerHandle | None = None
        self.lingers = False
        self._wait = _Wait()
        self._received = 0  # bytes since the last look
        self._resumed = 0  # how often the answer went on since the last look
        self._unsent = 0  # bytes at the last look
        self.heard_at = self.loop.time()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to watch; the longest idle connection makes room for this one if need be."""
        super().connection_made(transport)
        self._looking = self.loop.call_later(LOOK_SECONDS, self._look)
        if len(self.connections) > self.most:
            self._make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        """End to watch."""
        super().connection_lost(exc)
        if self._looking is not None:
            self._looking.cancel()

    def data_received(self, data: bytes) -> None:
        """Take what has come; of a head a little at a time, so that its limit holds."""
        self._received += len(data)
        self.heard_at = self.loop.time()
        for start in range(0, len(data), PIECE):
            if self.lingers or self.transport.is_closing():
                return
            if not self.is_idle:
                super().data_received(data[start:])
                return
            super().data_received(data[start : start + PIECE])

    def resume_writing(self) -> None:
        """Let the answer go on."""
        self._resumed += 1
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP."""
        hint = getattr(sys.exception(), "error_status_hint", HTTPStatus.BAD_REQUEST)
        is_large = hint == HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
        if not is_large or not self.is_idle:
            self._refuse(HTTPStatus.BAD_REQUEST, "invalid_http", msg)
        elif b"\n" in self.conn.trailing_data[0]:
            self._refuse(hint, "large_head", "the headers are larger than 16 KiB")
        else:
            self._refuse(
                HTTPStatus.REQUEST_URI_TOO_LONG, "long_address", "it is longer than 16 KiB"
            )

    def shutdown(self) -> None:
        """End it when the server stops, after the answer of a running request."""
        if self.conn.our_state in {h11.IDLE, h11.DONE} or not self.is_idle:
            super().shutdown()
        else:
            self.transport.close()

    @property
    def is_idle(self) -> bool:
        """Whether no request is being answered."""
        return self.cycle is None or self.cycle.response_complete

    def _look(self) -> None:
        """Count the time that the client takes, and end the connection if it is too much."""
        self._looking = self.loop.call_later(LOOK_SECONDS, self._look)
        unsent = self.transport.get_write_buffer_size()
        sent = self._resumed * DRAINED or max(0, self._unsent - unsent)
        received, self._received, self._resumed, self._unsent = self._received, 0, 0, unsent
        state, limit, moved = self._awaited(sent, received)
        if state != self._wait.state:
            self._wait = _Wait(state)
        self._wait.seconds += LOOK_SECONDS
        self._wait.moved += moved
        if limit and self._wait.seconds > limit + self._wait.moved / RATE:
            self._end()

    def _awaited(self, sent: int, received: int) -> tuple[object, float, int]:
        """Return for what the connection waits, the seconds for it, and the bytes that moved."""
        if self._unsent:
            return ("answer", self.cycle), ANSWER_SECONDS, sent
        if self.lingers or self.transport.is_closing():
            return "end", LINGER_SECONDS, 0
        if not self.is_idle:
            if not self.cycle.more_body:
                return None, 0, 0  # the database and the storage have limits of their own
            waits = 0 if self.flow.read_paused else BODY_SECONDS
            return ("body", self.cycle), waits, received + (RATE if self.flow.read_paused else 0)
        if self.timeout_keep_alive_task is not None:
            return None, 0, 0  # uvicorn limits it
        return ("head", self.cycle), HEAD_SECONDS, 0

    def _end(self) -> None:
        match self._wait.state:
            case ("head", _) if self.conn.our_state is h11.IDLE and self.conn.trailing_data[0]:
                self._refuse(408, "slow_head", "the headers did not come in time")
            case ("body", _) if not self.cycle.response_started:
                self._refuse(408, "slow_body", "the body did not come in time")
            case _:
                self.transport.abort()

    def _refuse(self, status: int, code: str, detail: str) -> None:
        """Answer with a problem document, unless an answer has begun, and end the connection."""
        if self.conn.our_state not in {h11.IDLE, h11.SEND_RESPONSE}:
            self.transport.close()
            return
        if not self.is_idle:  # the application learns that its client is gone
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        response = problem_response("/", status, code, detail)
        headers = [*response.raw_headers, (b"connection", b"close")]
        head = h11.Response(
            status_code=status, headers=headers, reason=HTTPStatus(status).phrase.encode()
        )
        for event in (head, h11.Data(data=bytes(response.body)), h11.EndOfMessage()):
            self.transport.write(self.conn.send(event) or b"")
        if not self.transport.can_write_eof():
            self.transport.close()
            return
        self.lingers = True
        self.transport.write_eof()
        self.transport.resume_reading()

    def _make_room(self) -> None:
        """End a connection that was refused, or is silent the longest; or else refuse this one."""
        since = self.loop.time() - NEW_SECONDS
        others = [
            each
            for each in self.connections
            if isinstance(each, BoundedProtocol) and not each.transport.is_closing()
        ]
        if len(others) <= self.most:
            return
        refused = [each for each in others if each.lingers]
        silent = [each for each in others if each.is_idle and each.heard_at < since]
        if ending := silent or refused[MOST_LINGERING:]:
            min(ending, key=lambda each: each.heard_at).transport.abort()
        else:
            self._refuse(503, "busy", "there are too many connections: send it again")
