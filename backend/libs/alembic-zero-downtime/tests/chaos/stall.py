"""A long read blocks a migration: how long do writes wait, with this library and without?

PostgreSQL queues the requests for a table lock. Behind a migration that waits for ACCESS EXCLUSIVE,
every write waits too, although it does not conflict with the read.
"""

import re
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles

from sqlalchemy import URL, create_engine, text
from sqlalchemy.pool import NullPool

from chaos.outcome import Figure, Outcome, Progress
from chaos.scripts import write_plain_scripts, write_scripts
from support.databases import connected, new_database
from support.processes import Ended, alembic, upgrade_undisturbed

BEFORE, BLOCKED = "c02", "c03"  # c03 takes ACCESS EXCLUSIVE on quotes
CLIENTS = 4
PACE = 0.02  # seconds between two writes of one client
TOLERANCE = 1.0  # seconds: a client also waits for two busy cores
READ = text("SELECT count(*), pg_backend_pid() FROM quotes")
WRITE = text("UPDATE quotes SET close_cents = close_cents + 1 WHERE id = :id")


@dataclass(frozen=True)
class Stall:
    """A migration beside a long read.

    Attributes:
        done: the result of the migration.
        reader: the process id of the session that reads.
        waits: the seconds of each write.
    """

    done: Ended
    reader: int
    waits: list[float]

    @property
    def worst(self) -> float:
        """The longest wait of a client, in seconds."""
        return max(self.waits)

    @property
    def percentile_99(self) -> float:
        """The 99th percentile of the waits, in seconds."""
        return quantiles(self.waits, n=100)[-1]

    @property
    def times_named(self) -> int:
        """How often the migration named the reader as its blocker."""
        reader = re.compile(rf"blocked by .*\bpid {self.reader}\b")
        return sum(map(bool, map(reader.search, self.done.output.splitlines())))


def run(
    migration_server: URL, folder: Path, *, read_seconds: float = 4.0, lock_timeout: float = 0.3
) -> Outcome:
    """Migrate a table that is being read, first with this library and then with Alembic alone.

    With the library, a write waits no longer than `lock_timeout` and a tolerance; without it, about
    as long as the read takes.
    """
    started = time.monotonic()
    ini_file, plain_file = write_scripts(folder), write_plain_scripts(folder)
    timeout = f"{1000 * lock_timeout:.0f}ms"
    with Progress("stall", 2) as progress:
        with _database_with_quotes(ini_file, migration_server) as url:
            ours = _watch(ini_file, url, read_seconds, env={"MIGRATION_LOCK_TIMEOUT": timeout})
        progress.show(1)
        with _database_with_quotes(ini_file, migration_server) as url:
            plain = _watch(plain_file, url, read_seconds)
        progress.show(2)
    figures: dict[str, Figure] = {
        "the read": f"{read_seconds:.1f} s",
        "lock_timeout": timeout,
        "worst wait, this library": f"{ours.worst:.3f} s",
        "worst wait, plain Alembic": f"{plain.worst:.3f} s",
        "99th percentile, this library": f"{ours.percentile_99:.3f} s",
        "99th percentile, plain Alembic": f"{plain.percentile_99:.3f} s",
        "times shorter at worst": round(plain.worst / ours.worst, 1),
        "writes": len(ours.waits) + len(plain.waits),
        "the reader was named": ours.times_named,
    }
    failures = _assess(ours, plain, lock_timeout, read_seconds)
    return Outcome("stall", time.monotonic() - started, figures, failures)


def _assess(ours: Stall, plain: Stall, lock_timeout: float, read_seconds: float) -> list[str]:
    expected = {
        "this library migrates after the read": ours.done.code == 0,
        "this library names the reader": ours.times_named > 0,
        "no write waits long for this library": ours.worst <= lock_timeout + TOLERANCE,
        "plain Alembic migrates after the read": plain.done.code == 0,
        "writes wait for the read with plain Alembic": plain.worst > read_seconds / 2,
    }
    waits = f"worst waits {ours.worst:.3f} s and {plain.worst:.3f} s"
    output = f"this library:\n{ours.done.output}\nplain Alembic:\n{plain.done.output}"
    return [
        f"false: {name}; {waits}; {output}" for name, is_true in expected.items() if not is_true
    ]


@contextmanager
def _database_with_quotes(ini_file: Path, migration_server: URL) -> Iterator[URL]:
    with new_database(migration_server) as url:
        upgrade_undisturbed(ini_file, url, BEFORE)
        yield url


def _watch(
    ini_file: Path, url: URL, read_seconds: float, env: Mapping[str, str] | None = None
) -> Stall:
    with _clients(url) as waits, _long_read(url, read_seconds) as reader:
        done = alembic(ini_file, url, "upgrade", BLOCKED, env=env)
    return Stall(done, reader, waits)


@contextmanager
def _long_read(url: URL, seconds: float) -> Iterator[int]:
    """Hold ACCESS SHARE on quotes for `seconds`; yield the process id of the session."""
    with create_engine(url, poolclass=NullPool).connect() as connection:
        _, pid = connection.execute(READ).one()
        end = threading.Timer(seconds, connection.rollback)
        end.start()
        try:
            yield pid
        finally:
            end.join()


@contextmanager
def _clients(url: URL) -> Iterator[list[float]]:
    """Let clients write until the block ends; yield the list of the seconds of each write."""
    waits: list[float] = []
    stop = threading.Event()
    with ThreadPoolExecutor(CLIENTS) as pool:
        clients = [pool.submit(_write, url, n + 1, stop, waits) for n in range(CLIENTS)]
        try:
            yield waits
        finally:
            stop.set()
    for client in clients:
        client.result()


def _write(url: URL, row: int, stop: threading.Event, waits: list[float]) -> None:
    """Write at a steady rate, as requests arrive: a wait begins when the write is due."""
    with connected(url) as connection:
        due = time.monotonic()
        while not stop.is_set():
            connection.execute(WRITE, {"id": row})
            waits.append(time.monotonic() - due)
            due += PACE
            time.sleep(max(0.0, due - time.monotonic()))
