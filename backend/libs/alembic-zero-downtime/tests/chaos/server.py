"""The server is killed at random during an upgrade, which completes once it runs again."""

import random
import time
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

from alembic_zero_downtime.embedded.server import EmbeddedServer
from chaos.damage import Damage
from chaos.outcome import Outcome, Progress
from chaos.scripts import write_scripts
from chaos.upgrade import Upgrade
from support.databases import address_of, create_database, drop_database
from support.processes import Command, Ended

PREFIX = "migration-chaos-"  # of temporary folders
DISK = "/var/tmp"  # noqa: S108 for a private folder; on a disk, also where /tmp is memory


def run(*, kills: int = 20, seed: int = 1) -> Outcome:
    """Kill a separate server during upgrades until `kills` have hit, and complete each.

    The command must succeed or report its failure; run again on the recovered server, it must
    result in the database of an undisturbed upgrade.

    The data is on a disk, with PostgreSQL's durable settings. Still this is a crash of the
    server and not of the machine: the kernel loses nothing.
    """
    started = time.monotonic()
    failures: list[str] = []
    with TemporaryDirectory(prefix=PREFIX, dir=DISK, ignore_cleanup_errors=True) as name:
        server = EmbeddedServer(Path(name) / "server")
        try:
            upgrade = Upgrade.measure(write_scripts(Path(name)), address_of(server))
            damage = Damage(upgrade)
            chance = random.Random(seed)  # noqa: S311 points in time, no secrets
            with Progress(f"server (seed {seed})", kills) as progress:
                while damage.kills < kills:
                    failures += _disturb(upgrade, server, chance, damage)
                    progress.show(damage.kills, failures)
        finally:
            server.stop()
    failures += damage.check_spread()
    figures = {**damage.figures(), "seed": seed}
    return Outcome("server", time.monotonic() - started, figures, failures)


def _disturb(
    upgrade: Upgrade, server: EmbeddedServer, chance: random.Random, damage: Damage
) -> list[str]:
    """Kill the server during an upgrade, start it and complete the upgrade; return failures."""
    url = create_database(address_of(server))
    with Command(upgrade.ini_file, url, "upgrade", "head") as command:
        if is_hit := upgrade.wait_at_random(command, chance):
            _crash(server)
        failures = _check_output(command.wait(), is_hit=is_hit)
    migration_server = address_of(server)
    url = migration_server.set(database=url.database)
    if is_hit:
        damage.record(url)
    failures += upgrade.finish(url)
    drop_database(migration_server, url)
    return failures


def _crash(server: EmbeddedServer) -> None:
    """Kill the postmaster, then its children, which would exit by themselves soon after."""
    first_line = (server.data / "postmaster.pid").read_text(encoding="utf-8").split("\n")[0]
    postmaster = psutil.Process(int(first_line))
    children = postmaster.children()
    for process in [postmaster, *children]:
        with suppress(psutil.NoSuchProcess):
            process.kill()


def _check_output(done: Ended, *, is_hit: bool) -> list[str]:
    """Return a failure if a command without a server did not report it in one line."""
    is_clear = "FAILED: " in done.output and "Traceback" not in done.output
    if done.code == 0 or (is_hit and is_clear):
        return []
    event = "the server was killed" if is_hit else "nothing was killed"
    return [f"{event}, and the exit code is {done.code}:\n{done.output}"]
