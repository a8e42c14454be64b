"""Copy a file that is to be stored, and verify its digest while it is copied."""

import hashlib
import os
import secrets
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, BinaryIO, Final

from app.storage.errors import SourceError

TEMPORARY: Final = ".tmp"
"""The folder of files that are being written; only files in it are ever swept."""
_CHUNK: Final = 1024 * 1024


@contextmanager
def open_source(path: Path) -> Iterator[BinaryIO]:
    """Open a regular file; a pipe in its place is not waited for."""
    try:
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:  # noqa: PTH123
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise SourceError("It is no regular file any more: save it again")
            yield file
    except OSError as error:
        raise SourceError(f"It cannot be read: {error.strerror or type(error).__name__}") from None


def copy(source: BinaryIO, target: IO[bytes], sha256: str) -> None:
    """Copy bytes, and verify their digest."""
    digest = hashlib.sha256()
    while chunk := _next_chunk(source):
        digest.update(chunk)
        target.write(chunk)
    if digest.hexdigest() != sha256:
        raise SourceError("It was changed while it was being read: add it again")


def _next_chunk(source: BinaryIO) -> bytes:
    try:
        return source.read(_CHUNK)
    except OSError as error:
        raise SourceError(f"It cannot be read: {error.strerror or type(error).__name__}") from None


def temporary_name(sha256: str) -> str:
    """Return a new name, which says when it was begun."""
    return f"{int(time.time())}-{sha256[:16]}-{secrets.token_hex(8)}"
