"""Run a disposable PostgreSQL server: empty, in memory, deleted after use."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL

from alembic_zero_downtime.embedded.server import EmbeddedServer

# Its data needs no durability (PostgreSQL manual, "Non-Durable Settings").
FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum=off")
MEMORY = Path("/dev/shm")  # noqa: S108 mkdtemp creates a private folder in it
MIN_FREE_SPACE = 1_000_000_000  # bytes


@contextmanager
def disposable_server() -> Iterator[URL]:
    """Start a new server; yield the address of its database `postgres`.

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
    """Return a folder in memory if it has enough space; None for the default temporary folder."""
    has_space = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > MIN_FREE_SPACE
    return str(MEMORY) if has_space and os.access(MEMORY, os.W_OK) else None
