"""The process that migrates is killed, at any moment; the same command finishes its work."""

import random
import time
from pathlib import Path

from sqlalchemy import URL, text

from tests.chaos.damage import Damage
from tests.chaos.harness import Command, connected, new_database
from tests.chaos.outcome import Outcome, Progress
from tests.chaos.scripts import lay_out_scripts
from tests.chaos.upgrade import Upgrade

AGAIN = 0.25  # the chance that the command that should finish is killed too
BROKEN_OFF = 0.5  # the chance that the server breaks off what was running
SESSIONS = text("""
    SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
     WHERE datname = current_database() AND pid <> pg_backend_pid()
""")


def run(admin_url: URL, folder: Path, *, kills: int = 200, seed: int = 1) -> Outcome:
    """Kill upgrades until `kills` have hit, and finish each.

    Each must end in the database of an upgrade that nobody disturbed: the same catalog, with
    valid indexes, the same rows, and each revision once in the ledger.
    """
    begun = time.monotonic()
    upgrade = Upgrade.measure(lay_out_scripts(folder), admin_url)
    damage = Damage(upgrade)
    dice = random.Random(seed)  # noqa: S311 moments, no secrets
    failures: list[str] = []
    with Progress(f"kill (seed {seed})", kills) as progress:
        while damage.kills < kills:
            with new_database(admin_url) as url:
                failures += _disturb(upgrade, url, dice, damage)
                failures += upgrade.finish(url)
            progress.show(damage.kills, failures)
    failures += damage.check_spread()
    figures = {**damage.figures(), "seed": seed}
    return Outcome("kill", time.monotonic() - begun, figures, failures)


def _disturb(upgrade: Upgrade, url: URL, dice: random.Random, damage: Damage) -> list[str]:
    """Upgrade and kill it, sometimes more than once; return a failure that no kill explains."""
    while True:
        with Command(upgrade.ini_file, url, "upgrade", "head") as command:
            if not upgrade.wait_for_a_moment(command, dice):
                done = command.wait()
                return (
                    [f"nothing was killed, and it ends with {done.code}:\n{done.output}"]
                    if done.code != 0
                    else []
                )
            command.kill()
        if dice.random() < BROKEN_OFF:
            _break_off(url)
        damage.note(url)
        if dice.random() > AGAIN:
            return []


def _break_off(url: URL) -> None:
    """End what the killed process has left running in the server.

    A statement that takes longer than these do is broken off so by the server itself, a second
    after its client has gone; of an index that is built concurrently, an invalid one is left.
    """
    with connected(url) as connection:
        connection.execute(SESSIONS)
