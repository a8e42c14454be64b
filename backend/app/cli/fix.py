"""`fde fix`: a person's correction of a figure, kept apart from what was read."""

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from app.services.why import Question

EXAMPLES = """\b
Examples:
  fde fix AAPL income "Other" 2018 --value -110 --because "misread on page 31"
  fde fix AAPL income "Other" 2018 --withdraw
  fde fix AAPL --list               those in force, and any that lost its cell
  fde fix AAPL --withdraw --id 7    by its number in that list
"""


def fix(  # noqa: PLR0913 each is an argument or an option
    company: Annotated[
        str, typer.Argument(metavar="COMPANY", help="Ticker, name, or such as cik:320193.")
    ],
    statement: Annotated[
        str | None,
        typer.Argument(
            metavar="STATEMENT", help="income, balance or cashflow.", show_default=False
        ),
    ] = None,
    line: Annotated[
        str | None,
        typer.Argument(
            metavar="LINE", help="Label, `Section > Label`, or id of the row.", show_default=False
        ),
    ] = None,
    year: Annotated[
        str | None,
        typer.Argument(metavar="YEAR", help="Such as 2018 or FY2018.", show_default=False),
    ] = None,
    *,
    value: Annotated[
        str | None,
        typer.Option(
            metavar="V",
            help="The figure as printed, in the row's scale: -110, (110) or 1,234.5.",
            show_default=False,
        ),
    ] = None,
    because: Annotated[
        str | None,
        typer.Option(metavar="REASON", help="Why; required with --value.", show_default=False),
    ] = None,
    by: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Who says so; by default the user of the system."),
    ] = None,
    withdraw: Annotated[
        bool, typer.Option("--withdraw", help="Take the correction back; its record stays.")
    ] = False,
    number: Annotated[
        int | None,
        typer.Option("--id", metavar="N", help="The correction to withdraw.", show_default=False),
    ] = None,
    listed: Annotated[bool, typer.Option("--list", help="List the corrections.")] = False,
    every: Annotated[
        bool, typer.Option("--all", help="With --list: also those that were withdrawn.")
    ] = False,
    framework: Annotated[
        str | None, typer.Option(metavar="F", help="Such as us-gaap or ifrs, if there are several.")
    ] = None,
    currency: Annotated[
        str | None, typer.Option(metavar="C", help="Such as USD, if there are several.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> Callable[[], int]:
    """Correct a figure that was read wrong or not at all; every output marks it.

    What was read is never changed. The statement is compiled again at once, and shows which sums
    hold now, and which no longer.
    """
    given = Given(
        company,
        (statement, line, year),
        framework,
        currency,
        value=value,
        because=because,
        by=by,
        withdraw=withdraw,
        number=number,
        as_json=as_json,
    )
    if listed:
        given.expect("--list goes with COMPANY and --all only")
        return lambda: _fixes().show_list(company, every=every, as_json=as_json)
    if every:
        raise typer.BadParameter("--all goes with --list")
    return _withdrawing(given) if withdraw or number is not None else _correcting(given)


@dataclass(frozen=True, slots=True)
class Given:
    """The arguments and options of the command line."""

    company: str
    figure: tuple[str | None, str | None, str | None]
    framework: str | None
    currency: str | None
    value: str | None
    because: str | None
    by: str | None
    withdraw: bool
    number: int | None
    as_json: bool

    def expect(self, message: str) -> None:
        """Refuse what goes with a figure only.

        Raises:
            typer.BadParameter: With the message.
        """
        if any(each is not None for each in (*self.figure, self.value, self.because, self.by)):
            raise typer.BadParameter(message)

    def question(self) -> "Question":
        """Return the figure that is meant.

        Raises:
            typer.BadParameter: It is not named.
        """
        from app.cli.statement_names import statement_of  # noqa: PLC0415
        from app.services.why import Question  # noqa: PLC0415

        statement, line, year = self.figure
        if statement is None or line is None or year is None:
            raise typer.BadParameter("name the figure: COMPANY STATEMENT LINE YEAR")
        name = statement_of(statement)
        return Question(self.company, name, line, year, self.framework, self.currency)


def _withdrawing(given: Given) -> Callable[[], int]:
    """Return the work of `--withdraw`."""
    if not given.withdraw:
        raise typer.BadParameter("--id goes with --withdraw")
    number = given.number
    if number is not None:
        given.expect("--id goes with COMPANY and --withdraw only")
        return lambda: _fixes().withdraw_by_number(given.company, number, as_json=given.as_json)
    if given.value is not None or given.because is not None or given.by is not None:
        raise typer.BadParameter("--withdraw goes without --value, --because and --by")
    question = given.question()
    return lambda: _fixes().withdraw_figure(question, as_json=given.as_json)


def _correcting(given: Given) -> Callable[[], int]:
    """Return the work of `--value`."""
    from app.services.values import parse_value  # noqa: PLC0415

    question = given.question()
    because = given.because
    if given.value is None:
        raise typer.BadParameter("say what is right with --value, or withdraw it with --withdraw")
    if because is None or not because.strip():
        raise typer.BadParameter("say why with --because")
    try:
        right = parse_value(given.value)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--value") from None
    return lambda: _fixes().correct_figure(
        question, right, because=because, by=given.by, as_json=given.as_json
    )


def _fixes() -> ModuleType:
    """Return the module that does the work: `--help` imports nothing slow."""
    from app.cli import fixes  # noqa: PLC0415

    return fixes
