"""The server is killed while it migrates, at any moment; started again, the upgrade finishes."""

import random
import time
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

from app.db.embedded.server import EmbeddedServer
from tests.chaos.damage import Damage
from tests.chaos.harness import (
    PREFIX,
    Command,
    Ended,
    address_of,
    create_database,
    drop_database,
)
from tests.chaos.outcome import Outcome, Progress
from tests.chaos.scripts import lay_out_scripts
from tests.chaos.upgrade import Upgrade

DISK = "/var/tmp"  # noqa: S108 a private folder is made in it, on a disk where /tmp is memory


def run(*, kills: int = 20, seed: int = 1) -> Outcome:
    """Kill a server of its own during upgrades until `kills` have hit, and finish each.

    The command must end well or say why it could not; run again on the server that has
    recovered, it must end in the database of an upgrade that nobody disturbed.

    The server lives on a disk and keeps PostgreSQL's durable settings. Still this is a crash of
    the server, not of the machine: the kernel loses nothing.
    """
    begun = time.monotonic()
    failures: list[str] = []
    with TemporaryDirectory(prefix=PREFIX, dir=DISK, ignore_cleanup_errors=True) as name:
        server = EmbeddedServer(Path(name) / "server")
        try:
            upgrade = Upgrade.measure(lay_out_scripts(Path(name)), address_of(server))
            damage = Damage(upgrade)
            dice = random.Random(seed)  # noqa: S311 moments, no secrets
            with Progress(f"server (seed {seed})", kills) as progress:
                while damage.kills < kills:
                    failures += _disturb(upgrade, server, dice, damage)
                    progress.show(damage.kills, failures)
        finally:
            server.stop()
    failures += damage.check_spread()
    figures = {**damage.figures(), "seed": seed}
    return Outcome("server", time.monotonic() - begun, figures, failures)


def _disturb(
    upgrade: Upgrade, server: EmbeddedServer, dice: random.Random, damage: Damage
) -> list[str]:
    """Kill the server in an upgrade, start it again and finish; return what went wrong."""
    url = create_database(address_of(server))
    with Command(upgrade.ini_file, url, "upgrade", "head") as command:
        if is_hit := upgrade.wait_for_a_moment(command, dice):
            _crash(server)
        failures = _check_words(command.wait(), is_hit=is_hit)
    admin_url = address_of(server)
    url = admin_url.set(database=url.database)
    if is_hit:
        damage.note(url)
    failures += upgrade.finish(url)
    drop_database(admin_url, url)
    return failures


def _crash(server: EmbeddedServer) -> None:
    """Kill the postmaster, then its children, which would end by themselves a moment later."""
    first_line = (server.data / "postmaster.pid").read_text(encoding="utf-8").split("\n")[0]
    postmaster = psutil.Process(int(first_line))
    children = postmaster.children()
    for process in [postmaster, *children]:
        with suppress(psutil.NoSuchProcess):
            process.kill()


def _check_words(done: Ended, *, is_hit: bool) -> list[str]:
    """Return a failure where a command without a server did not say in one line what it lacked."""
    is_clear = "FAILED: " in done.output and "Traceback" not in done.output
    if done.code == 0 or (is_hit and is_clear):
        return []
    what = "the server was killed" if is_hit else "nothing was killed"
    return [f"{what}, and the command ends with {done.code}:\n{done.output}"]
