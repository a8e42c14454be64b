"""A stored file that is read piece by piece."""

import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import BinaryIO

from app.storage.errors import StorageError


class StoredFile:
    """An open file; several threads may use it one after the other.

    Attributes:
        size: In bytes.
    """

    def __init__(
        self, file: BinaryIO, in_one_line: Callable[[], AbstractContextManager[None]]
    ) -> None:
        self._file = file
        self._in_one_line = in_one_line
        self.size = file.seek(0, os.SEEK_END)

    def read(self, start: int, length: int) -> bytes:
        """Return bytes from a position on.

        Raises:
            StorageError: They cannot be read, or the file is shorter than it was.
        """
        with self._in_one_line():
            if self._file.tell() != start:
                self._file.seek(start)
            data = self._file.read(length)
            if len(data) < length:
                raise StorageError("a stored file is shorter than it was when it was opened")
            return data

    def close(self) -> None:
        """Close it."""
        self._file.close()
