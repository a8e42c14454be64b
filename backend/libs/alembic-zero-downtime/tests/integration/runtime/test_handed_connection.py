"""A program hands over its own connection, as in Alembic's cookbook and in pytest-alembic."""

from collections.abc import Iterator

import pytest
from alembic import command
from alembic.util import CommandError
from sqlalchemy import URL, Connection, Engine, create_engine, text
from sqlalchemy.dialects.postgresql.pg8000 import PGDialect_pg8000

from alembic_zero_downtime import MigrationStatus, read_state
from alembic_zero_downtime.history.ledger import read_ledger
from alembic_zero_downtime.runtime.migration_lock import NAMESPACE
from support.project import AT_HEAD, HEAD, ProjectCopy, wait_for
from support.snapshots import read_catalog

IS_UNLOCKED = f"""
    SELECT count(*) = 0 FROM pg_locks
     WHERE locktype = 'advisory' AND classid = {NAMESPACE}
       AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
SETTINGS = "SELECT current_setting('lock_timeout'), current_setting('statement_timeout')"


@pytest.fixture
def engine(empty_database: URL) -> Iterator[Engine]:
    """Return the program's own engine, with a pool."""
    engine = create_engine(empty_database, pool_size=5, max_overflow=0)
    yield engine
    engine.dispose()


def upgrade(project: ProjectCopy, handed: Engine | Connection, revision: str = "head") -> None:
    config = project.config
    config.attributes["connection"] = handed
    command.upgrade(config, revision)


def downgrade(project: ProjectCopy, handed: Engine | Connection, revision: str) -> None:
    config = project.config
    config.attributes["connection"] = handed
    command.downgrade(config, revision)


def test_an_engine_is_used_and_its_pool_keeps_no_setting(
    engine: Engine, project: ProjectCopy
) -> None:
    upgrade(project, engine)
    with engine.connect() as connection:
        assert str(read_state(connection, project.definition)) == AT_HEAD
        assert connection.execute(text(SETTINGS)).one() == ("0", "0")
        wait_for(connection, IS_UNLOCKED)


def test_a_connection_is_used_and_stays_open_as_it_was(
    engine: Engine, project: ProjectCopy
) -> None:
    project.add('op.execute("CREATE TABLE worked_by AS SELECT pg_backend_pid() AS pid")')
    with engine.connect() as connection:
        upgrade(project, connection)
        assert not connection.in_transaction()
        pid = connection.scalar(text("SELECT pg_backend_pid()"))
        assert connection.scalar(text("SELECT pid FROM worked_by")) == pid
        assert connection.execute(text(SETTINGS)).one() == ("0", "0")
        wait_for(connection, IS_UNLOCKED)
    with engine.connect() as other:
        assert read_state(other, project.definition).status is MigrationStatus.AT_HEAD


def test_online_operations_run_on_a_connection_in_no_transaction(
    engine: Engine, project: ProjectCopy
) -> None:
    project.add('op.create_index_online("ix_documents_url", "documents", ["url"])')
    with engine.connect() as connection:
        upgrade(project, connection)
        assert connection.scalar(text("SELECT to_regclass('ix_documents_url') IS NOT NULL"))


def test_in_a_programs_transaction_all_is_committed_with_it(
    engine: Engine, project: ProjectCopy
) -> None:
    with engine.begin() as connection:
        upgrade(project, connection)
        assert str(read_state(connection, project.definition)) == AT_HEAD
        with engine.connect() as other:
            assert read_state(other, project.definition).status is MigrationStatus.EMPTY
    with engine.connect() as connection:
        assert read_ledger(connection).applied == set(project.scripts.get_heads()) | {"001"}


def test_in_a_programs_transaction_all_is_rolled_back_with_it(
    engine: Engine, project: ProjectCopy
) -> None:
    with engine.connect() as connection:
        before = read_catalog(connection)
        connection.rollback()
        with connection.begin() as transaction:
            upgrade(project, connection)
            transaction.rollback()
        assert read_catalog(connection) == before


def test_the_lock_is_held_until_the_programs_transaction_ends(
    engine: Engine, project: ProjectCopy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIGRATION_LOCK_WAIT", "0")
    with engine.connect() as connection, connection.begin():
        upgrade(project, connection)
        with pytest.raises(CommandError, match="another process"):
            upgrade(project, engine)
    upgrade(project, engine)


def test_a_transient_error_is_retried_with_psycopg_3(engine: Engine, project: ProjectCopy) -> None:
    """Each driver names the SQLSTATE in its own way."""
    project.add('op.create_index_online("ix_documents_url", "documents", ["url"])')
    project.add(
        'op.execute("""DO $$ BEGIN\n'
        "    IF nextval('companies_id_seq') = 7 THEN RAISE SQLSTATE '55P03'; END IF;\n"
        'END $$""")'
    )
    upgrade(project, create_engine(engine.url.set(drivername="postgresql+psycopg")))
    with engine.connect() as connection:
        assert read_ledger(connection).entries[-1].attempts == 2


def test_another_driver_is_refused(engine: Engine, project: ProjectCopy) -> None:
    dialect = PGDialect_pg8000()  # type: ignore[no-untyped-call]
    with engine.connect() as connection:
        connection.dialect = dialect
        with pytest.raises(CommandError, match="pg8000 cannot migrate: pass one of psycopg2 or"):
            upgrade(project, connection)


ONLINE = [
    'op.create_index_online("ix_documents_url", "documents", ["url"])',
    'op.create_unique_constraint_online("uq_file", "documents", ["file_path"])',
    'op.create_check_constraint_online("recent", "documents", "fiscal_year > 1950")',
    'op.create_foreign_key_online("fk_a", "documents", "companies", ["company_id"], ["id"])',
    'op.batched_backfill("documents", {"file_path": "url"}, "file_path IS NULL")',
    'op.set_not_null_online("documents", "file_path")',
    """op.add_column_online("documents", sa.Column(
        "token", sa.Uuid(), nullable=False, server_default=sa.text("gen_random_uuid()")))""",
    'op.drop_index_online("ix_documents_fiscal_year", "documents")',
    'op.create_index_online("ix_documents_url", "documents", ["url", "id"], replace=True)',
]
DOCUMENT = """
    INSERT INTO documents (company_id, url, fiscal_year, document_type)
    SELECT min(id), 'https://example.org', 2020, 'other' FROM companies
"""


def test_online_operations_run_plainly_in_a_programs_transaction(
    engine: Engine, project: ProjectCopy, caplog: pytest.LogCaptureFixture
) -> None:
    upgrade(project, engine)
    for operation in ONLINE:
        project.add(operation)
    with engine.begin() as connection:
        connection.execute(text(DOCUMENT))
    with engine.connect() as connection:
        before = read_catalog(connection)
        connection.rollback()
        with connection.begin() as transaction:
            upgrade(project, connection)
            assert "its locks are held until that transaction ends" in caplog.text
            in_one_transaction = read_catalog(connection)
            filled = "SELECT file_path = url AND token IS NOT NULL FROM documents"
            assert connection.scalar(text(filled))
            transaction.rollback()
        assert read_catalog(connection) == before
    upgrade(project, engine)
    with engine.connect() as connection:
        assert read_catalog(connection) == in_one_transaction


def test_a_failure_in_a_programs_transaction_says_that_nothing_was_committed(
    engine: Engine, project: ProjectCopy
) -> None:
    project.add('op.execute("SELECT 1/0")')
    with engine.connect() as connection:
        transaction = connection.begin()
        with pytest.raises(CommandError, match=r"division by zero.*Nothing was committed"):
            upgrade(project, connection)
        transaction.rollback()
        assert read_state(connection, project.definition).status is MigrationStatus.EMPTY


def test_a_failure_leaves_a_programs_connection_usable(
    engine: Engine, project: ProjectCopy
) -> None:
    project.add('op.execute("SELECT 1/0")')
    with engine.connect() as connection:
        with pytest.raises(CommandError, match="division by zero"):
            upgrade(project, connection)
        assert not connection.in_transaction()
        assert connection.execute(text(SETTINGS)).one() == ("0", "0")
        wait_for(connection, IS_UNLOCKED)
        assert read_state(connection, project.definition).current == (HEAD,)


def test_a_downgrade_in_a_programs_transaction_needs_permission_to_lose_data(
    engine: Engine, project: ProjectCopy, monkeypatch: pytest.MonkeyPatch
) -> None:
    upgrade(project, engine)
    with engine.connect() as connection:
        with connection.begin(), pytest.raises(CommandError, match="ALLOW_DATA_LOSS=1"):
            downgrade(project, connection, "base")
        monkeypatch.setenv("ALLOW_DATA_LOSS", "1")
        with connection.begin():
            downgrade(project, connection, "base")
        assert read_state(connection, project.definition).current == ()
