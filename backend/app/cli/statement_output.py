"""Write a company's compiled statements: to a terminal, a pipe or a file, in the format asked."""

import io
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, get_args

from sqlalchemy.orm import Session, sessionmaker

from app.cli.colours import painter
from app.cli.compiled_statement import Page, draw_statement
from app.cli.database import fail, with_sessions
from app.cli.exit_codes import Exit
from app.cli.files import write_file
from app.cli.text import plain
from app.pipeline.compile.view import NoSuchGroupError, View, view_of
from app.pipeline.compiled import Compiled
from app.pipeline.export.errors import ExportError
from app.pipeline.statement import StatementName
from app.services.companies import find_company
from app.services.errors import NotFoundError
from app.services.exporting import BINARY, Format, export
from app.services.statements import load_compiled

SUFFIXES: Final[dict[str, Format | Literal["table"]]] = {
    ".csv": "csv",
    ".json": "json",
    ".jsonl": "json",
    ".xlsx": "xlsx",
    ".parquet": "parquet",
    ".txt": "table",
}
MIN_WIDTH: Final = 40  # columns of a terminal


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for.

    Attributes:
        company: As the user refers to it.
        statements: One, or None for all three.
        years: None for all.
        format: None for that of the name of the output file, else a table.
        output: A file; None or `-` for standard output.
    """

    company: str
    statements: Sequence[StatementName] | None = None
    years: int | None = 10
    view: View = "latest"
    format: Format | Literal["table"] | None = None
    framework: str | None = None
    currency: str | None = None
    output: Path | None = None

    @property
    def file(self) -> Path | None:
        """Return the file to write."""
        return None if self.output is None or str(self.output) == "-" else self.output

    @property
    def written(self) -> Format | Literal["table"]:
        """Return the format to write."""
        if self.format or self.file is None:
            return self.format or "table"
        return SUFFIXES.get(self.file.suffix.lower(), "table")


def run(request: Request) -> int:
    """Write the statements; return the exit code."""
    suffix = "" if request.file is None else request.file.suffix.lower()
    if request.format is None and suffix and suffix not in SUFFIXES:
        known = ", ".join(SUFFIXES)
        return fail(
            f"the name '{request.file}' tells no format: end it in {known}, or give --format",
            Exit.USAGE,
        )
    if request.file is None and request.written in BINARY and sys.stdout.isatty():
        return fail(f"{request.written} is no text: give --output FILE, or a pipe", Exit.USAGE)
    return with_sessions(lambda sessions: _show(request, sessions))


def _show(request: Request, sessions: sessionmaker[Session]) -> int:
    with sessions() as session:
        company = find_company(session, request.company)
        name = company.name
        loaded, missing = _load(session, company.id, request)
    pages = []
    refusals = []
    for stored in loaded:
        try:
            shown = view_of(
                stored,
                years=request.years,
                view=request.view,
                framework=request.framework,
                currency=request.currency,
            )
        except NoSuchGroupError as error:
            refusals.append(str(error))
        else:
            pages.append(Page(name, request.company, shown, stored, request.view))
    for message in [*missing, *refusals]:
        fail(message)
    if not pages:
        return Exit.USAGE
    try:
        _write(request, name, pages)
    except ExportError as error:
        return fail(str(error), Exit.USAGE)
    return Exit.DOUBTFUL if missing or refusals else Exit.OK


def _load(session: Session, company_id: int, request: Request) -> tuple[list[Compiled], list[str]]:
    """Return the statements, and why others are not there.

    Raises:
        NotFoundError: There is none of those that are asked for.
    """
    loaded: list[Compiled] = []
    missing: list[NotFoundError] = []
    for each in request.statements or get_args(StatementName):
        try:
            loaded.append(load_compiled(session, company_id, each))
        except NotFoundError as error:
            missing.append(error)
    if not loaded:
        raise missing[0]
    return loaded, [str(each) for each in missing]


def _write(request: Request, company: str, pages: Sequence[Page]) -> None:
    """Write the pages to a file, or to standard output."""
    if request.written == "table":
        _write_tables(request, pages)
        return
    content = export(request.written, company, [each.shown for each in pages], request.view)
    if request.file is not None:
        _write_file(request.file, content)
        return
    sys.stdout.flush()
    sys.stdout.buffer.write(content)


def _write_tables(request: Request, pages: Sequence[Page]) -> None:
    """Write the pages as tables."""
    if request.file is not None:
        _write_file(request.file, _tables(pages, None, is_file=True).encode())
        return
    width = max(MIN_WIDTH, shutil.get_terminal_size().columns) if sys.stdout.isatty() else None
    sys.stdout.write(_tables(pages, width, is_file=False))


def _write_file(file: Path, content: bytes) -> None:
    write_file(file, content)
    sys.stderr.write(f"written: {plain(str(file))}\n")


def _tables(pages: Sequence[Page], width: int | None, *, is_file: bool) -> str:
    """Return tables below each other, with an empty line between."""
    paint = painter(io.StringIO() if is_file else sys.stdout)
    drawn = ("".join(f"{line}\n" for line in draw_statement(page, width, paint)) for page in pages)
    return "\n".join(drawn)
