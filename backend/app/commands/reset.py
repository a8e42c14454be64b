"""Empty the database and migrate it again, after a question and a dump."""

import argparse
import sys

from alembic import command
from alembic.config import Config
from rich.filesize import decimal
from sqlalchemy import Connection

from app import BACKEND
from app.commands import INI_FILE, info
from app.commands.output import RefusedError, complain, stdout
from app.commands.target import find_scripts, find_target, make_recorder
from app.db.backup import BackupError, back_up
from app.db.client import connection_info
from app.db.migrations.connection import connect
from app.db.migrations.consent import ask_for_name
from app.db.migrations.declarations import PRODUCTION, Declarations
from app.db.migrations.ledger import read_ledger
from app.db.migrations.mutex import hold_mutex
from app.db.migrations.price import price
from app.db.migrations.rehearsal import RehearsalError, run_steps, upgrades
from app.db.overview import Overview, read_overview
from app.db.reset import drop_everything, is_local
from app.db.url import DatabaseURL

BACKUPS = BACKEND / ".backups"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options that this command takes."""
    parser.add_argument("--force", action="store_true", help="do not ask")
    parser.add_argument(
        "--allow-remote", action="store_true", help="also on another machine's server"
    )
    parser.add_argument(
        "--no-dump", dest="dump", action="store_false", help="keep no dump of what is dropped"
    )


def run(arguments: argparse.Namespace) -> int:
    """Dump the database, drop everything in it and migrate it from the beginning."""
    database, settings = find_target()
    with connect(database, settings) as connection:
        overview = read_overview(connection)
        environment = read_ledger(connection).environment
        connection.rollback()  # hold no lock while somebody thinks, or while pg_dump works
        stdout().print(f"Database: {database}", soft_wrap=True)
        require_harmless(connection, database, environment, allow_remote=arguments.allow_remote)
        info.print_tables(overview)
        say_what_is_lost(connection, force=arguments.force)
        confirm(overview, force=arguments.force)
        with hold_mutex(database, settings, connection):
            if overview.tables and arguments.dump:
                keep_dump(connection, database)
            with connection.begin():
                count = drop_everything(connection)
    complain(f"dropped {count} objects; migrating from the beginning …")
    command.upgrade(Config(INI_FILE), "head")
    if environment:
        declarations = Declarations(database, settings, find_scripts(), make_recorder(settings))
        declarations.declare_environment(environment)
    return info.run(argparse.Namespace(json=False))


def require_harmless(
    connection: Connection, database: DatabaseURL, environment: str | None, *, allow_remote: bool
) -> None:
    """Refuse what nobody resets.

    Raises:
        RefusedError: It is a production database, or on another machine and that is not allowed.
    """
    if environment == PRODUCTION:
        raise RefusedError(
            f"{database} is a production database, which is never reset. If it is one no more: "
            "make db-stamp-env ENV=development"
        )
    host = connection_info(connection).host
    if not is_local(host) and not allow_remote:
        raise RefusedError(
            f"{database} is on {host}, not on this machine: ALLOW_REMOTE=1 if you are sure"
        )


def say_what_is_lost(connection: Connection, *, force: bool) -> None:
    """Say of each table how many rows go, and how many of them the migrations write again.

    Raises:
        RehearsalError: It cannot be worked out, and nobody said that it does not matter.
    """
    scripts = find_scripts()
    again = upgrades(scripts, scripts.get_heads())
    try:
        found = price(connection, drop_everything, lambda each: run_steps(each, scripts, again))
    except RehearsalError as error:
        if not force:
            raise
        complain(str(error))
    else:
        for line in found.lines():
            stdout().print(line, soft_wrap=True)


def confirm(overview: Overview, *, force: bool) -> None:
    """Ask for the database's name, unless forced.

    Raises:
        RefusedError: Nobody can be asked, or the answer is another one.
    """
    if force:
        return
    if not sys.stdin.isatty():
        raise RefusedError("a reset destroys this and there is no terminal to ask on: FORCE=1")
    if not ask_for_name(overview.name, f"All {overview.rows} rows will be dropped."):
        raise RefusedError(f"that is not {overview.name!r}: nothing was changed")


def keep_dump(connection: Connection, database: DatabaseURL) -> None:
    """Dump the database and say how the dump is brought back.

    Raises:
        RefusedError: There is no dump.
    """
    complain(f"dumping the database into {BACKUPS} …")
    try:
        backup = back_up(connection, database, BACKUPS)
    except BackupError as error:
        raise RefusedError(
            f"nothing was dropped, since there is no dump: {error}. DUMP=0 goes on without"
        ) from error
    complain(
        f"dumped to {backup.path} ({decimal(backup.size)}); to bring it back:\n"
        f"{backup.restore_command}"
    )
