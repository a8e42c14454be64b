"""Run this application's revisions on a large database in use, and measure the clients' waits.

It starts at the seeds (002), with a number of documents and an extraction of each, and upgrades to
the head. The server is a new one with PostgreSQL's defaults, in the temporary folder.
"""

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.table import Table
from sqlalchemy import URL, create_engine, text
from sqlalchemy.pool import NullPool

from alembic_zero_downtime.embedded.server import EmbeddedServer
from tests.bench.load import clients, fill
from tests.helpers.revisions import REVISIONS
from tests.helpers.shell import as_text, run

SEEDS = "002"
LONGEST = 3600  # seconds of the upgrade
APPLIED = text("""
    SELECT revision, extract(epoch FROM recorded_at - duration)::float8 AS start,
           extract(epoch FROM recorded_at)::float8 AS end
      FROM migration_ledger WHERE action = 'upgrade' AND revision > :seeds ORDER BY id
""")


def main(command_line: Sequence[str] | None = None) -> int:
    """Measure and print; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.revisions", description=__doc__)
    parser.add_argument("--rows", type=int, default=3_000_000, metavar="N", help="documents")
    rows = parser.parse_args(command_line).rows
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # to clean up
    try:
        with TemporaryDirectory(prefix="revisions-", ignore_cleanup_errors=True) as folder:
            run_on_new_server(Path(folder) / "server", rows)
    except KeyboardInterrupt:
        sys.stderr.write("\ninterrupted\n")
        return 130
    return 0


def run_on_new_server(folder: Path, rows: int) -> None:
    """Start a server, measure on it, and stop it."""
    server = EmbeddedServer(folder)
    try:
        query = {"host": str(server.ensure_running())}
        url = URL.create("postgresql+psycopg2", "postgres", database="postgres", query=query)
        measure(url, rows)
    finally:
        server.stop()


def measure(url: URL, rows: int) -> None:
    """Fill a database at the seeds; upgrade it under load; print the waits of each revision."""
    upgrade(url, SEEDS)
    fill(url, rows)
    with clients(url, rows) as load:
        upgrade(url, "head")
    titles = {each.revision: each.doc.rstrip(".") for each in REVISIONS}
    table = Table("Revision", "Change", "Duration", "Worst wait")
    with create_engine(url, poolclass=NullPool).connect() as connection:
        for row in connection.execute(APPLIED, {"seeds": SEEDS}):
            worst = f"{1000 * load.worst(row.start, row.end):.0f} ms"
            table.add_row(row.revision, titles[row.revision], f"{row.end - row.start:.1f} s", worst)
    console = Console(width=None if sys.stdout.isatty() else 1000)
    console.print(table)
    console.print(
        f"{rows:,} documents and extractions; {len(load.waits):,} statements of clients: worst wait"
        f" {1000 * load.worst():.0f} ms, 99th percentile {1000 * load.percentile_99:.0f} ms"
    )


def upgrade(url: URL, revision: str) -> None:
    """Run `alembic upgrade` to the end.

    Raises:
        SystemExit: It failed.
    """
    env = {"DATABASE_URL": as_text(url)}
    done = run("alembic", "upgrade", revision, env=env, timeout=LONGEST)
    if done.returncode != 0:
        raise SystemExit(f"the upgrade failed:\n{done.stderr}")


if __name__ == "__main__":
    sys.exit(main())
