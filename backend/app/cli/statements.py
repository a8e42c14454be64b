"""`fde statements`: years of a company's statements side by side."""

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

EXAMPLES = """\b
Examples:
  fde statements AAPL                   all three, as wide as the terminal
  fde statements AAPL income --years all
  fde statements AAPL balance --view original      as first reported
  fde statements ASML income --framework ifrs --currency EUR
  fde statements AAPL --output apple.xlsx          the name tells the format
  fde statements AAPL income --json | jq -r '.rows[].label'
"""


class Format(StrEnum):
    """What to write; `json` is the form compiled/1, an object a line."""

    TABLE = "table"
    CSV = "csv"
    LONG_CSV = "long-csv"
    JSON = "json"
    XLSX = "xlsx"
    PARQUET = "parquet"


class ViewName(StrEnum):
    """Which report gives a figure."""

    LATEST = "latest"
    ORIGINAL = "original"


def _years(text: str) -> int | None:
    """Return a number of years, or None for all."""
    if text.strip().lower() == "all":
        return None
    if not (text.isascii() and text.isdigit() and int(text[:9]) > 0):
        raise typer.BadParameter(f"{text!r} is neither a number of years nor 'all'")
    return int(text)


def statements(  # noqa: PLR0913 each is an option
    company: Annotated[
        str,
        typer.Argument(
            metavar="COMPANY",
            help="Ticker or exact name; TICKER:EXCHANGE, id:, cik: or lei: and a number.",
        ),
    ],
    statement: Annotated[
        str | None,
        typer.Argument(metavar="[income|balance|cashflow]", help="By default all three."),
    ] = None,
    *,
    years: Annotated[
        str,
        typer.Option(metavar="N|all", help="The newest fiscal years; missing ones count too."),
    ] = "10",
    view: Annotated[
        ViewName,
        typer.Option(help="Figures of the newest report, or as first reported."),
    ] = ViewName.LATEST,
    format_: Annotated[
        Format | None,
        typer.Option(
            "--format",
            help="By default that of the name of --output, else table.",
            show_default=False,
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
    framework: Annotated[
        str | None,
        typer.Option(metavar="F", help="Where there are several, such as us-gaap or ifrs."),
    ] = None,
    currency: Annotated[
        str | None, typer.Option(metavar="C", help="Where there are several, such as EUR.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write a file; one that exists is replaced when all is written.",
        ),
    ] = None,
) -> Callable[[], int]:
    """Show years of a company's statements side by side, the newest first.

    A terminal shows as many years as fit, a pipe all that are asked for. Marks beside the figures
    are explained below the table. Exit code 1: one of the three statements is not compiled.
    """
    from app.cli.statement_names import statement_of  # noqa: PLC0415 `--help` imports nothing slow

    if as_json and format_ not in {None, Format.JSON}:
        raise typer.BadParameter(f"choose one of --json and --format {format_}")
    names = [statement_of(statement)] if statement is not None else None
    number = _years(years)
    chosen = Format.JSON if as_json else format_

    def run() -> int:
        from app.cli.statement_output import Request, run  # noqa: PLC0415

        return run(
            Request(
                company=company,
                statements=names,
                years=number,
                view=view.value,
                format=chosen.value if chosen else None,
                framework=framework,
                currency=currency,
                output=output,
            )
        )

    return run
