"""Run one process per file, several at a time, and collect their answers, within limits.

One thread watches all of them, so that an interruption in it ends them; another thread sets an
event.
"""

import os
import selectors
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import IO, Final

from app import BACKEND
from app.services.errors import StoppedError
from app.services.limits import MEGABYTE, Failure, Limits, describe_death, too_much, too_slow

CHUNK: Final = 65_536  # bytes: the capacity of a pipe
ANSWERING: Final = 30  # seconds between two chunks of an answer
LOOK: Final = 0.2  # seconds between two looks at whether to stop
# A worker gets no other variable: a file that takes it over finds no password there.
PASSED_ON: Final = (
    *("PATH", "HOME", "TMPDIR", "LANG", "LC_ALL", "LC_CTYPE", "PYTHONPATH", "PYTHONHOME"),
    *("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "FDE_TRACEBACK"),
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The answer of a worker, or the reason that there is none."""

    answer: bytes = b""
    failure: Failure | None = None


@dataclass(eq=False)
class _Worker:
    """One process, and the part of its answer that has arrived."""

    number: int
    process: subprocess.Popen[bytes]
    limits: Limits
    deadline: float  # monotonic
    answer: bytearray = field(default_factory=bytearray)

    @property
    def pipe(self) -> IO[bytes]:
        """Return the end of the pipe that the worker writes to."""
        assert self.process.stdout is not None  # noqa: S101 it is a pipe
        return self.process.stdout

    def receive(self) -> Outcome | None:
        """Take a chunk; return the outcome after the last one."""
        chunk = os.read(self.pipe.fileno(), CHUNK)
        if chunk:
            self.answer += chunk
            self.deadline = max(self.deadline, time.monotonic() + ANSWERING)
            if len(self.answer) > self.limits.output * MEGABYTE:
                return self.end(too_much(self.limits))
            return None
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(ANSWERING)
        if self.process.returncode != 0:
            code = self.process.returncode
            return self.end(
                too_slow(self.limits) if code is None else describe_death(code, self.limits)
            )
        self.end()
        return Outcome(bytes(self.answer))

    def end(self, failure: Failure | None = None) -> Outcome:
        """End the process if it still runs, and wait until it is gone."""
        with suppress(ProcessLookupError):
            if self.process.poll() is None:
                os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.pipe.close()
        return Outcome(failure=failure)


class WorkerPool:
    """Runs `module` with a list of arguments for each file.

    Args:
        module: Python runs it as a program.
        limits: Of each worker, which it applies to itself; the clock is also watched here.
        jobs: Workers at a time.
        stop: Ends all of them when another thread sets it.
    """

    def __init__(
        self, module: str, limits: Limits, jobs: int, stop: threading.Event | None = None
    ) -> None:
        self._module = module
        self._limits = limits
        self._jobs = jobs
        self._stop = stop
        self._running: set[_Worker] = set()

    def run(
        self, tasks: Sequence[Sequence[str]], note: Callable[[int], None]
    ) -> Generator[Outcome]:
        """Yield the outcome of each task, in order; no worker is left when the iterator is closed.

        Args:
            tasks: The arguments of each worker.
            note: Is called with the number of a task when it starts.

        Raises:
            StoppedError: It was to stop.
        """
        waiting = deque(enumerate(tasks))
        done: dict[int, Outcome] = {}
        selector = selectors.DefaultSelector()
        try:
            for number in range(len(tasks)):
                while number not in done:
                    # A finished answer waits for those before it; their number is bounded.
                    while (
                        waiting
                        and len(self._running) < self._jobs
                        and waiting[0][0] <= number + 2 * self._jobs
                    ):
                        note(waiting[0][0])
                        worker = self._start(*waiting.popleft())
                        selector.register(worker.pipe, selectors.EVENT_READ, worker)
                    done.update(self._collect(selector))
                yield done.pop(number)
        finally:
            for worker in tuple(self._running):
                self._running.discard(worker)
                worker.end()
            selector.close()

    def _start(self, number: int, arguments: Sequence[str]) -> _Worker:
        """Start a worker; a signal that arrives meanwhile is handled when it can be ended."""
        environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        path = environment.get("PYTHONPATH")
        environment["PYTHONPATH"] = os.pathsep.join([str(BACKEND), *([path] if path else [])])
        # -P: a module in the folder that the user is in is not imported.
        command = [sys.executable, "-P", "-X", "utf8", "-m", self._module]
        blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
        try:
            process = subprocess.Popen(
                [*command, self._limits.as_json(), str(os.getpid()), *map(os.fsencode, arguments)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=None if "FDE_TRACEBACK" in os.environ else subprocess.DEVNULL,
                env=environment,
                process_group=0,  # the terminal's Ctrl-C is for the parent, which ends the worker
            )
            worker = _Worker(number, process, self._limits, time.monotonic() + self._limits.seconds)
            self._running.add(worker)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        return worker

    def _collect(self, selector: selectors.BaseSelector) -> Iterator[tuple[int, Outcome]]:
        """Wait for something to happen; yield the outcomes of the workers that are done."""
        seconds = min(worker.deadline for worker in self._running) - time.monotonic()
        if self._stop is not None:
            if self._stop.is_set():
                raise StoppedError
            seconds = min(seconds, LOOK)
        ready = {key.data for key, _ in selector.select(max(0, seconds))}
        for worker in tuple(self._running):
            outcome = None
            if worker in ready:
                # Also after its deadline: this process may have waited for a slow pipe.
                outcome = worker.receive()
            elif time.monotonic() > worker.deadline:
                outcome = worker.end(too_slow(self._limits))
            if outcome:
                self._running.discard(worker)
                selector.unregister(worker.pipe)
                yield worker.number, outcome
