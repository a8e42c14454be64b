"""Sample the locks of a statement that cannot run in a transaction.

Such a statement releases its locks when it ends. Therefore the blocker, a second session, holds
ROW EXCLUSIVE on every table: a concurrent index build or drop waits for the blocker while it holds
its own locks. The sampler, a third session, reads these locks and then rolls the blocker back.
"""

import re
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
from alembic_zero_downtime.plan.statement_kinds import maintenance_of

SAMPLE_SECONDS = 0.002
# With the names of their indexes.
TABLES = """
    SELECT c.oid, n.nspname::text, c.relname::text,
           ARRAY (SELECT indexrelid::regclass::text FROM pg_index WHERE indrelid = c.oid)
      FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
     WHERE c.oid = ANY (%s::oid[]) AND c.relkind IN ('r', 'p')
"""
MAINTENANCE_LOCK = "ShareUpdateExclusiveLock"
WORD = re.compile(r"[\w$]+")


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

    def read_locks(self, pid: int) -> set[tuple[int, str]]:
        """Return the relation and mode of each lock of a session, also of one in an error."""
        with self.sampler.cursor() as cursor:
            cursor.execute(LOCKS, [pid])
            return {(relation, mode) for relation, mode, _ in cursor if relation is not None}

    @contextmanager
    def sample(
        self, pid: int, statement: str, tables: Collection[int]
    ) -> Iterator[set[tuple[int, str]]]:
        """Yield a set of relation and mode, which fills with the locks of a session.

        A lock that the session waits for is included.

        Args:
            pid: of the session, which runs one statement in the block.
            statement: the statement. The blocker locks the tables that it names, by their own
                names or by that of an index; if there are none, all.
            tables: the tables that it may lock, by oid.
        """
        with self.blocker.cursor() as cursor:
            named = _find_named(cursor, statement, tables)
            names = [sql.Identifier(schema, name) for _, schema, name, _ in named]
            if names:
                lock = sql.SQL("LOCK TABLE {} IN ROW EXCLUSIVE MODE")
                cursor.execute(lock.format(sql.SQL(", ").join(names)))
        is_brief = maintenance_of(statement)  # VACUUM and ANALYZE do not wait for the blocker
        locks = {(oid, MAINTENANCE_LOCK) for oid, *_ in named} if is_brief else set()
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
                    locks.update(self.read_locks(pid))
                    cursor.execute("SELECT pg_blocking_pids(%s) <> '{}'", [pid])
                    if is_blocking and cursor.fetchone()[0]:
                        locks.update(self.read_locks(pid))  # complete, as the statement waits
                        self.blocker.rollback()
                        is_blocking = False
        finally:
            with suppress(psycopg2.Error):  # otherwise the statement waits forever
                self.blocker.rollback()


def _find_named(cursor: Any, statement: str, tables: Collection[int]) -> list[Any]:
    """Return the tables that a statement names, or all if it names none."""
    words = set(WORD.findall(statement.lower()))
    cursor.execute(TABLES, [list(tables)])
    found = cursor.fetchall()
    return [each for each in found if words & _words_of(each[2], *each[3])] or found


def _words_of(*names: str) -> set[str]:
    return {word for name in names for word in WORD.findall(name.lower())}


@contextmanager
def lock_sampler(admin: URL) -> Iterator[LockSampler]:
    """Open the two sessions as the superuser."""
    dsn = as_dsn(admin)
    with closing(psycopg2.connect(dsn)) as blocker, closing(psycopg2.connect(dsn)) as sampler:
        sampler.autocommit = True
        yield LockSampler(blocker, sampler)
