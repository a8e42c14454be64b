"""Change a large table that is in use, the naive way and ours, and see how long others wait.

Both ways run through the same env.py with the same settings, each on a fresh copy of the same
database under the same load. The server is a new one with PostgreSQL's defaults, in the temporary
folder.
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

from app.commands.output import print_json, stdout
from app.db.embedded.server import EmbeddedServer
from tests.bench.ending import measure_in_folder
from tests.bench.online_changes import CHANGES, Change, Layout
from tests.bench.online_load import CLIENTS, PACE, clients, fill
from tests.chaos.harness import (
    BrokenUpgradeError,
    Command,
    address_of,
    connected,
    drop_database,
    upgrade_undisturbed,
)
from tests.chaos.outcome import Progress
from tests.project import Project

LONGEST = 3600.0  # seconds of one upgrade
SOURCE, COPY = "source", "copy"


@dataclass(frozen=True)
class Measurement:
    """What one way of a change costs, in seconds.

    Attributes:
        worst: the longest wait of a client for one statement.
        percentile_99: what 99 of 100 statements stayed under.
        duration: of the upgrade.
    """

    worst: float
    percentile_99: float
    duration: float


@dataclass(frozen=True)
class Comparison:
    """A change in both ways."""

    change: str
    naive: Measurement
    ours: Measurement

    @property
    def ratios(self) -> dict[str, float]:
        """What the naive way costs, with ours as 1."""
        ours = asdict(self.ours)
        return {name: value / ours[name] for name, value in asdict(self.naive).items()}


def main(command_line: Sequence[str] | None = None) -> int:
    """Measure and print; return the exit code."""
    arguments = parse_arguments(command_line)
    return measure_in_folder(lambda folder: report(folder, arguments))


def report(folder: Path, arguments: argparse.Namespace) -> None:
    """Measure the changes that were asked for, and print what came out."""
    size, comparisons = run(folder, arguments.rows, arguments.only or list(CHANGES))
    if arguments.json:
        changes = [{**asdict(each), "ratios": each.ratios} for each in comparisons]
        print_json({"rows": arguments.rows, "bytes": size, "changes": changes})
    else:
        print_comparisons(arguments.rows, size, comparisons)


def parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Return the parsed arguments, by default the command line's."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.online", description=__doc__)
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
    """Measure the chosen changes; return the bytes that the table takes, and what was measured."""
    server = EmbeddedServer(folder / "server")
    try:
        admin_url = address_of(server)
        size = make_source(admin_url, folder, rows)
        comparisons = []
        with Progress("bench", 2 * len(chosen)) as progress:
            for number, name in enumerate(chosen):
                change = CHANGES[name]
                naive = measure(admin_url, folder, rows, change, change.naive)
                progress.show(2 * number + 1)
                ours = measure(admin_url, folder, rows, change, change.ours)
                progress.show(2 * number + 2)
                comparisons.append(Comparison(name, naive, ours))
    finally:
        server.stop()
    return size, comparisons


def make_source(admin_url: URL, folder: Path, rows: int) -> int:
    """Make the database that each change gets a copy of; return the bytes of its table."""
    sys.stderr.write(f"bench: {rows:,} documents in {folder}\n")
    with connected(admin_url) as admin:
        admin.execute(text(f"CREATE DATABASE {SOURCE}"))
    with project_in(folder) as project:
        upgrade_undisturbed(project.ini, admin_url.set(database=SOURCE))
    return fill(admin_url.set(database=SOURCE), rows)


def measure(
    admin_url: URL, folder: Path, rows: int, change: Change, lay_out: Layout
) -> Measurement:
    """Make a change in one way, on a copy that clients work on.

    Raises:
        BrokenUpgradeError: It failed.
    """
    url = admin_url.set(database=COPY)
    with connected(admin_url) as admin:
        admin.execute(text(f"CREATE DATABASE {COPY} TEMPLATE {SOURCE} STRATEGY FILE_COPY"))
    with project_in(folder) as project:
        lay_out(project)
        with connected(url) as connection:
            if change.given:
                connection.execute(text(change.given))
            connection.execute(text("CHECKPOINT"))
        with clients(url, rows) as load:
            began = time.monotonic()
            with Command(project.ini, url, "upgrade", "head") as command:
                command.ends_within(LONGEST)
                ended = command.wait()
            duration = time.monotonic() - began
    drop_database(admin_url, url)
    if ended.code != 0:
        raise BrokenUpgradeError(f"the change failed:\n{ended.output}")
    return Measurement(load.worst, load.percentile_99, duration)


@contextmanager
def project_in(folder: Path) -> Iterator[Project]:
    """Lay out the project's migrations, until the block ends."""
    with TemporaryDirectory(dir=folder) as name:
        yield Project(Path(name))


def print_comparisons(rows: int, size: int, comparisons: Sequence[Comparison]) -> None:
    """Print a line for each change: what clients waited, and how long it took."""
    console = stdout()
    table = Table("Change")
    for name in ("Worst wait", "99th percentile", "Duration"):
        for column in (f"{name}, naive", "ours", "ratio"):
            table.add_column(column, justify="right")
    for each in comparisons:
        naive, ours, ratios = asdict(each.naive), asdict(each.ours), each.ratios
        cells = [(say(naive[key]), say(ours[key]), f"{ratios[key]:.3g}") for key in ratios]
        table.add_row(each.change, *(cell for group in cells for cell in group))
    console.print(table)
    console.print(
        f"{rows:,} documents, {size / 1e6:,.0f} MB; {CLIENTS} clients,"
        f" each with {1 / PACE:.0f} statements a second; ratio: naive to ours"
    )


def say(seconds: float) -> str:
    """Return seconds, short ones in milliseconds."""
    return f"{1000 * seconds:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"


if __name__ == "__main__":
    sys.exit(main())
