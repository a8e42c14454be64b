"""Where test servers live, and how they are made fast at the price of their data."""

import os
import shutil
from pathlib import Path

FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum=off")
ROOM = 1_000_000_000  # bytes


def fast_folder() -> str | None:
    """Return a folder in memory, where there is room: copying a database then takes 20 ms."""
    memory = Path("/dev/shm")  # noqa: S108 mkdtemp makes a private folder in it
    is_roomy = memory.is_dir() and shutil.disk_usage(memory).free > ROOM
    return str(memory) if is_roomy and os.access(memory, os.W_OK) else None
