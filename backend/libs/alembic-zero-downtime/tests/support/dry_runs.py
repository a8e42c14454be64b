"""Estimate the data loss of steps, and check that the dry run leaves nothing behind."""

from collections.abc import Callable
from typing import Any

from alembic.runtime.migration import RevisionStep
from alembic.script import ScriptDirectory
from psycopg2.extensions import TRANSACTION_STATUS_IDLE
from sqlalchemy import Connection, Engine

from alembic_zero_downtime.data_loss.dry_run import run_steps, upgrade_steps
from alembic_zero_downtime.data_loss.estimate import DataLoss, estimate_data_loss
from project.definition import PROJECT
from support.snapshots import take_snapshot

SCRIPTS = PROJECT.load_revisions()
Steps = Callable[[Connection], object]


def run(statements: str) -> Steps:
    def steps(connection: Connection) -> None:
        if statements:
            connection.exec_driver_sql(statements.replace("%", "%%"))

    return steps


def do_nothing(_: Connection) -> None:
    pass


def estimate(
    engine: Engine, destroy: Steps, restore: Steps = do_nothing, **limits: float
) -> DataLoss:
    """Estimate the data loss; the database is unchanged afterwards, also after an error."""
    before = take_snapshot(engine)
    with engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        try:
            return estimate_data_loss(connection, destroy, restore, **limits)
        finally:
            assert not connection.in_transaction()
            assert driver.info.transaction_status == TRANSACTION_STATUS_IDLE
            assert take_snapshot(engine) == before


def downgrade(destination: str, scripts: ScriptDirectory = SCRIPTS) -> Steps:
    def make_steps(heads: Any, _: object) -> list[RevisionStep]:
        return scripts._downgrade_revs(destination, heads)  # noqa: SLF001 as Alembic's command

    return lambda connection: run_steps(connection, scripts, make_steps)


def upgrade(scripts: ScriptDirectory = SCRIPTS) -> Steps:
    return lambda connection: run_steps(
        connection, scripts, upgrade_steps(scripts, scripts.get_heads())
    )
