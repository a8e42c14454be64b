"""List the companies."""

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from sqlalchemy import inspect
from sqlalchemy.orm import Session

from alembic_zero_downtime.cli.context import CommandContext
from alembic_zero_downtime.cli.exit_codes import Exit
from alembic_zero_downtime.cli.output import print_json, stdout

if TYPE_CHECKING:
    from app.db.models import Company

UNLIMITED = 1000  # columns of a terminal


def run(context: CommandContext, arguments: argparse.Namespace) -> int:
    """Print the companies with their tickers, exchanges and investor-relations pages."""
    # During a merge a model may have a syntax error, and the other commands have to work.
    from app.db.models import Company  # noqa: PLC0415
    from app.schemas.companies import CompanyRead  # noqa: PLC0415
    from app.services.companies import list_companies  # noqa: PLC0415

    with context.database.connect() as connection:
        if not inspect(connection).has_table(Company.__tablename__):
            context.notify("the table companies does not exist yet: run make migrate")
            return Exit.BEHIND
        companies = list_companies(Session(connection))
    if arguments.json:
        print_json([CompanyRead.model_validate(each).model_dump(mode="json") for each in companies])
    else:
        with stdout() as console:
            print_companies(console, companies)
            console.print(f"{len(companies)} companies in {context.database}", soft_wrap=True)
    return Exit.OK


def print_companies(console: Console, companies: Sequence["Company"]) -> None:
    """Print a row of a table for each company, or two lines where the terminal is too narrow."""
    rows = [
        (
            str(company.id),
            company.name,
            company.primary_ticker or "",
            ", ".join(f"{each['ticker']} ({each['exchange']})" for each in company.tickers),
            company.ir_url,
        )
        for company in companies
    ]
    table = Table("ID", "Company", "Ticker", "Listings", "Investor relations")
    for row in rows:
        table.add_row(*row)
    unlimited = console.options.update(width=UNLIMITED)
    if console.measure(table, options=unlimited).maximum <= console.width:
        console.print(table)
        return
    for number, name, _, listings, address in rows:
        lines = f"{number}  {name}: {listings}", *([f"   {address}"] if address else [])
        console.print("\n".join(lines), soft_wrap=True)
