"""The process that migrates is stopped; the others wait for it in bounded time, and name it."""

import random
import signal
import time
from pathlib import Path

from sqlalchemy import URL, text

from alembic_zero_downtime.runtime.migration_lock import NAMESPACE
from chaos.damage import Damage
from chaos.outcome import Outcome, Progress
from chaos.scripts import write_scripts
from chaos.upgrade import Upgrade
from support.databases import connected, new_database
from support.processes import Command, Ended

LOCK_WAIT = 1  # seconds
TOLERANCE = 5.0  # seconds: starting takes time on two busy cores
HOLDER = text(f"""
    SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND classid = {NAMESPACE}
       AND granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
     ORDER BY objid
""")


def run(migration_server: URL, folder: Path, *, stops: int = 20, seed: int = 1) -> Outcome:
    """Stop upgrades at random until `stops` have hit one that holds the migration lock.

    A second upgrade must then end in time, change nothing, and name the holder. When the first one
    continues, it must complete the upgrade.
    """
    started = time.monotonic()
    upgrade = Upgrade.measure(write_scripts(folder), migration_server)
    damage = Damage(upgrade)
    chance = random.Random(seed)  # noqa: S311 points in time, no secrets
    failures: list[str] = []
    longest = 0.0
    with Progress(f"freeze (seed {seed})", stops) as progress:
        while damage.kills < stops:
            with new_database(migration_server) as url:
                seconds, found = _disturb(upgrade, url, chance, damage)
                longest = max(longest, seconds)
                failures += found + upgrade.finish(url)
            progress.show(damage.kills, failures)
    failures += damage.check_spread()
    figures = {"the longest wait": f"{longest:.1f} s", **damage.figures(), "seed": seed}
    return Outcome("freeze", time.monotonic() - started, figures, failures)


def _disturb(
    upgrade: Upgrade, url: URL, chance: random.Random, damage: Damage
) -> tuple[float, list[str]]:
    """Stop one upgrade and start another; return the seconds of that, and the failures."""
    waiting = {"MIGRATION_LOCK_WAIT": str(LOCK_WAIT)}
    seconds, failures = 0.0, list[str]()
    with Command(upgrade.ini_file, url, "upgrade", "head") as frozen:
        is_running = upgrade.wait_at_random(frozen, chance)
        frozen.send(signal.SIGSTOP)
        with connected(url) as connection:
            holder = connection.scalar(HOLDER)
        if is_running and holder:
            damage.record(url)
            begun = time.monotonic()
            with Command(upgrade.ini_file, url, "upgrade", "head", env=waiting) as second:
                failures = _check(second.wait(), holder)
            seconds = time.monotonic() - begun
            if seconds > LOCK_WAIT + TOLERANCE:
                failures.append(f"the second one waited {seconds:.1f} s")
        frozen.send(signal.SIGCONT)
        done = frozen.wait()
    if done.code != 0:
        failures.append(f"continued, the exit code is {done.code}:\n{done.output}")
    return seconds, failures


def _check(second: Ended, holder: int) -> list[str]:
    """Return a failure unless the second upgrade names the process that holds the lock."""
    named = f"FAILED: another process is migrating this database: pid {holder} "
    is_clear = second.code != 0 and named in second.output and "Traceback" not in second.output
    is_late = second.code == 0 and "Nothing to do: at" in second.output  # at head, no lock is taken
    return [] if is_clear or is_late else [f"pid {holder} holds the lock, but:\n{second.output}"]
