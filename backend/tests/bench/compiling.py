"""Compile the statements of many companies, and read one of them in SQL.

Generated reports are added by `fde add`, and what was read in them is copied to companies with
other names. The server is a new one with PostgreSQL's defaults, in the temporary folder.
"""

import argparse
import os
import resource
import signal
import statistics
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.table import Table
from sqlalchemy import URL, Connection, create_engine, text
from sqlalchemy.pool import NullPool

from alembic_zero_downtime.embedded.server import EmbeddedServer
from tests.bench.copies import LARGEST, READ, copy_companies
from tests.evaluation import calculation
from tests.filings.decade import eventful, make_decade
from tests.filings.decade_readings import write_files
from tests.filings.samples import SAMPLES
from tests.helpers.shell import as_text, run

TEMPLATES = ("american", "ifrs", "german", "british")
READS = 200
LONGEST = 3600  # seconds of a command
MOST_SECONDS, MOST_MILLISECONDS = 240, 5
_PROFILED = 20  # companies
_SHOWN = 15  # functions
_SEED = 5


@dataclass(frozen=True, slots=True)
class Taken:
    """What a command took: seconds of the clock, and of the processors of all its processes."""

    clock: float
    processor: float


def main(command_line: Sequence[str] | None = None) -> int:
    """Measure and print; return the exit code: 1 where a goal is missed."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.compiling", description=__doc__)
    parser.add_argument("--companies", type=int, default=1_000, metavar="N")
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="processes (default: 2)")
    parser.add_argument(
        "--filings",
        type=Path,
        action="append",
        default=[],
        metavar="DIR",
        help="the reports of one company, instead of generated ones; may be repeated",
    )
    options = parser.parse_args(command_line)
    if options.companies < 1 or any(not each.is_dir() for each in options.filings):
        parser.error("at least one company, and folders that exist")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # to clean up
    try:
        with TemporaryDirectory(prefix="compiling-", ignore_cleanup_errors=True) as folder:
            filings = [each.resolve() for each in options.filings]
            return _on_new_server(Path(folder), filings, options.companies, options.jobs)
    except KeyboardInterrupt:
        sys.stderr.write("\ninterrupted\n")
        return 130


def _on_new_server(folder: Path, filings: Sequence[Path], companies: int, jobs: int) -> int:
    """Start a server, measure on it, and stop it; return the exit code."""
    server = EmbeddedServer(folder / "server")
    try:
        query = {"host": str(server.ensure_running())}
        url = URL.create("postgresql+psycopg2", "postgres", database="postgres", query=query)
        env = {"DATABASE_URL": as_text(url), "STORAGE_URL": str(folder / "storage")}
        _command(env, sys.executable, "scripts/run_alembic.py", "upgrade", "head")
        _add(env, folder, filings)
        engine = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            rows = copy_companies(connection, companies)
            return _measure(connection, env, rows, jobs)
    finally:
        server.stop()


def _add(env: Mapping[str, str], folder: Path, filings: Sequence[Path]) -> None:
    """Add the reports that are copied."""
    if not filings:
        for name in TEMPLATES:
            write_files(make_decade(_SEED, eventful(SAMPLES[name])), folder / name)
    for number, each in enumerate(filings or [folder / name for name in TEMPLATES]):
        add = ("add", "--create", "--accept-doubtful", "--same-company", f"COPY{number}", str(each))
        _command(env, sys.executable, "-m", "app", *add)


def _command(env: Mapping[str, str], *command: str) -> Taken:
    """Run a command to its end, and return what it took.

    Raises:
        SystemExit: It failed.
    """
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    done = run(*command, env=env, timeout=LONGEST)
    clock = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command[1:])} failed:\n{done.stderr}")
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Taken(clock, spent)


def _measure(
    connection: Connection, env: Mapping[str, str], rows: Mapping[str, int], jobs: int
) -> int:
    """Compile all, read one after the other, and print what that took; return the exit code."""
    console = Console(width=None if sys.stdout.isatty() else 1000, highlight=False)
    load = os.getloadavg()[0]
    command = (sys.executable, "-m", "app", "compile", "--all", "--jobs", str(jobs))
    first = _command(env, *command)
    again = _command(env, *command)
    connection.execute(text("VACUUM (ANALYZE) compiled_statements"))
    reads = _reads(connection)
    size = connection.scalar(LARGEST)
    unit = calculation.seconds()
    console.print(", ".join(f"{number:,} {name}" for name, number in rows.items()))
    table = Table("", "clock", "processor, all processes")
    for name, each in (("fde compile --all", first), ("the same again", again)):
        table.add_row(name, f"{each.clock:.1f} s", f"{each.processor:.1f} s")
    console.print(table)
    worst = max(reads)
    median = statistics.median(reads)
    console.print(
        f"Reading one statement in SQL: median {median:.2f} ms of {READS}, worst {worst:.2f} ms;"
        f" the largest has {size or 0:,} bytes of JSON"
    )
    console.print(
        f"{jobs} processes on {os.cpu_count()} processors, load before {load:.1f};"
        f" the fixed calculation took {unit:.2f} s"
    )
    sys.stdout.write(_profile(env))
    goals = {
        f"fde compile --all <= {MOST_SECONDS} s": first.clock <= MOST_SECONDS,
        f"reading one <= {MOST_MILLISECONDS} ms": median <= MOST_MILLISECONDS,
    }
    for goal, is_reached in goals.items():
        console.print(f"{'reached' if is_reached else 'MISSED '}  {goal}")
    return int(not all(goals.values()))


def _profile(env: Mapping[str, str]) -> str:
    """Return where the time of compiling goes, measured in a process of its own."""
    command = (sys.executable, "-m", "tests.bench.profiled", str(_PROFILED), str(_SHOWN))
    return run(*command, env=env, timeout=LONGEST).stdout


def _reads(connection: Connection) -> list[float]:
    """Return the milliseconds of reading compiled statements, one after the other."""
    keys = connection.execute(
        text("SELECT company_id, statement_type FROM compiled_statements ORDER BY random()")
    ).all()
    taken = []
    for number in range(READS):
        company, statement = keys[number % len(keys)]
        started = time.perf_counter()
        connection.execute(READ, {"company": company, "statement": statement}).all()
        taken.append(1000 * (time.perf_counter() - started))
    return taken


if __name__ == "__main__":
    sys.exit(main())
