"""Write the file that a command was asked for: whole, or not at all."""

import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path


def write_file(path: Path, content: bytes) -> None:
    """Write a file under its name when all of it is on the disk; one that exists is replaced.

    A link stays, and the file that it leads to is replaced. A device or a pipe is written to.

    Raises:
        OSError: It cannot be written, and a file that exists is as before.
    """
    target = path.resolve()
    mode = _mode_of(target)
    if mode is not None and not stat.S_ISREG(mode):
        target.write_bytes(content)
        return
    written = target.with_name(f".{target.name[:200]}.{secrets.token_hex(4)}")
    try:
        descriptor = os.open(written, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        with open(descriptor, "wb") as file:  # noqa: PTH123 a path cannot be exclusive
            if mode is not None:
                os.chmod(descriptor, stat.S_IMODE(mode))  # noqa: PTH101
            file.write(content)
            file.flush()
            os.fsync(descriptor)
        written.replace(target)
    except BaseException as error:
        with suppress(OSError):
            written.unlink()
        if isinstance(error, OSError):
            raise OSError(error.errno, error.strerror, str(path)) from None
        raise


def _mode_of(path: Path) -> int | None:
    try:
        return path.stat().st_mode
    except FileNotFoundError:
        return None
