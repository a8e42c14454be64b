"""One worker process, started again whenever an input takes it down."""

import json
import os
import select
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from types import TracebackType
from typing import IO, Any, Self

from tests.fuzz.readers import Summary
from tests.helpers.shell import BACKEND


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an input.

    Attributes:
        statements: None where nothing was read.
        refused: The code of the `ReadError`.
        fault: A crash, a hang or another exception, and its place.
    """

    statements: tuple[Summary, ...] | None = None
    refused: str | None = None
    fault: str | None = None
    at: str = ""
    seconds: float = 0.0


class Worker:
    """A process that reads inputs, with limits of memory and time."""

    def __init__(self, seconds: float, megabytes: int) -> None:
        self.seconds, self.megabytes = seconds, megabytes
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """The number of the process, 0 where none runs."""
        return self._process.pid if self._process else 0

    def stop(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            # Closes the pipes, and drops what a process that ended did not take.
            self._process.communicate()
        self._process = None

    def read(self, reader: str, data: bytes) -> Outcome:
        """Return what becomes of an input; a process that dies or hangs is replaced."""
        process = self._started()
        assert process.stdin
        assert process.stdout
        started = time.monotonic()
        try:
            process.stdin.write(f"{reader} {len(data)}\n".encode() + data)
            process.stdin.flush()
            line = self._line(process.stdout)
        except BrokenPipeError:
            line = b""
        if line is None:
            self.stop()
            return Outcome(fault=f"hangs: longer than {self.seconds:g} s", at="hang")
        if not line:
            code = process.wait()
            self.stop()
            name = signal.Signals(-code).name if code < 0 else f"exit code {code}"
            return Outcome(fault=f"the process ended: {name}", at=name)
        return _outcome(json.loads(line), time.monotonic() - started)

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.fuzz.worker", str(self.megabytes)],
                cwd=BACKEND,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        return self._process

    def _line(self, pipe: IO[bytes]) -> bytes | None:
        """Return the answer's line, b"" where the process ended, None where it takes too long."""
        deadline = time.monotonic() + self.seconds
        received = b""
        while not received.endswith(b"\n"):
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([pipe], [], [], left)[0]:
                return None
            chunk = os.read(pipe.fileno(), 1 << 20)
            if not chunk:
                return b""
            received += chunk
        return received


def _outcome(answer: dict[str, Any], seconds: float) -> Outcome:
    statements = answer.get("statements")
    return Outcome(
        None if statements is None else tuple(Summary.of_dict(each) for each in statements),
        answer.get("refused"),
        answer.get("fault"),
        answer.get("at", ""),
        min(seconds, answer["seconds"]),
    )
