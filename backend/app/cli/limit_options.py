"""The options of commands that read files: limits of each reading process, and their number."""

from typing import Annotated, Final

import typer

from app import limit_settings

TIMEOUT: Final = limit_settings.SECONDS
MEMORY: Final = limit_settings.MEGABYTES_OF_MEMORY
MAX_SIZE: Final = limit_settings.MEGABYTES_OF_FILE

Timeout = Annotated[
    int,
    typer.Option(
        min=limit_settings.TIMEOUT.least,
        max=limit_settings.TIMEOUT.most,
        metavar="SECONDS",
        envvar=limit_settings.TIMEOUT.name,
        help="Longest time for one file.",
    ),
]
Memory = Annotated[
    int,
    typer.Option(
        min=limit_settings.MEMORY.least,
        metavar="MB",
        envvar=limit_settings.MEMORY.name,
        help="Address space for one file.",
    ),
]
MaxSize = Annotated[
    int,
    typer.Option(
        min=limit_settings.MAX_SIZE.least,
        metavar="MB",
        envvar=limit_settings.MAX_SIZE.name,
        help="Largest file.",
    ),
]
Jobs = Annotated[
    int | None,
    typer.Option(
        min=limit_settings.JOBS.least,
        max=limit_settings.JOBS.most,
        envvar=limit_settings.JOBS.name,
        help="Files that are read at a time; by default one for each processor, up to 4.",
        show_default=False,
    ),
]
