"""Time `alembic upgrade head` with nothing to do: ours, and Alembic with a conventional env.py.

Both are real processes on the same database, one after the other in turns, since machines are
noisy: the ratio of each pair counts, not the seconds.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from sqlalchemy import URL

from app.db.embedded.server import EmbeddedServer
from tests.shell import BACKEND, CLEAN_ENVIRONMENT, as_text

# What `alembic init` writes, with the project's metadata filled in.
CONVENTIONAL_ENV = """
import os
from logging.config import fileConfig

from alembic import context
from sqlalchemy import create_engine, pool

import app.db.models
from app.db.base import Base

fileConfig(context.config.config_file_name)
engine = create_engine(os.environ["DATABASE_URL"], poolclass=pool.NullPool)
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=Base.metadata)
    with context.begin_transaction():
        context.run_migrations()
"""


def main() -> int:
    """Measure, and print a line for each and the ratio."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--runs", type=int, default=20, help="pairs of runs (default: 20)")
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        server = EmbeddedServer(folder / "server")
        try:
            url = URL.create(
                "postgresql+psycopg2",
                username="postgres",
                database="postgres",
                query={"host": str(server.ensure_running())},
            )
            measure(url, lay_out_conventional(folder), runs)
        finally:
            server.stop()
    return 0


def lay_out_conventional(folder: Path) -> Path:
    """Write Alembic's usual set-up around the project's revisions; return its ini file."""
    (folder / "alembic").mkdir()
    (folder / "alembic" / "env.py").write_text(CONVENTIONAL_ENV, encoding="utf-8")
    (folder / "alembic" / "versions").symlink_to(BACKEND / "alembic" / "versions")
    ini = (BACKEND / "alembic.ini").read_text(encoding="utf-8")
    ini = ini.replace("prepend_sys_path = %(here)s", f"prepend_sys_path = {BACKEND}")
    ini_file = folder / "alembic.ini"
    ini_file.write_text(ini, encoding="utf-8")
    return ini_file


def measure(url: URL, conventional: Path, runs: int) -> None:
    """Run both in turns and print what they took."""
    ini_files = {"ours": BACKEND / "alembic.ini", "plain Alembic": conventional}
    for ini_file in ini_files.values():  # migrates, and writes the bytecode
        upgrade(url, ini_file)
    seconds: dict[str, list[float]] = {name: [] for name in ini_files}
    for run in range(runs):
        for name in list(ini_files)[:: 1 if run % 2 else -1]:
            seconds[name].append(upgrade(url, ini_files[name]))
        sys.stderr.write(f"\r{run + 1} of {runs}" if sys.stderr.isatty() else "")
    for name, values in seconds.items():
        print(f"{name:14} median {statistics.median(values):.3f} s, best {min(values):.3f} s")
    ratios = [ours / plain for ours, plain in zip(*seconds.values(), strict=True)]
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
