"""Make every fault of docs/database/faults.md for real; test_faults.py compares them with the page.

Up to its `yield` a producer makes the fault and hands over what the command said. Behind it, it
does what the page advises to do before the same command is given again.
"""

import re
import signal
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
from app.db.migrations import execution
from app.db.migrations.ledger import read_ledger
from app.db.migrations.mutex import GUARD, SPACE, WORKER
from app.db.migrations.renumber import renumber
from tests.catalog import Picture, read_catalog, read_rows
from tests.project import Project, end, wait_for
from tests.revisions import HEAD, IDS
from tests.shell import Done, as_text, psql
from tests.test_mutex import IS_WAITED_FOR, held
from tests.test_pooler import PGBOUNCER, pooler

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


# Waiting and locks


@fault("Another process migrates, and `MIGRATION_LOCK_WAIT` is over")
def another_process_migrates(case: Case) -> Iterator[Done]:
    with held(case.engine):
        yield case.upgrade(MIGRATION_LOCK_WAIT="0")


@fault("Another process migrates, and this one waits")
def another_process_is_waited_for(case: Case) -> Iterator[Done]:
    with case.in_the_way() as reader:
        wait = partial(case.upgrade_that_waits, reader.rollback)
        with case.when(IS_BLOCKED, wait) as waiting:
            assert case.upgrade().returncode == 0
    yield waiting.result()


@fault("A killed process has left its statement running")
def killed_process_is_waited_for(case: Case) -> Iterator[Done]:
    url = case.url  # the server looks for its client each second, unless it is told not to
    case.url = url.update_query_dict({"options": "-c client_connection_check_interval=0"})
    with case.in_the_way() as reader:
        process = case.start(MIGRATION_LOCK_TIMEOUT="1min")
        case.wait_for(IS_BLOCKED)
        end(process, signal.SIGKILL)
        case.url = url
        yield case.upgrade_that_waits(reader.rollback)


@fault("Another process has moved the database meanwhile")
def another_process_moved_the_database(case: Case) -> Iterator[Done]:
    script = case.alembic("upgrade", f"{HEAD}:{FAULTY}", "--sql").stdout
    with held(case.engine) as holder:

        def migrate() -> None:
            psql(case.engine.url, script)
            holder.execute(text("SELECT pg_advisory_unlock_all()"))

        with case.when(IS_WAITED_FOR, migrate):
            done = case.alembic("upgrade", "+1")
    yield done


@fault("A transaction is in the way for a while")
def lock_timeout(case: Case) -> Iterator[Done]:
    def finish() -> None:
        case.wait_for(IS_FREE)
        reader.rollback()

    with case.in_the_way() as reader, case.when(IS_BLOCKED, finish):
        yield case.upgrade(MIGRATION_LOCK_TIMEOUT="300ms")


@fault("A transaction stays in the way")
def lock_timeouts(case: Case) -> Iterator[Done]:
    with case.in_the_way(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(execution, "FIRST_PAUSE", 0.0)
        yield case.upgrade(MIGRATION_LOCK_TIMEOUT="50ms")


@fault("A transaction is in the way of a revision with an autocommit block")
def lock_timeout_of_half_a_revision(case: Case) -> Iterator[Done]:
    case.rewrite(BLOCK + REST)
    with case.in_the_way():
        yield case.upgrade(MIGRATION_LOCK_TIMEOUT="300ms")
    case.rewrite(REPEATABLE_BLOCK + REST, "repeatable = True")


@fault("A deadlock")
def deadlock(case: Case) -> Iterator[Done]:
    def close_the_circle() -> None:
        reader.execute(text("LOCK TABLE before"))
        reader.rollback()

    case.url = case.url.update_query_dict({"options": "-c deadlock_timeout=500ms"})
    patient = f"SET deadlock_timeout = '10s'; {READ}"
    with case.in_the_way(patient) as reader, case.when(IS_BLOCKED, close_the_circle):
        yield case.upgrade()


# A revision fails


@fault("Its SQL fails")
def sql_fails(case: Case) -> Iterator[Done]:
    case.rewrite(f'{LINES}\nop.execute("SELECT 1 / 0")')
    yield case.upgrade()
    case.rewrite(LINES)


@fault("Its Python fails")
def python_fails(case: Case) -> Iterator[Done]:
    case.rewrite(f"{LINES}\n" + '{}["sector"]')
    yield case.upgrade()
    case.rewrite(LINES)


@fault("It fails behind its autocommit block")
def half_a_revision_fails(case: Case) -> Iterator[Done]:
    case.rewrite(f'{BLOCK}op.execute("SELECT 1 / 0")')
    yield case.upgrade()
    case.rewrite(REPEATABLE_BLOCK + REST)


@fault("A statement takes longer than `MIGRATION_STATEMENT_TIMEOUT`")
def statement_timeout(case: Case) -> Iterator[Done]:
    with case.in_the_way():
        yield case.upgrade(MIGRATION_STATEMENT_TIMEOUT="500ms")


@fault("It computes longer than `MIGRATION_IDLE_IN_TRANSACTION_SESSION_TIMEOUT`")
def idle_in_transaction(case: Case) -> Iterator[Done]:
    case.rewrite(f"import time\n{LINES}\ntime.sleep(0.8)")
    yield case.upgrade(MIGRATION_IDLE_IN_TRANSACTION_SESSION_TIMEOUT="400ms")


# Killed and cut off


def ended_by(case: Case, number: signal.Signals, in_the_way: str = READ) -> Done:
    """Return what an upgrade says that gets a signal in the middle of a statement."""
    with case.in_the_way(in_the_way):
        process = case.start()
        case.wait_for(IS_BLOCKED)
        said = end(process, number)
        case.wait_for(IS_FREE)
    code = process.returncode
    return Done(128 - code if code < 0 else code, said, "")  # as a shell has it


@fault("Ctrl-C")
def ctrl_c(case: Case) -> Iterator[Done]:
    yield ended_by(case, signal.SIGINT)


@fault("SIGTERM, as from an orchestrator")
def sigterm(case: Case) -> Iterator[Done]:
    yield ended_by(case, signal.SIGTERM)


@fault("SIGKILL, as for want of memory")
def sigkill(case: Case) -> Iterator[Done]:
    yield ended_by(case, signal.SIGKILL)


@fault("SIGKILL while an index is built concurrently")
def sigkill_of_an_index(case: Case) -> Iterator[Done]:
    case.rewrite(REPEATABLE_BLOCK + REST)
    assert case.alembic("upgrade", BEFORE).returncode == 0
    yield ended_by(case, signal.SIGKILL, "LOCK TABLE before IN ROW EXCLUSIVE MODE")


@fault("The connection is cut")
def connection_is_cut(case: Case) -> Iterator[Done]:
    cut = partial(case.sql, f"SELECT pg_terminate_backend(pid) {HOLDER} {WORKER}")
    with case.in_the_way(), case.when(IS_BLOCKED, cut):
        yield case.upgrade()


@contextmanager
def commits_wait_for_a_standby(case: Case) -> Iterator[None]:
    """Let each commit of the block wait for a standby, which does not exist."""

    def demand(standby: str) -> None:
        case.sql(f"ALTER SYSTEM SET synchronous_standby_names = '{standby}'")
        case.sql("SELECT pg_reload_conf()")
        case.wait_for(f"SELECT current_setting('synchronous_standby_names') = '{standby}'")
        case.sql("CHECKPOINT")  # the process that does it is the one that tells all sessions

    demand("nobody")
    try:
        yield
    finally:
        demand("")


@fault("The connection is cut in the middle of a commit")
def commit_is_cut(case: Case) -> Iterator[Done]:
    case.move_to_own_server()
    assert case.alembic("upgrade", BEFORE).returncode == 0
    cut = partial(case.sql, f"SELECT pg_terminate_backend(pid) {HOLDER} {WORKER}")
    with commits_wait_for_a_standby(case), case.when(IS_COMMITTING, cut):
        done = case.upgrade()
    yield done


@fault("The connection that keeps others away is cut")
def guard_is_cut(case: Case) -> Iterator[Done]:
    def cut() -> None:
        case.sql(f"SELECT pg_terminate_backend(pid) {HOLDER} {GUARD}")
        reader.rollback()

    with case.in_the_way() as reader, case.when(IS_BLOCKED, cut):
        yield case.upgrade()


@fault("An administrator cancels the statement")
def statement_is_cancelled(case: Case) -> Iterator[Done]:
    cancel = partial(case.sql, f"SELECT pg_cancel_backend(pid) {HOLDER} {WORKER}")
    with case.in_the_way(), case.when(IS_BLOCKED, cancel):
        yield case.upgrade()


# The server


@fault("It does not answer")
def no_server(case: Case) -> Iterator[Done]:
    url = case.url
    case.url = url.set(host="127.0.0.1", port=1, query={})
    yield case.upgrade()
    case.url = url


@fault("It does not answer yet, and `MIGRATION_DB_WAIT` is set")
def server_comes(case: Case) -> Iterator[Done]:
    server = case.move_to_own_server()
    server.stop()
    yield case.upgrade_that_waits(server.start, MIGRATION_DB_WAIT="30")


@fault("It crashes or restarts")
def server_crashes(case: Case) -> Iterator[Done]:
    server = case.move_to_own_server()
    with case.in_the_way() as reader:
        with case.when(IS_BLOCKED, server.kill):
            done = case.upgrade()
        reader.invalidate()
    server.start()
    yield done


@fault("The password is wrong")
def wrong_password(case: Case) -> Iterator[Done]:
    server = case.move_to_own_server()
    with case.as_role():
        server.stop()
        server.ask_for_passwords(case.url.username)
        server.start()
        case.url = case.url.set(password=PASSWORD)
        done = case.upgrade()
    yield done


@fault("There is no such database")
def no_such_database(case: Case) -> Iterator[Done]:
    url = case.url
    case.url = url.set(database="no_such_database")
    yield case.upgrade()
    case.url = url


@fault("It has no connection to spare")
def too_many_connections(case: Case) -> Iterator[Done]:
    with case.as_role("CONNECTION LIMIT 2"):
        done = case.upgrade()
    yield done


@fault("The role may not do it")
def no_privilege(case: Case) -> Iterator[Done]:
    with case.as_role():
        done = case.upgrade()
    yield done


@fault("It is read-only, as a standby is")
def read_only(case: Case) -> Iterator[Done]:
    name = case.url.database
    case.sql(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    yield case.upgrade()
    case.sql(f"BEGIN READ WRITE; ALTER DATABASE {name} RESET ALL; COMMIT")


@fault("Its disk is full")
def disk_is_full(case: Case) -> Iterator[Done]:
    server = case.move_to_own_server()
    assert case.alembic("upgrade", BEFORE).returncode == 0
    file = server.data / case.sql("SELECT pg_relation_filepath('before')")
    aside = file.rename(f"{file}.aside")
    file.symlink_to("/dev/full")
    yield case.upgrade()
    file.unlink()
    aside.rename(file)


# The database and the code do not agree


@fault("The database is ahead")
def ahead(case: Case) -> Iterator[Done]:
    assert case.upgrade().returncode == 0
    newest = case.project.path_of(AFTER)
    aside = newest.rename(newest.with_suffix(".aside"))
    yield case.upgrade()
    aside.rename(newest)


@fault("The database has a revision of another branch")
def diverged(case: Case) -> Iterator[Done]:
    ours = case.project.path_of(BEFORE)
    foreign = ours.with_name("foreign.py")
    code = ours.read_text(encoding="utf-8").replace(f'= "{BEFORE}"', '= "foreign"')
    foreign.write_text(code.replace(MAKE_TABLE.format("before"), "pass"), encoding="utf-8")
    assert case.alembic("upgrade", "foreign").returncode == 0
    aside = foreign.rename(foreign.with_suffix(".aside"))
    yield case.upgrade()
    aside.rename(foreign)
    assert case.alembic("downgrade", HEAD).returncode == 0
    foreign.unlink()


@fault("The tables are there, and their record is not")
def unmanaged(case: Case) -> Iterator[Done]:
    case.sql("DROP TABLE alembic_version, migration_ledger")
    yield case.upgrade()
    assert case.alembic("stamp", HEAD).returncode == 0


@fault("An applied revision was edited")
def edited(case: Case) -> Iterator[Done]:
    assert case.upgrade().returncode == 0
    case.rewrite(REST)
    yield case.verify()
    case.rewrite(LINES)


@fault("Somebody has written into `alembic_version`")
def heads_differ(case: Case) -> Iterator[Done]:
    assert case.upgrade().returncode == 0
    case.sql(f"UPDATE alembic_version SET version_num = '{BEFORE}'")
    yield case.verify()
    assert case.alembic("stamp", "--purge", AFTER).returncode == 0


@fault("Two revisions have one number")
def two_revisions_have_one_number(case: Case) -> Iterator[Done]:
    ours, newest = map(case.project.path_of, (FAULTY, AFTER))
    theirs = ours.with_name(f"{FAULTY}_of_another_branch.py")
    code = newest.read_text(encoding="utf-8").replace(FAULTY, BEFORE).replace(AFTER, FAULTY)
    theirs.write_text(code, encoding="utf-8")
    newest.unlink()
    yield case.upgrade()
    renumber(case.project.versions, own=[theirs.stem])


# Settings and poolers


@fault("A `MIGRATION_` variable is wrong")
def wrong_setting(case: Case) -> Iterator[Done]:
    yield case.upgrade(MIGRATION_LOCK_TIMEOUT="five")


@fault("A pooler shares sessions between transactions")
def transaction_pooler(case: Case) -> Iterator[Done]:
    if PGBOUNCER is None:
        pytest.skip("pgbouncer is not installed")
    direct = case.url
    with pooler(direct, "transaction") as case.url:
        yield case.upgrade()
    case.variables["MIGRATION_DATABASE_URL"] = as_text(direct)
