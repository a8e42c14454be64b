"""The recipes of docs/database/zero-downtime.md are what they say, while old and new code write."""

import re
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from alembic.config import main as alembic_main
from sqlalchemy import URL, Connection, Engine, create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from app.db.lint.report import lint
from app.db.migrations.failure import sqlstate
from tests.chaos.harness import connected, drop_database, new_database
from tests.project import Project
from tests.recipes import PAGE, Block, add_revision, picture_of, read_recipes
from tests.shell import BACKEND, as_text, run

Alembic = Callable[..., int]
RECIPES = read_recipes()
USUAL_CODE = RECIPES.pop("How to read the recipes")
# Where versions differ, a recipe is run on the older one too.
SERVERS = {
    "admin_url": [*RECIPES],
    "system_url": [
        heading
        for heading, blocks in RECIPES.items()
        if any(word in block.code for block in blocks for word in ("not_null", "add_column_online"))
    ],
}
IS_GONE = "when the old code is gone"
OLD_ROWS = 1_200  # more than a backfill's first batch
PACE = 0.03  # seconds from one row of a code to its next
WRITES = 3  # of each code that runs, before and after each step
DEADLOCK = "40P01"
LOCKS = [
    *("AccessShareLock", "RowShareLock", "RowExclusiveLock", "ShareUpdateExclusiveLock"),
    *("ShareLock", "ShareRowExclusiveLock", "ExclusiveLock", "AccessExclusiveLock"),
]
LOCK_ROW = re.compile(r"^\| `(?P<statement>[A-Z][^`]+)` \| (?P<lock>[A-Z ]+) \|", re.MULTILINE)


class Code:
    """The code of a release: it inserts a row, updates one and reads one, again and again.

    All code that runs changes all rows, so that each reads what another one wrote.
    """

    def __init__(self, engine: Engine, block: Block, written: dict[str, str]) -> None:
        self.name = block.what
        statements = block.code.strip().rstrip(";").split(";\n")
        self._insert, self._update, self._select = map(text, statements)
        self._engine = engine
        self._written = written

    def insert_many(self, connection: Connection, number: int) -> None:
        rows = [self._new_row(n) for n in range(number)]
        connection.execute(self._insert, rows)
        self._written.update({row["key"]: row["value"] for row in rows})

    def work(self, connection: Connection, number: int) -> None:
        """Write twice, each time in a transaction of its own, and read both."""
        new = self._new_row(len(self._written))
        key = list(self._written)[number * 7919 % len(self._written)]
        changed = {"key": key, "value": str(1900 + (number + 1) % 200)}
        for statement, row in ((self._insert, new), (self._update, changed)):
            connection.execute(statement, row)
            self._written[row["key"]] = row["value"]
            assert self.read(connection, row["key"]) == row["value"], self.name

    def read(self, connection: Connection, key: str) -> str:
        return str(connection.scalar(self._select, {"key": key}))

    def _new_row(self, number: int) -> dict[str, str]:
        key = f"https://example.com/{self.name.replace(' ', '-')}/{number}"
        return {"key": key, "value": str(1900 + number % 200)}


class Traffic:
    """What runs: the threads of some codes, which begin and end as releases do.

    Attributes:
        written: the value that was last written to each row, by its key.
        is_going_back: whether revisions are being taken back.
    """

    def __init__(self, url: URL) -> None:
        self.written: dict[str, str] = {}
        self.is_going_back = False
        self._engine = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
        self._codes: dict[str, Code] = {}
        self._threads: dict[str, threading.Thread] = {}
        self._counts: dict[str, int] = {}
        self._turn = threading.Lock()  # what was written last has to be known
        self._failures: list[Exception] = []

    def begin(self, block: Block) -> None:
        """Know a code, and let the rows be there that it wrote long ago if it is the first."""
        code = self._codes[block.what] = Code(self._engine, block, self.written)
        if not self.written:
            with self._engine.connect() as connection:
                code.insert_many(connection, OLD_ROWS)

    def let_run(self, *names: str) -> None:
        """End the codes that are not named, begin those that do not run, and see all at work."""
        for name in self._threads.keys() - set(names):
            self._threads.pop(name).join()
        for name in names:
            if name not in self._threads:
                self._counts.setdefault(name, 0)
                thread = threading.Thread(target=self._run, args=(name,), daemon=True)
                self._threads[name] = thread
                thread.start()
        self.wait_for_writes()

    def wait_for_writes(self) -> None:
        """Wait until each code that runs has written some times more."""
        wanted = {name: self._counts[name] + WRITES for name in self._threads}
        while any(self._counts[name] < count for name, count in wanted.items()):
            assert not self._failures, self._failures[0]
            time.sleep(0.002)

    def is_read_by(self, name: str) -> bool:
        """Whether a code reads all that was written; nobody writes meanwhile."""
        with self._turn, self._engine.connect() as connection:
            read = {key: self._codes[name].read(connection, key) for key in self.written}
            return read == self.written

    @contextmanager
    def _bearing_deadlocks(self) -> Iterator[None]:
        """Let a write fail for the rehearsal of a downgrade, which holds all locks together."""
        try:
            yield
        except DBAPIError as error:
            if not self.is_going_back or sqlstate(error) != DEADLOCK:
                raise

    def _run(self, name: str) -> None:
        try:
            with self._engine.connect() as connection:
                while threading.current_thread() is self._threads.get(name):
                    with self._turn, self._bearing_deadlocks():
                        self._codes[name].work(connection, self._counts[name])
                    self._counts[name] += 1
                    time.sleep(PACE)
        except Exception as error:  # noqa: BLE001 the test tells
            self._failures.append(error)


@contextmanager
def traffic_on(url: URL) -> Iterator[Traffic]:
    traffic = Traffic(url)
    try:
        yield traffic
    finally:
        traffic.let_run()


def blocks_of(heading: str) -> list[Block]:
    """Return a recipe's blocks; without old code of its own it has the usual one."""
    blocks = RECIPES[heading]
    if any(block.what == "old code" for block in blocks):
        return blocks
    return [*USUAL_CODE, *blocks]


def releases(blocks: list[Block]) -> list[tuple[str, ...]]:
    """Return which codes run at each block."""
    running: tuple[str, ...] = ()
    at_each = []
    for block in blocks:
        if not block.is_revision:
            running = (*running[-1:], block.what)
        elif IS_GONE in block.more:
            running = running[-1:]
        at_each.append(running)
    return at_each


@pytest.fixture(scope="module")
def head(request: pytest.FixtureRequest) -> Iterator[URL]:
    """Return the address of a database at head, on the server that the test names."""
    admin_url: URL = request.getfixturevalue(request.param)
    with new_database(admin_url) as url, pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATABASE_URL", as_text(url))
        alembic_main(argv=["upgrade", "head"])
        yield url


@pytest.fixture
def url(head: URL) -> Iterator[URL]:
    """Return the address of a copy of it."""
    copy = head.set(database=f"{head.database}_copy")
    with connected(head.set(database="postgres")) as admin:
        admin.execute(text(f"CREATE DATABASE {copy.database} TEMPLATE {head.database}"))
    yield copy
    drop_database(head.set(database="postgres"), copy)


@pytest.mark.parametrize(
    ("heading", "head"),
    [(heading, server) for server in SERVERS for heading in SERVERS[server]],
    indirect=["head"],
)
def test_recipe_goes_up_and_down_while_its_code_writes(
    heading: str, url: URL, project: Project, alembic: Alembic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALLOW_DATA_LOSS", "1")
    before = picture_of(url)
    blocks = blocks_of(heading)
    steps = list(zip(blocks, releases(blocks), strict=True))
    with traffic_on(url) as traffic:
        for block, running in steps:
            if not block.is_revision:
                traffic.begin(block)
            traffic.let_run(*running)
            if block.is_revision:
                add_revision(project, block)
                assert alembic(url, "upgrade", "head", ini=str(project.ini)) == 0
                traffic.wait_for_writes()
        assert traffic.is_read_by(running[-1])
        assert found_by_lint(project) == set()
        traffic.is_going_back = True
        for block, running in reversed(steps):
            traffic.let_run(*running)
            if block.is_revision:
                is_refused = "raise CommandError" in block.code
                code = alembic(url, "downgrade", "-1", ini=str(project.ini))
                assert (code != 0) == is_refused
                if is_refused:
                    return
                traffic.wait_for_writes()
            elif block.what == "old code":
                assert traffic.is_read_by(block.what)
    assert picture_of(url) == before


def found_by_lint(project: Project) -> set[str]:
    """Return what the lint says to the revisions, apart from what the page leaves out of them."""
    findings = lint(project.versions, everything=True).findings
    return {each.rule.name for each in findings} - {"docstring", "head-file"}


def test_statements_lock_what_the_page_says(migrated: Engine) -> None:
    rows = LOCK_ROW.findall(PAGE.read_text(encoding="utf-8"))
    assert len(rows) > 10
    found = []
    for statement, _ in rows:
        with migrated.connect() as connection:
            connection.execute(text(statement))
            modes = connection.scalars(
                text(
                    "SELECT mode FROM pg_locks WHERE pid = pg_backend_pid()"
                    " AND relation = to_regclass('documents')"
                )
            ).all()
        strongest = max(modes, key=LOCKS.index)
        found.append((statement, strongest))
    assert found == [(s, f"{lock.title().replace(' ', '')}Lock") for s, lock in rows]


def test_operations_work_with_the_env_py_of_another_project(empty_url: URL, tmp_path: Path) -> None:
    block = re.compile(r"^```python\n# env\.py\n(.*?)^```$", re.MULTILINE | re.DOTALL)
    (env,) = block.findall((PAGE.parent / "online-operations.md").read_text(encoding="utf-8"))
    package = Path("app", "db", "migrations")
    shutil.copytree(BACKEND / package, tmp_path / package)
    versions = tmp_path / "alembic" / "versions"
    versions.mkdir(parents=True)
    (versions.parent / "env.py").write_text(env)
    (tmp_path / "alembic.ini").write_text(
        "[alembic]\nscript_location = alembic\nprepend_sys_path = .\n"
    )
    (versions / "a.py").write_text(
        'from alembic import op\nrevision = "a"\ndown_revision = None\n'
        'def upgrade():\n    op.execute("CREATE TABLE t (id bigint PRIMARY KEY, n integer)")\n'
        '    op.execute("INSERT INTO t SELECT generate_series(1, 2500)")\n'
    )
    (versions / "b.py").write_text(
        'from alembic import op\nrevision = "b"\ndown_revision = "a"\n'
        'def upgrade():\n    op.batched_backfill("t", {"n": "1"}, "n IS NULL")\n'
    )
    done = run("alembic", "upgrade", "head", cwd=tmp_path, env={"DATABASE_URL": as_text(empty_url)})
    assert done.returncode == 0, done.stderr
    with connected(empty_url) as connection:
        assert connection.scalar(text("SELECT sum(n) FROM t")) == 2500
        assert connection.scalar(text("SELECT version_num FROM alembic_version")) == "b"
