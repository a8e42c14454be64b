"""A worker that does not do its task, but what the name of the file says: a program of tests."""

import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from app.services import worker
from app.services.answer import Answer
from app.services.limits import Limits

MEGABYTE = 1024 * 1024


def _note(path: str) -> None:
    Path(f"{path}.pid").write_text(str(os.getpid()), encoding="utf-8")


def _hang(path: str) -> None:
    _note(path)
    time.sleep(600)


def _loop(_: str) -> None:
    while True:
        pass


def _allocate(_: str) -> None:
    list(map(bytearray, [64 * MEGABYTE] * 1000))


def _write(path: str) -> bytes:
    try:
        Path(f"{path}.written").write_bytes(b"x" * (2 * MEGABYTE))
    except OSError as error:
        return Answer.failed("unreadable", str(error.strerror)).as_json()
    return b""


ACTIONS: dict[str, Callable[[str], object]] = {
    "hang": _hang,
    "note-1": _note,
    "note-2": _note,
    "stopped": lambda _: os.kill(os.getpid(), signal.SIGSTOP),
    "loop": _loop,
    "memory": _allocate,
    "output": lambda _: b"x" * (2 * MEGABYTE),
    "crash": lambda _: ctypes.string_at(0),
    "killed": lambda _: os.kill(os.getpid(), signal.SIGKILL),
    "exit": lambda _: os._exit(9),
    "nonsense": lambda _: b'{"kind": "pdf", "filing": {"statements": 1}}',
    "write": _write,
    "print": lambda _: os.write(1, b"from a library"),
    "environment": lambda _: Answer.failed("x", " ".join(sorted(os.environ))).as_json(),
}


def misbehave(task: str, path: str, pictures: str | None, _: Limits) -> bytes:
    """Do as the name of the file says."""
    name = Path(path).name
    if name in ACTIONS and isinstance(done := ACTIONS[name](path), bytes):
        return done
    return Answer.failed("obeyed", f"{task} {name} {pictures}").as_json()


if __name__ == "__main__":
    worker.main(sys.argv[1:], misbehave)
