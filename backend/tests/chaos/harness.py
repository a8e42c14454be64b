"""What the scenarios share: servers, databases on them, and `alembic` in processes to kill."""

import multiprocessing
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Self
from uuid import uuid4

from alembic.config import main as alembic_main
from sqlalchemy import URL, Connection, create_engine, text
from sqlalchemy.pool import NullPool

from app.db.embedded.server import EmbeddedServer
from tests.shell import CLEAN_ENVIRONMENT, as_text

PREFIX = "fde-chaos-"
LIMIT = 120.0  # seconds: a command that takes longer hangs
LOOK_SECONDS = 0.001  # from one look at what a command says to the next
# All that a command imports: it then starts in milliseconds, and a kill hits its work.
PRELOADED = [
    *("app.db.models", "app.db.migrations.runner", "app.db.url", "logging.config"),
    *("sqlalchemy.dialects.postgresql.psycopg2", "psycopg2.extras", "tests.chaos.harness"),
]


class BrokenUpgradeError(Exception):
    """The upgrade fails when nothing disturbs it; the message says how."""


def address_of(server: EmbeddedServer) -> URL:
    """Start the server unless it runs; return the address of its administrative database."""
    return URL.create(
        "postgresql+psycopg2",
        username="postgres",
        database="postgres",
        query={"host": str(server.ensure_running())},
    )


@contextmanager
def connected(url: URL) -> Iterator[Connection]:
    """Connect; each statement is a transaction of its own."""
    engine = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield connection


def create_database(admin_url: URL) -> URL:
    """Make an empty database and return its address."""
    name = f"fde_chaos_{uuid4().hex[:12]}"
    with connected(admin_url) as admin:
        admin.execute(text(f"CREATE DATABASE {name} TEMPLATE template0 STRATEGY FILE_COPY"))
    return admin_url.set(database=name)


def drop_database(admin_url: URL, url: URL) -> None:
    """Drop the database of `url`, whoever is connected to it."""
    with connected(admin_url) as admin:
        admin.execute(text(f"DROP DATABASE {url.database} WITH (FORCE)"))


@contextmanager
def new_database(admin_url: URL) -> Iterator[URL]:
    """Make an empty database, until the block ends."""
    url = create_database(admin_url)
    try:
        yield url
    finally:
        drop_database(admin_url, url)


@dataclass(frozen=True)
class Ended:
    """How a command ended: its exit code, negative for a signal, and all that it said."""

    code: int
    output: str


class Command:
    """An `alembic` command line in a process of its own, which does not outlive the block.

    It begins at the moment `start` of the monotonic clock, by default at once; `env` adds to a
    clean environment.
    """

    def __init__(
        self,
        ini_file: Path,
        url: URL,
        *arguments: str,
        start: float = 0.0,
        env: Mapping[str, str] | None = None,
    ) -> None:
        self._log = ini_file.parent / f"{uuid4().hex}.log"
        environment = {**CLEAN_ENVIRONMENT, "DATABASE_URL": as_text(url), **(env or {})}
        self._log.touch()  # it may be killed before it writes
        self._process = _forking().Process(
            target=_run_alembic,
            args=(["-c", str(ini_file), *arguments], environment, self._log, start),
            daemon=True,
        )
        self._process.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        self._process.close()
        self._log.unlink(missing_ok=True)

    def ends_within(self, seconds: float) -> bool:
        """Wait up to `seconds` and tell whether it has ended."""
        self._process.join(seconds)
        return self._process.exitcode is not None

    def has_said(self, words: str) -> bool:
        """Wait until it has said `words`; return False if it ends without."""
        deadline = time.monotonic() + LIMIT
        while words not in self._log.read_text(encoding="utf-8"):
            if self.ends_within(LOOK_SECONDS) or time.monotonic() > deadline:
                return False
        return True

    def kill(self) -> None:
        """End it at once, as the kernel would."""
        self._process.kill()
        self._process.join()

    def wait(self) -> Ended:
        """Return how it ended; one that hangs is killed."""
        if not self.ends_within(LIMIT):
            self.kill()
        code = self._process.exitcode
        return Ended(code if code is not None else 1, self._log.read_text(encoding="utf-8"))


def alembic(
    ini_file: Path, url: URL, *arguments: str, env: Mapping[str, str] | None = None
) -> Ended:
    """Run `alembic` to its end."""
    with Command(ini_file, url, *arguments, env=env) as command:
        return command.wait()


def upgrade_undisturbed(ini_file: Path, url: URL, revision: str = "head") -> None:
    """Upgrade to `revision`.

    Raises:
        BrokenUpgradeError: It fails.
    """
    done = alembic(ini_file, url, "upgrade", revision)
    if done.code != 0:
        raise BrokenUpgradeError(f"alembic upgrade {revision} fails undisturbed:\n{done.output}")


def _forking() -> ForkServerContext:
    """Return where processes come from: one that has imported everything and has no threads."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    return context


def _run_alembic(
    arguments: list[str], environment: Mapping[str, str], log: Path, start: float
) -> None:
    with log.open("w", encoding="utf-8") as output:
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
    os.environ.clear()
    os.environ.update(environment)
    time.sleep(max(0.0, start - time.monotonic()))
    alembic_main(argv=arguments, prog="alembic")
