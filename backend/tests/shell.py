"""Run the project's commands as a person would, in an environment that holds nothing else."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import URL

BACKEND = Path(__file__).resolve().parent.parent
CLEAN_ENVIRONMENT = {"PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin"}


def as_text(url: URL) -> str:
    """Return the address with its password, as a variable holds it."""
    return url.render_as_string(hide_password=False)


def run(
    *command: str,
    cwd: Path = BACKEND,
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
        timeout=120,
    )
