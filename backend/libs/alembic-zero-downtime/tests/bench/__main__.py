"""Time `alembic upgrade head` with nothing to do: with this library, and with a plain env.py.

Both are processes on the same database, which run alternately, since machines are noisy: the ratio
of each pair counts, not the seconds. Plain Alembic loads the library's operations too, as a plugin.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from sqlalchemy import URL

from alembic_zero_downtime.embedded.server import EmbeddedServer
from project.definition import FOLDER
from support.databases import address_of
from support.project import INI
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
    context.configure(connection=connection, target_metadata=metadata)
    with context.begin_transaction():
        context.run_migrations()
"""


def main() -> int:
    """Measure, and print a line for each and the ratio."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--runs", type=int, default=20, help="pairs of runs (default: 20)")
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        server = EmbeddedServer(folder / "server")
        try:
            measure(address_of(server), write_plain_project(folder), runs)
        finally:
            server.stop()
    return 0


def write_plain_project(folder: Path) -> Path:
    """Write Alembic's usual files around the test project's revisions; return the ini file."""
    (folder / "alembic").mkdir()
    (folder / "alembic" / "env.py").write_text(PLAIN_ENV, encoding="utf-8")
    (folder / "alembic" / "versions").symlink_to(FOLDER / "alembic" / "versions")
    ini = INI.read_text(encoding="utf-8")
    ini_file = folder / "alembic.ini"
    ini_file.write_text(ini.replace("%(here)s/..", str(TESTS)), encoding="utf-8")
    return ini_file


def measure(url: URL, plain: Path, runs: int) -> None:
    """Run both alternately and print the seconds and their ratio."""
    ini_files = {"this library": INI, "plain Alembic": plain}
    for ini_file in ini_files.values():  # migrates, and writes the bytecode
        upgrade(url, ini_file)
    seconds: dict[str, list[float]] = {name: [] for name in ini_files}
    for run in range(runs):
        for name in list(ini_files)[:: 1 if run % 2 else -1]:
            seconds[name].append(upgrade(url, ini_files[name]))
        sys.stderr.write(f"\r{run + 1} of {runs}" if sys.stderr.isatty() else "")
    for name, values in seconds.items():
        print(f"{name:14} median {statistics.median(values):.3f} s, best {min(values):.3f} s")
    ratios = [library / alone for library, alone in zip(*seconds.values(), strict=True)]
    print(f"ratio          median {statistics.median(ratios):.3f} of {runs} pairs")


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
