"""See which locks a statement takes that runs in no transaction, and gives them back at its end.

One session stands in the way: it has changed something in every table, as it were, and does not
commit. What builds or drops an index concurrently waits for it with its own locks held. Another
session looks, and then lets it go on.
"""

import threading
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import psycopg2
from psycopg2 import sql
from sqlalchemy import URL

from app.db.impact.catalog import LOCKS

LOOK_SECONDS = 0.002
TABLES = """
    SELECT n.nspname, c.relname FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
     WHERE c.oid = ANY (%s::oid[]) AND c.relkind IN ('r', 'p')
"""


@dataclass(frozen=True)
class Witness:
    """Two sessions beside the one that migrates."""

    obstacle: Any
    observer: Any

    @contextmanager
    def watch(self, pid: int, tables: Collection[int]) -> Iterator[set[tuple[int, str]]]:
        """Yield the relations and modes that a session locks or waits for, as they are seen.

        Args:
            pid: of the session, which runs one statement in the block.
            tables: by oid; in these somebody seems to be writing.
        """
        with self.obstacle.cursor() as cursor:
            cursor.execute(TABLES, [list(tables)])
            names = [sql.Identifier(schema, name) for schema, name in cursor.fetchall()]
            if names:
                lock = sql.SQL("LOCK TABLE {} IN ROW EXCLUSIVE MODE")
                cursor.execute(lock.format(sql.SQL(", ").join(names)))
        seen: set[tuple[int, str]] = set()
        is_over = threading.Event()
        thread = threading.Thread(target=self._look, args=(pid, seen, is_over), daemon=True)
        thread.start()
        try:
            yield seen
        finally:
            is_over.set()
            thread.join()

    def _look(self, pid: int, seen: set[tuple[int, str]], is_over: threading.Event) -> None:
        is_in_the_way = True
        try:
            with self.observer.cursor() as cursor:
                while not is_over.wait(LOOK_SECONDS):
                    cursor.execute(LOCKS, [pid])
                    seen.update(cursor.fetchall())
                    cursor.execute("SELECT pg_blocking_pids(%s) <> '{}'", [pid])
                    if is_in_the_way and cursor.fetchone()[0]:
                        cursor.execute(LOCKS, [pid])  # all that it holds while it waits
                        seen.update(cursor.fetchall())
                        self.obstacle.rollback()
                        is_in_the_way = False
        finally:
            with suppress(psycopg2.Error):  # else the statement would wait without end
                self.obstacle.rollback()


@contextmanager
def witnessing(server: URL) -> Iterator[Witness]:
    """Open the two sessions."""
    dsn = server.set(drivername="postgresql").render_as_string(hide_password=False)
    with closing(psycopg2.connect(dsn)) as obstacle, closing(psycopg2.connect(dsn)) as observer:
        observer.autocommit = True
        yield Witness(obstacle, observer)
