"""The cable between the client and the server is cut during an upgrade."""

import random
import time
from pathlib import Path

from sqlalchemy import URL

from chaos.damage import Damage
from chaos.outcome import Outcome, Progress
from chaos.scripts import write_scripts
from chaos.upgrade import Upgrade
from support.databases import OTHER_SESSIONS, connected, new_database
from support.network import Cable, server_behind_a_cable, through_the_cable
from support.processes import Command, Ended

SILENCE = 3  # seconds that either end waits for the other one; by default it is 30
CONNECT = 2  # seconds of an attempt to connect
TOLERANCE = 5.0  # seconds: for the probes of TCP, the checks of the server, and two busy cores


class Bounds:
    """How long the client ran after a cut, and how long its sessions stayed in the server."""

    def __init__(self) -> None:
        self.client = self.server = 0.0

    def check(self, done: Ended) -> list[str]:
        """Return the failures after a cut: one clear line, in bounded time, and free locks."""
        expected = {
            "the client ends in time": self.client <= SILENCE + CONNECT + TOLERANCE,
            "its sessions end in time": self.server <= SILENCE + TOLERANCE,
            "it says so in one line": done.code == 0
            or (done.output.count("FAILED: ") == 1 and "Traceback" not in done.output),
        }
        times = f"client {self.client:.1f} s, server {self.server:.1f} s, code {done.code}"
        return [
            f"false: {name}; {times}:\n{done.output}"
            for name, is_true in expected.items()
            if not is_true
        ]


def run(folder: Path, *, cuts: int = 20, seed: int = 1) -> Outcome:
    """Cut the cable during upgrades until `cuts` have hit; join it and complete each.

    The client must end with one line, and its sessions, which hold the migration lock, must end in
    the server, each in bounded time. The completed upgrade must result in the database of an
    undisturbed one.
    """
    started = time.monotonic()
    chance = random.Random(seed)  # noqa: S311 points in time, no secrets
    longest, failures = Bounds(), list[str]()
    with server_behind_a_cable() as (local, cable):
        upgrade = Upgrade.measure(write_scripts(folder), local)
        damage = Damage(upgrade)
        with Progress(f"wire (seed {seed})", cuts) as progress:
            while damage.kills < cuts:
                with new_database(local) as url:
                    failures += _disturb(upgrade, url, cable, chance, damage, longest)
                    failures += upgrade.finish(url)
                progress.show(damage.kills, failures)
    failures += damage.check_spread()
    figures = {
        "the client after the cut": f"{longest.client:.1f} s at most",
        "its sessions after the cut": f"{longest.server:.1f} s at most",
        **damage.figures(),
        "seed": seed,
    }
    return Outcome("wire", time.monotonic() - started, figures, failures)


def _disturb(
    upgrade: Upgrade,
    url: URL,
    cable: Cable,
    chance: random.Random,
    damage: Damage,
    longest: Bounds,
) -> list[str]:
    """Upgrade through the cable and cut it; return the failures."""
    address = through_the_cable(url, SILENCE)
    with Command(upgrade.ini_file, address, "upgrade", "head", network=cable.client) as command:
        if not upgrade.wait_at_random(command, chance):
            done = command.wait()
            return [] if done.code == 0 else [f"undisturbed, {done.code}:\n{done.output}"]
        bounds = Bounds()
        with cable.cut():
            cut = time.monotonic()
            bounds.server = _wait_for_the_sessions(url, cut)
            done = command.wait()
            bounds.client = time.monotonic() - cut
    damage.record(url)
    longest.client = max(longest.client, bounds.client)
    longest.server = max(longest.server, bounds.server)
    return bounds.check(done)


def _wait_for_the_sessions(url: URL, since: float) -> float:
    """Wait until no other session is in the database, within limits; return the seconds."""
    with connected(url) as connection:
        while connection.scalar(OTHER_SESSIONS) and time.monotonic() - since < 10 * SILENCE:
            time.sleep(0.05)
    return time.monotonic() - since
