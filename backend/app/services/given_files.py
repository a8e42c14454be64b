"""The files of a command line: those in folders and of patterns, and their digests."""

import glob
import hashlib
import os
import re
import stat
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from app.pipeline.errors import ReadError
from app.pipeline.read.kind import identify
from app.pipeline.read.package import Package

_HEAD: Final = 1024 * 1024
"""Bytes by which a file of a folder is told from a filing; its reader looks at all of it."""
_PARTS: Final = frozenset({".xsd", ".xbrl"})
"""Suffixes of files that are no filing, but a part of one."""
_INSTANCE: Final = re.compile(rb"<(?:[\w.-]+:)?xbrl[\s>]")
_INSTANCE_HEAD: Final = 65_536  # bytes
_PACKAGED: Final = ("META-INF/taxonomyPackage.xml", "META-INF/reportPackage.json")
_DATE: Final = (1980, 1, 1, 0, 0, 0)
"""Of each file in a zip that is made here: the same folder gives the same bytes."""
_WILD: Final = frozenset("*?[")


@dataclass(frozen=True, slots=True)
class Given:
    """A file, or the folder of an XBRL filing.

    Attributes:
        name: As given, for people.
        path: Of the file; of an XBRL folder, once it is packed: of its zip.
        is_found: Whether it was found in a folder, and not named by itself.
        is_folder: Whether it is the folder of one XBRL filing.
        left_out: Why a file of a folder is no filing.
        kept_as: The name under which it is kept, if that is not the one of its path.
    """

    name: str
    path: Path
    is_found: bool = False
    is_folder: bool = False
    left_out: str | None = None
    kept_as: str | None = None

    @property
    def file_name(self) -> str:
        """Return the name under which it is kept."""
        if self.kept_as is not None:
            return self.kept_as
        name = self.path.name or self.path.resolve().name
        return f"{Path(self.name).resolve().name}.zip" if self.is_folder else name


def expand(names: Sequence[str]) -> Iterator[Given]:
    """Yield the files that are meant, each once.

    A folder is the filing itself if it holds XBRL, else all filings in it and in its folders, in
    order. A pattern is expanded if there is no file of that name.
    """
    seen = set()
    for name in names:
        for each in _expand(name):
            place = os.path.realpath(each.path)
            if place not in seen:
                seen.add(place)
                yield each


def _expand(name: str) -> Iterator[Given]:
    path = Path(name)
    if not os.path.lexists(path) and _WILD & set(name):
        found = sorted(glob.glob(name, recursive=True))  # noqa: PTH207 the pattern may be absolute
        for each in found:
            yield from _one(each, Path(each))
        if found:
            return
    yield from _one(name, path)


def _one(name: str, path: Path) -> Iterator[Given]:
    if not path.is_dir():
        yield Given(name, path)
    elif _is_filing(path):
        yield Given(name, path, is_folder=True)
        yield from _beside(path)
    else:
        yield from _in_folder(path)


def _in_folder(folder: Path) -> Iterator[Given]:
    """Yield what is in a folder; links to folders are not followed, and hidden files left alone."""
    try:
        entries = sorted(os.scandir(folder), key=lambda each: each.name)
    except OSError as error:
        reason = f"It cannot be read: {error.strerror or type(error).__name__}"
        yield Given(os.fspath(folder), folder, is_found=True, left_out=reason)
        return
    for entry in entries:
        path = Path(entry.path)
        if entry.name.startswith(".") or entry.name == "__MACOSX":
            continue
        if not entry.is_dir():
            yield _checked(Given(entry.path, path, is_found=True))
        elif entry.is_symlink():
            reason = "It is a link to a folder: name it by itself"
            yield Given(entry.path, path, is_found=True, left_out=reason)
        elif _is_filing(path):
            yield Given(entry.path, path, is_found=True, is_folder=True)
            yield from _beside(path)
        else:
            yield from _in_folder(path)


def _is_filing(folder: Path) -> bool:
    """Whether a folder is one XBRL filing: a report package, or a schema or instance is in it."""
    if any((folder / each).exists() for each in _PACKAGED):
        return True
    try:
        paths = [Path(each) for each in os.scandir(folder)]
    except OSError:
        return False
    return any(each.suffix.lower() in _PARTS or _is_instance(each) for each in paths)


def _is_instance(path: Path) -> bool:
    """Whether a file is an XBRL instance; its linkbases are beside it."""
    if path.suffix.lower() != ".xml" or not path.is_file():
        return False
    try:
        with path.open("rb") as file:
            return bool(_INSTANCE.search(file.read(_INSTANCE_HEAD)))
    except OSError:
        return False


def _beside(folder: Path) -> Iterator[Given]:
    """Yield the PDFs in the folder of an XBRL filing, which are other filings."""
    for path in sorted(folder.glob("*")):
        if path.suffix.lower() == ".pdf" and path.is_file() and not path.name.startswith("."):
            yield Given(os.fspath(path), path, is_found=True)


def _checked(given: Given) -> Given:
    """Return a file of a folder, with the reason if its first bytes are those of no filing."""
    try:
        status = given.path.stat()
        if not stat.S_ISREG(status.st_mode):
            return replace(given, left_out="It is no regular file")
        with given.path.open("rb") as file:
            identify(file.read(_HEAD))
    except ReadError as error:
        if status.st_size <= _HEAD:
            return replace(given, left_out=str(error))
    except OSError as error:
        return replace(given, left_out=f"It cannot be read: {error.strerror}")
    return given


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a regular file, in hex.

    Raises:
        OSError: It cannot be read.
    """
    with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:  # noqa: PTH123
        return hashlib.file_digest(file, "sha256").hexdigest()


def pack(folder: Path, target: Path) -> None:
    """Write the files of a folder, but for hidden ones, as a zip: always the same bytes.

    Raises:
        ReadError: It has too many or too large files, links out of it, or a name that no zip has.
        OSError: It cannot be read.
    """
    package = Package.from_folder(folder)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name in package.names:
            member = zipfile.ZipInfo(name, _DATE)
            member.create_system, member.external_attr = 3, 0o644 << 16
            try:
                archive.writestr(member, package.read(name))
            except (UnicodeError, ValueError):
                raise ReadError(
                    "unsafe_name", f"The folder holds the name {name[:80]!r}: rename that file"
                ) from None
