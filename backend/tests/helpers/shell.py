"""Run the project's commands as a person would, in an environment that holds nothing else."""

import subprocess
import sys
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
    """The exit code and the output of a command that ran in this process."""

    returncode: int
    stdout: str
    stderr: str


def psql(url: URL, script: str) -> str:
    """Run a script in psql, up to the first error, and return its output."""
    address = as_text(url.set(drivername="postgresql"))
    options = ("--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", f"--dbname={address}")
    done = run(str(find_program("psql")), *options, stdin=script)
    assert done.returncode == 0, f"{done.stderr}\n{script}"
    return done.stdout


def load_yaml(path: Path) -> dict[str, Any]:
    """Return a file of settings as its program reads it."""
    return dict(yaml.safe_load(path.read_text(encoding="utf-8")))
