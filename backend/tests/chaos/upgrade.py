"""Compare an upgrade that was disturbed with one that was not."""

import random
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from alembic.runtime.migration import MigrationContext
from sqlalchemy import URL, Connection, inspect, text

from app.db.migrations import LEDGER_TABLE
from tests.catalog import Picture, read_catalog, read_rows
from tests.chaos.harness import Command, alembic, connected, new_database, upgrade_undisturbed

UPGRADES = text(f"SELECT revision FROM {LEDGER_TABLE} WHERE action = 'upgrade' ORDER BY id")
DURATIONS = text(
    f"SELECT revision, extract(epoch FROM duration)::float8 AS seconds FROM {LEDGER_TABLE}"
)
WITH_GENERATED_KEY = text("""
    SELECT table_name FROM information_schema.columns
     WHERE table_schema = 'public' AND is_identity = 'YES' AND ordinal_position = 1
""")
NOWHERE = "none"
BEYOND = 1.5  # of a revision's duration: its commit comes after what the ledger can know


@dataclass(frozen=True)
class Upgrade:
    """What `alembic upgrade head` does when nobody disturbs it.

    Attributes:
        ini_file: the script folder's settings.
        picture: the database that it builds.
        durations: the seconds that each revision takes, and under NOWHERE, those before the first.
    """

    ini_file: Path
    picture: Picture
    durations: dict[str, float]

    @classmethod
    def measure(cls, ini_file: Path, admin_url: URL) -> Self:
        """Upgrade twice: the first one warms what the second one is measured with.

        Raises:
            BrokenUpgradeError: It fails.
        """
        for _ in range(2):
            with new_database(admin_url) as url:
                begun = time.monotonic()
                upgrade_undisturbed(ini_file, url)
                seconds = time.monotonic() - begun
                with connected(url) as connection:
                    entries = connection.execute(DURATIONS).all()
                durations = {entry.revision: entry.seconds for entry in entries}
                picture = take_picture(url)
        return cls(ini_file, picture, {NOWHERE: seconds - sum(durations.values()), **durations})

    def wait_for_a_moment(self, command: Command, dice: random.Random) -> bool:
        """Let a new `command` come to a random moment of a random revision.

        Moments of the whole upgrade would all be in its longest revisions.

        Returns:
            Whether it still runs then.
        """
        revision = dice.choice(list(self.durations))
        delay = dice.uniform(0, BEYOND * self.durations[revision])
        is_there = revision == NOWHERE or command.has_said(f"-> {revision},")
        return is_there and not command.ends_within(delay)

    def finish(self, url: URL) -> list[str]:
        """Upgrade a database that was left in the middle; return what is wrong with it then."""
        done = alembic(self.ini_file, url, "upgrade", "head")
        if done.code != 0:
            return [f"run again, it ends with {done.code}:\n{done.output}"]
        differences = describe_differences(self.picture, take_picture(url))
        return ["\n".join(differences)] if differences else []


def take_picture(url: URL) -> Picture:
    """Return everything that two upgrades must agree on, invalid indexes included.

    Of the ledger that is the order of the upgrades. Left out are keys that a sequence gave: it
    goes on counting when a transaction is rolled back.
    """
    with connected(url) as connection:
        generated = set(connection.scalars(WITH_GENERATED_KEY))
        rows = {
            f"rows of {table}": sorted(
                re.sub(r"^\(\d+,", "(", row) if table in generated else row for row in values
            )
            for table, values in read_rows(connection).items()
        }
        return {**read_catalog(connection), **rows, "upgrades": read_upgrades(connection)}


def read_upgrades(connection: Connection) -> list[str]:
    """Return the revisions that the ledger says were applied, oldest first."""
    if not inspect(connection).has_table(LEDGER_TABLE):
        return []
    return list(connection.scalars(UPGRADES))


def read_revision(connection: Connection) -> str:
    """Return where a database stands."""
    return MigrationContext.configure(connection).get_current_revision() or NOWHERE


def describe_differences(expected: Picture, found: Picture) -> list[str]:
    """Say in a line for each kind of thing how two pictures differ; nothing when they do not."""
    return [
        f"{kind}: missing {_some(before, after)}, too many {_some(after, before)}"
        for kind in sorted({*expected, *found})
        if (before := expected.get(kind, [])) != (after := found.get(kind, []))
    ]


def _some(these: list[str], others: list[str]) -> list[str]:
    """Return the first few that `others` has not; of lists with the same members, all."""
    known = set(others)
    missing = [each for each in these if each not in known]
    return missing[:3] if missing or not set(others) <= set(these) else these
