"""The process that migrates is killed at random; the same command completes the upgrade."""

import random
import time
from pathlib import Path

from sqlalchemy import URL, text

from chaos.damage import Damage
from chaos.outcome import Outcome, Progress
from chaos.scripts import write_scripts
from chaos.upgrade import Upgrade
from support.databases import connected, new_database
from support.processes import Command

AGAIN = 0.25  # the probability that the next command is killed too
TERMINATED = 0.5  # the probability that the sessions of the process are terminated
SESSIONS = text("""
    SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
     WHERE datname = current_database() AND pid <> pg_backend_pid()
""")


def run(migration_server: URL, folder: Path, *, kills: int = 200, seed: int = 1) -> Outcome:
    """Kill upgrades until `kills` have hit, and complete each.

    Each must result in the database of an undisturbed upgrade: the same catalog, with valid
    indexes, the same rows, and each revision once in the ledger.
    """
    started = time.monotonic()
    upgrade = Upgrade.measure(write_scripts(folder), migration_server)
    damage = Damage(upgrade)
    chance = random.Random(seed)  # noqa: S311 points in time, no secrets
    failures: list[str] = []
    with Progress(f"kill (seed {seed})", kills) as progress:
        while damage.kills < kills:
            with new_database(migration_server) as url:
                failures += _disturb(upgrade, url, chance, damage)
                failures += upgrade.finish(url)
            progress.show(damage.kills, failures)
    failures += damage.check_spread()
    figures = {**damage.figures(), "seed": seed}
    return Outcome("kill", time.monotonic() - started, figures, failures)


def _disturb(upgrade: Upgrade, url: URL, chance: random.Random, damage: Damage) -> list[str]:
    """Upgrade and kill it, sometimes repeatedly; return a failure that no kill explains."""
    while True:
        with Command(upgrade.ini_file, url, "upgrade", "head") as command:
            if not upgrade.wait_at_random(command, chance):
                done = command.wait()
                return (
                    [f"nothing was killed, and the exit code is {done.code}:\n{done.output}"]
                    if done.code != 0
                    else []
                )
            command.kill()
        if chance.random() < TERMINATED:
            _terminate_sessions(url)
        damage.record(url)
        if chance.random() > AGAIN:
            return []


def _terminate_sessions(url: URL) -> None:
    """Terminate the sessions that the killed process has left.

    The server cancels a longer statement in the same way, a second after its client has gone. An
    index that was being built concurrently stays, invalid.
    """
    with connected(url) as connection:
        connection.execute(SESSIONS)
