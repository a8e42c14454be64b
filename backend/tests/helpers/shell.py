"""Run the project's commands as a person would, in an environment that holds nothing else."""

import fcntl
import os
import pty
import select
import subprocess
import sys
import termios
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from sqlalchemy import URL

from alembic_zero_downtime.embedded.binaries import find_program

LONGEST = 120  # seconds
BACKEND = Path(__file__).resolve().parents[2]
CLEAN_ENVIRONMENT = {"PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin"}


def as_text(url: URL) -> str:
    """Return the address with its password, as a variable holds it."""
    return url.render_as_string(hide_password=False)


def run(
    *command: str,
    cwd: Path = BACKEND,
    env: Mapping[str, str] | None = None,
    stdin: str = "",
    timeout: float = LONGEST,
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
        timeout=timeout,
    )


class Done(NamedTuple):
    """What a command that ran in this process left behind."""

    returncode: int
    stdout: str
    stderr: str


def answer_on_a_terminal(
    command: list[str], answer: str, *, cwd: Path, env: Mapping[str, str]
) -> tuple[int, str]:
    """Run `command` on a terminal and type `answer` when it asks; return its code and screen."""
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
    while b"to go on: " not in screen:
        try:
            screen += _read(master, process)
        except OSError:  # it has ended without a question
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
    """Return what the process says next; one that says nothing any more is ended."""
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


def load_yaml(path: Path) -> dict[str, Any]:
    """Return a file of settings as its program reads it."""
    return dict(yaml.safe_load(path.read_text(encoding="utf-8")))
