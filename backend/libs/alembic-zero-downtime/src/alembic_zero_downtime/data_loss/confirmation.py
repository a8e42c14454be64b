"""Report the data loss of a downgrade, and ask for confirmation before irreversible data loss."""

import logging
import select
import sys
from collections.abc import Collection, Iterator
from contextlib import contextmanager

from alembic.util import CommandError
from sqlalchemy import Connection

from alembic_zero_downtime.data_loss.dry_run import DryRunError, run_steps, upgrade_steps
from alembic_zero_downtime.data_loss.estimate import estimate_data_loss
from alembic_zero_downtime.data_loss.loss import DataLoss
from alembic_zero_downtime.data_loss.recount import recount
from alembic_zero_downtime.database.connection import MigrationDatabase
from alembic_zero_downtime.errors import MigrationError, describe_error
from alembic_zero_downtime.history.declared_environment import means_production
from alembic_zero_downtime.history.ledger import read_ledger
from alembic_zero_downtime.migration_environment import MigrationEnvironment
from alembic_zero_downtime.settings import parse_duration
from alembic_zero_downtime.signals import wakeup_pipe
from alembic_zero_downtime.steps import MigrationSteps

logger = logging.getLogger(__name__)


def confirm_data_loss(
    environment: MigrationEnvironment,
    database: MigrationDatabase,
    steps: MigrationSteps,
    heads: Collection[str],
) -> None:
    """Log the data loss of the steps; require confirmation where the upgrade does not restore it.

    The steps then count again what they destroy, unless the setting allows any data loss.
    A downgrade of a production database is confirmed also if it loses nothing.

    Args:
        environment: of the revisions.
        database: its setting `allow_data_loss` is a confirmation in advance.
        steps: contain a downgrade.
        heads: the current revisions of the database.

    Raises:
        CommandError: It is not confirmed, or a downgrade itself refuses to run.
    """
    go_ahead = f"the same command with {environment.project.commands.lose_data}"
    is_allowed = database.settings.allow_data_loss
    with nothing_changed_if_interrupted():
        try:
            data_loss = _estimate(environment, database, steps, heads)
        except DryRunError as error:
            if not is_allowed:
                raise MigrationError(
                    f"Nothing was changed: {error}. To go ahead without an estimate: {go_ahead}"
                ) from error
            logger.warning("%s", error)
            return
        for line in data_loss.lines():
            logger.warning("%s", line)
        if is_allowed:
            return
        if data_loss.is_loss:
            require_database_name(
                database.name, "This data would be lost.", "a downgrade", go_ahead
            )
        elif _is_production(database):
            consequence = "This is a production database."
            action = "a downgrade of a production database"
            require_database_name(database.name, consequence, action, go_ahead)
    recount(steps, data_loss.watched)


def require_database_name(database: str, consequence: str, action: str, go_ahead: str) -> None:
    """Ask on the terminal for the database's name before an action that loses data.

    Args:
        database: the name to type.
        consequence: a sentence.
        action: what asks, e.g. `a downgrade`.
        go_ahead: the command or the setting that skips the question.

    Raises:
        MigrationError: There is no terminal, or something else was typed; nothing was changed.
    """
    if not sys.stdin.isatty():
        raise MigrationError(
            f"Nothing was changed: {action} asks first, and there is no terminal. "
            f"To go ahead: {go_ahead}"
        )
    if not prompt_for_database_name(database, consequence):
        raise MigrationError(f"Nothing was changed: that is not {database}")


def _is_production(database: MigrationDatabase) -> bool:
    """Whether the database was declared a production database."""
    with database.connect() as connection:
        return means_production(read_ledger(connection).environment or "")


def prompt_for_database_name(database: str, consequence: str) -> bool:
    """Ask on the terminal for the database's name; return whether it was typed."""
    with nothing_changed_if_interrupted():
        try:
            sys.stderr.write(f"{consequence} Type {database} to go on: ")
            sys.stderr.flush()
            with wakeup_pipe() as (signals, *_):  # else Ctrl-C takes effect after the next line
                select.select([sys.stdin, signals], [], [])
            return sys.stdin.readline().strip() == database
        except KeyboardInterrupt:
            sys.stderr.write("\n")
            raise


@contextmanager
def nothing_changed_if_interrupted() -> Iterator[None]:
    """Let an interrupt say that nothing was changed.

    Raises:
        KeyboardInterrupt: of the same class, with this message.
    """
    try:
        yield
    except KeyboardInterrupt as interrupt:
        raise type(interrupt)("Interrupted: nothing was changed") from None


def _estimate(
    environment: MigrationEnvironment,
    database: MigrationDatabase,
    steps: MigrationSteps,
    heads: Collection[str],
) -> DataLoss:
    def destroy(connection: Connection) -> None:
        run_steps(environment, connection, lambda *_: steps.pending)

    def restore(connection: Connection) -> None:
        run_steps(environment, connection, upgrade_steps(environment.scripts, sorted(heads)))

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
