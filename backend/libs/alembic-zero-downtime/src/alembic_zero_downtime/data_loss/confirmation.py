"""Report the data loss of a downgrade, and ask for confirmation before irreversible data loss."""

import logging
import select
import sys
from collections.abc import Collection

from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection

from alembic_zero_downtime.data_loss.dry_run import DryRunError, run_steps, upgrade_steps
from alembic_zero_downtime.data_loss.estimate import DataLoss, estimate_data_loss
from alembic_zero_downtime.database.connection import MigrationDatabase
from alembic_zero_downtime.errors import MigrationError, describe_error
from alembic_zero_downtime.project import Project
from alembic_zero_downtime.settings import parse_duration
from alembic_zero_downtime.signals import wakeup_pipe
from alembic_zero_downtime.steps import MigrationSteps

logger = logging.getLogger(__name__)


def confirm_data_loss(
    project: Project,
    database: MigrationDatabase,
    scripts: ScriptDirectory,
    steps: MigrationSteps,
    heads: Collection[str],
) -> None:
    """Log the data loss of the steps; require confirmation where the upgrade does not restore it.

    Args:
        project: whose `context.configure` options the dry run has to support.
        database: its setting `allow_data_loss` is a confirmation in advance.
        scripts: the revisions.
        steps: contain a downgrade.
        heads: the current revisions of the database.

    Raises:
        CommandError: It is not confirmed, or a downgrade itself refuses to run.
    """
    confirm_in_advance = project.commands.lose_data
    try:
        data_loss = _estimate(project, database, scripts, steps, heads)
    except DryRunError as error:
        if not database.settings.allow_data_loss:
            raise MigrationError(
                f"{error}. To continue without an estimate: {confirm_in_advance}"
            ) from error
        logger.warning("%s", error)
        return
    for line in data_loss.lines():
        logger.warning("%s", line)
    if data_loss.is_loss and not database.settings.allow_data_loss:
        if not sys.stdin.isatty():
            raise MigrationError(
                f"data would be lost, and there is no terminal to confirm it: {confirm_in_advance}"
            )
        if not prompt_for_database_name(database.name, "This data will be lost."):
            raise MigrationError("that is not the database's name: nothing was changed")


def prompt_for_database_name(database: str, consequence: str) -> bool:
    """Ask on the terminal for the database's name; return whether it was typed."""
    sys.stderr.write(f"{consequence} Type the database's name to continue: ")
    sys.stderr.flush()
    with wakeup_pipe() as (signals, _):  # else Ctrl-C takes effect only after the next line
        select.select([sys.stdin, signals], [], [])
    return sys.stdin.readline().strip() == database


def _estimate(
    project: Project,
    database: MigrationDatabase,
    scripts: ScriptDirectory,
    steps: MigrationSteps,
    heads: Collection[str],
) -> DataLoss:
    try:
        project.refuse_options("a dry run", "version_table", "version_table_schema")
    except MigrationError as error:
        raise DryRunError(str(error)) from error

    def destroy(connection: Connection) -> None:
        run_steps(connection, scripts, lambda *_: steps.pending)

    def restore(connection: Connection) -> None:
        run_steps(connection, scripts, upgrade_steps(scripts, sorted(heads)))

    limit = parse_duration(database.settings.lock_timeout)
    with database.connect() as connection:
        try:
            return estimate_data_loss(connection, destroy, restore, lock_timeout=limit)
        except CommandError:
            raise
        except Exception as error:
            raise MigrationError(
                f"{describe_error(error)}. This was a dry run: nothing was changed"
            ) from error
