"""Empty the database and migrate it again, after a confirmation and a dump."""

import argparse
import logging
from collections.abc import Sequence
from contextlib import ExitStack

from alembic import command
from rich.filesize import decimal
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from alembic_zero_downtime._log_levels import log_level
from alembic_zero_downtime.cli import info
from alembic_zero_downtime.cli.context import CommandContext
from alembic_zero_downtime.cli.output import RefusedError, stdout
from alembic_zero_downtime.data_loss.confirmation import (
    nothing_changed_if_interrupted,
    require_database_name,
)
from alembic_zero_downtime.data_loss.dry_run import (
    DryRunError,
    rolled_back_to_savepoint,
    run_steps,
    upgrade_steps,
)
from alembic_zero_downtime.database.backup import BackupError, back_up
from alembic_zero_downtime.database.client import connection_info
from alembic_zero_downtime.database.reset import (
    ChangedMeanwhileError,
    DatabaseObject,
    drop_objects,
    is_local,
    list_dependent_objects,
    list_objects,
    lock_objects,
    require_unchanged,
)
from alembic_zero_downtime.environment import load_project
from alembic_zero_downtime.errors import TRANSIENT, describe_error, describe_failure, sqlstate
from alembic_zero_downtime.history.declared_environment import PRODUCTION, means_production
from alembic_zero_downtime.history.ledger import read_ledger, write_entries
from alembic_zero_downtime.migration_environment import MigrationEnvironment
from alembic_zero_downtime.project import Project
from alembic_zero_downtime.runtime.lock_monitor import monitor_locks
from alembic_zero_downtime.runtime.migration_lock import MigrationLock, hold_migration_lock
from alembic_zero_downtime.search_path import has_table

DRY_RUN_SECONDS = 600.0
# The SQLSTATEs of errors that are due to the dry run: its one transaction, which holds the locks of
# all revisions, and its time limit.
DUE_TO_DRY_RUN = {
    "25001": "active_sql_transaction",
    "53200": "out_of_memory",
    "55P04": "unsafe_new_enum_value_usage",
    "57014": "query_canceled",
}


def run(context: CommandContext, arguments: argparse.Namespace) -> int:
    """Dump the database, drop everything in it and migrate it again; asks first."""
    database = context.database
    with ExitStack() as stack:
        connection = stack.enter_context(database.connect())
        with nothing_changed_if_interrupted():
            objects = list_objects(connection)
            stdout().print(f"Database: {database}", soft_wrap=True)
            require_resettable(context, connection, allow_remote=arguments.allow_remote)
            connection.rollback()  # hold no lock during the prompt
            confirm(context, objects, force=arguments.force)
            lock = stack.enter_context(hold_migration_lock(database, connection))
            empty_database(context, connection, lock, objects, arguments)
        connection.commit()
    context.notify(f"dropped {len(objects)} objects; migrating from the beginning …")
    command.upgrade(context.config, _destination(context.project))
    return info.run(context, argparse.Namespace(json=False))


def require_resettable(
    context: CommandContext, connection: Connection, *, allow_remote: bool
) -> str | None:
    """Refuse a production database, one on another machine, and a schema that others depend on.

    Returns:
        The environment of the database.

    Raises:
        RefusedError: The database is one of these.
    """
    database, commands = context.database, context.project.commands
    environment = read_ledger(connection).environment
    if environment and means_production(environment):
        raise RefusedError(
            f"{database} is a {PRODUCTION} database, which is never reset. If it no longer is one: "
            f"{commands.stamp_env.format('development')}"
        )
    host = connection_info(connection).host
    if not is_local(host) and not allow_remote:
        raise RefusedError(
            f"{database} is on {host}, not on this machine: {commands.reset_remote} if you are sure"
        )
    if dependents := list_dependent_objects(connection):
        raise RefusedError(
            "nothing was changed: outside of the schema, these objects depend on it and would be "
            f"dropped too, without a way back: {', '.join(dependents)}. Drop them first, then "
            f"{commands.reset}"
        )
    return environment


def confirm(context: CommandContext, objects: Sequence[DatabaseObject], *, force: bool) -> None:
    """List the objects to drop; if there are any, ask for the database's name.

    Raises:
        MigrationError: There is no terminal, or the answer is not the database's name.
    """
    if objects:
        stdout().print("Would be dropped:", soft_wrap=True)
    for each in objects:
        stdout().print(f"  {each}", soft_wrap=True)
    if force or not objects:
        return
    commands = context.project.commands
    go_ahead = f"{commands.reset} {commands.reset_unasked}"
    require_database_name(context.database.name, _consequence(objects), "a reset", go_ahead)


def _consequence(objects: Sequence[DatabaseObject]) -> str:
    """Return the sentence before the question, e.g. that 7 rows would be lost."""
    rows = sum(each.rows or 0 for each in objects)
    if any(each.unknown_because for each in objects):
        return f"At least {rows:,} row{'s' * (rows != 1)} would be lost."
    if rows:
        return f"{rows:,} row{'s' * (rows != 1)} would be lost."
    return f"{len(objects)} object{'s' * (len(objects) != 1)} would be dropped."


def empty_database(
    context: CommandContext,
    connection: Connection,
    lock: MigrationLock,
    objects: Sequence[DatabaseObject],
    arguments: argparse.Namespace,
) -> None:
    """Dump and drop the objects that were listed, in a transaction that the caller commits.

    Under locks that keep other sessions from writing, it checks again that the database may be
    reset and is the one that was confirmed.

    Raises:
        RefusedError: It is not, the dump fails, or the migrations would fail; after a rollback
            nothing is changed.
    """
    commands = context.project.commands
    with monitor_locks(context.database, connection) as monitor:
        try:
            lock_objects(connection, objects)
            environment = require_resettable(
                context, connection, allow_remote=arguments.allow_remote
            )
            # Without a question, the rows that were added since are in the dump.
            now = list_objects(connection)
            require_unchanged(objects, now, count_rows=not arguments.force)
            if objects and arguments.dump:
                write_dump(context, connection)
            lock.require_held("reset")
            drop_objects(connection, objects)
            forget_revisions(connection, context.project)
        except ChangedMeanwhileError as error:
            raise RefusedError(
                f"nothing was dropped: {error}. Run it again: {commands.reset}"
            ) from error
        except DBAPIError as error:
            _raise_hidden_interrupt(error)
            reason = describe_failure(error)
            if sqlstate(error) in TRANSIENT:
                blockers = ", ".join(map(str, monitor.blockers))
                reason += f"; blocked by {blockers}" if blockers else ""
                reason += f". End that transaction or wait for it, then {commands.reset}"
            raise RefusedError(f"nothing was dropped: {reason}") from error
        require_working_migrations(context, connection, force=arguments.force)
        if environment:
            recorder = context.recorder
            entry = recorder.entries.entry("environment", environment=environment)
            write_entries(connection, [*recorder.adoption(connection, set()), entry])


def forget_revisions(connection: Connection, project: Project) -> None:
    """Delete the current revisions from a version table outside of the schema that is emptied."""
    versions = project.version_table
    if has_table(connection, versions.name, versions.schema):
        connection.execute(versions.delete())


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


def require_working_migrations(
    context: CommandContext, connection: Connection, *, force: bool
) -> None:
    """Dry-run all migrations in the emptied database.

    Raises:
        RefusedError: They fail, or it is not known whether they do and `force` is not set.
    """
    commands = context.project.commands
    try:
        failure = _dry_run_migrations(context, connection)
    except DryRunError as error:  # a refused commit
        failure = error
    if failure is None:
        return
    is_known = not isinstance(failure, DryRunError)
    if isinstance(failure, DBAPIError):
        is_known = sqlstate(failure) not in {**DUE_TO_DRY_RUN, **TRANSIENT}
    reason = failure.reason if isinstance(failure, DryRunError) else describe_error(failure)
    if is_known:
        raise RefusedError(
            f"nothing was dropped: the migrations fail in the emptied database: {reason}. Fix "
            f"them, then {commands.reset}"
        ) from failure
    doubt = f"it is not known whether the migrations run in the emptied database: {reason}"
    if not force:
        raise RefusedError(
            f"nothing was dropped: {doubt}. To go ahead: {commands.reset} {commands.reset_unasked}"
        ) from failure
    context.notify(doubt)


def _dry_run_migrations(context: CommandContext, connection: Connection) -> BaseException | None:
    """Run all migrations and roll them back; return the error of the first that fails."""
    failure: BaseException | None = None
    with (
        log_level("alembic", "alembic_zero_downtime", level=logging.WARNING),
        rolled_back_to_savepoint(connection, DRY_RUN_SECONDS),
    ):
        try:
            project = load_project(context.config)  # as the migration that follows
            environment = MigrationEnvironment(project, context.config, context.scripts)
            environment.project.load_metadata()
            steps = upgrade_steps(context.scripts, [_destination(project)])
            run_steps(environment, connection, steps)
        except (Exception, SystemExit) as error:  # noqa: BLE001 a revision may raise anything
            _raise_hidden_interrupt(error)
            failure = error
    return failure


def _destination(project: Project) -> str:
    """Return where the migrations lead: one head, or all of a project whose history may branch."""
    return "head" if project.sequential_ids else "heads"


def _raise_hidden_interrupt(error: BaseException) -> None:
    """Raise the interrupt during whose handling an error came up, such as a cancelled statement."""
    hidden = error.__context__
    while hidden is not None:
        if isinstance(hidden, KeyboardInterrupt):
            raise hidden
        hidden = hidden.__context__
