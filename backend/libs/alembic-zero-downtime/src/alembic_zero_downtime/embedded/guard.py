"""Remove the folder of a disposable server when the process that uses it has ended.

As a program, `python guard.py FOLDER`, it waits for the end of its standard input, a pipe that the
using process holds open. The kernel closes it when that process ends, even by SIGKILL. The program
imports nothing of this library, which would take longer than starting the server.
"""

import os
import shutil
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

import psutil

IMMEDIATE_SECONDS = 5.0


def remove(folder: Path) -> None:
    """End all processes that work in the folder, and remove it.

    They get PostgreSQL's immediate shutdown first, with which the server releases its shared
    memory, and after a while SIGKILL.
    """
    deadline = time.monotonic() + IMMEDIATE_SECONDS
    while folder.exists() and (processes := _find_processes(folder)):
        number = signal.SIGQUIT if time.monotonic() < deadline else signal.SIGKILL
        for process in processes:
            with suppress(psutil.Error):
                process.send_signal(number)
        time.sleep(0.02)
    shutil.rmtree(folder, ignore_errors=True)


def _find_processes(folder: Path) -> list[psutil.Process]:
    """Return the processes whose current directory is in the folder; zombies have none."""
    inside = f"{os.path.realpath(folder)}{os.sep}"
    found = psutil.process_iter(["cwd"])
    return [each for each in found if f"{each.info['cwd']}{os.sep}".startswith(inside)]


if __name__ == "__main__":
    sys.stdin.buffer.read()
    remove(Path(sys.argv[1]))
