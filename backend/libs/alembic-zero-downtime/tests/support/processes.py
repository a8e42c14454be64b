"""Run `alembic` in a process that can be killed: forked from one that has imported everything."""

import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Self
from uuid import uuid4

from alembic.config import main as alembic_main
from sqlalchemy import URL

from support.network import enter
from support.shell import CLEAN_ENVIRONMENT, as_text

LIMIT = 120.0  # seconds: a command that takes longer hangs
LOOK_SECONDS = 0.001  # between two reads of a command's output
# All that a command imports: it then starts in milliseconds, and a kill hits its work.
PRELOADED = [
    *("project.definition", "alembic_zero_downtime.environment", "logging.config"),
    *("sqlalchemy.dialects.postgresql.psycopg2", "psycopg2.extras", "support.processes"),
]


class BrokenUpgradeError(Exception):
    """The upgrade fails when nothing disturbs it; the message says how."""


@dataclass(frozen=True)
class Ended:
    """How a command ended: its exit code, negative for a signal, and all that it said."""

    code: int
    output: str


class Command:
    """An `alembic` command line in a process of its own, which does not outlive the block.

    It begins at the moment `start` of the monotonic clock, by default at once; `env` adds to a
    clean environment; `network` is the network namespace, `terminal` the device of the standard
    input.
    """

    def __init__(
        self,
        ini_file: Path,
        url: URL,
        *arguments: str,
        start: float = 0.0,
        env: Mapping[str, str] | None = None,
        network: Path | None = None,
        terminal: Path | None = None,
    ) -> None:
        self._log = ini_file.parent / f"{uuid4().hex}.log"
        environment = {**CLEAN_ENVIRONMENT, "DATABASE_URL": as_text(url), **(env or {})}
        self._log.touch()  # it may be killed before it writes
        self._process = _forking().Process(
            target=_run_alembic,
            args=(["-c", str(ini_file), *arguments], environment, self._log),
            kwargs={"start": start, "network": network, "terminal": terminal},
            daemon=True,
        )
        self._process.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        self._process.close()
        self._log.unlink(missing_ok=True)

    def ends_within(self, seconds: float) -> bool:
        """Wait up to `seconds` and tell whether it has ended."""
        self._process.join(seconds)
        return self._process.exitcode is not None

    def has_said(self, words: str) -> bool:
        """Wait until it has said `words`; return False if it ends without."""
        deadline = time.monotonic() + LIMIT
        while words not in self._log.read_text(encoding="utf-8"):
            if self.ends_within(LOOK_SECONDS) or time.monotonic() > deadline:
                return False
        return True

    def send(self, number: signal.Signals) -> None:
        """Send it a signal, unless it has ended."""
        assert self._process.pid
        with suppress(ProcessLookupError):
            os.kill(self._process.pid, number)

    def kill(self) -> None:
        """End it at once, as the kernel would."""
        self._process.kill()
        self._process.join()

    def wait(self) -> Ended:
        """Return how it ended; one that hangs is killed."""
        if not self.ends_within(LIMIT):
            self.kill()
        code = self._process.exitcode
        return Ended(code if code is not None else 1, self._log.read_text(encoding="utf-8"))


def alembic(
    ini_file: Path, url: URL, *arguments: str, env: Mapping[str, str] | None = None
) -> Ended:
    """Run `alembic` to its end."""
    with Command(ini_file, url, *arguments, env=env) as command:
        return command.wait()


def upgrade_undisturbed(ini_file: Path, url: URL, revision: str = "head") -> None:
    """Upgrade to `revision`.

    Raises:
        BrokenUpgradeError: It fails.
    """
    done = alembic(ini_file, url, "upgrade", revision)
    if done.code != 0:
        raise BrokenUpgradeError(f"alembic upgrade {revision} fails undisturbed:\n{done.output}")


def _forking() -> ForkServerContext:
    """Return where processes come from: one that has imported everything and has no threads."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    return context


def _run_alembic(
    arguments: list[str],
    environment: Mapping[str, str],
    log: Path,
    *,
    start: float,
    network: Path | None,
    terminal: Path | None,
) -> None:
    if network:
        enter(network)
    with log.open("w", encoding="utf-8") as output:
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
    if terminal:
        sys.stdin = terminal.open(encoding="utf-8")
    os.environ.clear()
    os.environ.update(environment)
    time.sleep(max(0.0, start - time.monotonic()))
    alembic_main(argv=arguments, prog="alembic")
