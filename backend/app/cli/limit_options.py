"""The options of commands that read files: limits of each reading process, and their number."""

import os
from typing import Annotated, Final

import typer

_DEFAULT_JOBS: Final = 4
TIMEOUT: Final = 120
MEMORY: Final = 2048
MAX_SIZE: Final = 512

Timeout = Annotated[
    int,
    typer.Option(
        min=1,
        max=86_400,
        metavar="SECONDS",
        envvar="FDE_TIMEOUT",
        help="Longest time for one file.",
    ),
]
Memory = Annotated[
    int,
    typer.Option(min=256, metavar="MB", envvar="FDE_MEMORY", help="Address space for one file."),
]
MaxSize = Annotated[
    int, typer.Option(min=1, metavar="MB", envvar="FDE_MAX_SIZE", help="Largest file.")
]
Jobs = Annotated[
    int | None,
    typer.Option(
        min=1,
        max=64,
        envvar="FDE_JOBS",
        help="Files that are read at a time; by default one for each processor, up to 4.",
        show_default=False,
    ),
]


def number_of_jobs(jobs: int | None) -> int:
    """Return how many processes work at a time: as asked, or one for each processor, up to 4."""
    return jobs or min(_DEFAULT_JOBS, os.cpu_count() or 1)
