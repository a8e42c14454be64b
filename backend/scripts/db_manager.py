"""Look at the database, empty it, or open it in psql: the commands behind the Makefile."""

import argparse
import json
import logging
import os
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

BACKEND = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(BACKEND))

from alembic import command
from alembic.config import Config
from alembic.script import Script
from alembic.util import CommandError
from psycopg2.extensions import make_dsn
from rich.console import Console
from rich.filesize import decimal
from rich.table import Table
from sqlalchemy import inspect, make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app.db import embedded
from app.db.embedded.binaries import find_program
from app.db.migrations.connection import connect
from app.db.migrations.failure import describe_failure
from app.db.migrations.state import applied_revisions, list_revisions, load_scripts, read_state
from app.db.models import Company
from app.db.overview import Overview, read_overview
from app.db.reset import drop_everything, is_local
from app.db.url import resolve_database_url
from app.errors import EmbeddedServerError, SettingsError
from app.schemas.companies import CompanyRead
from app.services.companies import list_companies

INI_FILE = BACKEND / "alembic.ini"

FINE, FAILED, NOT_AT_HEAD, INTERRUPTED = 0, 1, 3, 130
EXIT_CODES = """exit codes:
  0    fine
  1    cannot tell, or refused: unreachable, wrong settings, an error of the server
  2    wrong arguments
  3    the database is not at the head revision: make migrate
  130  interrupted
"""


class RefusedError(Exception):
    """The command will not do it; the message says why and what to do instead."""


def show_info(arguments: argparse.Namespace) -> int:
    """Print the server, the database, its revision and its tables."""
    database = resolve_database_url()
    scripts = load_scripts(INI_FILE)
    with connect(database) as connection:
        overview = read_overview(connection)
        state = read_state(connection, scripts)
    if arguments.json:
        print_json(
            {
                "database": {"url": database.masked, "source": database.source},
                **asdict(overview),
                "revision": {**asdict(state), "is_at_head": state.is_at_head},
            }
        )
    else:
        facts = Table.grid(padding=(0, 2))
        facts.add_row("Server", f"PostgreSQL {overview.server_version}")
        facts.add_row("Database", f"{overview.name}, {decimal(overview.size)}")
        facts.add_row("Address", database.masked)
        facts.add_row("From", database.source)
        facts.add_row("Revision", str(state), style="green" if state.is_at_head else "yellow")
        stdout().print(facts)
        print_tables(overview)
        if not state.is_at_head:
            complain(f"not at head: {'update the code' if state.unknown else 'run make migrate'}")
    return FINE if state.is_at_head else NOT_AT_HEAD


def show_companies(arguments: argparse.Namespace) -> int:
    """Print the companies with their tickers, exchanges and investor-relations pages."""
    database = resolve_database_url()
    with connect(database) as connection:
        if not inspect(connection).has_table(Company.__tablename__):
            complain("there is no table of companies yet: run make migrate")
            return NOT_AT_HEAD
        companies = list_companies(Session(connection))
        if arguments.json:
            print_json(
                [CompanyRead.model_validate(each).model_dump(mode="json") for each in companies]
            )
            return FINE
        table = Table("ID", "Company", "Ticker", "Listings")
        table.add_column("Investor relations", overflow="fold")
        for company in companies:
            listings = ", ".join(
                f"{each['ticker']} ({each['exchange']})" for each in company.tickers
            )
            ticker = company.primary_ticker or ""
            table.add_row(str(company.id), company.name, ticker, listings, company.ir_url)
    stdout().print(table)
    stdout().print(f"{len(companies)} companies in {database}", soft_wrap=True)
    return FINE


def show_history(arguments: argparse.Namespace) -> int:
    """Print every revision, whether it is applied, and where the database stands."""
    database = resolve_database_url()
    scripts = load_scripts(INI_FILE)
    with connect(database) as connection:
        state = read_state(connection, scripts)
    applied = applied_revisions(state, scripts)
    revisions = list_revisions(scripts)
    if arguments.json:
        rows = [
            {
                "revision": each.revision,
                "title": title(each),
                "is_applied": each.revision in applied,
            }
            for each in revisions
        ]
        print_json({"revisions": rows, "current": state.current, "is_at_head": state.is_at_head})
    else:
        table = Table("Revision", "What it does", "Applied")
        for each in revisions:
            table.add_row(each.revision, title(each), "yes" if each.revision in applied else "no")
        stdout().print(table)
        stdout().print(f"Database: {database}\nNow at: {state}", soft_wrap=True)
    return FINE


def reset(arguments: argparse.Namespace) -> int:
    """Drop everything in the database and migrate it from the beginning."""
    database = resolve_database_url()
    with connect(database) as connection:
        host = connection.connection.driver_connection.info.host  # type: ignore[union-attr]
        if not is_local(host) and not arguments.allow_remote:
            raise RefusedError(
                f"{database} is on {host}, not on this machine: ALLOW_REMOTE=1 if you are sure"
            )
        overview = read_overview(connection)
        stdout().print(f"Database: {database}", soft_wrap=True)
        print_tables(overview)
        connection.rollback()  # hold no lock while somebody thinks
        confirm_reset(overview, force=arguments.force)
        connection.exec_driver_sql("SET LOCAL lock_timeout = '10s'")
        count = drop_everything(connection)
        connection.commit()
    complain(f"dropped {count} objects; migrating from the beginning …")
    command.upgrade(Config(INI_FILE), "head")
    return show_info(argparse.Namespace(json=False))


def confirm_reset(overview: Overview, *, force: bool) -> None:
    """Ask for the database's name, unless forced.

    Raises:
        RefusedError: Nobody can be asked, or the answer is another one.
    """
    if force:
        return
    if not sys.stdin.isatty():
        raise RefusedError("a reset destroys this and there is no terminal to ask on: FORCE=1")
    question = f"All {overview.rows} rows will be lost. Type the database's name to go on: "
    try:
        answer = input(question)
    except EOFError:
        answer = ""
    if answer.strip() != overview.name:
        raise RefusedError(f"that is not {overview.name!r}: nothing was changed")


def open_psql(_: argparse.Namespace) -> int:
    """Become psql on the same database; the password goes through the environment, unseen."""
    database = resolve_database_url()
    with connect(database) as connection:
        info = connection.connection.driver_connection.info  # type: ignore[union-attr]
        # Not all that libpq has by default: an older psql knows fewer parameters.
        named = {"host", "port", "user", "dbname", *database.url.query}
        parameters = {name: info.dsn_parameters[name] for name in named & {*info.dsn_parameters}}
        password = info.password
    installed = shutil.which("psql")
    if embedded.is_installed() and (database.is_embedded or installed is None):
        psql = str(find_program("psql"))  # of the server's own version
    elif installed:
        psql = installed
    else:
        raise RefusedError("psql is not installed here")
    environment = {**os.environ, **({"PGPASSWORD": password} if password else {})}
    complain(f"opening {database}")
    sys.stdout.flush()
    os.execve(psql, ["psql", "--set=ON_ERROR_STOP=1", make_dsn(**parameters)], environment)  # noqa: S606


def stop(_: argparse.Namespace) -> int:
    """End the embedded server; its data stays."""
    try:
        url = resolve_database_url().url
    except SettingsError:  # a wrong setting must not keep a server running
        url = make_url(f"{embedded.DRIVERNAME}:///")
    was_running = embedded.stop(url)
    stdout().print("The embedded PostgreSQL has ended." if was_running else "It was not running.")
    return FINE


def print_tables(overview: Overview) -> None:
    """Print the rows and the size of every table."""
    table = Table("Table")
    table.add_column("Rows", justify="right")
    table.add_column("Size", justify="right")
    for each in overview.tables:
        table.add_row(each.name, f"{each.rows:,}", decimal(each.size))
    stdout().print(table if overview.tables else "No tables.")


def title(revision: Script) -> str:
    """Return what a revision's docstring says first."""
    return revision.doc.rstrip(".")


def print_json(value: object) -> None:
    """Print `value` for a script."""
    print(json.dumps(value, indent=2, ensure_ascii=False))


def stdout() -> Console:
    """Return the console: as wide as the terminal, or in a pipe as wide as the text.

    What the database holds is printed as it is: a name in [brackets] is no markup.
    """
    width = None if sys.stdout.isatty() else 1000
    return Console(highlight=False, markup=False, emoji=False, width=width)


def complain(message: str) -> None:
    """Say something to people that is not the command's result."""
    print(f"db_manager: {message}", file=sys.stderr)


def parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Return the parsed arguments, by default the command line's; `run` is the chosen command."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, run: Callable[[argparse.Namespace], int]) -> argparse.ArgumentParser:
        sentence = (run.__doc__ or "").partition("\n")[0]
        added = commands.add_parser(name, help=sentence, description=sentence)
        added.set_defaults(run=run)
        return added

    for name, run in (
        ("info", show_info),
        ("list-companies", show_companies),
        ("history", show_history),
    ):
        add(name, run).add_argument("--json", action="store_true", help="print JSON for scripts")
    resetting = add("reset", reset)
    resetting.add_argument("--force", action="store_true", help="do not ask")
    resetting.add_argument(
        "--allow-remote", action="store_true", help="also on another machine's server"
    )
    add("psql", open_psql)
    add("stop", stop)
    return parser.parse_args(arguments)


def main(command_line: Sequence[str] | None = None) -> int:
    """Run the command and turn every expected failure into one line; return the exit code."""
    arguments = parse_arguments(command_line)
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    try:
        code: int = arguments.run(arguments)
    except (RefusedError, SettingsError, CommandError, EmbeddedServerError) as error:
        complain(str(error))
        return FAILED
    except SQLAlchemyError as error:
        complain(describe_failure(error))
        return FAILED
    except KeyboardInterrupt:
        complain("interrupted")
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    return code


if __name__ == "__main__":
    sys.exit(main())
