"""The files of documents, kept by content hash below STORAGE_URL: in a folder, or by an fsspec URL.

A file is written under a temporary name in `.tmp`, verified while it is copied, and renamed: under
its own name there is never a part of it. A process that is killed may leave a temporary file, which
the next sweep removes.
"""

import os
import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Final, Protocol

from app import BACKEND
from app.storage.copying import copy, open_source
from app.storage.errors import SourceError, StorageError
from app.storage.folder import Folder
from app.storage.remote import Remote
from app.storage.stored_file import StoredFile

__all__ = [
    "DEFAULT",
    "SourceError",
    "Storage",
    "StorageError",
    "StoredFile",
    "open_storage",
    "path_of",
]

DEFAULT: Final = BACKEND / ".storage"
_STORED: Final = re.compile(r"([0-9a-f]{2})/\1[0-9a-f]{62}")
_BLOCK: Final = 1024 * 1024  # each open file of a server keeps some in memory
_USER: Final = re.compile(r"(?<=//)[^/@]*@")


def open_storage() -> "Storage":
    """Return the storage of the settings, by default the folder `.storage` of the backend.

    Raises:
        SettingsError: The settings are invalid.
        StorageError: STORAGE_URL is of no known kind.
    """
    from config import load_settings  # noqa: PLC0415 importing pydantic is slow

    url = load_settings().storage_url
    return Storage(url.get_secret_value() if url else str(DEFAULT))


def path_of(sha256: str) -> str:
    """Return the path of a file below the URL.

    Args:
        sha256: Its digest, in hex.
    """
    return f"{sha256[:2]}/{sha256}"


class Files(Protocol):
    """What a kind of storage does; paths are relative to its root."""

    def has(self, stored: str, size: int, sha256: str) -> bool:
        """Whether the file is there, and as far as can be told undamaged."""

    def write(self, stored: str, source: BinaryIO, sha256: str) -> None:
        """Copy the file under a temporary name, verify and rename it."""

    def open(self, stored: str, block: int | None = None) -> BinaryIO:
        """Open a stored file for reading.

        Args:
            stored: Its path.
            block: Bytes that are fetched from a server at a time, if it is on one.
        """

    def delete(self, stored: str) -> None:
        """Delete a stored file."""

    def exists(self, stored: str) -> bool:
        """Whether a file is stored."""

    def list(self) -> Iterator[str]:
        """Yield the paths of all files."""

    def sweep(self, *, is_trial: bool = False) -> int:
        """Delete, or count, the temporary files of processes that are gone."""

    def try_writing(self) -> None:
        """Write a temporary file and delete it."""

    def readable_by_others(self) -> Sequence[str]:
        """Return the paths that other users may read; "" is the whole folder."""


class Storage:
    """Files by content hash.

    Args:
        url: A folder, relative to the backend, or a URL that fsspec knows.

    Attributes:
        name: The URL for people, without user and password.
    """

    def __init__(self, url: str) -> None:
        is_folder = "://" not in url and "::" not in url
        self.name = str(BACKEND / Path(url).expanduser()) if is_folder else _shown(url)
        self._secret = url
        self._files: Files
        if is_folder:
            self._files = Folder(BACKEND / Path(url).expanduser())
            return
        with self._in_one_line():
            from fsspec.core import url_to_fs  # noqa: PLC0415 a folder does not need it
            from fsspec.implementations.local import LocalFileSystem  # noqa: PLC0415

            system, root = url_to_fs(url)
            is_local = isinstance(system, LocalFileSystem)
            self._files = Folder(Path(root)) if is_local else Remote(system, root)

    def put(self, path_of_file: Path, sha256: str) -> str:
        """Store a file, unless it is stored already; return its path below the URL.

        Args:
            path_of_file: Where the file is.
            sha256: Its digest, in hex.

        Raises:
            SourceError: It cannot be read, or has another digest: it was changed meanwhile.
            StorageError: It cannot be stored.
        """
        stored = path_of(sha256)
        with open_source(path_of_file) as source, self._in_one_line():
            if not self._files.has(stored, os.fstat(source.fileno()).st_size, sha256):
                self._files.write(stored, source, sha256)
        return stored

    def open(self, stored: str) -> BinaryIO:
        """Open a stored file for reading.

        Raises:
            StorageError: It is not there, or cannot be read.
        """
        with self._in_one_line():
            return self._files.open(_checked(stored))

    def open_pieces(self, stored: str) -> StoredFile:
        """Open a stored file that is read in pieces, so that it need not be in memory.

        Raises:
            StorageError: It is not there, or cannot be read.
        """
        with self._in_one_line():
            file = self._files.open(_checked(stored), _BLOCK)
            try:
                return StoredFile(file, self._in_one_line)
            except BaseException:
                file.close()
                raise

    @contextmanager
    def local_copy(self, stored: str) -> Iterator[Path]:
        """Give a stored file a path on this machine, which must not be written to.

        Raises:
            StorageError: It is not there, or cannot be read.
        """
        if isinstance(self._files, Folder):
            self.open(stored).close()
            yield self._files.root / stored
            return
        with tempfile.NamedTemporaryFile(prefix="fde-") as local:
            with self.open(stored) as source, self._in_one_line():
                copy(source, local, PurePosixPath(stored).name)
                local.flush()
            yield Path(local.name)

    def delete(self, stored: str) -> None:
        """Delete a stored file, if it is there."""
        with self._in_one_line(), suppress(FileNotFoundError):
            self._files.delete(_checked(stored))

    def exists(self, stored: str) -> bool:
        """Whether a file is stored."""
        with self._in_one_line():
            return self._files.exists(_checked(stored))

    def list(self) -> Iterator[str]:
        """Yield the paths of all stored files, in order; other files are not listed."""
        with self._in_one_line():
            yield from sorted(each for each in self._files.list() if _STORED.fullmatch(each))

    def sweep(self) -> int:
        """Delete the temporary files of processes that are gone; return how many there were."""
        with self._in_one_line():
            return self._files.sweep()

    def abandoned(self) -> int:
        """Return how many temporary files the next sweep deletes."""
        with self._in_one_line():
            return self._files.sweep(is_trial=True)

    def try_writing(self) -> None:
        """Write a temporary file and delete it.

        Raises:
            StorageError: No file can be stored.
        """
        with self._in_one_line():
            self._files.try_writing()

    def readable_by_others(self) -> Sequence[str]:
        """Return the paths that other users of this machine may read; "" is the whole folder.

        Of files on a server nothing is known: the sequence is empty.
        """
        with self._in_one_line():
            return self._files.readable_by_others()

    @contextmanager
    def _in_one_line(self) -> Iterator[None]:
        """Turn a failure of the file system, or of its driver, into a StorageError."""
        try:
            yield
        except (StorageError, SourceError):
            raise
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise StorageError(f"cannot use the storage of files {self.name}: {reason}") from None
        except Exception as error:  # noqa: BLE001 a driver raises its own
            lines = str(error).replace(self._secret, self.name).splitlines()
            reason = _USER.sub("***@", " ".join(lines)[:200]) or type(error).__name__
            raise StorageError(f"cannot use the storage of files {self.name}: {reason}") from None


def _checked(stored: str) -> str:
    """Return a path that this module made; no other leads out of the storage."""
    if not _STORED.fullmatch(stored):
        raise StorageError(f"{stored[:80]!r} is no path of a stored file")
    return stored


def _shown(url: str) -> str:
    """Return a URL without user, password and parameters."""
    return _USER.sub("", url).partition("?")[0]
