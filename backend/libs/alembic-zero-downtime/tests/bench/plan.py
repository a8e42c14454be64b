"""Compare the durations that the plan predicts with those of the same revisions on the target.

The target is a new server with PostgreSQL's defaults, in the temporary folder. Each history is
planned, and then applied there. A statement counts as right if both durations are below 0.1 s, or
if they differ by a factor of at most 2.
"""

import argparse
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rich.table import Table
from sqlalchemy import URL, Engine, create_engine, event, text
from sqlalchemy.pool import NullPool

from alembic_zero_downtime.cli.output import print_json, stdout
from alembic_zero_downtime.data_loss.dry_run import upgrade_steps
from alembic_zero_downtime.database.connection import MigrationDatabase
from alembic_zero_downtime.database.url import DatabaseURL
from alembic_zero_downtime.embedded.server import EmbeddedServer
from alembic_zero_downtime.plan.plan import make_plan
from alembic_zero_downtime.plan.risk import ACCEPTABLE_WAIT
from bench.command import measure_in_folder
from bench.plan_histories import APPLICATIONS, FILL, TABLES
from bench.plan_kinds import KINDS
from chaos.outcome import Progress
from support.bare import bare
from support.databases import address_of, connected, drop_database
from support.project import ProjectCopy

FACTOR = 2.0
GOAL = 0.9
SOURCE, COPY = "source", "copy"
HISTORIES = APPLICATIONS | KINDS


@dataclass(frozen=True)
class Comparison:
    """A statement, with its predicted and its real duration in seconds.

    Attributes:
        history: the name of its history.
        sql: the statement.
        predicted: None if the plan says that it is not known.
        real: measured by the client.
    """

    history: str
    sql: str
    predicted: float | None
    real: float

    @property
    def ratio(self) -> float:
        """The predicted duration divided by the real one."""
        return (self.predicted or 0.0) / self.real

    @property
    def is_right(self) -> bool:
        """Whether the prediction holds."""
        predicted = self.predicted or 0.0
        return max(predicted, self.real) < ACCEPTABLE_WAIT or 1 / FACTOR <= self.ratio <= FACTOR


def main(command_line: Sequence[str] | None = None) -> int:
    """Measure and print; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.plan", description=__doc__)
    parser.add_argument(
        "--rows", type=int, default=500_000, metavar="N", help="rows in the table (default: 500000)"
    )
    parser.add_argument(
        "--only",
        action="append",
        choices=HISTORIES,
        metavar="HISTORY",
        help=f"measure this history; may be repeated: {', '.join(HISTORIES)}",
    )
    parser.add_argument("--json", action="store_true", help="print JSON for scripts")
    arguments = parser.parse_args(command_line)
    return measure_in_folder(lambda folder: report(folder, arguments))


def report(folder: Path, arguments: argparse.Namespace) -> None:
    """Measure the chosen histories, and print the results."""
    comparisons = run(folder, arguments.rows, arguments.only or list(HISTORIES))
    if arguments.json:
        print_json({"rows": arguments.rows, "statements": [asdict(each) for each in comparisons]})
    else:
        print_comparisons(arguments.rows, comparisons)


def run(folder: Path, rows: int, chosen: Sequence[str]) -> list[Comparison]:
    """Plan and apply the chosen histories."""
    server = EmbeddedServer(folder / "server")
    try:
        url = address_of(server)
        make_source(url, rows)
        comparisons: list[Comparison] = []
        with Progress("bench", len(chosen)) as progress:
            for number, name in enumerate(chosen, start=1):
                comparisons += compare(url, name)
                progress.show(number)
    finally:
        server.stop()
    return comparisons


def make_source(url: URL, rows: int) -> None:
    """Create the database that is copied for each history."""
    with connected(url) as admin:
        admin.execute(text(f"CREATE DATABASE {SOURCE}"))
    with connected(url.set(database=SOURCE)) as connection:
        for statement in (*TABLES, *FILL):
            connection.execute(text(statement), {"rows": rows})
        connection.execute(text("VACUUM (ANALYZE)"))


def compare(server: URL, name: str) -> Iterator[Comparison]:
    """Plan a history, apply it, and yield each statement."""
    url = server.set(database=COPY)
    with connected(server) as admin:
        admin.execute(text(f"CREATE DATABASE {COPY} TEMPLATE {SOURCE} STRATEGY FILE_COPY"))
        admin.execute(text("CHECKPOINT"))
    with project_of(HISTORIES[name]) as project:
        database = MigrationDatabase(
            DatabaseURL(url, "a benchmark"), project.definition.read_settings()
        )
        plan = make_plan(project.environment, database)
        real = apply(url, project)
    drop_database(server, url)
    for revision in plan.revisions:
        for assessment in revision.statements:
            seconds = real.get(assessment.statement.sql)
            if seconds is not None:
                sql = assessment.statement.sql
                yield Comparison(name, sql, assessment.known_seconds, seconds)


@contextmanager
def project_of(revisions: Sequence[str]) -> Iterator[ProjectCopy]:
    """Create a project whose first revision is applied to the source."""
    with TemporaryDirectory() as folder:
        project = bare(ProjectCopy(Path(folder)))
        for revision in revisions:
            project.add(revision)
        yield project


def apply(url: URL, project: ProjectCopy) -> dict[str, float]:
    """Apply the revisions; return the seconds of each statement."""
    engine = create_engine(url, poolclass=NullPool)
    seconds: dict[str, float] = {}
    _measure(engine, seconds)
    scripts = project.scripts
    with engine.connect() as connection:
        steps = upgrade_steps(scripts, scripts.get_heads())
        with project.environment.open(connection, steps=steps) as opened:
            project.environment.run(opened)
    engine.dispose()
    return seconds


def _measure(engine: Engine, seconds: dict[str, float]) -> None:
    def before(_: Any, cursor: Any, *__: Any) -> None:
        started[cursor] = time.perf_counter()

    def after(_: Any, cursor: Any, statement: str, parameters: Any, *__: Any) -> None:
        duration = time.perf_counter() - started.pop(cursor)
        one = parameters[0] if isinstance(parameters, list) else parameters
        sql = " ".join(cursor.mogrify(statement, one or None).decode().split())
        sql = sql.rpartition(" MODE; ")[2] if sql.startswith("LOCK TABLE") else sql
        seconds[sql] = seconds.get(sql, 0.0) + duration

    started: dict[Any, float] = {}
    event.listen(engine, "before_cursor_execute", before)
    event.listen(engine, "after_cursor_execute", after)


def print_comparisons(rows: int, comparisons: Sequence[Comparison]) -> None:
    """Print a line for each statement, and the share of those that are right."""
    console = stdout()
    table = Table("History", "Statement")
    for column in ("Predicted", "Real", "Ratio"):
        table.add_column(column, justify="right")
    for each in comparisons:
        predicted = "not known" if each.predicted is None else f"{each.predicted:.2f} s"
        ratio = "" if each.predicted is None else f"{each.ratio:.2f}{'' if each.is_right else ' !'}"
        table.add_row(each.history, each.sql[:78], predicted, f"{each.real:.2f} s", ratio)
    console.print(table)
    known = [each for each in comparisons if each.predicted is not None]
    long = [each for each in known if max(each.predicted or 0.0, each.real) >= ACCEPTABLE_WAIT]
    console.print(
        f"{rows:,} rows, load {os.getloadavg()[0]:.1f}: {share(known)} of {len(known)} statements"
        f" right within a factor of {FACTOR:g} (goal: {GOAL:.0%});"
        f" of the {len(long)} from {ACCEPTABLE_WAIT} s on, {share(long)};"
        f" {len(comparisons) - len(known)} not known"
    )


def share(comparisons: Sequence[Comparison]) -> str:
    """Return the share of the predictions that hold."""
    right = sum(each.is_right for each in comparisons)
    return f"{right / max(len(comparisons), 1):.0%}"


if __name__ == "__main__":
    sys.exit(main())
