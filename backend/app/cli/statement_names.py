"""The names of the statements on the command line."""

from typing import Final, get_args

import typer

from app.pipeline.statement import StatementName

SHORT: Final[dict[str, StatementName]] = {
    "income": "income_statement",
    "balance": "balance_sheet",
    "cashflow": "cash_flow_statement",
}
METAVAR: Final = f"[{'|'.join(SHORT)}]"


def statement_of(name: str) -> StatementName:
    """Return the statement that a name means: a short one, or the database's.

    Raises:
        typer.BadParameter: It means none.
    """
    known: dict[str, StatementName] = {**SHORT, **{each: each for each in get_args(StatementName)}}
    wanted = name.strip().lower().replace("-", "_").replace(" ", "_")
    if wanted not in known:
        raise typer.BadParameter(f"{name!r} is no statement: choose one of {', '.join(SHORT)}")
    return known[wanted]
