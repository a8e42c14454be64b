"""Run a command in a terminal of its own, as wide as a page needs it."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
from collections.abc import Mapping
from pathlib import Path

from tests.helpers.shell import CLEAN_ENVIRONMENT, Done

_ROWS = 50
_CHUNK = 65536


def run_in_terminal(
    *command: str, cwd: Path, columns: int, env: Mapping[str, str] | None = None
) -> Done:
    """Run a command whose standard output is a terminal without colours.

    `stdout` has plain ends of lines. Standard error is a pipe; `env` adds to a clean environment.
    """
    master, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", _ROWS, columns, 0, 0))
    written = b""
    with subprocess.Popen(
        command,
        cwd=cwd,
        env={**CLEAN_ENVIRONMENT, "NO_COLOR": "1", "PWD": str(cwd), **(env or {})},
        stdin=subprocess.DEVNULL,
        stdout=terminal,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        os.close(terminal)
        while chunk := _read(master):
            written += chunk
        os.close(master)
        errors = process.stderr.read() if process.stderr else ""
    return Done(process.returncode, re.sub(r"\r+\n", "\n", written.decode()), errors)


def _read(master: int) -> bytes:
    """Return what was written; nothing when the terminal is closed."""
    try:
        return os.read(master, _CHUNK)
    except OSError:  # EIO: the last process closed it
        return b""
