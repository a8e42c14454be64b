"""How long whole commands take: from files to a table, in a fresh database and storage."""

import resource
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from sqlalchemy import URL, create_engine, text
from sqlalchemy.pool import NullPool

from alembic_zero_downtime.embedded.server import EmbeddedServer
from tests.evaluation import calculation
from tests.evaluation.evaluate import Result
from tests.filings.decade import DEMO, DEMO_SEED, make_decade
from tests.filings.decade_readings import write_files
from tests.helpers.shell import as_text, run

RUNS = 3
_MOST = 6  # files of the company that is added
_PAGES = 100
_LONGEST = 300


@dataclass(slots=True)
class Times:
    """Medians in units of the fixed calculation, None where nothing was measured.

    Attributes:
        given: From the given PDFs to the printed table, and how many they are.
        generated: The same for ten generated reports of 100 pages.
        statements: Printing the table of what is compiled.
        seconds: Of the clock, for each run.
        processor: Those of all processors: what does not depend on others that use the machine.
    """

    given: float | None = None
    files: int = 0
    generated: float | None = None
    statements: float | None = None
    seconds: dict[str, list[float]] = field(default_factory=dict)
    processor: dict[str, list[float]] = field(default_factory=dict)


def measure(results: Sequence[Result]) -> Times:
    """Measure on a new server, which has been started before."""
    found = Times()
    before = calculation.seconds()
    with TemporaryDirectory(prefix="commands-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        server = EmbeddedServer(folder / "server")
        try:
            query = {"host": str(server.ensure_running())}
            url = URL.create("postgresql+psycopg2", "postgres", database="postgres", query=query)
            _create(url, "template")
            env = {"DATABASE_URL": as_text(url.set(database="template"))}
            _run(env, "scripts/run_alembic.py", "upgrade", "head")
            decade = make_decade(DEMO_SEED, replace(DEMO, pages=_PAGES))
            generated = write_files(decade, folder / "decade")
            given = _largest(results)
            found.files = len(given)
            for what, files in (("given", given), ("generated", generated)):
                if files:
                    _add(found, url, folder, what, files)
        finally:
            server.stop()
    unit = min(before, calculation.seconds())
    found.given, found.generated, found.statements = (
        median(found.seconds[each]) / unit if found.seconds.get(each) else None
        for each in ("given", "generated", "statements")
    )
    return found


def _largest(results: Sequence[Result]) -> list[Path]:
    """Return the PDFs of the company that has most of them."""
    by_company: dict[str, list[Path]] = {}
    for each in results:
        if each.group == "10-K PDF" and each.reading.filing and each.given.company:
            by_company.setdefault(each.given.company, []).append(each.given.path)
    most = max(by_company.values(), key=len, default=[])
    return most[:_MOST] if len(most) > 1 else []


def _create(url: URL, name: str, template: str = "template0") -> URL:
    engine = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}" TEMPLATE "{template}"'))
    return url.set(database=name)


def _run(env: Mapping[str, str], *command: str) -> tuple[float, float]:
    """Run a command, and return its seconds of the clock and of the processors.

    Raises:
        RuntimeError: It failed.
    """
    before = _processor()
    started = time.perf_counter()
    done = run(sys.executable, *command, env=env, timeout=_LONGEST)
    clock = time.perf_counter() - started
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command[:4])} failed: {done.stderr}")
    return clock, _processor() - before


def _processor() -> float:
    """Return the seconds of the processors that all child processes took that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _add(found: Times, url: URL, folder: Path, what: str, files: Sequence[Path]) -> None:
    """Add files and print a statement, each time in a database and storage of its own."""
    for number in range(RUNS):
        name = f"{what}-{number}"
        env = {
            "DATABASE_URL": as_text(_create(url, name, "template")),
            "STORAGE_URL": str(folder / f"storage-{name}"),
        }
        added = _run(env, "-m", "app", "add", "--create", "FILED", *map(str, files))
        shown = _run(env, "-m", "app", "statements", "FILED", "income")
        for key, clock, processor in (
            (what, added[0] + shown[0], added[1] + shown[1]),
            ("statements", *shown),
        ):
            found.seconds.setdefault(key, []).append(clock)
            found.processor.setdefault(key, []).append(processor)
