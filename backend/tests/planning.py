"""Make the plan of a test's revisions in this process, again and again from one copy."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import URL, Engine, create_engine
from sqlalchemy.pool import NullPool

from app.db.client import read_address
from app.db.embedded.disposable import disposable_server
from app.db.impact.copy import COPY, Copy, copy_schema
from app.db.impact.observe import Observation, observe
from app.db.impact.rates import Rates
from app.db.impact.target import Target, read_target
from app.db.impact.verdict import Judgement, judge
from app.db.migrations.state import load_scripts
from app.db.url import DatabaseURL
from tests.project import Project
from tests.revisions import HEAD

RATES = Rates(scan=500e6, rewrite=100e6, index=250e6, write=100e3)


@dataclass(frozen=True)
class Planner:
    """A copy of a target's schema, of which each plan gets a copy again."""

    server: URL
    target: Target
    copy: Copy

    @contextmanager
    def database(self) -> Iterator[URL]:
        """Yield the address of another copy."""
        name = f"copy_{next(NUMBERS)}"
        engine = create_engine(self.server, isolation_level="AUTOCOMMIT", poolclass=NullPool)
        with engine.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE {COPY} STRATEGY FILE_COPY")
            yield self.server.set(database=name)
            connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")

    def observe(self, *upgrades: str, declarations: str = "") -> list[Observation]:
        """Run revisions with these lines."""
        with TemporaryDirectory() as folder, self.database() as url:
            project = Project(Path(folder))
            for upgrade in upgrades:
                project.add(upgrade, declarations=declarations)
            return observe(url, load_scripts(project.ini), self.target.tables)

    def judge(self, *upgrades: str) -> list[Judgement]:
        """Return the verdicts on all statements of revisions with these lines."""
        return [each for seen in self.observe(*upgrades) for each in judge(seen, RATES)]


NUMBERS = count()


@contextmanager
def planning(target: Engine) -> Iterator[Planner]:
    """Copy the schema of a database at head to a server that is gone afterwards."""
    with disposable_server() as server, target.connect() as connection:
        seen = read_target(connection)
        source = read_address(connection, DatabaseURL(target.url, "a test"))
        yield Planner(server, seen, copy_schema(source, seen, [HEAD], server, "5s"))
