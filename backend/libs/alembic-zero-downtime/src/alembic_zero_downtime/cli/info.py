"""Show the server, the address, the revision and the tables of the database."""

import argparse
from dataclasses import asdict

from alembic.util import CommandError
from rich.console import Console
from rich.filesize import decimal
from rich.table import Table

from alembic_zero_downtime.cli.context import CommandContext
from alembic_zero_downtime.cli.exit_codes import Exit
from alembic_zero_downtime.cli.output import EXIT_BY_STATUS, print_json, stdout
from alembic_zero_downtime.database.statistics import DatabaseInfo, read_info
from alembic_zero_downtime.database.url import DatabaseURL
from alembic_zero_downtime.history.ledger import Ledger, read_ledger
from alembic_zero_downtime.history.state import MigrationState, list_some, read_heads, read_state
from alembic_zero_downtime.history.verification import edited_revisions


def run(context: CommandContext, arguments: argparse.Namespace) -> int:
    """Show server, address, revision, and rows per table."""
    address, project = context.database.address, context.project
    try:
        scripts, problem = context.scripts, None
    except CommandError as error:  # the database can be shown all the same
        scripts, problem = None, str(error)
    with context.database.connect() as connection:
        database_info = read_info(connection)
        current = read_heads(connection, project)
        state = read_state(connection, project, scripts) if scripts else None
        ledger = read_ledger(connection)
    edited = edited_revisions(state, ledger, scripts) if scripts and state else []
    if arguments.json:
        revision: dict[str, object] = {"current": current, "error": problem}
        if state:
            revision = {**asdict(state), "is_at_head": state.is_at_head, "edited": edited}
        print_json(
            {
                "database": {"url": address.masked, "source": address.source},
                **asdict(database_info),
                "environment": ledger.environment,
                "revision": revision,
            }
        )
    else:
        with stdout() as console:
            print_facts(console, address, database_info, state or ", ".join(current), ledger)
            print_tables(console, database_info)
    if state is None:
        context.notify(f"the state is not known: {problem}")
        return Exit.FAILED
    if not state.is_at_head and not arguments.json:
        context.notify(f"not at head: {state.next_step}")
    if edited and not arguments.json:
        verify = project.commands.verify
        context.notify(f"edited since it was applied: {list_some(edited)} ({verify})")
    return EXIT_BY_STATUS[state.status]


def print_facts(
    console: Console,
    address: DatabaseURL,
    database_info: DatabaseInfo,
    state: MigrationState | str,
    ledger: Ledger,
) -> None:
    """Print the server, the name, size and address of the database, and its last migration.

    Args:
        console: to print on.
        address: of the database.
        database_info: read from the server.
        state: its state; only its revisions if those of the code cannot be loaded.
        ledger: its ledger.
    """
    last = next((each for each in reversed(ledger.entries) if each.heads is not None), None)
    facts = {
        "Server": f"PostgreSQL {database_info.server_version}",
        "Database": f"{database_info.name}, {decimal(database_info.size)}",
        "Address": address.masked,
        "From": address.source,
        "Environment": ledger.environment,
        "Revision": str(state) or "none",
        "Migrated": last and str(last),
    }
    known = {name: value for name, value in facts.items() if value}
    width = max(map(len, known)) + 2
    is_at_head = isinstance(state, MigrationState) and state.is_at_head
    styles = {"Revision": "green" if is_at_head else "yellow"}
    for name, value in known.items():
        console.print(f"{name:{width}}{value}", style=styles.get(name), soft_wrap=True)


def print_tables(console: Console, database_info: DatabaseInfo) -> None:
    """Print the rows and the size of every table."""
    table = Table("Table")
    table.add_column("Rows", justify="right")
    table.add_column("Size", justify="right")
    for each in database_info.tables:
        table.add_row(each.name, f"{each.rows:,}", decimal(each.size))
    console.print(table if database_info.tables else "No tables.")
