"""Fixtures of the tests of use cases."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import URL, Engine, create_engine
from sqlalchemy.pool import NullPool

from tests.helpers.shelf import Shelf


@pytest.fixture(scope="session")
def shared_database(migration_server: URL, migrated_template: str) -> Iterator[Engine]:
    """Return one database for all tests that roll back what they write."""
    admin = create_engine(migration_server, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    name = f"test_{uuid4().hex[:12]}"
    with admin.connect() as connection:
        connection.exec_driver_sql(f'CREATE DATABASE {name} TEMPLATE "{migrated_template}"')
    engine = create_engine(migration_server.set(database=name))
    yield engine
    engine.dispose()
    with admin.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def shelf(
    shared_database: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Shelf]:
    with shared_database.connect() as connection, connection.begin() as transaction:
        yield Shelf(connection, tmp_path, monkeypatch)
        transaction.rollback()
