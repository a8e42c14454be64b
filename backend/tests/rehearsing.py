"""Steps to rehearse, and what a database is before and after."""

from collections.abc import Callable
from typing import Any

from alembic.runtime.migration import RevisionStep
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

from app.db.migrations.price import Price, price
from app.db.migrations.rehearsal import IDLE, run_steps, upgrades
from tests.catalog import read_catalog, read_rows
from tests.revisions import SCRIPTS

Steps = Callable[[Connection], object]


def run(statements: str) -> Steps:
    def steps(connection: Connection) -> None:
        if statements:
            connection.exec_driver_sql(statements.replace("%", "%%"))

    return steps


def do_nothing(_: Connection) -> None:
    pass


def execute(engine: Engine, statements: str) -> None:
    with engine.begin() as connection:
        run(statements)(connection)


def picture(engine: Engine) -> object:
    with engine.connect() as connection:
        return read_catalog(connection), read_rows(connection)


def rehearse(engine: Engine, destroy: Steps, restore: Steps = do_nothing, **limits: float) -> Price:
    """Work out the price, and see that nothing of it remains, however it ends."""
    before = picture(engine)
    with engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        try:
            return price(connection, destroy, restore, **limits)
        finally:
            assert not connection.in_transaction()
            assert driver.info.transaction_status == IDLE
            assert picture(engine) == before


def downgrade(destination: str, scripts: ScriptDirectory = SCRIPTS) -> Steps:
    def work(heads: Any, _: object) -> list[RevisionStep]:
        return scripts._downgrade_revs(destination, heads)  # noqa: SLF001

    return lambda connection: run_steps(connection, scripts, work)


def upgrade(scripts: ScriptDirectory = SCRIPTS) -> Steps:
    return lambda connection: run_steps(connection, scripts, upgrades(scripts, scripts.get_heads()))
