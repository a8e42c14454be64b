"""Rows arrive while a downgrade drops their table: none is lost that it has not shown."""

import os
import pty
import random
import re
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import NamedTuple

from psycopg2 import errorcodes
from sqlalchemy import URL, Connection, create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from alembic_zero_downtime.errors import sqlstate
from chaos.outcome import Figure, Outcome, Progress
from support.bare import bare
from support.databases import connected, new_database
from support.processes import Command, Ended, upgrade_undisturbed
from support.project import ProjectCopy

WRITERS = 3
LONGEST_TRANSACTION = 0.1  # seconds of a writer
THINKING = 0.2  # seconds at most, until the question is answered
LATE = 0.1  # seconds at most after the answer, until a writer begins
TABLE = "op.execute('CREATE TABLE feed (id bigint GENERATED ALWAYS AS IDENTITY)')"
COLUMN = "op.execute('ALTER TABLE feed ADD late text')"
# A commit before the column is dropped, which releases the locks.
DROP_COLUMN = """\
with op.get_context().autocommit_block():
    op.execute("SELECT pg_sleep(0.02)")
op.execute("ALTER TABLE feed DROP late")"""
DROP_TABLE = "op.execute('DROP TABLE feed')"
TARGETS = ("-1", "-2")  # the column; the column, and then the table
WITH_VALUE = text("INSERT INTO feed (late) VALUES ('late')")
WITHOUT_VALUE = text("INSERT INTO feed DEFAULT VALUES")
COLUMNS = text("SELECT attname FROM pg_attribute WHERE attrelid = to_regclass('feed')")
SHOWN = re.compile(r"would be dropped: feed(?:\.late)?, ([\d,]+) (?:row|value)s?")
REFUSAL = "the data has changed since the data loss was counted: "
ENDS = ("refused", "dropped")
SHARE = 10  # at least one round in so many must end in each way


class Pace(NamedTuple):
    """The average seconds between two rows of one writer, and whether it awaits the answer."""

    pause: float
    is_late: bool


PACES = {
    "all the time": Pace(0.005, is_late=False),
    "now and then": Pace(3.0, is_late=False),
    "after the answer": Pace(0.005, is_late=True),
}


class Rows(NamedTuple):
    """How many rows there are, and how many of them have a value in the column."""

    rows: int
    values: int


@dataclass(frozen=True)
class Found:
    """What a downgrade has left of the table.

    Attributes:
        committed: what the writers have committed.
        kept: what the table has; None for the table or the column if it was dropped.
    """

    committed: Rows
    kept_rows: int | None
    kept_values: int | None


def run(migration_server: URL, folder: Path, *, rounds: int = 100, seed: int = 1) -> Outcome:
    """Confirm a downgrade while writers insert rows, `rounds` times.

    It may drop the table or the column only with as many rows or values as it has shown before the
    question. Otherwise it must refuse, and every row that was committed must still be there.
    """
    started = time.monotonic()
    project = bare(ProjectCopy(folder))
    project.add(TABLE, downgrade=DROP_TABLE)
    project.add(COLUMN, downgrade=DROP_COLUMN)
    chance = random.Random(seed)  # noqa: S311 points in time, no secrets
    results = Counter[str]()
    committed, failures = 0, list[str]()
    with new_database(migration_server) as template:
        upgrade_undisturbed(project.ini, template)
        with connected(template) as connection:
            connection.execute(WITH_VALUE)
        with Progress(f"arrive (seed {seed})", rounds) as progress:
            for number, name in zip(range(rounds), cycle(PACES), strict=False):
                target = chance.choice(TARGETS)
                with new_database(migration_server, str(template.database)) as url:
                    done, found = _disturb(project.ini, url, target, PACES[name], chance)
                failures += _check(done, found, target)
                results[f"{name}: {'refused' if done.code else 'dropped'}"] += 1
                committed += found.committed.rows
                progress.show(number + 1, failures)
    ends = {end: sum(results[each] for each in results if end in each) for end in ENDS}
    if min(ends.values()) < rounds // SHARE:
        failures.append(f"nearly all ended in the same way, which proves little: {dict(results)}")
    figures: dict[str, Figure] = {
        "rounds": rounds,
        "rows": committed,
        "rows that arrived": results,
        "seed": seed,
    }
    return Outcome("arrive", time.monotonic() - started, figures, failures)


def _disturb(
    ini_file: Path, url: URL, target: str, pace: Pace, chance: random.Random
) -> tuple[Ended, Found]:
    """Downgrade during the writes, and answer the question; return how it ended."""
    is_answered = threading.Event()
    with (
        _writers(url, pace, chance, is_answered) as committed,
        _terminal() as (keyboard, terminal),
        Command(ini_file, url, "downgrade", target, terminal=terminal) as command,
    ):
        if command.has_said(" to go on: "):
            time.sleep(chance.uniform(0, THINKING))
            os.write(keyboard, f"{url.database}\n".encode())
        is_answered.set()
        done = command.wait()
    total = Rows(*map(sum, zip(Rows(1, 1), *committed, strict=True)))
    with connected(url) as connection:
        return done, Found(total, *_read(connection))


def _read(connection: Connection) -> tuple[int | None, int | None]:
    """Return the number of rows in the table and of values in the column."""
    columns = set(connection.scalars(COLUMNS))
    return (
        connection.scalar(text("SELECT count(*) FROM feed")) if columns else None,
        connection.scalar(text("SELECT count(late) FROM feed")) if "late" in columns else None,
    )


def _check(done: Ended, found: Found, target: str) -> list[str]:
    """Return the failures of one downgrade."""
    shown = max((int(each.replace(",", "")) for each in SHOWN.findall(done.output)), default=0)
    committed, is_dropped = found.committed, done.code == 0
    expected = {
        "it succeeds, or says what has changed": is_dropped or REFUSAL in done.output,
        "it drops the column if it succeeds": found.kept_values is None or not is_dropped,
        "it drops the table only if it succeeds": (found.kept_rows is None)
        == (is_dropped and target == "-2"),
        "all values are kept or were shown": committed.values
        == (shown if found.kept_values is None else found.kept_values),
        "all rows are kept or were shown": committed.rows
        == (shown if found.kept_rows is None else found.kept_rows),
    }
    return [
        f"false: {name}; {found}, code {done.code}:\n{done.output}"
        for name, is_true in expected.items()
        if not is_true
    ]


@contextmanager
def _writers(
    url: URL, pace: Pace, chance: random.Random, is_answered: threading.Event
) -> Iterator[list[Rows]]:
    """Let writers insert rows until the block ends; yield what each has committed by then."""
    committed: list[Rows] = []
    stop = threading.Event()
    seeds = [chance.random() for _ in range(WRITERS)]
    with ThreadPoolExecutor(WRITERS) as pool:
        writers = [pool.submit(_write, url, pace, seed, is_answered, stop) for seed in seeds]
        try:
            yield committed
        finally:
            stop.set()
            is_answered.set()
    committed += (each.result() for each in writers)


def _write(
    url: URL, pace: Pace, seed: float, is_answered: threading.Event, stop: threading.Event
) -> Rows:
    """Insert rows, each in a transaction; return the number of those that were committed."""
    chance = random.Random(seed)  # noqa: S311 points in time, no secrets
    values, rows, statement = 0, 0, WITH_VALUE
    with create_engine(url, poolclass=NullPool).connect() as connection:
        if pace.is_late:
            is_answered.wait()
            stop.wait(chance.uniform(0, LATE))
        while not stop.wait(chance.expovariate(1 / pace.pause)):
            try:
                connection.execute(statement)
                stop.wait(chance.uniform(0, LONGEST_TRANSACTION))
                connection.commit()
            except DBAPIError as error:
                connection.rollback()
                if sqlstate(error) == errorcodes.UNDEFINED_TABLE:
                    break
                if sqlstate(error) != errorcodes.UNDEFINED_COLUMN:
                    raise
                statement = WITHOUT_VALUE
            else:
                rows += 1
                values += statement is WITH_VALUE
    return Rows(rows, values)


@contextmanager
def _terminal() -> Iterator[tuple[int, Path]]:
    """Open a terminal; yield its keyboard, a file descriptor, and its device."""
    keyboard, device = pty.openpty()
    try:
        yield keyboard, Path(os.ttyname(device))
    finally:
        os.close(keyboard)
        os.close(device)
