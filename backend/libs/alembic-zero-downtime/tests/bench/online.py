"""Change a large table in use by plain and by online operations, and measure the clients' waits.

Both run through the same env.py with the same settings, each on a new copy of the same database
under the same load. The server is a new one with PostgreSQL's defaults, in the temporary folder.
"""

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.table import Table
from sqlalchemy import URL, text

from alembic_zero_downtime.cli.output import print_json, stdout
from alembic_zero_downtime.embedded.server import EmbeddedServer
from bench.command import measure_in_folder
from bench.online_changes import CHANGES, AddRevisions, Change
from bench.online_load import CLIENTS, PACE, clients, fill
from chaos.outcome import Progress
from support.databases import address_of, connected, drop_database
from support.processes import BrokenUpgradeError, Command, upgrade_undisturbed
from support.project import ProjectCopy

LONGEST = 3600.0  # seconds of one upgrade
SOURCE, COPY = "source", "copy"


@dataclass(frozen=True)
class Measurement:
    """The measurement of one way of a change, in seconds.

    Attributes:
        worst: the longest wait of a client for one statement.
        percentile_99: the 99th percentile of the waits.
        duration: of the upgrade.
    """

    worst: float
    percentile_99: float
    duration: float


@dataclass(frozen=True)
class Comparison:
    """A change in both ways."""

    change: str
    plain: Measurement
    online: Measurement

    @property
    def ratios(self) -> dict[str, float]:
        """The plain way divided by the online one."""
        online = asdict(self.online)
        return {name: value / online[name] for name, value in asdict(self.plain).items()}


def main(command_line: Sequence[str] | None = None) -> int:
    """Measure and print; return the exit code."""
    arguments = parse_arguments(command_line)
    return measure_in_folder(lambda folder: report(folder, arguments))


def report(folder: Path, arguments: argparse.Namespace) -> None:
    """Measure the chosen changes, and print the results."""
    size, comparisons = run(folder, arguments.rows, arguments.only or list(CHANGES))
    if arguments.json:
        changes = [{**asdict(each), "ratios": each.ratios} for each in comparisons]
        print_json({"rows": arguments.rows, "bytes": size, "changes": changes})
    else:
        print_comparisons(arguments.rows, size, comparisons)


def parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Return the parsed arguments, by default the command line's."""
    parser = argparse.ArgumentParser(prog="python -m bench.online", description=__doc__)
    parser.add_argument(
        "--rows",
        type=int,
        default=3_000_000,
        metavar="N",
        help="documents in the table (default: 3000000)",
    )
    parser.add_argument(
        "--only",
        action="append",
        choices=CHANGES,
        metavar="CHANGE",
        help=f"measure this change; may be repeated: {', '.join(CHANGES)}",
    )
    parser.add_argument("--json", action="store_true", help="print JSON for scripts")
    return parser.parse_args(arguments)


def run(folder: Path, rows: int, chosen: Sequence[str]) -> tuple[int, list[Comparison]]:
    """Measure the chosen changes; return the bytes of the table, and the comparisons."""
    server = EmbeddedServer(folder / "server")
    try:
        migration_server = address_of(server)
        size = make_source(migration_server, folder, rows)
        comparisons = []
        with Progress("bench", 2 * len(chosen)) as progress:
            for number, name in enumerate(chosen):
                change = CHANGES[name]
                plain = measure(migration_server, folder, rows, change, change.plain)
                progress.show(2 * number + 1)
                online = measure(migration_server, folder, rows, change, change.online)
                progress.show(2 * number + 2)
                comparisons.append(Comparison(name, plain, online))
    finally:
        server.stop()
    return size, comparisons


def make_source(migration_server: URL, folder: Path, rows: int) -> int:
    """Create the database that is copied for each change; return the bytes of its table."""
    sys.stderr.write(f"bench: {rows:,} documents in {folder}\n")
    with connected(migration_server) as admin:
        admin.execute(text(f"CREATE DATABASE {SOURCE}"))
    with project_in(folder) as project:
        upgrade_undisturbed(project.ini, migration_server.set(database=SOURCE))
    return fill(migration_server.set(database=SOURCE), rows)


def measure(
    migration_server: URL, folder: Path, rows: int, change: Change, add_revisions: AddRevisions
) -> Measurement:
    """Make a change in one way, on a copy that clients use.

    Raises:
        BrokenUpgradeError: It failed.
    """
    url = migration_server.set(database=COPY)
    with connected(migration_server) as admin:
        admin.execute(text(f"CREATE DATABASE {COPY} TEMPLATE {SOURCE} STRATEGY FILE_COPY"))
    with project_in(folder) as project:
        add_revisions(project)
        with connected(url) as connection:
            if change.given:
                connection.execute(text(change.given))
            connection.execute(text("CHECKPOINT"))
        with clients(url, rows) as load:
            started = time.monotonic()
            with Command(project.ini, url, "upgrade", "head") as command:
                command.ends_within(LONGEST)
                ended = command.wait()
            duration = time.monotonic() - started
    drop_database(migration_server, url)
    if ended.code != 0:
        raise BrokenUpgradeError(f"the change failed:\n{ended.output}")
    return Measurement(load.worst, load.percentile_99, duration)


@contextmanager
def project_in(folder: Path) -> Iterator[ProjectCopy]:
    """Copy the test project, until the block ends."""
    with TemporaryDirectory(dir=folder) as name:
        yield ProjectCopy(Path(name))


def print_comparisons(rows: int, size: int, comparisons: Sequence[Comparison]) -> None:
    """Print a line for each change: the waits of the clients, and its duration."""
    console = stdout()
    table = Table("Change")
    for name in ("Worst wait", "99th percentile", "Duration"):
        for column in (f"{name}, plain", "online", "ratio"):
            table.add_column(column, justify="right")
    for each in comparisons:
        plain, online, ratios = asdict(each.plain), asdict(each.online), each.ratios
        cells = [(show(plain[key]), show(online[key]), f"{ratios[key]:.3g}") for key in ratios]
        table.add_row(each.change, *(cell for group in cells for cell in group))
    console.print(table)
    console.print(
        f"{rows:,} documents, {size / 1e6:,.0f} MB; {CLIENTS} clients,"
        f" each with {1 / PACE:.0f} statements a second; ratio: plain to online"
    )


def show(seconds: float) -> str:
    """Return seconds, short ones in milliseconds."""
    return f"{1000 * seconds:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"


if __name__ == "__main__":
    sys.exit(main())
