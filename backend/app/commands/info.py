"""Show where the database is, what is in it, and where it stands."""

import argparse
from dataclasses import asdict

from rich.filesize import decimal
from rich.table import Table

from app.commands.output import EXITS, add_json_option, complain, print_json, stdout
from app.commands.target import find_scripts, find_target
from app.db.migrations.connection import connect
from app.db.migrations.ledger import Ledger, read_ledger
from app.db.migrations.state import MigrationState, read_state
from app.db.migrations.verify import edited_revisions
from app.db.overview import Overview, read_overview
from app.db.url import DatabaseURL


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options that this command takes."""
    add_json_option(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print the server, the database, its revision, its last migration and its tables."""
    database, settings = find_target()
    scripts = find_scripts()
    with connect(database, settings) as connection:
        overview = read_overview(connection)
        state = read_state(connection, scripts)
        ledger = read_ledger(connection)
    edited = edited_revisions(state, ledger, scripts)
    if arguments.json:
        print_json(
            {
                "database": {"url": database.masked, "source": database.source},
                **asdict(overview),
                "environment": ledger.environment,
                "revision": {
                    **asdict(state),
                    "is_at_head": state.is_at_head,
                    "next_step": state.next_step,
                    "edited": edited,
                },
            }
        )
    else:
        print_facts(database, overview, state, ledger)
        print_tables(overview)
        if not state.is_at_head:
            complain(f"not at head: {state.next_step}")
        if edited:
            complain(f"edited since it was applied: {', '.join(edited)} (make migrate-verify)")
    return EXITS[state.verdict]


def print_facts(
    database: DatabaseURL, overview: Overview, state: MigrationState, ledger: Ledger
) -> None:
    """Print the server, the database's size, its address, its revision and how it came there."""
    facts = Table.grid(padding=(0, 2))
    facts.add_row("Server", f"PostgreSQL {overview.server_version}")
    facts.add_row("Database", f"{overview.name}, {decimal(overview.size)}")
    facts.add_row("Address", database.masked)
    facts.add_row("From", database.source)
    if ledger.environment:
        facts.add_row("Environment", ledger.environment)
    facts.add_row("Revision", str(state), style="green" if state.is_at_head else "yellow")
    if last := next((each for each in reversed(ledger.entries) if each.heads is not None), None):
        facts.add_row("Migrated", str(last))
    stdout().print(facts)


def print_tables(overview: Overview) -> None:
    """Print the rows and the size of every table."""
    table = Table("Table")
    table.add_column("Rows", justify="right")
    table.add_column("Size", justify="right")
    for each in overview.tables:
        table.add_row(each.name, f"{each.rows:,}", decimal(each.size))
    stdout().print(table if overview.tables else "No tables.")
