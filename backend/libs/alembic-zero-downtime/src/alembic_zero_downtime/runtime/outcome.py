"""Read the state of a database, and describe it after a failed run."""

from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from alembic_zero_downtime.database.connection import MigrationDatabase
from alembic_zero_downtime.errors import MigrationError, describe_failure
from alembic_zero_downtime.history.state import (
    MigrationState,
    MigrationStatus,
    list_briefly,
    read_state,
)
from alembic_zero_downtime.project import Project
from alembic_zero_downtime.runtime.executor import Executor
from alembic_zero_downtime.steps import revision_of


def read_current_state(
    connection: Connection,
    project: Project,
    scripts: ScriptDirectory,
    *,
    keep_transaction: bool = False,
) -> MigrationState:
    """Return the state of a database, and end the transaction unless it is to be kept.

    Raises:
        MigrationError: The state cannot be read.
    """
    try:
        state = read_state(connection, project, scripts)
    except DBAPIError as error:
        reason = describe_failure(error)
        raise MigrationError(f"cannot read the state of the database: {reason}") from error
    if not keep_transaction:
        connection.rollback()
    return state


def describe_failed_run(
    project: Project, database: MigrationDatabase, scripts: ScriptDirectory, executor: Executor
) -> str:
    """Describe the state that a failed run left, read on a new connection."""
    if executor.is_nested and not executor.is_partially_applied:
        return (
            "Nothing was committed: the transaction belongs to the calling program, which has to "
            "roll it back"
        )
    result = (
        "The changes that it has committed stay, and the revision must be safe to run again"
        if executor.is_partially_applied
        else "It was rolled back, and nothing else was changed"
    )
    done = list_briefly([revision_of(each) for each in executor.steps.done])
    before = f"; applied before it: {done}" if done else ""
    try:
        with database.without_waiting().connect() as connection:
            state = read_current_state(connection, project, scripts)
    except CommandError as error:
        return f"{result}{before}, as far as is known: {error}. Run the same command again"
    if executor.is_complete and set(state.current) == executor.heads:
        result = "Its commit succeeded nevertheless"
    advice = f"; {state.next_step}" if state.status is MigrationStatus.UNMANAGED else ""
    return f"{result}{before}. The database is at {state}{advice}"
