"""`fde read`: read and prove files without a database."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from app.cli.limit_options import (
    MAX_SIZE,
    MEMORY,
    TIMEOUT,
    Jobs,
    MaxSize,
    Memory,
    Timeout,
)
from app.limit_settings import number_of_jobs

EXAMPLES = """\b
Examples:
  fde read annual-report.pdf        its statements, and how much is proved
  fde read --json *.pdf esef.zip    one JSON object a line and a file
  fde read folder/ CIK.json         any kind: XBRL folder, SEC companyfacts
  fde read --pages report.pdf       why each page was taken or not
  fde read --picture out report.pdf   its pages, boxes around the figures
"""


def read(  # noqa: PLR0913 each is an option
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE...",
            help="PDF, iXBRL, ESEF or XBRL zip, XBRL folder, xBRL-JSON or SEC companyfacts.",
        ),
    ],
    *,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object a line and a file.")
    ] = False,
    pages: Annotated[
        bool, typer.Option("--pages", help="Show why each page of a PDF was taken or not.")
    ] = False,
    picture: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Draw each page used of a PDF, with a box around each figure: green proved, "
            "amber read, red unreadable.",
        ),
    ] = None,
    timeout: Timeout = TIMEOUT,
    memory: Memory = MEMORY,
    max_size: MaxSize = MAX_SIZE,
    jobs: Jobs = None,
) -> Callable[[], int]:
    """Read the statements of annual reports, and prove their figures. Needs no database.

    Each file is read in a process of its own, with limits of time and memory. The kind of a file is
    told by its content. The results keep the order of the files.
    """
    if pages and picture:
        raise typer.BadParameter("choose one of --pages and --picture")

    def run() -> int:
        from app.cli.reading import Options, run  # noqa: PLC0415 `--help` imports nothing slow
        from app.services.limits import Limits  # noqa: PLC0415

        limits = Limits(seconds=timeout, memory=memory, file_size=max_size)
        number = number_of_jobs(jobs)
        return run(files, Options(as_json, pages, picture, number, limits))

    return run
