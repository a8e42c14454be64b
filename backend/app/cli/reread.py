"""`fde reread`: read stored files again with the present readers."""

from collections.abc import Callable
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
  fde reread              every document that an older reader has read
  fde reread AAPL         of one company
  fde reread AAPL --force --json
"""


def reread(  # noqa: PLR0913 each is an option
    company: Annotated[
        str | None,
        typer.Argument(
            metavar="COMPANY",
            help="Ticker, name, or such as cik:320193; all by default.",
            show_default=False,
        ),
    ] = None,
    *,
    force: Annotated[
        bool, typer.Option("--force", help="Also what the present readers have read.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object a line and a company.")
    ] = False,
    timeout: Timeout = TIMEOUT,
    memory: Memory = MEMORY,
    max_size: MaxSize = MAX_SIZE,
    jobs: Jobs = None,
) -> Callable[[], int]:
    """Read stored files again after a newer release, and show what that changes.

    The older readings, corrections and accepted statements stay. A file whose new reading has less
    than the old one is named, and the exit code is 1.
    """

    def run() -> int:
        from app.cli.rereading import run  # noqa: PLC0415 `--help` imports nothing slow
        from app.services.limits import Limits  # noqa: PLC0415
        from app.services.rereading import Options  # noqa: PLC0415

        limits = Limits(seconds=timeout, memory=memory, file_size=max_size)
        number = number_of_jobs(jobs)
        return run(company, Options(force, limits, number), as_json=as_json)

    return run
