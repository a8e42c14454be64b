"""Hold the migration lock, as another process that migrates would."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, text

from alembic_zero_downtime.runtime.migration_lock import LOCK_KEY, NAMESPACE

WAITING = """WHERE application_name = 'alembic' AND query LIKE '%advisory%'
               AND datname = current_database()"""
IS_WAITED_FOR = f"SELECT count(*) > 0 FROM pg_stat_activity {WAITING}"


@contextmanager
def held(engine: Engine, key: int = LOCK_KEY) -> Iterator[Connection]:
    """Hold one key of the migration lock, as another process would."""
    with engine.connect() as connection:
        connection.execute(text(f"SELECT pg_advisory_lock({NAMESPACE}, {key})"))
        connection.commit()
        yield connection
