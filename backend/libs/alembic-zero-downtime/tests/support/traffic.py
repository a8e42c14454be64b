"""Releases that read and write in threads while a test migrates, as in a deployment."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError

from alembic_zero_downtime.errors import sqlstate
from support.recipes import Block
from support.releases import Release, Rows

OLD_ROWS = 1_200  # more than a backfill's first batch
PACE = 0.03  # seconds between two rows of one release
WRITES = 3  # of each running release, before and after each step
DEADLOCK = "40P01"


class Traffic:
    """The threads of the running releases.

    Attributes:
        rows: the rows that they have written.
        is_downgrading: whether revisions are being reverted.
    """

    def __init__(self, url: URL) -> None:
        self.rows = Rows(url)
        self.is_downgrading = False
        self._releases: dict[str, Release] = {}
        self._threads: dict[str, threading.Thread] = {}
        self._counts: dict[str, int] = {}
        self._turn = threading.Lock()  # so that it is known which value was written last
        self._failures: list[Exception] = []

    def add(self, block: Block) -> None:
        """Add a release; the first one also inserts the existing rows."""
        release = self._releases[block.role] = Release(block, self.rows)
        if not self.rows.values:
            release.insert_many(OLD_ROWS)

    def run_only(self, *names: str) -> None:
        """Stop all other releases, start these, and wait until each has written."""
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
        """Wait until each running release has written some more rows."""
        wanted = {name: self._counts[name] + WRITES for name in self._threads}
        while any(self._counts[name] < count for name, count in wanted.items()):
            assert not self._failures, self._failures[0]
            time.sleep(0.002)

    def reads_all(self, name: str) -> bool:
        """Whether a release reads all values as they were written; no release writes meanwhile."""
        with self._turn:
            return self._releases[name].reads_all()

    @contextmanager
    def _deadlocks_tolerated(self) -> Iterator[None]:
        """Let the dry run of a downgrade abort a write: it holds all of its locks at once."""
        try:
            yield
        except DBAPIError as error:
            if not self.is_downgrading or sqlstate(error) != DEADLOCK:
                raise

    def _run(self, name: str) -> None:
        try:
            with self.rows.engine.connect() as connection:
                while threading.current_thread() is self._threads.get(name):
                    with self._turn, self._deadlocks_tolerated():
                        self._releases[name].work(connection, self._counts[name])
                    self._counts[name] += 1
                    time.sleep(PACE)
        except Exception as error:  # noqa: BLE001 the main thread raises it
            self._failures.append(error)


@contextmanager
def traffic_on(url: URL) -> Iterator[Traffic]:
    """Yield the traffic on a database; its releases stop when the block ends."""
    traffic = Traffic(url)
    try:
        yield traffic
    finally:
        traffic.run_only()
