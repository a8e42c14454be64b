"""The check compares models, migrations and database, on every version of PostgreSQL."""

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import URL, Engine, MetaData, create_engine
from sqlalchemy.pool import NullPool

from alembic_zero_downtime.check.schema_check import SchemaCheck, check_schema, read_database_schema
from alembic_zero_downtime.check.shadow_database import shadow_database
from alembic_zero_downtime.database.connection import MigrationDatabase
from alembic_zero_downtime.database.url import DatabaseURL
from alembic_zero_downtime.schema.catalog import Catalog, Item
from alembic_zero_downtime.schema.diff import compare
from alembic_zero_downtime.schema.normalize import normalize_views
from project.models import metadata as project_metadata
from support.databases import connected, execute, exists
from support.drift.schema import differs, extra
from support.project import HEAD, IDS, ProjectCopy

# Slow: it starts or resets servers and databases of its own.
pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("shadow_server")]
Alembic = Callable[..., int]
OTHER_KINDS = """
    CREATE TYPE mood AS ENUM ('good', 'bad');
    CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
    CREATE TRIGGER noted BEFORE UPDATE ON companies FOR EACH ROW EXECUTE FUNCTION note();
    CREATE VIEW german AS SELECT id, name FROM companies WHERE name ~ 'AG$';
    CREATE MATERIALIZED VIEW years AS SELECT fiscal_year FROM documents;
    CREATE STATISTICS st ON fiscal_year, document_type FROM documents;
"""


def check(url: URL, project: ProjectCopy, metadata: MetaData = project_metadata) -> SchemaCheck:
    definition = replace(project.definition, metadata=metadata)
    return check_schema(definition, MigrationDatabase(DatabaseURL(url, "a test")), project.config)


def copy_models() -> MetaData:
    models = MetaData(naming_convention=project_metadata.naming_convention)
    for table in project_metadata.sorted_tables:
        table.to_metadata(models)
    return models


def differences(result: SchemaCheck) -> list[str]:
    assert result.database is not None
    return [each.description for each in result.database]


def test_migrations_create_the_same_schema_on_every_version(
    alembic: Alembic, project: ProjectCopy, each_url: URL
) -> None:
    project.add(f'op.execute("""{OTHER_KINDS}""")', "raise NotImplementedError")
    target = MigrationDatabase(DatabaseURL(each_url, "a test"))
    with shadow_database(project.environment) as shadow:
        expected = {revision: shadow.migrate([revision]) for revision in [*IDS, project.head]}

        def run(command: str, revision: str) -> None:
            assert alembic(each_url, command, revision, ini=project.ini) == 0
            live = read_database_schema(project.definition, target, project.scripts).catalog
            normalized = normalize_views(shadow.connection, live)
            assert [str(each) for each in compare(expected[revision], normalized)] == []

        for revision in IDS:
            run("upgrade", revision)
        run("downgrade", IDS[0])
        run("upgrade", HEAD)
        run("upgrade", project.head)


def test_views_of_an_older_server_are_normalized(
    alembic: Alembic, project: ProjectCopy, each_url: URL
) -> None:
    project.add(f'op.execute("""{OTHER_KINDS}""")')
    assert alembic(each_url, "upgrade", "head", ini=project.ini) == 0
    assert check(each_url, project).database == ()
    engine = create_engine(each_url, poolclass=NullPool)
    execute(engine, "CREATE OR REPLACE VIEW german AS SELECT id, name FROM companies")
    assert differences(check(each_url, project)) == [
        "view german differs between the database and the migrations"
    ]


def test_database_behind_is_compared_with_its_own_revision(
    project: ProjectCopy, migrated: Engine
) -> None:
    project.add("op.execute('CREATE TABLE later (n int)')")
    execute(migrated, "CREATE TABLE later (n int)")
    result = check(migrated.url, project)
    assert differences(result) == [extra("table later")]
    assert [each.description for each in result.models] == ["table later is missing in the models"]


def test_model_without_a_migration_is_found(project: ProjectCopy, migrated: Engine) -> None:
    models = copy_models()
    models.tables["companies"].append_column(sa.Column("sector", sa.Text))
    (difference,) = check(migrated.url, project, models).models
    description = "column companies.sector exists in the models and in no migration"
    assert difference.description == description
    assert difference.sql == "ALTER TABLE companies ADD COLUMN sector text;"


def test_a_model_in_another_schema_is_created_with_its_schema(
    project: ProjectCopy, migrated: Engine
) -> None:
    models = copy_models()
    sa.Table("t", models, sa.Column("n", sa.Integer), schema="elsewhere")
    result = check(migrated.url, project, models)
    (difference,) = result.models
    assert str(difference) == "table elsewhere.t exists in the models and in no migration"
    done, undone = (each.by_item[difference.item] for each in result.models_sql)
    assert done.sql == "CREATE SCHEMA elsewhere;\nCREATE TABLE elsewhere.t (n integer);"
    assert (undone.sql, undone.failure) == ("DROP TABLE elsewhere.t;", None)


CHANGED_MODELS = {
    "a column": lambda tables: tables["companies"].append_column(sa.Column("sector", sa.Text)),
    "a serial key": lambda tables: sa.Table(
        "keyed", tables["companies"].metadata, sa.Column("id", sa.Integer, primary_key=True)
    ),
    "a lost index": lambda tables: tables["documents"].indexes.clear(),
    "a lost table": lambda tables: tables["companies"].metadata.remove(tables["extractions"]),
}


@pytest.mark.parametrize("change", CHANGED_MODELS.values(), ids=CHANGED_MODELS)
def test_both_directions_between_models_and_migrations_run(
    change: Callable[[Any], object], project: ProjectCopy, migrated: Engine
) -> None:
    models = copy_models()
    change(models.tables)
    done, undone = check(migrated.url, project, models).models_sql
    assert done.script
    execute(migrated, done.script)
    project.add(f"op.execute({done.script!r})", "pass")
    execute(migrated, f"UPDATE alembic_version SET version_num = '{project.head}'")
    result = check(migrated.url, project, models)
    assert (result.models, result.database) == ((), ())
    execute(migrated, undone.script)
    project.add(f"op.execute({undone.script!r})", "pass")
    execute(migrated, f"UPDATE alembic_version SET version_num = '{project.head}'")
    result = check(migrated.url, project)
    assert (result.models, result.database) == ((), ())


def test_model_of_another_schema_is_compared(project: ProjectCopy, migrated: Engine) -> None:
    models = copy_models()
    sa.Table("t", models, sa.Column("n", sa.Integer), schema="elsewhere")
    (difference,) = check(migrated.url, project, models).models
    assert difference.description == "table elsewhere.t exists in the models and in no migration"
    project.add(
        "op.execute('CREATE SCHEMA elsewhere')\n"
        "op.create_table('t', sa.Column('n', sa.Integer), schema='elsewhere')"
    )
    assert check(migrated.url, project, models).models == ()


def test_role_of_a_grant_is_created_in_the_shadow_database(
    alembic: Alembic, project: ProjectCopy, migrated: Engine, migration_server: URL
) -> None:
    role = f"Reader of {migrated.url.database} 100 %"
    project.add(f"""op.execute('GRANT SELECT ON companies TO "{role}"')""")
    with connected(migration_server) as connection:
        connection.execute(sa.text(f'CREATE ROLE "{role}"'))
    try:
        assert alembic(migrated.url, "upgrade", "head", ini=project.ini) == 0
        assert differences(check(migrated.url, project)) == []
        execute(migrated, f'GRANT SELECT, DELETE ON companies TO "{role}"')
        assert differences(check(migrated.url, project)) == [
            differs(f'grant to "{role}" on table companies', "DELETE, SELECT", "SELECT")
        ]
    finally:
        execute(migrated, f'DROP OWNED BY "{role}"; DROP ROLE "{role}"')


def test_autocommit_blocks_run_in_the_shadow_database(
    alembic: Alembic, project: ProjectCopy, migrated: Engine
) -> None:
    project.add(
        "with op.get_context().autocommit_block():\n"
        "    op.execute('CREATE INDEX CONCURRENTLY ix_block ON companies (ir_url)')"
    )
    assert alembic(migrated.url, "upgrade", "head", ini=project.ini) == 0
    result = check(migrated.url, project)
    assert differences(result) == []
    assert [each.description for each in result.models] == [
        "index ix_block of companies is missing in the models"
    ]


def test_shadow_database_logs_nothing_and_restores_the_log_levels(
    caplog: pytest.LogCaptureFixture, migrated_database: URL, project: ProjectCopy
) -> None:
    caplog.set_level(logging.INFO)
    level = logging.getLogger("alembic").level
    check(migrated_database, project)
    assert caplog.messages == []
    assert logging.getLogger("alembic").level == level


@pytest.mark.parametrize(
    "definition",
    [
        "SELECT 1 AS n; CREATE TABLE smuggled (id int)",
        "SELECT $$ ; $$ AS n; CREATE TABLE smuggled (id int)",
        "SELECT 1 AS n -- ; \n; CREATE TABLE smuggled (id int)",
    ],
)
def test_text_of_another_server_is_run_as_one_statement(definition: str, empty: Engine) -> None:
    catalog = Catalog({Item("view", None, "v"): definition}, 15)
    with empty.begin() as connection:
        assert normalize_views(connection, catalog) == catalog
    assert not exists(empty, "smuggled")


def test_a_legacy_history_that_commits_by_itself_can_be_compared(
    alembic: Alembic, project: ProjectCopy, migrated: Engine
) -> None:
    last = project.add(
        "op.execute('COMMIT')\n"
        "op.execute('CREATE INDEX CONCURRENTLY ix_documents_file ON documents (file_path)')"
    )
    project.set_option("legacy_until", last)
    assert alembic(migrated.url, "upgrade", "head", ini=project.ini) == 0
    assert differences(check(migrated.url, project)) == []
    execute(migrated, "DROP INDEX ix_documents_file")
    assert len(differences(check(migrated.url, project))) == 1
