"""What the migrations make when they run again is what they have made, on every version."""

import logging
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from sqlalchemy import URL, Engine, MetaData, create_engine
from sqlalchemy.pool import NullPool

import app.db.models  # noqa: F401 declares every table
from app.db.agreement import Agreement, find_agreement, read_live
from app.db.base import Base
from app.db.migrations.drift.comparison import compare
from app.db.migrations.drift.reprint import reprint_views
from app.db.migrations.settings import MigrationSettings
from app.db.migrations.state import load_scripts
from app.db.replay import replaying
from app.db.url import DatabaseURL
from tests.drift_schema import differs, execute, extra
from tests.project import Project
from tests.revisions import HEAD, IDS

Alembic = Callable[..., int]
SETTINGS = MigrationSettings()
EVERYTHING = """
    CREATE TYPE mood AS ENUM ('good', 'bad');
    CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
    CREATE TRIGGER noted BEFORE UPDATE ON companies FOR EACH ROW EXECUTE FUNCTION note();
    CREATE VIEW german AS SELECT id, name FROM companies WHERE name ~ 'AG$';
    CREATE MATERIALIZED VIEW years AS SELECT fiscal_year FROM documents;
    CREATE STATISTICS st ON fiscal_year, document_type FROM documents;
"""


def find(url: URL, project: Project, metadata: MetaData = Base.metadata) -> Agreement:
    return find_agreement(DatabaseURL(url, "a test"), SETTINGS, project.ini, metadata)


def words(found: Agreement) -> list[str]:
    assert found.database is not None
    return [each.words for each in found.database]


def test_every_revision_makes_the_same_on_every_version_up_and_down_and_up(
    alembic: Alembic, project: Project, each_url: URL
) -> None:
    project.add(f'op.execute("""{EVERYTHING}""")', "raise NotImplementedError")
    target = DatabaseURL(each_url, "a test")
    with replaying(project.ini) as replayed:
        expected = {revision: replayed.migrate([revision]) for revision in [*IDS, project.head]}

        def go(command: str, revision: str) -> None:
            assert alembic(each_url, command, revision, ini=str(project.ini)) == 0
            live = read_live(target, SETTINGS, load_scripts(project.ini)).catalog
            reprinted = reprint_views(replayed.connection, live)
            assert [str(each) for each in compare(expected[revision], reprinted)] == []

        for revision in IDS:
            go("upgrade", revision)
        go("downgrade", IDS[0])
        go("upgrade", HEAD)
        go("upgrade", project.head)


def test_an_older_server_is_compared_view_by_view(
    alembic: Alembic, project: Project, each_url: URL
) -> None:
    project.add(f'op.execute("""{EVERYTHING}""")')
    assert alembic(each_url, "upgrade", "head", ini=str(project.ini)) == 0
    assert find(each_url, project).database == ()
    engine = create_engine(each_url, poolclass=NullPool)
    execute(engine, "CREATE OR REPLACE VIEW german AS SELECT id, name FROM companies")
    assert words(find(each_url, project)) == [
        "view german is another one in the database than by the migrations"
    ]


def test_a_database_behind_is_held_against_its_own_revision(
    project: Project, migrated: Engine
) -> None:
    project.add("op.execute('CREATE TABLE later (n int)')")
    execute(migrated, "CREATE TABLE later (n int)")
    found = find(migrated.url, project)
    assert words(found) == [extra("table later")]
    assert [each.words for each in found.models] == [
        "table later is made by the migrations and is not in the models"
    ]


def test_a_model_without_a_migration_is_found(project: Project, migrated: Engine) -> None:
    models = MetaData()
    for table in Base.metadata.sorted_tables:
        table.to_metadata(models)
    models.tables["companies"].append_column(sa.Column("sector", sa.Text))
    (difference,) = find(migrated.url, project, models).models
    assert difference.words == "column companies.sector exists in the models and in no migration"
    assert difference.sql == "ALTER TABLE companies ADD COLUMN sector text;"


def test_what_only_alembic_sees_is_said_too(project: Project, migrated: Engine) -> None:
    models = MetaData()
    for table in Base.metadata.sorted_tables:
        table.to_metadata(models)
    sa.Table("t", models, sa.Column("n", sa.Integer), schema="elsewhere")
    found = find(migrated.url, project, models)
    assert (found.models, found.autogenerate) == ((), ("add table t",))
    assert not found.do_models_agree


def test_a_role_that_a_migration_grants_to_is_there_in_the_replay(
    alembic: Alembic, project: Project, migrated: Engine, admin: Engine
) -> None:
    role = f"Reader of {migrated.url.database} 100 %"
    project.add(f"""op.execute('GRANT SELECT ON companies TO "{role}"')""")
    try:
        execute(admin, f'CREATE ROLE "{role}"')
        assert alembic(migrated.url, "upgrade", "head", ini=str(project.ini)) == 0
        assert words(find(migrated.url, project)) == []
        execute(migrated, f'GRANT SELECT, DELETE ON companies TO "{role}"')
        assert words(find(migrated.url, project)) == [
            differs(f'grant to "{role}" on table companies', "DELETE, SELECT", "SELECT")
        ]
    finally:
        execute(migrated, f'DROP OWNED BY "{role}"; DROP ROLE "{role}"')


def test_a_migration_in_steps_of_its_own_is_replayed(
    alembic: Alembic, project: Project, migrated: Engine
) -> None:
    project.add(
        "with op.get_context().autocommit_block():\n"
        "    op.execute('CREATE INDEX CONCURRENTLY ix_steps ON companies (ir_url)')"
    )
    assert alembic(migrated.url, "upgrade", "head", ini=str(project.ini)) == 0
    found = find(migrated.url, project)
    assert words(found) == []
    assert [each.words for each in found.models] == [
        "index ix_steps of companies is made by the migrations and is not in the models"
    ]


def test_the_replay_is_silent_and_leaves_the_logging_as_it_was(
    caplog: pytest.LogCaptureFixture, migrated_url: URL, project: Project
) -> None:
    caplog.set_level(logging.INFO)
    level = logging.getLogger("alembic").level
    find(migrated_url, project)
    assert caplog.messages == []
    assert logging.getLogger("alembic").level == level
