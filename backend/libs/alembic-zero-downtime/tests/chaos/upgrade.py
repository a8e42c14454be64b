"""Compare a disturbed upgrade with an undisturbed one."""

import random
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from alembic.runtime.migration import MigrationContext
from sqlalchemy import URL, Connection, inspect, text

from alembic_zero_downtime.tables import LEDGER_TABLE
from support.databases import connected, new_database
from support.processes import Command, alembic, upgrade_undisturbed
from support.snapshots import Snapshot, read_catalog, read_rows

UPGRADES = text(f"SELECT revision FROM {LEDGER_TABLE} WHERE action = 'upgrade' ORDER BY id")
DURATIONS = text(
    f"SELECT revision, extract(epoch FROM duration)::float8 AS seconds FROM {LEDGER_TABLE}"
)
WITH_GENERATED_KEY = text("""
    SELECT table_name FROM information_schema.columns
     WHERE table_schema = 'public' AND is_identity = 'YES' AND ordinal_position = 1
""")
NONE = "none"
KEY = re.compile(r"^\(\d+,")
NOW = re.compile(r'"\d{4}-\d\d-\d\d [\d:]+\.\d+[+-][\d:]+"')
BEYOND = 1.5  # times a revision's duration, which the ledger records before its commit


@dataclass(frozen=True)
class Upgrade:
    """The result of an undisturbed `alembic upgrade head`.

    Attributes:
        ini_file: the ini file of the script folder.
        snapshot: the database that it builds.
        durations: the seconds of each revision, and with the key NONE, those before the first.
    """

    ini_file: Path
    snapshot: Snapshot
    durations: dict[str, float]

    @classmethod
    def measure(cls, ini_file: Path, migration_server: URL) -> Self:
        """Upgrade twice: the first one warms the caches, the second one is measured.

        Raises:
            BrokenUpgradeError: It fails.
        """
        for _ in range(2):
            with new_database(migration_server) as url:
                started = time.monotonic()
                upgrade_undisturbed(ini_file, url)
                seconds = time.monotonic() - started
                with connected(url) as connection:
                    entries = connection.execute(DURATIONS).all()
                durations = {entry.revision: entry.seconds for entry in entries}
                snapshot = take_snapshot(url)
        return cls(ini_file, snapshot, {NONE: seconds - sum(durations.values()), **durations})

    def wait_at_random(self, command: Command, chance: random.Random) -> bool:
        """Wait until a new `command` is at a random point of a random revision.

        A random point of the whole upgrade would nearly always be in its longest revisions.

        Returns:
            Whether it still runs then.
        """
        revision = chance.choice(list(self.durations))
        delay = chance.uniform(0, BEYOND * self.durations[revision])
        is_there = revision == NONE or command.has_said(f"-> {revision},")
        return is_there and not command.ends_within(delay)

    def finish(self, url: URL) -> list[str]:
        """Complete the upgrade of a database; return its failure, or the differences."""
        done = alembic(self.ini_file, url, "upgrade", "head")
        if done.code != 0:
            return [f"run again, the exit code is {done.code}:\n{done.output}"]
        differences = describe_differences(self.snapshot, take_snapshot(url))
        return ["\n".join(differences)] if differences else []


def take_snapshot(url: URL) -> Snapshot:
    """Return the content of a database that two upgrades must agree on, with invalid indexes.

    Of the ledger that is the order of the upgrades. Keys from a sequence are omitted: it is not
    reset when a transaction is rolled back. So are times with microseconds, as of now().
    """
    with connected(url) as connection:
        generated = set(connection.scalars(WITH_GENERATED_KEY))
        rows = {
            f"rows of {table}": sorted(
                NOW.sub("now", KEY.sub("(", row) if table in generated else row) for row in values
            )
            for table, values in read_rows(connection).items()
        }
        return {**read_catalog(connection), **rows, "upgrades": read_upgrades(connection)}


def read_upgrades(connection: Connection) -> list[str]:
    """Return the revisions of the ledger's upgrades, oldest first."""
    if not inspect(connection).has_table(LEDGER_TABLE):
        return []
    return list(connection.scalars(UPGRADES))


def read_revision(connection: Connection) -> str:
    """Return the revision of a database."""
    return MigrationContext.configure(connection).get_current_revision() or NONE


def describe_differences(expected: Snapshot, found: Snapshot) -> list[str]:
    """Return a line for each kind of object in which two snapshots differ."""
    return [
        f"{kind}: missing {_some(before, after)}, unexpected {_some(after, before)}"
        for kind in sorted({*expected, *found})
        if (before := expected.get(kind, [])) != (after := found.get(kind, []))
    ]


def _some(these: list[str], others: list[str]) -> list[str]:
    """Return the first few that are not in `others`; of lists with the same members, all."""
    known = set(others)
    missing = [each for each in these if each not in known]
    return missing[:3] if missing or not set(others) <= set(these) else these
