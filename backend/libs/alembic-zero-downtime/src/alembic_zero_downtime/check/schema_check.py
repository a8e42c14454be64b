"""Check whether models, migrations and a database agree."""

from dataclasses import dataclass

from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import MetaData

from alembic_zero_downtime.check.shadow_database import ShadowDatabase, shadow_database
from alembic_zero_downtime.database.connection import MigrationDatabase
from alembic_zero_downtime.errors import MigrationError
from alembic_zero_downtime.history.state import (
    MigrationState,
    MigrationStatus,
    read_heads,
    read_state,
)
from alembic_zero_downtime.project import Project
from alembic_zero_downtime.revisions.files import require_distinct_ids
from alembic_zero_downtime.schema.catalog import Catalog, fingerprint, read_catalog
from alembic_zero_downtime.schema.diff import Difference, compare
from alembic_zero_downtime.schema.metadata import catalog_of_models, read_models
from alembic_zero_downtime.schema.normalize import normalize_views

# The migrations determine the schema of such a database; an empty one has no objects.
COMPARABLE = {MigrationStatus.AT_HEAD, MigrationStatus.BEHIND, MigrationStatus.EMPTY}

NOT_COMPARED = ("version_table", "version_table_schema", "include_object", "include_name")


@dataclass(frozen=True)
class DatabaseSchema:
    """The migration state and the catalog of a database, read in one transaction."""

    state: MigrationState
    catalog: Catalog


@dataclass(frozen=True)
class SchemaCheck:
    """The result of the comparison.

    Attributes:
        state: the migration state of the database.
        models: the differences between the models and the migrations up to the head.
        autogenerate: further differences that only Alembic's autogenerate detects.
        database: the differences between the database and its own revisions; None if they cannot
            be compared.
        fingerprint: of the database.
        expected_fingerprint: of the schema that its revisions create; None if they cannot be
            compared.
        unknown: the statements of revisions that need a superuser and were left out.
    """

    state: MigrationState
    models: tuple[Difference, ...]
    autogenerate: tuple[str, ...]
    database: tuple[Difference, ...] | None
    fingerprint: str
    expected_fingerprint: str | None
    unknown: tuple[str, ...] = ()

    @property
    def models_match(self) -> bool:
        """Whether the migrations create the schema of the models."""
        return not self.models and not self.autogenerate


def check_schema(project: Project, database: MigrationDatabase, config: Config) -> SchemaCheck:
    """Compare the models with the migrations, and the migrations with a database.

    The database is only read. The expected schema is built in a shadow database.

    Args:
        project: the project with the models.
        database: the database to check.
        config: with the location of the migrations.

    Raises:
        CommandError: The database cannot be reached, or the migrations do not run.
        EmbeddedServerError: The server of the shadow database does not start.
    """
    project.refuse_options("check", *NOT_COMPARED)
    metadata = project.load_metadata()
    scripts = project.load_revisions(config)
    require_distinct_ids(scripts, project)
    found = read_database_schema(project, database, scripts)
    state = found.state
    with shadow_database(project, config) as shadow:
        differences, expected = None, None
        if state.status in COMPARABLE:
            expected = shadow.migrate(state.current)
            actual = found.catalog
            if actual.version != expected.version:
                actual = normalize_views(shadow.connection, actual)
                shadow.connection.rollback()
            differences = compare(expected, actual)
        models = compare_models(shadow, shadow.migrate(state.heads), metadata)
        autogenerate = () if models else tuple(shadow.autogenerate(metadata))
    return SchemaCheck(
        *(state, models, autogenerate, differences, fingerprint(found.catalog)),
        fingerprint(expected) if expected else None,
        tuple(shadow.unknown),
    )


def read_database_schema(
    project: Project, database: MigrationDatabase, scripts: ScriptDirectory
) -> DatabaseSchema:
    """Read the state and the catalog of a database in a read-only transaction.

    Raises:
        CommandError: It cannot be reached, or another process is migrating it.
    """
    with database.connect() as connection:
        connection.exec_driver_sql("SET TRANSACTION READ ONLY")
        state = read_state(connection, project, scripts)
        catalog = read_catalog(connection)
        if read_heads(connection, project) != state.current:
            raise MigrationError("the database is being migrated: run this again when that is done")
    return DatabaseSchema(state, catalog)


def compare_models(
    shadow: ShadowDatabase, migrated: Catalog, metadata: MetaData
) -> tuple[Difference, ...]:
    """Return the differences between the models and a shadow database that is at the head."""
    models = read_models(shadow.connection, metadata)
    shadow.connection.rollback()
    return compare(catalog_of_models(migrated), models, "the models")
