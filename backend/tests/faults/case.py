"""A database on which a fault is made, and the register of all faults."""

import os
import re
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import pytest
from sqlalchemy import URL, Connection, Engine, create_engine, text
from sqlalchemy.pool import NullPool

from app.db.embedded.server import EmbeddedServer
from app.db.migrations.ledger import read_ledger
from app.db.migrations.mutex import SPACE
from tests.catalog import Picture, read_catalog, read_rows
from tests.project import Project, wait_for
from tests.revisions import HEAD, IDS
from tests.shell import Done

PASSWORD = "n0t-to-be-shown"

# Three revisions are to come. The second one meets the fault: a read of `companies` is in its way.
BEFORE, FAULTY, AFTER = (f"{len(IDS) + n:03d}" for n in (1, 2, 3))
READ = "SELECT FROM companies"
MAKE_TABLE = 'op.execute("CREATE TABLE {} (n int)")'
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
REST = "\n".join(LINES.splitlines()[:2])  # the same revision behind its autocommit block

IS_BLOCKED = """SELECT count(*) > 0 FROM pg_stat_activity
                 WHERE wait_event_type = 'Lock' AND datname = current_database()"""
IS_FREE = f"SELECT NOT ({IS_BLOCKED})"
IS_COMMITTING = "SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
MOMENT = re.compile(r'"\d{4}-\d\d-\d\d [\d:.+]+"')
HOLDER = f"""FROM pg_locks JOIN pg_stat_activity USING (pid)
             WHERE locktype = 'advisory' AND classid = {SPACE} AND granted
               AND datname = current_database() AND objid ="""


def add_revisions(project: Project) -> None:
    """Add the three revisions that an upgrade applies here."""
    for lines in (MAKE_TABLE.format("before"), LINES, MAKE_TABLE.format("after")):
        project.add(lines)


def take_picture(engine: Engine) -> Picture:
    """Return all that two upgrades must agree on; moments are their own."""
    with engine.connect() as connection:
        ledger = read_ledger(connection)
        applied = [entry.revision for entry in ledger.entries if entry.action == "upgrade"]
        return {
            **read_catalog(connection),
            **{
                f"rows of {table}": [MOMENT.sub("moment", row) for row in rows]
                for table, rows in read_rows(connection).items()
            },
            "upgrades": [each for each in applied if each and each in ledger.applied - set(IDS)],
        }


class OwnServer:
    """A server to stop, to kill and to fill up, always at one address."""

    def __init__(self, folder: Path) -> None:
        self._server = EmbeddedServer(folder / "server", ("fsync=off", "autovacuum=off"))
        self._link = folder / "socket"
        self._databases = 0

    @property
    def data(self) -> Path:
        return self._server.data

    def start(self) -> None:
        sockets = self._server.ensure_running()
        self._link.unlink(missing_ok=True)
        self._link.symlink_to(sockets)

    def stop(self) -> None:
        self._server.stop()

    def kill(self) -> None:
        """End it as a crash would."""
        pid = (self.data / "postmaster.pid").read_text(encoding="utf-8").split("\n")[0]
        psutil.Process(int(pid)).kill()

    def ask_for_passwords(self, role: str | None) -> None:
        """Trust the role no longer, from the next start on."""
        rules = self.data / "pg_hba.conf"
        others = rules.read_text(encoding="utf-8")
        rules.write_text(f"local all {role} scram-sha-256\n{others}", encoding="utf-8")

    def create_database(self) -> URL:
        self.start()
        self._databases += 1
        name = f"own_{self._databases}"
        url = URL.create("postgresql+psycopg2", "postgres", query={"host": str(self._link)})
        engine = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        return url.set(database=name)


class Case:
    """A database at the head, three revisions to come, and commands on it.

    Attributes:
        project: the revisions.
        url: where the commands go; a producer may lead them astray.
        engine: the database.
        variables: of every command's environment.
        before: what the database was before the last command.
        repeat: gives the last command again.
    """

    def __init__(self, url: URL, project: Project, request: pytest.FixtureRequest) -> None:
        self.project = project
        add_revisions(project)
        self.variables: dict[str, str] = {}
        self.before: Picture = {}
        self.repeat: Callable[[], Done] = self.upgrade
        self._fixture = request.getfixturevalue
        self._capsys: pytest.CaptureFixture[str] = self._fixture("capsys")
        self._set_address(url)

    def _set_address(self, url: URL) -> None:
        self.url = url if url.password else url.set(password=PASSWORD)
        self.engine = create_engine(self.url, poolclass=NullPool)

    def alembic(self, *arguments: str, **variables: str) -> Done:
        """Run `alembic` in this process; `variables` are of its environment this once."""
        self._begin(partial(self.alembic, *arguments))
        with pytest.MonkeyPatch.context() as patch:
            for name, value in {**self.variables, **variables}.items():
                patch.setenv(name, value)
            code = self._fixture("alembic")(self.url, *arguments, ini=str(self.project.ini))
        return Done(code % 256, *self._capsys.readouterr())

    def upgrade(self, **variables: str) -> Done:
        return self.alembic("upgrade", "head", **variables)

    def verify(self) -> Done:
        """Run `make migrate-verify`'s command in this process."""
        self._begin(self.verify)
        self._fixture("monkeypatch").setattr("app.commands.target.INI_FILE", self.project.ini)
        done: Done = self._fixture("manage")(self.url, "verify")
        return done

    def _begin(self, command: Callable[[], Done]) -> None:
        self.repeat = command
        self.before = take_picture(self.engine)
        self._capsys.readouterr()

    def start(self, **variables: str) -> subprocess.Popen[str]:
        """Start the upgrade in a process of its own."""
        self.repeat = self.upgrade
        return self.project.start(self.url, "upgrade", "head", env=variables)

    def upgrade_that_waits(self, action: Callable[[], object], **variables: str) -> Done:
        """Upgrade in a process of its own; run `action` when that says that it waits."""
        said = ""
        with self.start(**variables) as process:
            for line in process.stdout or ():
                said += line
                if "Waiting" in line:
                    action()
        return Done(process.returncode, said, "")

    def rewrite(self, lines: str, declarations: str = "") -> None:
        """Give the revision that meets the fault other lines."""
        self.project.ids = [BEFORE]
        self.project.add(lines, declarations=declarations)
        self.project.ids.append(AFTER)

    def sql(self, statement: str) -> Any:
        """Run a statement; return its first value."""
        engine = self.engine.execution_options(isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            result = connection.execute(text(statement))
            return result.scalar() if result.returns_rows else None

    def wait_for(self, query: str) -> None:
        with self.engine.connect() as connection:
            wait_for(connection, query)

    @contextmanager
    def in_the_way(self, statement: str = READ) -> Iterator[Connection]:
        """Keep a transaction open that has run the statement."""
        with self.engine.connect() as connection:
            connection.execute(text(statement))
            yield connection

    @contextmanager
    def when(self, query: str, action: Callable[[], object]) -> Iterator[Future[Any]]:
        """Run `action` beside the block when `query` answers true; its failure is the block's."""

        def act() -> object:
            self.wait_for(query)
            return action()

        with ThreadPoolExecutor(1) as pool:
            future = pool.submit(act)
            yield future
            future.result()

    @contextmanager
    def as_role(self, options: str = "") -> Iterator[None]:
        """Give the commands as a role that may read everything and owns nothing."""
        role, url = f"role_of_{self.url.database}", self.url
        self.sql(f"CREATE ROLE {role} LOGIN PASSWORD 'n0ne' {options} IN ROLE pg_read_all_data")
        self.url = url.set(username=role, password="n0ne")
        try:
            yield
        finally:
            self.url = url
            self.sql(f"DROP ROLE {role}")

    def move_to_own_server(self) -> OwnServer:
        """Go on with a new database on a server that may be harmed."""
        if "TEST_DATABASE_URL" in os.environ:
            pytest.skip("the server that may be harmed is not the one that is tested")
        server: OwnServer = self._fixture("own_server")
        self._set_address(server.create_database())
        assert self.alembic("upgrade", HEAD).returncode == 0
        return server


Producer = Callable[[Case], Iterator[Done]]
FAULTS: dict[str, Callable[[Case], AbstractContextManager[Done]]] = {}


def fault(words: str) -> Callable[[Producer], Producer]:
    """Register a producer under the words that its row begins with."""

    def register(producer: Producer) -> Producer:
        assert words not in FAULTS, words
        FAULTS[words] = contextmanager(producer)
        return producer

    return register
