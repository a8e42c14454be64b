"""`fde check`: what is proved, and what needs a person."""

from collections.abc import Callable
from typing import Annotated

import typer

EXAMPLES = """\b
Examples:
  fde check AAPL           proved, unproved, doubtful and missing
  fde check                all companies; exit code 1 if one needs a person
  fde check --json | jq -r 'select(.ok | not).company'
"""


def check(
    company: Annotated[
        str | None,
        typer.Argument(metavar="[COMPANY]", help="By default all companies with documents."),
    ] = None,
    *,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object a line and a company.")
    ] = False,
) -> Callable[[], int]:
    """Check compiled statements: every figure proved, no year missing, nothing out of date.

    Nothing is written. Named are figures that no sum proves, doubtful statements that are left out,
    corrections that have lost their cell, and filings of which two readings differ.
    """

    def run() -> int:
        from app.cli.checking import run  # noqa: PLC0415 `--help` imports nothing slow

        return run(company, as_json=as_json)

    return run
