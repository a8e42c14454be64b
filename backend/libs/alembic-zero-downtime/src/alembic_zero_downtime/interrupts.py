"""End a command on Ctrl-C with one line while its modules are still being imported."""

import os
import signal
from os import _exit  # that of `os` is replaced while code of a project runs (_exits.py)

INTERRUPTED = 128 + signal.SIGINT


class _Exit:
    """The handler of SIGINT that ends the process at once."""

    def __init__(self, program: str) -> None:
        self._program = program

    def __call__(self, *_: object) -> None:
        newline = "\n" if os.isatty(2) else ""  # after the terminal's ^C
        os.write(2, f"{newline}{self._program}: interrupted\n".encode())
        _exit(INTERRUPTED)


def exit_on_interrupt(program: str) -> None:
    """Let Ctrl-C end the process at once, with one line and exit code 130.

    An exception would be a traceback if it is raised in an import, and there is nothing to clean up
    before a command runs; then `signals.interruptible` replaces this handler. Another one stays,
    such as that of a background job, which ignores Ctrl-C.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _Exit(program))
