"""Read files, each in a process of its own with limits of memory and time."""

import os
import stat
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from app.services.answer import Answer, AskedPlace
from app.services.limits import MEGABYTE, Limits, too_large
from app.services.worker_pool import Outcome, WorkerPool

WORKER = "app.services.worker"
Task = Literal["read", "pages", "prove", "place"]


@dataclass(frozen=True, slots=True)
class Request:
    """A task for one file.

    Attributes:
        picture: Where to draw the pages that were used: the beginning of the pictures' paths.
        elsewhere: Of the task `prove`: the file with the reading to prove.
        place: Of the task `place`: which one.
    """

    path: Path
    task: Task = "read"
    picture: Path | None = None
    elsewhere: Path | None = None
    place: AskedPlace | None = None

    @property
    def arguments(self) -> list[str]:
        """Return the arguments of the worker."""
        if self.picture:
            return ["picture", os.fspath(self.path), os.fspath(self.picture)]
        if self.place:
            return ["place", os.fspath(self.path), self.place.model_dump_json()]
        more = [os.fspath(self.elsewhere)] if self.elsewhere else []
        return [self.task, os.fspath(self.path), *more]


def read_files(
    requests: Sequence[Request],
    limits: Limits,
    jobs: int,
    note: Callable[[int], None] = lambda _: None,
    stop: threading.Event | None = None,
) -> Generator[Answer]:
    """Yield the answer for each file, in order; closing the iterator ends every process.

    Args:
        requests: The files.
        limits: Of each process.
        jobs: Processes at a time.
        note: Is called with the number of a request when its file is being read.
        stop: Ends every process when another thread sets it.

    Raises:
        StoppedError: It was set.
    """
    refused = [refuse(each.path, limits) for each in requests]
    tasks = [each.arguments for each, no in zip(requests, refused, strict=True) if no is None]
    numbers = [number for number, no in enumerate(refused) if no is None]
    pool = WorkerPool(WORKER, limits, jobs, stop)
    with closing(pool.run(tasks, lambda task: note(numbers[task]))) as outcomes:
        for no in refused:
            yield no or _validated(next(outcomes))


def _validated(outcome: Outcome) -> Answer:
    """Return the answer that a worker wrote; it is checked, since the worker may be taken over."""
    if outcome.failure:
        return Answer.failed(*outcome.failure)
    try:
        return Answer.model_validate_json(outcome.answer)
    except ValidationError:
        return Answer.failed(
            "bad_answer", "The process that read it gave no valid answer: report this with the file"
        )


def refuse(path: Path, limits: Limits) -> Answer | None:
    """Return the answer for a file that is not opened: missing, special, or too large."""
    try:
        status = path.stat()
    except FileNotFoundError:
        message = "There is no such file: check the path"
        if os.fspath(path) == "-":
            message = "Standard input is not read: save it to a file first"
        return Answer.failed("not_found", message)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        return Answer.failed("unreadable", f"It cannot be read: {reason}")
    if stat.S_ISDIR(status.st_mode):
        return None
    if not stat.S_ISREG(status.st_mode):
        return Answer.failed(
            "special_file", "It is no regular file, but a pipe or a device: save it to a file first"
        )
    if status.st_size > limits.file_size * MEGABYTE:
        return Answer.failed(*too_large(status.st_size, limits))
    return None
