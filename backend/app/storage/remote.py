"""Stored files in a file system that fsspec knows."""

import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, BinaryIO, Final, cast

from app.storage.copying import TEMPORARY, copy, temporary_name

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

ABANDONED: Final = 24 * 3600
"""Seconds after which a temporary file on a server, where nothing can be locked, is swept."""


class Remote:
    """A file system that fsspec knows: what it calls a move is its rename."""

    def __init__(self, system: "AbstractFileSystem", root: str) -> None:
        self._system = system
        self._root = root.rstrip("/")

    def has(self, stored: str, size: int, sha256: str) -> bool:  # noqa: ARG002 it would be fetched
        """Whether a file of this size is there."""
        self._system.invalidate_cache()
        try:
            return bool(self._system.size(self._at(stored)) == size)
        except FileNotFoundError:
            return False

    def write(self, stored: str, source: BinaryIO, sha256: str) -> None:
        """Copy the file under a temporary name, verify and move it."""
        temporary = self._at(f"{TEMPORARY}/{temporary_name(sha256)}")
        for each in (temporary, self._at(stored)):
            self._system.makedirs(each.rpartition("/")[0], exist_ok=True)
        try:
            with self._system.open(temporary, "wb") as file:
                copy(source, file, sha256)
            self._system.mv(temporary, self._at(stored))
        except BaseException:
            with suppress(Exception):
                self._system.rm_file(temporary)
            raise

    def open(self, stored: str, block: int | None = None) -> BinaryIO:
        """Open a stored file for reading."""
        return cast("BinaryIO", self._system.open(self._at(stored), "rb", block_size=block))

    def delete(self, stored: str) -> None:
        """Delete a stored file."""
        self._system.rm_file(self._at(stored))

    def exists(self, stored: str) -> bool:
        """Whether a file is stored."""
        self._system.invalidate_cache()
        return bool(self._system.exists(self._at(stored)))

    def list(self) -> Iterator[str]:
        """Yield the paths of all files."""
        self._system.invalidate_cache()
        with suppress(FileNotFoundError):
            for each in self._system.find(self._root):
                yield each.removeprefix(self._root).lstrip("/")

    def sweep(self, *, is_trial: bool = False) -> int:
        """Delete, or count, the temporary files of processes that are gone."""
        swept = 0
        for each in [each for each in self.list() if each.startswith(f"{TEMPORARY}/")]:
            begun = each.removeprefix(f"{TEMPORARY}/").partition("-")[0]
            if begun.isdigit() and time.time() - int(begun) > ABANDONED:
                with suppress(FileNotFoundError):
                    if not is_trial:
                        self._system.rm_file(self._at(each))
                    swept += 1
        return swept

    def try_writing(self) -> None:
        """Write a temporary file and delete it."""
        path = self._at(f"{TEMPORARY}/{temporary_name('0' * 64)}")
        self._system.makedirs(path.rpartition("/")[0], exist_ok=True)
        with self._system.open(path, "wb") as file:
            file.write(b"0")
        self._system.rm_file(path)

    def readable_by_others(self) -> Sequence[str]:
        """Return nothing: it is not known."""
        return []

    def _at(self, stored: str) -> str:
        return f"{self._root}/{stored}"
