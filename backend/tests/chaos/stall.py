"""A long read stands in a migration's way: how long do others wait, with this runner and without?

PostgreSQL queues requests for a table: behind a migration that waits for ACCESS EXCLUSIVE, every
write waits too, although it would get along with the read.
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

from tests.chaos.harness import Ended, alembic, connected, new_database, upgrade_undisturbed
from tests.chaos.outcome import Figure, Outcome, Progress
from tests.chaos.scripts import lay_out_plain_scripts, lay_out_scripts

BEFORE, BLOCKED = "c02", "c03"  # c03 wants ACCESS EXCLUSIVE on quotes
CLIENTS = 4
PACE = 0.02  # seconds from one write of a client to its next
A_LITTLE = 1.0  # seconds: two busy cores keep a client waiting too
READ = text("SELECT count(*), pg_backend_pid() FROM quotes")
WRITE = text("UPDATE quotes SET close_cents = close_cents + 1 WHERE id = :id")


@dataclass(frozen=True)
class Stall:
    """One migration against a long read: how it ended, who read, and what each write took."""

    done: Ended
    reader: int
    waits: list[float]

    @property
    def worst(self) -> float:
        """The longest wait of a client, in seconds."""
        return max(self.waits)

    @property
    def percentile_99(self) -> float:
        """The seconds that 99 of 100 writes stayed under."""
        return quantiles(self.waits, n=100)[-1]

    @property
    def times_named(self) -> int:
        """How often the migration said that the reader was in its way."""
        reader = re.compile(rf"blocked by .*\bpid {self.reader}\b")
        return sum(map(bool, map(reader.search, self.done.output.splitlines())))


def run(
    admin_url: URL, folder: Path, *, read_seconds: float = 4.0, lock_timeout: float = 0.3
) -> Outcome:
    """Migrate a table that is being read, first with this runner and then with Alembic alone.

    With the runner nobody waits longer than `lock_timeout` and a little; without it, about as
    long as the read takes.
    """
    begun = time.monotonic()
    ini_file, plain_file = lay_out_scripts(folder), lay_out_plain_scripts(folder)
    timeout = f"{1000 * lock_timeout:.0f}ms"
    with Progress("stall", 2) as progress:
        with _table_of_quotes(ini_file, admin_url) as url:
            ours = _watch(ini_file, url, read_seconds, env={"MIGRATION_LOCK_TIMEOUT": timeout})
        progress.show(1)
        with _table_of_quotes(ini_file, admin_url) as url:
            plain = _watch(plain_file, url, read_seconds)
        progress.show(2)
    figures: dict[str, Figure] = {
        "the read": f"{read_seconds:.1f} s",
        "lock_timeout": timeout,
        "worst wait, this runner": f"{ours.worst:.3f} s",
        "worst wait, plain Alembic": f"{plain.worst:.3f} s",
        "99th percentile, this runner": f"{ours.percentile_99:.3f} s",
        "99th percentile, plain Alembic": f"{plain.percentile_99:.3f} s",
        "times shorter at worst": round(plain.worst / ours.worst, 1),
        "writes": len(ours.waits) + len(plain.waits),
        "the reader was named": ours.times_named,
    }
    failures = _judge(ours, plain, lock_timeout, read_seconds)
    return Outcome("stall", time.monotonic() - begun, figures, failures)


def _judge(ours: Stall, plain: Stall, lock_timeout: float, read_seconds: float) -> list[str]:
    expected = {
        "this runner migrates when the read has ended": ours.done.code == 0,
        "this runner names the reader": ours.times_named > 0,
        "nobody waits long for this runner": ours.worst <= lock_timeout + A_LITTLE,
        "plain Alembic migrates when the read has ended": plain.done.code == 0,
        "writes wait for the read with plain Alembic": plain.worst > read_seconds / 2,
    }
    waits = f"worst waits {ours.worst:.3f} s and {plain.worst:.3f} s"
    said = f"this runner:\n{ours.done.output}\nplain Alembic:\n{plain.done.output}"
    return [f"not so: {name}; {waits}; {said}" for name, is_so in expected.items() if not is_so]


@contextmanager
def _table_of_quotes(ini_file: Path, admin_url: URL) -> Iterator[URL]:
    with new_database(admin_url) as url:
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
    """Hold ACCESS SHARE on quotes for `seconds`; yield the server process that does."""
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
    """Let clients write until the block ends; yield the list that gets the seconds of each."""
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
    """Write at a steady pace, as requests arrive: a wait counts from when the write was due."""
    with connected(url) as connection:
        due = time.monotonic()
        while not stop.is_set():
            connection.execute(WRITE, {"id": row})
            waits.append(time.monotonic() - due)
            due += PACE
            time.sleep(max(0.0, due - time.monotonic()))
