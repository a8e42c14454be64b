"""Process 1 of the image: runs a command, forwards signals to it, and reaps orphaned processes.

    python -m app.container.entrypoint COMMAND [ARGUMENT …]

The kernel discards a signal that process 1 has no handler for, and a shell has none. As process 1,
`sh -c "alembic upgrade head && uvicorn …"` would ignore SIGTERM and be killed at the end of the
grace period, in the middle of a migration. Here the shell and its children are one process group,
and each of them receives each signal.

The exit code is that of the command, or 128 + the number of the signal that ended it; 126 and 127
if the command cannot be executed or is not found, as in a shell; 2 without a command.

Source: pid_namespaces(7) and prctl(2); POSIX for process groups and the shell's exit codes.
"""

import ctypes
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import suppress

KILL_AFTER = 3.0
"""Seconds until SIGKILL, after the second stop signal or after the command has ended by itself."""
POLL = 0.05  # seconds
IDLE = 3600.0  # seconds; every signal ends the wait

PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h
STOP = {signal.SIGINT, signal.SIGQUIT, signal.SIGTERM}
FORWARDED = signal.valid_signals() - {
    *(signal.SIGKILL, signal.SIGSTOP),  # cannot be handled
    *(signal.SIGCHLD, signal.SIGPIPE, signal.SIGTTIN, signal.SIGTTOU),  # about this process
    # Raised by the processor, for an error of this process.
    *(signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGSEGV, signal.SIGSYS, signal.SIGTRAP),
}
AWAITED = FORWARDED | {signal.SIGCHLD}
BLOCKED = AWAITED | {signal.SIGTTIN, signal.SIGTTOU}  # the terminal is the command's


def main(command: list[str]) -> int:
    """Run `command` to its end and return its exit code."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # ignored, it would hide the exit code
    inherited = signal.pthread_sigmask(signal.SIG_BLOCK, BLOCKED)
    # Orphans become children of this process also where another one is process 1.
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    if not command:
        return _fail("name a command, as in: entrypoint alembic upgrade head", 2)
    try:
        group = os.posix_spawnp(
            command[0],
            command,
            os.environ,
            setpgroup=0,
            setsigmask=inherited,
            setsigdef=(signal.SIGPIPE, signal.SIGXFSZ),  # which Python ignores
        )
    except FileNotFoundError:
        return _fail(f"{command[0]}: not found", 127)
    except OSError as error:
        return _fail(f"{command[0]}: {error.strerror}", 126)
    _pass_terminal(group)
    return _supervise(group)


def _supervise(group: int) -> int:
    """Forward signals to the group until it is empty; return the exit code of its first process.

    After one stop signal the group has as much time as the orchestrator grants.
    """
    code: int | None = None
    kill_at: float | None = None  # monotonic time
    stops = 0
    while code is None or _signal_group(group, 0):
        is_idle = code is None and kill_at is None
        received = signal.sigtimedwait(AWAITED, IDLE if is_idle else POLL)
        if received and received.si_signo in FORWARDED:
            _signal_group(group, received.si_signo)
            stops += received.si_signo in STOP
            if stops > 1 and kill_at is None:
                kill_at = time.monotonic() + KILL_AFTER
        for process, exit_code in _reap():
            if process != group:
                continue
            code = exit_code
            if not stops:  # else each process has received it, and may be rolling back
                _signal_group(group, signal.SIGTERM)
                kill_at = time.monotonic() + KILL_AFTER
        if kill_at is not None and time.monotonic() > kill_at:
            _signal_group(group, signal.SIGKILL)
    return code


def _reap() -> Iterator[tuple[int, int]]:
    """Yield process id and exit code of each child that has ended, orphans included."""
    with suppress(ChildProcessError):  # no child is left
        while True:
            process, status = os.waitpid(-1, os.WNOHANG)
            if process == 0:
                return
            code = os.waitstatus_to_exitcode(status)
            yield process, code if code >= 0 else 128 - code


def _signal_group(group: int, number: int) -> bool:
    """Send a signal to each process of the group; return whether there was one."""
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return False
    return True


def _pass_terminal(group: int) -> None:
    """Make the group the foreground group of the terminal, so that it can read from it."""
    with suppress(OSError):  # standard input is not the controlling terminal
        if os.tcgetpgrp(0) == os.getpgrp():
            os.tcsetpgrp(0, group)
            os.killpg(group, signal.SIGCONT)  # in case it was stopped because it read before


def _fail(message: str, code: int) -> int:
    sys.stderr.write(f"entrypoint: {message}\n")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
