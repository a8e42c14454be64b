"""`fde compile`: compile the statements of companies again."""

from collections.abc import Callable
from typing import Annotated

import typer

EXAMPLES = """\b
Examples:
  fde compile AAPL         one company
  fde compile --all        all of them, some at a time; Ctrl-C loses nothing
  fde compile --all --json | jq -r '.company, .statements[].effect'
"""


def compile_(
    company: Annotated[
        str | None,
        typer.Argument(metavar="[COMPANY]", help="Ticker, name, or such as cik:320193."),
    ] = None,
    *,
    every: Annotated[bool, typer.Option("--all", help="All companies with documents.")] = False,
    jobs: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=64,
            envvar="FDE_JOBS",
            help="Companies at a time; by default one for each processor, up to 4.",
            show_default=False,
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object a line and a company.")
    ] = False,
) -> Callable[[], int]:
    """Compile statements from what was read and corrected; say which of them changed.

    Other commands compile a company by themselves when they change it: this one is for a newer
    release, and does nothing where all is as it was. Each company is one transaction.
    """
    if (company is None) != every:
        raise typer.BadParameter("give COMPANY, or --all")

    def run() -> int:
        from app.cli.compiling import run_all, run_one  # noqa: PLC0415 `--help` imports nothing slow

        if company is None:
            return run_all(jobs, as_json=as_json)
        return run_one(company, as_json=as_json)

    return run
