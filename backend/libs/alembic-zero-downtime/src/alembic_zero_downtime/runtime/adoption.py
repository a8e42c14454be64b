"""Adopt revisions that were applied before the database had a ledger."""

import logging

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from alembic_zero_downtime.database.connection import MigrationDatabase
from alembic_zero_downtime.errors import MigrationError, describe_failure
from alembic_zero_downtime.history.ledger import recorded_revisions, write_entries
from alembic_zero_downtime.history.recorder import LedgerRecorder
from alembic_zero_downtime.history.state import MigrationState, ancestry
from alembic_zero_downtime.runtime.migration_lock import hold_migration_lock
from alembic_zero_downtime.tables import LEDGER_TABLE

logger = logging.getLogger(__name__)


def adopt(
    worker: Connection, database: MigrationDatabase, recorder: LedgerRecorder, state: MigrationState
) -> None:
    """Record applied revisions that the ledger lacks; a failure is only logged.

    The role may lack the privileges, or another process may hold the migration lock.
    """
    applied = ancestry(state.current, recorder.scripts)
    recorded = recorded_revisions(worker)
    worker.rollback()
    if applied <= (recorded or set()):
        return
    try:
        with hold_migration_lock(database.without_waiting(), worker):
            write_entries(worker, recorder.adoption(worker, applied))
            worker.commit()
    except MigrationError as error:
        logger.info("Not recorded in %s: %s", LEDGER_TABLE, error)
    except DBAPIError as error:
        logger.info("Not recorded in %s: %s", LEDGER_TABLE, describe_failure(error))
