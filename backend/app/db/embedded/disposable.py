"""Run a PostgreSQL server that lives as long as one question: empty, in memory, gone afterwards."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL

from app.db.embedded.server import EmbeddedServer

# Nothing in it is worth a write to the disk.
FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum=off")
MEMORY = Path("/dev/shm")  # noqa: S108 mkdtemp makes a private folder in it
ROOM = 1_000_000_000  # bytes


@contextmanager
def disposable_server() -> Iterator[URL]:
    """Start a new server; yields the address of its database `postgres`.

    Raises:
        EmbeddedServerError: It does not start.
    """
    directory = tempfile.mkdtemp(prefix="fde-disposable-", dir=fast_folder())
    server = EmbeddedServer(Path(directory) / "server", FAST)
    try:
        yield URL.create(
            "postgresql+psycopg2",
            username="postgres",
            database="postgres",
            query={"host": str(server.ensure_running())},
        )
    finally:
        server.stop()
        shutil.rmtree(directory, ignore_errors=True)


def fast_folder() -> str | None:
    """Return a folder in memory, where there is room; nothing for the usual temporary one."""
    is_roomy = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM
    return str(MEMORY) if is_roomy and os.access(MEMORY, os.W_OK) else None
