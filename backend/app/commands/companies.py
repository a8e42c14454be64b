"""List the companies."""

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.table import Table
from sqlalchemy import inspect
from sqlalchemy.orm import Session

from app.commands.output import Exit, add_json_option, complain, print_json, stdout
from app.db.migrations.connection import connect
from app.db.url import resolve_migration_url

if TYPE_CHECKING:
    from app.db.models import Company


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options that this command takes."""
    add_json_option(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print the companies with their tickers, exchanges and investor-relations pages."""
    # In the middle of a merge a model may be no Python, and the other commands must run.
    from app.db.models import Company  # noqa: PLC0415
    from app.schemas.companies import CompanyRead  # noqa: PLC0415
    from app.services.companies import list_companies  # noqa: PLC0415

    database = resolve_migration_url()
    with connect(database) as connection:
        if not inspect(connection).has_table(Company.__tablename__):
            complain("there is no table of companies yet: run make migrate")
            return Exit.BEHIND
        companies = list_companies(Session(connection))
    if arguments.json:
        print_json([CompanyRead.model_validate(each).model_dump(mode="json") for each in companies])
    else:
        print_companies(companies)
        stdout().print(f"{len(companies)} companies in {database}", soft_wrap=True)
    return Exit.FINE


def print_companies(companies: Sequence["Company"]) -> None:
    """Print a line for each company."""
    table = Table("ID", "Company", "Ticker", "Listings")
    table.add_column("Investor relations", overflow="fold")
    for company in companies:
        listings = ", ".join(f"{each['ticker']} ({each['exchange']})" for each in company.tickers)
        ticker = company.primary_ticker or ""
        table.add_row(str(company.id), company.name, ticker, listings, company.ir_url)
    stdout().print(table)
