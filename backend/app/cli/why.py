"""`fde why`: where a figure of a compiled statement comes from."""

from collections.abc import Callable
from enum import StrEnum
from typing import Annotated

import typer

EXAMPLES = """\b
Examples:
  fde why AAPL income "Total net sales" 2018
  fde why AAPL balance "Current assets > Other" FY2018
  fde why AAPL income total-net-sales 2018 --view original
  fde why cik:320193 cashflow "Net income" 2018 --json
"""


class Views(StrEnum):
    """The filing whose figure is asked for."""

    LATEST = "latest"
    ORIGINAL = "original"


def why(  # noqa: PLR0913 each is an argument or an option
    company: Annotated[
        str, typer.Argument(metavar="COMPANY", help="Ticker, name, or such as cik:320193.")
    ],
    statement: Annotated[
        str, typer.Argument(metavar="STATEMENT", help="income, balance or cashflow.")
    ],
    line: Annotated[
        str, typer.Argument(metavar="LINE", help="Label, `Section > Label`, or id of the row.")
    ],
    year: Annotated[str, typer.Argument(metavar="YEAR", help="Such as 2018 or FY2018.")],
    *,
    view: Annotated[
        Views, typer.Option(help="As the newest filing states it, or as it was first reported.")
    ] = Views.LATEST,
    framework: Annotated[
        str | None, typer.Option(metavar="F", help="Such as us-gaap or ifrs, if there are several.")
    ] = None,
    currency: Annotated[
        str | None, typer.Option(metavar="C", help="Such as USD, if there are several.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> Callable[[], int]:
    """Show where a figure comes from: filing, page, printed characters, sums, other filings."""
    from app.cli.statement_names import statement_of  # noqa: PLC0415 `--help` imports nothing slow

    name = statement_of(statement)

    def run() -> int:
        from app.cli.answers import show_why  # noqa: PLC0415
        from app.services.why import Question  # noqa: PLC0415

        question = Question(company, name, line, year, framework, currency)
        return show_why(question, view.value, as_json=as_json)

    return run
