"""Plan revisions of a test in this process, each time on a new copy of one schema copy."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import URL, Engine, create_engine
from sqlalchemy.pool import NullPool

from alembic_zero_downtime.database.client import read_address
from alembic_zero_downtime.database.url import DatabaseURL
from alembic_zero_downtime.embedded.disposable import disposable_server
from alembic_zero_downtime.embedded.sandbox import ROLE, create_sandbox
from alembic_zero_downtime.plan.risk import Assessment, assess
from alembic_zero_downtime.plan.schema_copy import COPY, Copy, copy_schema, stamp_copy
from alembic_zero_downtime.plan.target import Target, read_target
from alembic_zero_downtime.plan.throughput import Throughput
from alembic_zero_downtime.plan.traced import TracedRevision
from alembic_zero_downtime.plan.trial import trace
from project.definition import PROJECT
from support.project import HEAD, ProjectCopy

THROUGHPUT = Throughput(
    scan=500e6,
    scan_rows=1e9,
    rewrite=100e6,
    index=2e6,
    text_index=1e6,
    write=100e3,
    key_write=200e3,
    delete=1e6,
    insert=1e6,
    entry=1e6,
    text_entry=500e3,
    reference=400e3,
    read=200e3,
)


@dataclass(frozen=True)
class Planner:
    """A schema copy of a target; each plan runs on a new copy of it."""

    server: URL
    target: Target
    copy: Copy

    @contextmanager
    def database(self) -> Iterator[Copy]:
        """Yield another copy."""
        name = f"copy_{next(NUMBERS)}"
        engine = create_engine(self.server, isolation_level="AUTOCOMMIT", poolclass=NullPool)
        with engine.connect() as connection:
            connection.exec_driver_sql(
                f"CREATE DATABASE {name} OWNER {ROLE} TEMPLATE {COPY} STRATEGY FILE_COPY"
            )
            yield replace(self.copy, sandbox=self.copy.sandbox.with_database(name))
            connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")

    def trace(
        self, *upgrades: str, declarations: str = "", legacy: int = 0
    ) -> list[TracedRevision]:
        """Run revisions with these lines and return their traces; the first are legacy ones."""
        with TemporaryDirectory() as folder, self.database() as copy:
            project = ProjectCopy(Path(folder))
            for upgrade in upgrades:
                project.add(upgrade, declarations=declarations)
            if legacy:
                legacy_until = project.ids[legacy - 1]
                project.definition = replace(project.definition, legacy_until=legacy_until)
            return trace(copy, project.environment, self.target.tables)

    def assess(self, *upgrades: str) -> list[Assessment]:
        """Return the assessments of all statements of revisions with these lines."""
        traced = self.trace(*upgrades)
        return [each for revision in traced for each in assess(revision, THROUGHPUT)]


NUMBERS = count()


@contextmanager
def planning(engine: Engine) -> Iterator[Planner]:
    """Copy the schema of a database at head to a disposable server."""
    with disposable_server() as server, engine.connect() as connection:
        target = read_target(connection)
        source = read_address(connection, DatabaseURL(engine.url, "a test"))
        sandbox = create_sandbox(server, COPY)
        copy = copy_schema(source, target, sandbox, "5s")
        stamp_copy(copy, [HEAD], PROJECT.version_table)
        yield Planner(server, target, copy)
