"""Sample the locks of a statement that cannot run in a transaction.

Such a statement releases its locks when it ends. Therefore the blocker, a second session, holds
ROW EXCLUSIVE on every table: a concurrent index build or drop waits for the blocker while it holds
its own locks. The sampler, a third session, reads these locks and then rolls the blocker back.
"""

import threading
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2
from psycopg2 import sql
from sqlalchemy import URL

from alembic_zero_downtime.embedded.sandbox import as_dsn
from alembic_zero_downtime.plan.snapshot import LOCKS

SAMPLE_SECONDS = 0.002
TABLES = """
    SELECT n.nspname, c.relname FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
     WHERE c.oid = ANY (%s::oid[]) AND c.relkind IN ('r', 'p')
"""


@dataclass(frozen=True)
class LockSampler:
    """The blocker and the sampler, which run no code of the target.

    Attributes:
        blocker: locks the tables.
        sampler: reads the locks.
    """

    blocker: Any
    sampler: Any

    def read_data_directory(self) -> Path:
        """Return the folder of the server's data files."""
        with self.sampler.cursor() as cursor:
            cursor.execute("SHOW data_directory")
            return Path(cursor.fetchone()[0])

    @contextmanager
    def sample(self, pid: int, tables: Collection[int]) -> Iterator[set[tuple[int, str]]]:
        """Yield a set of relation and mode, which fills with the locks of a session.

        A lock that the session waits for is included.

        Args:
            pid: of the session, which runs one statement in the block.
            tables: the tables that the blocker locks, by oid.
        """
        with self.blocker.cursor() as cursor:
            cursor.execute(TABLES, [list(tables)])
            names = [sql.Identifier(schema, name) for schema, name in cursor.fetchall()]
            if names:
                lock = sql.SQL("LOCK TABLE {} IN ROW EXCLUSIVE MODE")
                cursor.execute(lock.format(sql.SQL(", ").join(names)))
        locks: set[tuple[int, str]] = set()
        is_over = threading.Event()
        thread = threading.Thread(target=self._sample, args=(pid, locks, is_over), daemon=True)
        thread.start()
        try:
            yield locks
        finally:
            is_over.set()
            thread.join()

    def _sample(self, pid: int, locks: set[tuple[int, str]], is_over: threading.Event) -> None:
        is_blocking = True
        try:
            with self.sampler.cursor() as cursor:
                while not is_over.wait(SAMPLE_SECONDS):
                    cursor.execute(LOCKS, [pid])
                    locks.update(cursor.fetchall())
                    cursor.execute("SELECT pg_blocking_pids(%s) <> '{}'", [pid])
                    if is_blocking and cursor.fetchone()[0]:
                        cursor.execute(LOCKS, [pid])  # complete, as the statement waits
                        locks.update(cursor.fetchall())
                        self.blocker.rollback()
                        is_blocking = False
        finally:
            with suppress(psycopg2.Error):  # otherwise the statement waits forever
                self.blocker.rollback()


@contextmanager
def lock_sampler(admin: URL) -> Iterator[LockSampler]:
    """Open the two sessions as the superuser."""
    dsn = as_dsn(admin)
    with closing(psycopg2.connect(dsn)) as blocker, closing(psycopg2.connect(dsn)) as sampler:
        sampler.autocommit = True
        yield LockSampler(blocker, sampler)
