"""Empty the database and migrate it again, after a confirmation and a dump."""

import argparse
import sys
from collections.abc import Sequence

from alembic import command
from rich.filesize import decimal
from sqlalchemy import Connection

from alembic_zero_downtime.cli import info
from alembic_zero_downtime.cli.context import CommandContext
from alembic_zero_downtime.cli.output import RefusedError, stdout
from alembic_zero_downtime.data_loss.confirmation import prompt_for_database_name
from alembic_zero_downtime.database.backup import BackupError, back_up
from alembic_zero_downtime.database.client import connection_info
from alembic_zero_downtime.database.reset import (
    DatabaseObject,
    drop_everything,
    is_local,
    list_objects,
)
from alembic_zero_downtime.history.ledger import read_ledger
from alembic_zero_downtime.runtime.manual_entries import PRODUCTION, set_environment
from alembic_zero_downtime.runtime.migration_lock import hold_migration_lock


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options that this command takes."""
    parser.add_argument("--force", action="store_true", help="skip the confirmation")
    parser.add_argument(
        "--allow-remote", action="store_true", help="accept a server on another machine"
    )
    parser.add_argument(
        "--no-dump", dest="dump", action="store_false", help="do not dump the database first"
    )


def run(context: CommandContext, arguments: argparse.Namespace) -> int:
    """Dump the database, drop everything in it and migrate it again; asks first."""
    database = context.database
    with database.connect() as connection:
        objects = list_objects(connection)
        environment = read_ledger(connection).environment
        connection.rollback()  # hold no lock during the prompt and pg_dump
        stdout().print(f"Database: {database}", soft_wrap=True)
        require_resettable(context, connection, environment, allow_remote=arguments.allow_remote)
        confirm(context, objects, force=arguments.force)
        with hold_migration_lock(database, connection):
            if objects and arguments.dump:
                write_dump(context, connection)
            with connection.begin():
                count = drop_everything(connection)
    context.notify(f"dropped {count} objects; migrating from the beginning …")
    command.upgrade(context.config, "head")
    if environment:
        set_environment(context.project, database, context.recorder, environment)
    return info.run(context, argparse.Namespace(json=False))


def require_resettable(
    context: CommandContext, connection: Connection, environment: str | None, *, allow_remote: bool
) -> None:
    """Refuse production databases and, unless allowed, servers on another machine.

    Raises:
        RefusedError: The database is one of these.
    """
    database, commands = context.database, context.project.commands
    if environment == PRODUCTION:
        raise RefusedError(
            f"{database} is a production database, which is never reset. If it no longer is one: "
            f"{commands.stamp_env.format('development')}"
        )
    host = connection_info(connection).host
    if not is_local(host) and not allow_remote:
        raise RefusedError(
            f"{database} is on {host}, not on this machine: {commands.reset_remote} if you are sure"
        )


def confirm(context: CommandContext, objects: Sequence[DatabaseObject], *, force: bool) -> None:
    """List the objects to drop; if a table has rows, ask for the database's name.

    Raises:
        RefusedError: There is no terminal, or the answer is not the database's name.
    """
    if objects:
        stdout().print("Would be dropped:", soft_wrap=True)
    for each in objects:
        stdout().print(f"  {each}", soft_wrap=True)
    rows = sum(each.rows or 0 for each in objects)
    if force or not rows:
        return
    if not sys.stdin.isatty():
        raise RefusedError(
            "nothing was changed: a reset asks first, and there is no terminal. "
            f"{context.project.commands.reset_unasked} skips the question"
        )
    amount = f"{rows:,} row{'s' * (rows != 1)}"
    if not prompt_for_database_name(context.database.name, f"{amount} would be lost."):
        raise RefusedError(f"that is not {context.database.name!r}: nothing was changed")


def write_dump(context: CommandContext, connection: Connection) -> None:
    """Dump the database and print the command that restores it.

    Raises:
        RefusedError: The dump has failed.
    """
    folder = context.project.backups
    context.notify(f"dumping the database into {folder} …")
    try:
        backup = back_up(connection, context.database.address, folder)
    except BackupError as error:
        raise RefusedError(
            f"nothing was dropped, since the dump failed: {error}. "
            f"{context.project.commands.reset_without_dump} skips the dump"
        ) from error
    context.notify(
        f"dumped to {backup.path} ({decimal(backup.size)}); to restore it:\n"
        f"{backup.restore_command}"
    )
