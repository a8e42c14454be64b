"""The process that reads one file: `app.services.worker LIMITS PARENT TASK PATH [PICTURES]`.

PDFium is native code, and a file may be hostile: this process has limits, no environment, and ends
with its parent. It writes one JSON object, an `Answer`, to standard output.
"""

import os
import signal
import sys
import time
from collections.abc import Callable, Sequence

from app.pipeline.cycles import collect_cycles_rarely
from app.services.limits import OUT_OF_MEMORY, Limits

Perform = Callable[[str, str, str | None, Limits], bytes]
"""Returns the answer for a task, a path, the beginning of the pictures' paths, and limits."""
PR_SET_PDEATHSIG = 1  # linux/prctl.h


def answer(task: str, path: str, pictures: str | None, limits: Limits) -> bytes:
    """Do the task; return the answer as JSON."""
    # Imported within the limits.
    from app.services import tasks  # noqa: PLC0415

    started = time.perf_counter()
    done = tasks.perform(task, path, pictures, limits)
    done.seconds = round(time.perf_counter() - started, 3)
    return done.as_json()


def main(arguments: Sequence[str], perform: Perform = answer) -> None:
    """Perform a task on a file, write the answer, and end this process."""
    limits, parent, task, path, *pictures = arguments
    allowed = Limits.of_json(limits)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())  # blocked while the parent started this process
    _end_with(int(parent))
    allowed.apply()
    output = _keep_output()
    collect_cycles_rarely()
    try:
        written = perform(task, path, pictures[0] if pictures else None, allowed)
        allowed.stop_clock()
        _write(output, written)
    except MemoryError:
        os._exit(OUT_OF_MEMORY)
    os._exit(0)  # without the clean-up of native code


def _end_with(parent: int) -> None:
    """Let the kernel end this process when its parent is gone, where it can (Linux)."""
    if sys.platform == "linux":
        import ctypes  # noqa: PLC0415

        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it was gone before that
        os._exit(0)


def _keep_output() -> int:
    """Return a descriptor for the answer; the output of libraries goes to standard error."""
    output = os.dup(1)
    os.dup2(2, 1)
    return output


def _write(output: int, written: bytes) -> None:
    view = memoryview(written)
    while view:
        view = view[os.write(output, view) :]


if __name__ == "__main__":
    main(sys.argv[1:])
