"""Estimate the data loss of steps, and check that the dry run leaves nothing behind."""

from collections.abc import Callable
from typing import Any

from alembic.config import Config
from alembic.runtime.migration import RevisionStep
from psycopg2.extensions import TRANSACTION_STATUS_IDLE
from sqlalchemy import Connection, Engine

from alembic_zero_downtime.data_loss.dry_run import run_steps, upgrade_steps
from alembic_zero_downtime.data_loss.estimate import estimate_data_loss
from alembic_zero_downtime.data_loss.loss import DataLoss
from alembic_zero_downtime.migration_environment import MigrationEnvironment
from project.definition import PROJECT
from support.snapshots import take_snapshot

ENVIRONMENT = MigrationEnvironment(PROJECT, Config(PROJECT.config_file))
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


def downgrade(destination: str, environment: MigrationEnvironment = ENVIRONMENT) -> Steps:
    def make_steps(heads: Any, _: object) -> list[RevisionStep]:
        # As Alembic's command.
        return environment.scripts._downgrade_revs(destination, heads)  # noqa: SLF001

    return lambda connection: run_steps(environment, connection, make_steps)


def upgrade(environment: MigrationEnvironment = ENVIRONMENT) -> Steps:
    scripts = environment.scripts
    steps = upgrade_steps(scripts, scripts.get_heads())
    return lambda connection: run_steps(environment, connection, steps)
