"""Private folders for files that are being received, each with one file in it.

A process holds a lock (flock) on each of its folders, which the kernel releases when the process
ends, however it ends: a folder without a lock is abandoned, and the next process deletes it.
"""

import fcntl
import os
import secrets
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from app.services.errors import UnavailableError

_FLAGS: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
_FILE: Final = "file"


def inbox() -> Path:
    """Return the folder of this user's uploads, which may not exist yet."""
    return Path(tempfile.gettempdir()) / f"fde-uploads-{os.geteuid()}"


@contextmanager
def new_place(root: Path | None = None) -> Iterator[Path]:
    """Give the path for one file in a new folder, which is deleted in the end.

    Nothing else is in the folder: a report can name files beside it, and must not find those of
    others.

    Args:
        root: Where the folder is made; by default in the system's folder of temporary files.

    Raises:
        UnavailableError: The folder of uploads belongs to another user, or cannot be written.
    """
    folder, descriptor = _make(root or inbox())
    try:
        yield folder / _FILE
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(descriptor)


def sweep(root: Path | None = None) -> int:
    """Delete the folders of processes that are gone; return how many there were."""
    swept = 0
    try:
        folders = [Path(each) for each in os.scandir(root or inbox())]
    except OSError:
        return 0
    for folder in folders:
        try:
            descriptor = os.open(folder, _FLAGS)
        except OSError:  # gone meanwhile, or not ours
            continue
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
            swept += 1
        except OSError:  # its process lives
            continue
        finally:
            os.close(descriptor)
    return swept


def _make(root: Path) -> tuple[Path, int]:
    """Return a new folder that is locked, with its descriptor."""
    try:
        root.mkdir(mode=0o700, exist_ok=True)
        _check(root)
        while True:
            folder = root / secrets.token_hex(8)
            folder.mkdir(mode=0o700)
            with suppress(FileNotFoundError):  # swept before it was locked
                descriptor = os.open(folder, _FLAGS)
                with suppress(OSError):  # a file system without locks: nothing is swept there
                    fcntl.flock(descriptor, fcntl.LOCK_EX)
                if folder.exists():
                    return folder, descriptor
                os.close(descriptor)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise UnavailableError("no_space", f"no upload can be received: {reason}") from None


def _check(root: Path) -> None:
    """Refuse a folder that another user has made, or can look into.

    Raises:
        UnavailableError: It is such a folder.
    """
    status = root.lstat()
    is_ours = stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid()
    if not is_ours or status.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise UnavailableError("no_space", "no upload can be received: its folder is not private")
