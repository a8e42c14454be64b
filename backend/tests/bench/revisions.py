"""Run the project's own revisions on a large database in use, and see how long clients wait.

It starts at the seeds (002), with as many documents as asked for and an extraction of each, and
goes up to the head. The server is a new one with PostgreSQL's defaults, in the temporary folder.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from rich.table import Table
from sqlalchemy import URL, text

from app.commands.output import stdout
from app.db.embedded.server import EmbeddedServer
from tests.bench.ending import measure_in_folder
from tests.bench.online_load import STATEMENTS, clients, fill
from tests.chaos.harness import (
    BrokenUpgradeError,
    Command,
    address_of,
    connected,
    upgrade_undisturbed,
)
from tests.revisions import REVISIONS
from tests.shell import BACKEND

SEEDS = "002"
LONGEST = 3600.0  # seconds of the upgrade

# Old rows as the old code wrote them; some of their raw data names the model and the page.
EXTRACTIONS = """
    INSERT INTO extractions (document_id, statement_type, raw_data)
    SELECT id, 'balance_sheet', CASE id % 3 WHEN 0 THEN jsonb_build_object(
               'model', 'gpt-4o', 'confidence', 0.9, 'page', id % 200 + 1) ELSE '{}' END
      FROM documents
"""
OLD_CODE = (
    *STATEMENTS,
    text(
        "INSERT INTO extractions (document_id, statement_type, raw_data)"
        " VALUES (:id, 'cash_flow_statement', '{}')"
    ),
    text("UPDATE extractions SET raw_data = jsonb_build_object('new', :unique) WHERE id = :id"),
    text("UPDATE companies SET primary_ticker = left(:unique, 4) WHERE id = 1 + :id % 1000"),
)
TOOK = text("""
    SELECT revision, extract(epoch FROM recorded_at - duration)::float8 AS began,
           extract(epoch FROM recorded_at)::float8 AS ended
      FROM migration_ledger WHERE action = 'upgrade' AND revision > :seeds ORDER BY id
""")


def main(command_line: Sequence[str] | None = None) -> int:
    """Measure and print; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.revisions", description=__doc__)
    parser.add_argument("--rows", type=int, default=3_000_000, metavar="N", help="documents")
    rows = parser.parse_args(command_line).rows
    return measure_in_folder(lambda folder: run(folder, rows))


def run(folder: Path, rows: int) -> None:
    """Fill a database at the seeds, and upgrade it while old code works with it."""
    server = EmbeddedServer(folder / "server")
    ini_file = BACKEND / "alembic.ini"
    try:
        url = address_of(server)
        upgrade_undisturbed(ini_file, url, SEEDS)
        fill(url, rows)
        with connected(url) as connection:
            connection.execute(text(EXTRACTIONS))
            connection.execute(text("VACUUM (ANALYZE) extractions"))
            connection.execute(text("CHECKPOINT"))
        print_waits(url, ini_file, rows)
    finally:
        server.stop()


def print_waits(url: URL, ini_file: Path, rows: int) -> None:
    """Upgrade under load, and print for each revision how long it took and clients waited."""
    offset = time.time() - time.monotonic()
    upgrade = Command(ini_file, url, "upgrade", "head")
    with clients(url, rows, OLD_CODE) as load, upgrade as command:
        command.ends_within(LONGEST)
        ended = command.wait()
    if ended.code != 0:
        raise BrokenUpgradeError(f"the upgrade failed:\n{ended.output}")
    titles = {each.revision: each.doc for each in REVISIONS}
    table = Table("Revision", "What it does", "Took", "Worst wait")
    with connected(url) as connection:
        for row in connection.execute(TOOK, {"seeds": SEEDS}):
            waits = load.during(row.began - offset, row.ended - offset)
            words = f"{1000 * max(waits, default=0):.0f} ms"
            took = f"{row.ended - row.began:.1f} s"
            table.add_row(row.revision, titles[row.revision].rstrip("."), took, words)
    stdout().print(table)
    stdout().print(
        f"{rows:,} documents and extractions; {len(load.waits):,} statements of clients: worst"
        f" wait {1000 * load.worst:.0f} ms, 99th percentile {1000 * load.percentile_99:.0f} ms"
    )


if __name__ == "__main__":
    sys.exit(main())
