"""Faults of acceptance/test_faults.py, simulated in one process."""

from collections.abc import Callable
from typing import Any

import psycopg2
import pytest
from sqlalchemy import Engine
from sqlalchemy.dialects.postgresql.psycopg2 import PGDialect_psycopg2

from alembic_zero_downtime import DatabaseURL
from alembic_zero_downtime.database.connection import MigrationDatabase
from alembic_zero_downtime.errors import MigrationError
from alembic_zero_downtime.runtime.migration_lock import hold_migration_lock
from alembic_zero_downtime.settings import MigrationSettings
from support.databases import exists, read_version
from support.project import HEAD, ProjectCopy

Alembic = Callable[..., int]
DISK_IS_FULL = """
    DO $$ BEGIN
        RAISE 'could not extend file "base/1/2": No space left on device'
            USING ERRCODE = 'disk_full', HINT = 'Check free disk space.';
    END $$
"""


def test_a_connection_that_is_lost_after_a_commit(
    project: ProjectCopy,
    alembic: Alembic,
    migrated: Engine,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    commit: Any = PGDialect_psycopg2.do_commit
    revision = project.add('op.execute("CREATE TABLE made (n int)")')

    def commit_and_lose_the_connection(dialect: PGDialect_psycopg2, connection: Any) -> None:
        commit(dialect, connection)
        if exists(migrated, "made"):
            connection.close()
            raise psycopg2.OperationalError("server closed the connection unexpectedly")

    with monkeypatch.context() as patch:
        patch.setattr(PGDialect_psycopg2, "do_commit", commit_and_lose_the_connection)
        assert alembic(migrated.url, "upgrade", "head", ini=project.ini) != 0
    error = capsys.readouterr().err
    assert f"upgrade {HEAD} -> {revision}: server closed the connection unexpectedly" in error
    assert f"Its commit succeeded nevertheless. The database is at {revision} (head)" in error
    assert alembic(migrated.url, "upgrade", "head", ini=project.ini) == 0
    assert "Nothing to do" in capsys.readouterr().err


def test_a_full_disk(
    project: ProjectCopy, alembic: Alembic, migrated: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    project.add(f"op.execute({DISK_IS_FULL!r})")
    assert alembic(migrated.url, "upgrade", "head", ini=project.ini) != 0
    error = capsys.readouterr().err
    assert "No space left on device. Check free disk space (" in error
    assert "). It was rolled back" in error
    assert read_version(migrated) == HEAD


def test_sessions_that_share_a_server_process(
    empty: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As PgBouncer's transaction mode lends it: to the lock session and the worker in turns."""
    database = MigrationDatabase(DatabaseURL(empty.url, "DATABASE_URL"), MigrationSettings.read({}))
    with empty.connect() as shared:
        monkeypatch.setattr(MigrationDatabase, "connect", lambda *_, **__: shared)
        with (
            pytest.raises(MigrationError, match="a pooler that shares sessions between"),
            hold_migration_lock(database, shared),
        ):
            pytest.fail("the lock is not held by one session")
