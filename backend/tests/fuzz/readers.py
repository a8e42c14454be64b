"""The readers under test as functions of bytes, and what they say in a form to compare."""

import io
import zipfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from app.pipeline.statement import Filing, Statement

CHECKED = {"line", "total"}  # kinds of rows whose figures a status is about


@dataclass(frozen=True, slots=True)
class Line:
    """A row of a statement: its figures by column, without scale.

    Attributes:
        proved: Whether each figure is in an equation that holds.
    """

    label: str
    figures: tuple[str | None, ...]
    proved: bool


@dataclass(frozen=True, slots=True)
class Summary:
    """A statement as far as damage must not change it unnoticed."""

    statement: str
    accession: str | None
    status: str
    ends: tuple[str | None, ...]
    lines: tuple[Line, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return asdict(self)

    @classmethod
    def of_dict(cls, written: dict[str, Any]) -> "Summary":
        """Return what `as_dict` wrote."""
        lines = tuple(
            Line(each["label"], tuple(each["figures"]), each["proved"]) for each in written["lines"]
        )
        return cls(
            written["statement"],
            written["accession"],
            written["status"],
            tuple(written["ends"]),
            lines,
        )


def summarise(statement: Statement) -> Summary:
    """Return a statement's lines that its status is about."""
    keys = [each.key for each in statement.periods]
    lines = []
    for row in statement.rows:
        if not row.cells or row.kind not in CHECKED:
            continue
        scale = row.scale if row.scale is not None else statement.scale
        figures = []
        for key in keys:
            cell = row.cells.get(key)
            value = None if cell is None or cell.v is None else cell.v.scaleb(scale or 0)
            figures.append(None if value is None else format(value.normalize(), "f"))
        proved = all(cell.by for cell in row.cells.values())
        lines.append(Line(row.label, tuple(figures), proved))
    return Summary(
        statement.statement,
        statement.source.accession,
        statement.checks.status if statement.checks else "absent",
        tuple(_day(each.end) for each in statement.periods),
        tuple(lines),
    )


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _package(data: bytes) -> Filing:
    from app.pipeline.read.package import Package, read_package  # noqa: PLC0415

    with NamedTemporaryFile(suffix=".zip") as file:
        file.write(data)
        file.flush()
        return read_package(Package.from_zip(Path(file.name)))


def _xbrl(data: bytes) -> Filing:
    """Read the files of a zip that is itself sound as a folder."""
    from app.pipeline.read.package import Package  # noqa: PLC0415
    from app.pipeline.read.xbrl import read_xbrl  # noqa: PLC0415

    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        files = {name: packed.read(name) for name in packed.namelist()}
    return read_xbrl(Package.of(files))


def _pdf(data: bytes) -> Filing:
    from app.pipeline.read.pdf import read_pdf  # noqa: PLC0415

    return read_pdf(data)


def _ixbrl(data: bytes) -> Filing:
    from app.pipeline.read.ixbrl import read_ixbrl  # noqa: PLC0415

    return read_ixbrl(data)


def _xbrl_json(data: bytes) -> Filing:
    from app.pipeline.read.xbrl_json import read_xbrl_json  # noqa: PLC0415

    return read_xbrl_json(data)


def _companyfacts(data: bytes) -> Filing:
    from app.pipeline.read.companyfacts import read_companyfacts  # noqa: PLC0415

    return read_companyfacts(data)


def _any(data: bytes) -> Filing:
    """Read a file of any kind as the command line does."""
    from app.pipeline.read.kind import read_file  # noqa: PLC0415

    with NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        return read_file(data, Path(file.name))


READERS: dict[str, Callable[[bytes], Filing]] = {
    "pdf": _pdf,
    "ixbrl": _ixbrl,
    "package": _package,
    "xbrl": _xbrl,
    "xbrl_json": _xbrl_json,
    "companyfacts": _companyfacts,
    "any": _any,
}


def read(reader: str, data: bytes) -> list[Summary]:
    """Read and prove, as the product does.

    Raises:
        ReadError: The file cannot be read.
    """
    from app.pipeline.verify import verify  # noqa: PLC0415

    return [summarise(each) for each in verify(READERS[reader](data).statements)]
