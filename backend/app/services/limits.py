"""The limits of the process that reads one file."""

import json
import math
import resource
import signal
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import NamedTuple, Self

from app.limit_settings import (
    MAX_SIZE,
    MEGABYTES_OF_FILE,
    MEGABYTES_OF_MEMORY,
    MEMORY,
    SECONDS,
    TIMEOUT,
)

MEGABYTE = 1024 * 1024
BACKSTOP = 5  # seconds after the parent's clock, for a worker whose parent is gone
OUT_OF_MEMORY = 71
"""The exit code of a worker that could not allocate memory."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The resources that reading one file may use.

    Attributes:
        seconds: Time on the clock.
        memory: Megabytes of address space.
        file_size: Megabytes of the file.
        output: Megabytes of the answer, as JSON, and of each picture.
    """

    seconds: int = SECONDS
    memory: int = MEGABYTES_OF_MEMORY
    file_size: int = MEGABYTES_OF_FILE
    output: int = 64

    @classmethod
    def in_force(cls) -> Self:
        """Return the limits of the settings.

        Raises:
            SettingsError: One of them is invalid.
        """
        default = cls()
        return cls(
            seconds=TIMEOUT.read() or default.seconds,
            memory=MEMORY.read() or default.memory,
            file_size=MAX_SIZE.read() or default.file_size,
        )

    def as_json(self) -> str:
        """Return the limits for a worker's command line."""
        return json.dumps(asdict(self))

    @classmethod
    def of_json(cls, text: str) -> Self:
        """Return the limits that `as_json` wrote."""
        return cls(**json.loads(text))

    def apply(self) -> None:
        """Let the kernel hold this process to the limits, also if its parent is gone."""
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, self.seconds + BACKSTOP)
        memory, output = self.memory * MEGABYTE, self.output * MEGABYTE
        for kind, value in (
            (resource.RLIMIT_AS, memory),
            (resource.RLIMIT_CPU, math.ceil(self.seconds) + BACKSTOP),
            (resource.RLIMIT_FSIZE, output),
            (resource.RLIMIT_CORE, 0),
        ):
            _, hard = resource.getrlimit(kind)
            if hard != resource.RLIM_INFINITY:
                value = min(value, hard)  # noqa: PLW2901
            with suppress(ValueError, OSError):  # macOS has no limit of the address space
                resource.setrlimit(kind, (value, value))

    def stop_clock(self) -> None:
        """Let this process wait for a parent that is slow to take the answer."""
        signal.setitimer(signal.ITIMER_REAL, 0)


class Failure(NamedTuple):
    """Why a file cannot be read: a stable name in snake_case, and one line for people."""

    code: str
    message: str


def describe_death(returncode: int, limits: Limits) -> Failure:
    """Return why a worker ended without an answer.

    Args:
        returncode: Its exit code, or minus the signal that ended it.
        limits: Those it had.
    """
    if returncode in {-signal.SIGALRM, -signal.SIGXCPU}:
        return too_slow(limits)
    if returncode == OUT_OF_MEMORY:
        message = f"Reading needs more than {limits.memory} MB of memory: allow more with --memory"
        return Failure("memory_limit", message)
    if returncode == -signal.SIGKILL:
        message = (
            "The process that read it was killed, perhaps for lack of memory on this machine: "
            "close other programs, and read it again"
        )
        return Failure("killed", message)
    if returncode < 0:
        message = (
            f"The process that read it crashed ({signal.Signals(-returncode).name}): the file is "
            f"damaged, or needs more than {limits.memory} MB of memory (--memory)"
        )
        return Failure("crashed", message)
    message = (
        f"The process that read it ended with exit code {returncode}: is the installation "
        "complete? (make install; FDE_TRACEBACK=1 shows more)"
    )
    return Failure("crashed", message)


def too_slow(limits: Limits) -> Failure:
    """Return the failure of a worker that takes too long."""
    message = f"Reading takes longer than {limits.seconds} s: allow more with --timeout"
    return Failure("time_limit", message)


def too_much(limits: Limits) -> Failure:
    """Return the failure of a worker that answers without end."""
    message = f"The file yields more than {limits.output} MB: give the annual report alone"
    return Failure("output_limit", message)


def too_large(size: int, limits: Limits) -> Failure:
    """Return the failure for a file of so many bytes, which is not even opened."""
    message = (
        f"The file has {size // MEGABYTE} MB, more than {limits.file_size}: give the report alone, "
        "or allow more with --max-size"
    )
    return Failure("too_large", message)
