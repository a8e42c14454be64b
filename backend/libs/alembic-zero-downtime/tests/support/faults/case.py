"""A database on which a fault is reproduced, and the commands that run on it."""

import os
import re
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import URL, Connection, Engine, create_engine, text
from sqlalchemy.pool import NullPool

from alembic_zero_downtime.history.ledger import read_ledger
from alembic_zero_downtime.runtime import executor
from alembic_zero_downtime.runtime.migration_lock import NAMESPACE
from support.databases import connected, create_database
from support.faults.own_server import OwnServer
from support.network import Cable
from support.processes import Command
from support.project import HEAD, IDS, ProjectCopy, wait_for
from support.shell import Done
from support.snapshots import Snapshot, read_catalog, read_rows

if TYPE_CHECKING:
    from pathlib import Path

PASSWORD = "n0t-to-be-shown"
RETRY_SECONDS = 0.1
# The page names the make targets of this repository.
COMMANDS = {
    "database_url": "MIGRATION_DATABASE_URL",
    "accept": "make migrate-accept REV={}",
    "renumber": "make migrate-renumber",
    "reset": "make db-reset",
    "reset_unasked": "FORCE=1",
    "reset_without_dump": "DUMP=0",
    "stamp_env": "make db-stamp-env ENV={}",
    "lose_data": "FORCE=1 for make, ALLOW_DATA_LOSS=1 for alembic",
}
RUN = f"""
from dataclasses import replace
from alembic_zero_downtime import CommandNames

run(replace(PROJECT, commands=CommandNames(**{COMMANDS})))
"""

# Three revisions are pending. The second one meets the fault: a transaction that has read
# `companies` blocks it.
BEFORE, FAULTY, AFTER = (f"{len(IDS) + n:03d}" for n in (1, 2, 3))
READ = "SELECT FROM companies"
CREATE_TABLE = 'op.execute("CREATE TABLE {} (n int)")'
LINES = """\
op.execute("INSERT INTO before VALUES (1)")
op.execute("LOCK TABLE companies")
op.execute("CREATE INDEX ix_before_n ON before (n)")"""
BLOCK = """\
with op.get_context().autocommit_block():
    op.execute("CREATE INDEX CONCURRENTLY ix_before_n ON before (n)")
"""
REPEATABLE_BLOCK = BLOCK.replace(
    "    op.", '    op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_before_n")\n    op.'
)
REST = "\n".join(LINES.splitlines()[:2])  # the same revision after its autocommit block

IS_BLOCKED = """SELECT count(*) > 0 FROM pg_stat_activity
                 WHERE wait_event_type = 'Lock' AND datname = current_database()"""
BLOCKED_BY = """SELECT pid FROM pg_stat_activity
                 WHERE {} = ANY (pg_blocking_pids(pid)) AND datname = current_database()"""
IS_FREE = f"SELECT NOT ({IS_BLOCKED})"
IS_COMMITTING = "SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
TIMESTAMP = re.compile(r'"\d{4}-\d\d-\d\d [\d:.+]+"')
HOLDER = f"""FROM pg_locks JOIN pg_stat_activity USING (pid)
             WHERE locktype = 'advisory' AND classid = {NAMESPACE} AND granted
               AND datname = current_database() AND objid ="""


def add_revisions(project: ProjectCopy) -> None:
    """Add the three revisions that are pending."""
    for lines in (CREATE_TABLE.format("before"), LINES, CREATE_TABLE.format("after")):
        project.add(lines)


def take_snapshot(engine: Engine) -> Snapshot:
    """Return the content of a database that two upgrades must agree on; timestamps differ."""
    with engine.connect() as connection:
        ledger = read_ledger(connection)
        applied = [entry.revision for entry in ledger.entries if entry.action == "upgrade"]
        return {
            **read_catalog(connection),
            **{
                f"rows of {table}": [TIMESTAMP.sub("timestamp", row) for row in rows]
                for table, rows in read_rows(connection).items()
            },
            "upgrades": [each for each in applied if each and each in ledger.applied - set(IDS)],
        }


class Case:
    """A database at the project's head, three pending revisions, and commands.

    Attributes:
        project: the revisions.
        url: the address that the commands get; a producer may change it.
        engine: the database.
        variables: the environment of every command.
        network: the network namespace of a command in a separate process.
        before: the content of the database before the last command.
        repeat: runs the last command again.
    """

    def __init__(self, url: URL, project: ProjectCopy, request: pytest.FixtureRequest) -> None:
        self.project = project
        add_revisions(project)
        env = project.ini.parent / "alembic" / "env.py"
        code = env.read_text(encoding="utf-8")
        assert "\nrun(PROJECT)\n" in code
        env.write_text(code.replace("\nrun(PROJECT)\n", RUN), encoding="utf-8")
        self.variables: dict[str, str] = {}
        self.network: Path | None = None
        self.before: Snapshot = {}
        self.repeat: Callable[[], Done] = self.upgrade
        self._fixture = request.getfixturevalue
        self._fixture("monkeypatch").setattr(executor, "FIRST_PAUSE", RETRY_SECONDS)
        self._capsys: pytest.CaptureFixture[str] = self._fixture("capsys")
        self._set_address(url)

    def _set_address(self, url: URL) -> None:
        self.url = url if url.password else url.set(password=PASSWORD)
        self.engine = create_engine(self.url, poolclass=NullPool)

    def alembic(self, *arguments: str, **variables: str) -> Done:
        """Run `alembic` in this process; `variables` are added to its environment."""
        self._begin(partial(self.alembic, *arguments))
        with pytest.MonkeyPatch.context() as patch:
            for name, value in {**self.variables, **variables}.items():
                patch.setenv(name, value)
            code = self._fixture("alembic")(self.url, *arguments, ini=self.project.ini)
        return Done(code % 256, *self._capsys.readouterr())

    def upgrade(self, **variables: str) -> Done:
        return self.alembic("upgrade", "head", **variables)

    def manage(self, *arguments: str) -> Done:
        """Run `alembic-zero-downtime` in this process."""
        self._begin(partial(self.manage, *arguments))
        done: Done = self._fixture("manage")(self.url, *arguments, ini=self.project.ini)
        return done

    def reset(self) -> Done:
        """Run a reset without a question, in the folder of the project."""
        patch: pytest.MonkeyPatch = self._fixture("monkeypatch")
        patch.chdir(self.project.ini.parent)
        patch.setenv("MIGRATION_LOCK_TIMEOUT", "200ms")
        return self.manage("reset", "--force")

    def _begin(self, command: Callable[[], Done]) -> None:
        self.repeat = command
        self.before = take_snapshot(self.engine)
        self._capsys.readouterr()

    def start(self, **variables: str) -> Command:
        """Return the upgrade in a separate process."""
        self.repeat = self.upgrade
        place, ini_file = self.network, self.project.ini
        return Command(ini_file, self.url, "upgrade", "head", env=variables, network=place)

    def upgrade_that_waits(self, action: Callable[[], object], **variables: str) -> Done:
        """Upgrade in a separate process; run `action` when it reports that it waits."""
        with self.start(**variables) as command:
            assert command.has_said("Waiting"), command.wait().output
            action()
            ended = command.wait()
        return Done(ended.code, ended.output, "")

    def rewrite(self, lines: str, declarations: str = "") -> None:
        """Give the revision that meets the fault other lines."""
        self.project.ids = [BEFORE]
        self.project.add(lines, declarations=declarations)
        self.project.ids.append(AFTER)

    def sql(self, statement: str) -> Any:
        """Run statements outside of a transaction; return the first value."""
        with connected(self.engine.url) as connection:
            result = connection.exec_driver_sql(statement.replace("%", "%%"))
            return result.scalar() if result.returns_rows else None

    def wait_for(self, query: str) -> None:
        with self.engine.connect() as connection:
            wait_for(connection, query)

    @contextmanager
    def blocked(self, statement: str = READ) -> Iterator[Connection]:
        """Keep a transaction open that has run the statement."""
        with self.engine.connect() as connection:
            connection.execute(text(statement))
            yield connection

    @contextmanager
    def when(self, query: str, action: Callable[[], object]) -> Iterator[Future[Any]]:
        """Run `action` in a thread once `query` returns true; the block raises its exception."""

        def act() -> object:
            self.wait_for(query)
            return action()

        with ThreadPoolExecutor(1) as pool:
            future = pool.submit(act)
            yield future
            future.result()

    @contextmanager
    def as_role(self, options: str = "") -> Iterator[None]:
        """Run the commands as a role that may read everything and owns nothing."""
        role, url = f"role_of_{self.url.database}", self.url
        self.sql(f"CREATE ROLE {role} LOGIN PASSWORD 'n0ne' {options} IN ROLE pg_read_all_data")
        self.url = url.set(username=role, password="n0ne")
        try:
            yield
        finally:
            self.url = url
            self.sql(f"DROP ROLE {role}")

    def move_to_own_server(self) -> OwnServer:
        """Continue with a new database on a server that may be harmed."""
        if "TEST_DATABASE_URL" in os.environ:
            pytest.skip("the server that may be harmed is not the one under test")
        server: OwnServer = self._fixture("own_server")
        self._move_to(server.create_database())
        return server

    def move_behind_a_cable(self) -> Cable:
        """Continue with a new database on a server behind a cable."""
        server: URL
        cable: Cable
        server, cable = self._fixture("cabled")
        self._move_to(create_database(server))
        return cable

    def _move_to(self, url: URL) -> None:
        self._set_address(url)
        assert self.alembic("upgrade", HEAD).returncode == 0
