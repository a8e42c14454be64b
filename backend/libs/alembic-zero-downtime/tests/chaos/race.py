"""Many replicas start at once, and each runs `alembic upgrade head`."""

import time
from contextlib import ExitStack
from pathlib import Path

from sqlalchemy import URL

from chaos.outcome import Outcome, Progress
from chaos.scripts import revision_ids, write_scripts
from chaos.upgrade import read_revision, read_upgrades
from support.databases import connected, new_database
from support.processes import Command

STARTING = 0.02  # seconds that one process takes to start


def run(migration_server: URL, folder: Path, *, processes: int = 32, rounds: int = 20) -> Outcome:
    """Let `processes` upgrade one empty database together, `rounds` times.

    They begin at the same time, closer together than any orchestrator starts them. Each must
    succeed, and each revision must have been applied once.
    """
    started = time.monotonic()
    ini_file = write_scripts(folder)
    revisions = revision_ids(ini_file)
    failures: list[str] = []
    with Progress("race", rounds) as progress:
        for number in range(1, rounds + 1):
            with new_database(migration_server) as url:
                failures += _race(ini_file, url, processes)
                failures += _check(url, revisions)
            progress.show(number, failures)
    figures = {"rounds": rounds, "processes in each": processes, "revisions": len(revisions)}
    return Outcome("race", time.monotonic() - started, figures, failures)


def _race(ini_file: Path, url: URL, processes: int) -> list[str]:
    start = time.monotonic() + STARTING * processes
    with ExitStack() as stack:
        commands = [
            stack.enter_context(Command(ini_file, url, "upgrade", "head", start=start))
            for _ in range(processes)
        ]
        ended = [command.wait() for command in commands]
    return [f"exit code {done.code}:\n{done.output}" for done in ended if done.code != 0]


def _check(url: URL, revisions: list[str]) -> list[str]:
    with connected(url) as connection:
        found = (read_revision(connection), read_upgrades(connection))
    expected = (revisions[-1], revisions)
    return [f"expected {expected}, found {found}"] if found != expected else []
