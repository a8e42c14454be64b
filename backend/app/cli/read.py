"""`fde read`: read and prove files without a database."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Final

import typer

DEFAULT_JOBS: Final = 4
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
    timeout: Annotated[
        int,
        typer.Option(
            min=1,
            max=86_400,
            metavar="SECONDS",
            envvar="FDE_TIMEOUT",
            help="Longest time for one file.",
        ),
    ] = 120,
    memory: Annotated[
        int,
        typer.Option(
            min=256, metavar="MB", envvar="FDE_MEMORY", help="Address space for one file."
        ),
    ] = 2048,
    max_size: Annotated[
        int, typer.Option(min=1, metavar="MB", envvar="FDE_MAX_SIZE", help="Largest file.")
    ] = 512,
    jobs: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=64,
            envvar="FDE_JOBS",
            help="Files that are read at a time; by default one for each processor, up to 4.",
            show_default=False,
        ),
    ] = None,
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
        number = jobs or min(DEFAULT_JOBS, os.cpu_count() or 1)
        return run(files, Options(as_json, pages, picture, number, limits))

    return run
