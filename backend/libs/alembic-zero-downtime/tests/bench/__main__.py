"""Time `alembic upgrade head` with this library, and with a plain env.py.

With nothing to do, and with long histories of empty revisions. Both are processes on one server,
which run alternately, since machines are noisy: the ratio of each pair counts, not the seconds.
Plain Alembic loads the library's operations too, as a plugin.
"""

import argparse
import compileall
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from rich.table import Table
from sqlalchemy import URL

from alembic_zero_downtime.cli.output import stdout
from alembic_zero_downtime.embedded.server import EmbeddedServer
from project.definition import FOLDER
from support.bare import bare
from support.databases import address_of, new_database
from support.project import INI, ProjectCopy
from support.shell import CLEAN_ENVIRONMENT, TESTS, as_text

# The env.py of `alembic init`, with the metadata of the test project.
PLAIN_ENV = """
import os
from logging.config import fileConfig

from alembic import context
from sqlalchemy import create_engine, pool

from project.models import metadata

fileConfig(context.config.config_file_name)
engine = create_engine(os.environ["DATABASE_URL"], poolclass=pool.NullPool)
with engine.connect() as connection:
    context.configure(
        connection=connection, target_metadata=metadata, transaction_per_migration=True
    )
    with context.begin_transaction():
        context.run_migrations()
"""


PAIRS = {549: 5, 2_000: 3, 5_000: 2}
"""The pairs of runs by the number of revisions."""
LIMIT = 1.25  # of the ratio with a long history


@dataclass(frozen=True)
class Seconds:
    """The seconds of pairs of runs."""

    plain: list[float] = field(default_factory=list)
    library: list[float] = field(default_factory=list)

    @property
    def ratio(self) -> float:
        """The median of the pairs' ratios."""
        pairs = zip(self.library, self.plain, strict=True)
        return statistics.median(library / plain for library, plain in pairs)


def main() -> int:
    """Measure, and print a line for each comparison."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "--runs", type=int, default=20, help="pairs of runs with nothing to do (default: 20)"
    )
    parser.add_argument(
        "--revisions",
        type=int,
        action="append",
        metavar="N",
        help=f"a length of a history; may be repeated (default: {', '.join(map(str, PAIRS))})",
    )
    arguments = parser.parse_args()
    table = Table("alembic upgrade head")
    for column in ("plain: median", "best", "library: median", "best", "ratio", "limit"):
        table.add_column(column, justify="right")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        server = EmbeddedServer(folder / "server")
        try:
            url = address_of(server)
            add_row(table, "nothing to do", measure_idle(url, folder / "idle", arguments.runs))
            for size in arguments.revisions or PAIRS:
                seconds = measure_history(url, folder / f"history-{size}", size)
                add_row(table, f"{size:,} revisions", seconds, f"{LIMIT}")
        finally:
            server.stop()
    stdout().print(table)
    return 0


def add_row(table: Table, name: str, seconds: Seconds, limit: str = "") -> None:
    """Add the row of a comparison."""
    cells = [
        f"{summarize(values):.3f} s"
        for values in (seconds.plain, seconds.library)
        for summarize in (statistics.median, min)
    ]
    table.add_row(name, *cells, f"{seconds.ratio:.2f}", limit)


def measure_idle(url: URL, folder: Path, pairs: int) -> Seconds:
    """Run both on a database that is at head."""
    plain = write_plain_project(folder, INI, FOLDER / "alembic" / "versions")
    with new_database(url) as database:
        for ini_file in (INI, plain):  # migrates, and writes the bytecode
            upgrade(database, ini_file)
        return measure(lambda ini_file: upgrade(database, ini_file), plain, INI, pairs)


def measure_history(url: URL, folder: Path, size: int) -> Seconds:
    """Run both on empty databases, each revision in a transaction."""
    folder.mkdir()
    project = bare(ProjectCopy(folder))
    while len(project.ids) < size:
        project.add('op.execute("SELECT 1")')
    compileall.compile_dir(project.versions, quiet=1)
    plain = write_plain_project(folder / "plain", project.ini, project.versions)

    def run(ini_file: Path) -> float:
        with new_database(url) as database:
            return upgrade(database, ini_file)

    return measure(run, plain, project.ini, PAIRS.get(size, 1))


def write_plain_project(folder: Path, ini_file: Path, versions: Path) -> Path:
    """Write Alembic's usual files around the revisions; return the ini file."""
    (folder / "alembic").mkdir(parents=True)
    (folder / "alembic" / "env.py").write_text(PLAIN_ENV, encoding="utf-8")
    (folder / "alembic" / "versions").symlink_to(versions)
    ini = ini_file.read_text(encoding="utf-8")
    plain = folder / "alembic.ini"
    plain.write_text(ini.replace("%(here)s/..", str(TESTS)), encoding="utf-8")
    return plain


def measure(run: Callable[[Path], float], plain: Path, library: Path, pairs: int) -> Seconds:
    """Run both alternately."""
    seconds = Seconds()
    both = [(plain, seconds.plain), (library, seconds.library)]
    for pair in range(pairs):
        for ini_file, values in both[:: 1 if pair % 2 else -1]:
            values.append(run(ini_file))
        sys.stderr.write(f"\r{pair + 1} of {pairs} " if sys.stderr.isatty() else "")
    return seconds


def upgrade(url: URL, ini_file: Path) -> float:
    """Return the seconds of one `alembic upgrade head`."""
    program = Path(sys.executable).parent / "alembic"
    command: list[Path | str] = [program, "-c", ini_file, "upgrade", "head"]
    env = {**CLEAN_ENVIRONMENT, "DATABASE_URL": as_text(url)}
    started = time.perf_counter()
    subprocess.run(command, env=env, check=True, capture_output=True)
    return time.perf_counter() - started


if __name__ == "__main__":
    sys.exit(main())
