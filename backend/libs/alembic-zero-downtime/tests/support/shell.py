"""Run commands as a person would, in an environment that holds nothing else."""

import fcntl
import os
import pty
import select
import subprocess
import sys
import termios
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, TextIO

from sqlalchemy import URL

from alembic_zero_downtime.embedded.binaries import find_program

LONGEST = 120  # seconds
TESTS = Path(__file__).resolve().parent.parent
LIBRARY = TESTS.parent
CLEAN_ENVIRONMENT = {
    "PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin",
    "PYTHONPATH": str(TESTS),
}


def as_text(url: URL) -> str:
    """Return the address with its password, as a variable holds it."""
    return url.render_as_string(hide_password=False)


def run(
    *command: str,
    cwd: Path = TESTS,
    env: Mapping[str, str] | None = None,
    stdin: str = "",
) -> subprocess.CompletedProcess[str]:
    """Run `command` to its end; `env` adds to a clean environment."""
    return subprocess.run(
        command,
        cwd=cwd,
        env={**CLEAN_ENVIRONMENT, **(env or {})},
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        timeout=LONGEST,
    )


class Done(NamedTuple):
    """The exit code and the output of a command that ran in this process."""

    returncode: int
    stdout: str
    stderr: str


@contextmanager
def typed_on_a_terminal(answer: str) -> Iterator[TextIO]:
    """Yield a terminal on which `answer` is already typed, as a substitute for `sys.stdin`."""
    master, slave = pty.openpty()
    os.write(master, answer.encode())
    with os.fdopen(master), os.fdopen(slave) as terminal:
        yield terminal


def answer_on_a_terminal(
    command: list[str], answer: str, *, cwd: Path, env: Mapping[str, str]
) -> tuple[int, str]:
    """Run `command` on a terminal and type `answer` at its prompt; return its code and screen."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        command,
        cwd=cwd,
        env={**CLEAN_ENVIRONMENT, **env, "TERM": "xterm"},
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
        preexec_fn=_make_controlling_terminal,  # noqa: PLW1509 there are no threads here
    )
    os.close(slave)
    screen = b""
    while b" to go on: " not in screen:
        try:
            screen += _read(master, process)
        except OSError:  # it has exited without a question
            break
    else:
        os.write(master, answer.encode())
    while process.poll() is None:
        try:
            screen += _read(master, process)
        except OSError:
            break
    code = process.wait(60)
    os.close(master)
    return code, screen.decode()


def _read(master: int, process: subprocess.Popen[bytes]) -> bytes:
    """Return the next output of the process; kill it if it hangs."""
    if not select.select([master], [], [], LONGEST)[0]:
        process.kill()
    return os.read(master, 1024)


def _make_controlling_terminal() -> None:
    """Let Ctrl-C typed on standard input reach the process."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def psql(url: URL, script: str) -> str:
    """Run a script as people do, in psql up to the first error, and return what it answers."""
    address = as_text(url.set(drivername="postgresql"))
    options = ("--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", f"--dbname={address}")
    done = run(str(find_program("psql")), *options, stdin=script)
    assert done.returncode == 0, f"{done.stderr}\n{script}"
    return done.stdout
