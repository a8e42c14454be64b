"""Read each file in a process of its own, and say what that took."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from app.pipeline.statement import Filing, Statement
from tests.evaluation.folder import Kind
from tests.helpers.shell import BACKEND

LONGEST = 300  # seconds


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read from a file.

    Attributes:
        seconds: Of the processor, for reading and proving.
        memory: Largest resident memory of the process, in MB.
        error: Why nothing was read.
    """

    filing: Filing | None = None
    seconds: float = 0.0
    memory: float = 0.0
    error: str | None = None

    @property
    def statements(self) -> list[Statement]:
        """The statements, none where the file cannot be read."""
        return self.filing.statements if self.filing else []


def read(kind: Kind, path: Path) -> Reading:
    """Return what is read from a file of that kind, in a process of its own."""
    command = [sys.executable, "-m", "tests.evaluation.child", kind, str(path)]
    try:
        done = subprocess.run(
            command, cwd=BACKEND, capture_output=True, check=False, timeout=LONGEST
        )
    except subprocess.TimeoutExpired:
        return Reading(error=f"takes longer than {LONGEST} s")
    if done.returncode != 0:
        last = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
        return Reading(error=f"ended with exit code {done.returncode}: {' '.join(last)}")
    written = json.loads(done.stdout)
    answer = written["answer"]
    filing, failure = answer.get("filing"), answer.get("error")
    return Reading(
        filing=Filing.model_validate(filing) if filing else None,
        seconds=written["seconds"],
        memory=written["memory"],
        error=f"{failure['code']}: {failure['message']}" if failure else None,
    )
