"""Stored files in a folder of this machine."""

import fcntl
import hashlib
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

from app.storage.copying import TEMPORARY, copy, temporary_name


class Folder:
    """A folder of this machine, which only its owner can read.

    A process holds a lock (flock) on the file that it writes, which the kernel releases when the
    process ends, however it ends: a temporary file without a lock is abandoned.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def has(self, stored: str, size: int, sha256: str) -> bool:
        """Whether the file is there and undamaged."""
        path = self.root / stored
        if not path.is_file() or path.stat().st_size != size:
            return False
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == sha256

    def write(self, stored: str, source: BinaryIO, sha256: str) -> None:
        """Copy the file under a temporary name, verify and rename it."""
        target = self.root / stored
        for folder in (self.root / TEMPORARY, target.parent):
            _make_private(folder)
        path, descriptor = self._locked_file(sha256)
        try:
            with os.fdopen(descriptor, "wb") as file:
                copy(source, file, sha256)
                file.flush()
                os.fsync(file.fileno())
                path.replace(target)
            _sync(target.parent)
        finally:
            path.unlink(missing_ok=True)

    def _locked_file(self, sha256: str) -> tuple[Path, int]:
        """Return a new temporary file that is locked, with its descriptor."""
        while True:
            path = self.root / TEMPORARY / temporary_name(sha256)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with suppress(OSError):  # a file system without locks: nothing is swept there either
                fcntl.flock(descriptor, fcntl.LOCK_EX)
            if _is_same(path, descriptor):
                return path, descriptor
            os.close(descriptor)  # swept before it was locked

    def open(self, stored: str, block: int | None = None) -> BinaryIO:  # noqa: ARG002 on a server
        """Open a stored file for reading."""
        return (self.root / stored).open("rb")

    def delete(self, stored: str) -> None:
        """Delete a stored file."""
        path = self.root / stored
        path.unlink()
        _sync(path.parent)

    def exists(self, stored: str) -> bool:
        """Whether a file is stored."""
        return (self.root / stored).is_file()

    def list(self) -> Iterator[str]:
        """Yield the paths of all files."""
        with suppress(FileNotFoundError):
            for folder in os.scandir(self.root):
                if folder.name != TEMPORARY and folder.is_dir(follow_symlinks=False):
                    yield from (f"{folder.name}/{each.name}" for each in os.scandir(folder))

    def sweep(self, *, is_trial: bool = False) -> int:
        """Delete, or count, the temporary files of processes that are gone."""
        swept = 0
        try:
            paths = [Path(each) for each in os.scandir(self.root / TEMPORARY)]
        except FileNotFoundError:
            return 0
        for path in paths:
            try:
                descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
            except OSError:  # gone meanwhile, or not ours
                continue
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if _is_same(path, descriptor):
                    if not is_trial:
                        path.unlink()
                    swept += 1
            except OSError:  # its process lives
                continue
            finally:
                os.close(descriptor)
        return swept

    def try_writing(self) -> None:
        """Write a temporary file and delete it."""
        _make_private(self.root / TEMPORARY)
        path, descriptor = self._locked_file("0" * 64)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(b"0")
                file.flush()
                os.fsync(file.fileno())
        finally:
            path.unlink(missing_ok=True)

    def readable_by_others(self) -> Sequence[str]:
        """Return the paths that other users may read; "" is the whole folder."""
        if not self.root.exists():
            return []
        if not self.root.stat().st_mode & (stat.S_IXGRP | stat.S_IXOTH):
            return []  # no other user reaches what is below
        paths = (self.root / each for each in self.list())
        return ["", *(str(each.relative_to(self.root)) for each in paths if _is_open(each))]


def _make_private(folder: Path) -> None:
    """Make a folder, and those above it, for its owner only."""
    for each in (*reversed(folder.parents), folder):
        if not each.exists():
            each.mkdir(mode=0o700, exist_ok=True)
            _sync(each.parent)


def _sync(folder: Path) -> None:
    """Let the names of a folder outlive a crash of the machine."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # not every file system can
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _is_open(path: Path) -> bool:
    """Whether other users may read a file, or list a folder."""
    return bool(path.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH))


def _is_same(path: Path, descriptor: int) -> bool:
    """Whether a path is that of the open file."""
    try:
        there: Any = path.stat(follow_symlinks=False)
    except FileNotFoundError:
        return False
    return os.path.samestat(there, os.fstat(descriptor))
