"""The process that adds filings is killed at random; the same command finishes."""

import random
import time
from collections import Counter
from pathlib import Path

from sqlalchemy import URL, text

from chaos.outcome import Figure, Outcome, Progress
from support.databases import connected
from tests.chaos.shop import Shop, open_shops

AGAIN = 0.2  # the probability that the next command is killed too
REPORTS = 10
LOOK = 0.002  # seconds between two looks at what is kept
NUMBER = text("SELECT count(*) FROM documents")
STATE = text("""
    SELECT (SELECT count(*) FROM documents), (SELECT count(*) FROM compiled_statements)
""")


def run(server: URL, folder: Path, *, kills: int = 120, seed: int = 1) -> Outcome:
    """Kill commands until `kills` have hit, and finish each.

    Each must result in the database and storage of an undisturbed command: the same documents,
    readings and compiled statements, no file without a document, and no temporary file.
    """
    started = time.monotonic()
    chance = random.Random(seed)  # noqa: S311 points in time, no secrets
    failures: list[str] = []
    hits: Counter[str] = Counter()
    with open_shops(server, folder) as shops, Progress(f"adding (seed {seed})", kills) as progress:
        undisturbed, seconds = shops.measure()
        while hits.total() < kills:
            with shops.new() as shop:
                found = _disturb(shop, seconds, chance, hits)
                found += shop.finish(undisturbed)
            failures += [f"after {dict(hits)}: {each}" for each in found]
            progress.show(hits.total(), failures)
    if len(hits) < min(kills, 4):
        failures.append(f"the kills hit few moments: {dict(hits)}")
    figures: dict[str, Figure] = {
        "kills": hits.total(),
        "an undisturbed command": f"{seconds:.2f} s",
        "seed": seed,
        "documents kept when it was killed": dict(sorted(hits.items())),
    }
    return Outcome("adding", time.monotonic() - started, figures, failures)


def _disturb(shop: Shop, seconds: float, chance: random.Random, hits: Counter[str]) -> list[str]:
    """Add and kill it, sometimes repeatedly; return a failure that no kill explains."""
    while True:
        with shop.command() as command, connected(shop.url) as connection:
            # By what is kept, and not by the clock: the machine may be busy.
            wanted = chance.randint(0, REPORTS)
            moment = chance.uniform(0, seconds / (REPORTS if wanted else 3))
            while not command.ends_within(LOOK):
                if connection.scalar(NUMBER) >= wanted:
                    break
            if command.ends_within(moment):
                ended = command.wait()
                return [f"not killed, it ended so:\n{ended.output}"] if ended.code else []
            command.kill()
            documents, compiled = connection.execute(STATE).one()
        hits[f"{documents:2}{', compiled' if compiled else ''}"] += 1
        if chance.random() > AGAIN:
            return []
