"""List the companies."""

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.table import Table
from sqlalchemy import inspect
from sqlalchemy.orm import Session

from alembic_zero_downtime.cli.context import CommandContext
from alembic_zero_downtime.cli.output import Exit, add_json_option, print_json, stdout

if TYPE_CHECKING:
    from app.db.models import Company


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options that this command takes."""
    add_json_option(parser)


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
        print_companies(companies)
        stdout().print(f"{len(companies)} companies in {context.database}", soft_wrap=True)
    return Exit.OK


def print_companies(companies: Sequence["Company"]) -> None:
    """Print a table with a row for each company."""
    table = Table("ID", "Company", "Ticker", "Listings")
    table.add_column("Investor relations", overflow="fold")
    for company in companies:
        listings = ", ".join(f"{each['ticker']} ({each['exchange']})" for each in company.tickers)
        ticker = company.primary_ticker or ""
        table.add_row(str(company.id), company.name, ticker, listings, company.ir_url)
    stdout().print(table)
