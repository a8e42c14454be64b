"""Files of a zip or a folder, read within limits; `read_package` finds the report among them."""

import io
import os
import re
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final, Self

from app.pipeline.errors import ReadError
from app.pipeline.read.reports import read_report
from app.pipeline.statement import Filing

MAX_MEMBERS: Final = 5_000
MAX_MEMBER_BYTES: Final = 256 * 1024 * 1024
MAX_TOTAL_BYTES: Final = 512 * 1024 * 1024
MAX_RATIO: Final = 200
"""Unpacked by packed bytes: XHTML reaches 50, and a zip bomb 1000."""
_RATIO_APPLIES_FROM: Final = 16 * 1024 * 1024
_MAX_DIRECTORY_BYTES: Final = 4 * 1024 * 1024
_NESTED: Final = re.compile(r"\.(?:zip|xbr|xbri)$", re.IGNORECASE)
_IGNORED: Final = re.compile(r"(?:^|/)(?:\.[^/]+|__MACOSX)(?:/|$)")
_NAME_SHOWN: Final = 80
_AGAIN: Final = "get the package again from its source"

Reader = Callable[[str], bytes]


@dataclass(frozen=True, slots=True)
class Package:
    """The files of a zip or a folder.

    Attributes:
        names: Relative, with slashes, sorted; those of a zip within the zip are
            `inner.zip/name`.
    """

    names: tuple[str, ...]
    reader: Reader

    @classmethod
    def from_zip(cls, path: Path) -> Self:
        """Return the files of a zip, and of the zips in it.

        Raises:
            ReadError: It is no zip, encrypted, exceeds a limit, or a name leads out of it.
        """
        if path.stat().st_size > MAX_TOTAL_BYTES:
            raise _too_large(path.stat().st_size)
        files: dict[str, Reader] = {}
        total = _add_members(files, partial(path.open, "rb"), "", 0)
        for name in [name for name in files if _NESTED.search(name)]:
            packed = files.pop(name)(name)
            total = _add_members(files, partial(io.BytesIO, packed), f"{name}/", total)
        return cls(tuple(sorted(files)), lambda name: files[name](name))

    @classmethod
    def from_folder(cls, path: Path) -> Self:
        """Return the files below a folder, but for hidden ones.

        Raises:
            ReadError: It has too many files, one that is too large, or one that is no file.
        """
        files: dict[str, Path] = {}
        total = 0
        for each in _walk(path):
            name = each.relative_to(path).as_posix()
            total += _regular_size(each, name, path)
            files[name] = each
            _check_count(len(files))
            if total > MAX_TOTAL_BYTES:
                raise _too_large(total)
        return cls(tuple(sorted(files)), lambda name: files[name].read_bytes())

    @classmethod
    def of(cls, files: Mapping[str, bytes]) -> Self:
        """Return a package of files that are in memory."""
        return cls(tuple(sorted(files)), lambda name: files[name])

    def read(self, name: str) -> bytes:
        """Return the bytes of a file.

        Raises:
            ReadError: It is damaged.
        """
        return self.reader(name)


def read_package(package: Package) -> Filing:
    """Return the statements of the report in a package; nothing is proved yet.

    Raises:
        ReadError: It holds no report, or one that cannot be read.
    """
    return read_report(package)


def _walk(folder: Path) -> Iterable[Path]:
    """Yield the files below a folder in order; folders that are links are not entered."""
    for directory, folders, names in os.walk(folder):
        folders[:] = sorted(each for each in folders if not _IGNORED.search(each))
        yield from (Path(directory, each) for each in sorted(names) if not _IGNORED.search(each))


def _regular_size(path: Path, name: str, folder: Path) -> int:
    """Return the size of a regular file that is really below the folder."""
    try:
        status = path.stat()
        inside = path.resolve().is_relative_to(folder.resolve())
    except OSError:
        raise ReadError(
            "unreadable_file", f"{_shown(name)} cannot be read: restore it or take it out"
        ) from None
    if not inside:
        raise ReadError(
            "link_outside", f"{_shown(name)} is a link out of the folder: put the file itself there"
        )
    if not stat.S_ISREG(status.st_mode):
        raise ReadError("special_file", f"{_shown(name)} is no regular file: take it out")
    if status.st_size > MAX_MEMBER_BYTES:
        raise _too_large(status.st_size, name)
    return status.st_size


def _add_members(
    files: dict[str, Reader], source: Callable[[], io.IOBase], prefix: str, total: int
) -> int:
    """Add a reader for each file of a zip; return the bytes of all files so far."""
    with source() as opened, _opened(opened) as archive:
        members = archive.infolist()
    for member in members:
        name = _checked_name(member.filename)
        if member.is_dir() or _IGNORED.search(name):
            continue
        total += _checked_size(member, name)
        if total > MAX_TOTAL_BYTES:
            raise _too_large(total)
        if prefix and _NESTED.search(name):
            raise ReadError(
                "nested_zip", f"{_shown(prefix + name)} is packed three deep: unpack it first"
            )
        if prefix + name in files:
            raise ReadError("duplicate_name", f"The zip holds {_shown(name)} twice: {_AGAIN}")
        files[prefix + name] = _member_reader(source, member)
        _check_count(len(files))
    return total


def _opened(source: io.IOBase) -> zipfile.ZipFile:
    """Return a zip whose directory is small enough to be held in memory."""
    size = source.seek(0, io.SEEK_END)
    source.seek(max(0, size - 65_557))  # the end record, 22 bytes, and the longest comment
    tail: bytes = source.read()
    end = tail.rfind(b"PK\5\6")
    if end < 0:
        raise ReadError("not_a_zip", f"The file is no complete zip: {_AGAIN}")
    if int.from_bytes(tail[end + 12 : end + 16], "little") > _MAX_DIRECTORY_BYTES:
        raise ReadError(
            "too_many_files", f"The zip holds more than {MAX_MEMBERS} files: give the report alone"
        )
    source.seek(0)
    try:
        return zipfile.ZipFile(source)
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError, EOFError):
        raise ReadError("not_a_zip", f"The zip is damaged: {_AGAIN}") from None


def _checked_name(name: str) -> str:
    """Return a member's name with slashes; it must stay within the package."""
    name = name.replace("\\", "/")
    parts = name.rstrip("/").split("/")
    if (
        name.startswith("/")
        or re.match(r"[A-Za-z]:", name)
        or any(part in {"", ".", ".."} for part in parts)
        or not name.isprintable()
    ):
        raise ReadError(
            "unsafe_name", f"The zip holds the unsafe name {_shown(name)}: do not unpack it"
        )
    return name


def _checked_size(member: zipfile.ZipInfo, name: str) -> int:
    """Return the unpacked size of a member that can be read within the limits."""
    mode = stat.S_IFMT(member.external_attr >> 16)
    if mode not in {0, stat.S_IFREG, stat.S_IFDIR}:
        kind = "a link" if mode == stat.S_IFLNK else "a special file"
        raise ReadError("special_file", f"{_shown(name)} in the zip is {kind}: {_AGAIN}")
    if member.flag_bits & 0x1:
        raise ReadError("encrypted", "The zip is encrypted: unpack it with its password first")
    if member.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise ReadError("compression", f"{_shown(name)} is packed in a rare way: unpack the zip")
    size = member.file_size
    if size > MAX_MEMBER_BYTES:
        raise _too_large(size, name)
    if size > _RATIO_APPLIES_FROM and size > MAX_RATIO * max(1, member.compress_size):
        raise ReadError(
            "zip_bomb", f"{_shown(name)} unpacks to {MAX_RATIO} times its size: {_AGAIN}"
        )
    return size


def _member_reader(source: Callable[[], io.IOBase], member: zipfile.ZipInfo) -> Reader:
    """Return a function that reads one member; a ZIP reads at most the size it declares."""

    def read(name: str) -> bytes:
        try:
            with source() as opened, _opened(opened) as archive:
                return archive.read(member)
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError):
            raise ReadError(
                "damaged_member", f"{_shown(name)} in the zip is damaged: {_AGAIN}"
            ) from None

    return read


def _check_count(count: int) -> None:
    if count > MAX_MEMBERS:
        raise ReadError(
            "too_many_files", f"There are more than {MAX_MEMBERS} files: give the report alone"
        )


def _too_large(size: int, name: str | None = None) -> ReadError:
    subject = _shown(name) if name else "The package"
    limit = (MAX_MEMBER_BYTES if name else MAX_TOTAL_BYTES) >> 20
    return ReadError(
        "too_large", f"{subject} has {size >> 20} MB, more than {limit}: give the report alone"
    )


def _shown(name: str) -> str:
    """Return a name for a message of one line."""
    return repr(name if len(name) <= _NAME_SHOWN else f"{name[: _NAME_SHOWN - 1]}…")
