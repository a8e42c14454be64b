"""Check whether models, migrations and a database agree."""

from collections.abc import Iterable
from dataclasses import dataclass

from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import text

from alembic_zero_downtime.autogenerate.unimported import UnimportedModels, find_unimported
from alembic_zero_downtime.check.directions import (
    NO_SQL,
    BothDirections,
    TrialDatabase,
    try_directions,
)
from alembic_zero_downtime.check.exclusion import without_excluded
from alembic_zero_downtime.check.shadow_database import LeftOut, ShadowDatabase, shadow_database
from alembic_zero_downtime.database.connection import MigrationDatabase
from alembic_zero_downtime.errors import MigrationError
from alembic_zero_downtime.history.state import (
    MigrationState,
    MigrationStatus,
    read_heads,
    read_state,
)
from alembic_zero_downtime.migration_environment import MigrationEnvironment
from alembic_zero_downtime.project import Project
from alembic_zero_downtime.revisions.files import require_distinct_ids
from alembic_zero_downtime.schema.catalog import Catalog, fingerprint, read_catalogs
from alembic_zero_downtime.schema.comparison import ModelComparison
from alembic_zero_downtime.schema.diff import Difference, compare
from alembic_zero_downtime.schema.metadata import catalog_of_models, schemas_of
from alembic_zero_downtime.schema.normalize import normalize_views

EXTENSIONS = text("""
    SELECT e.extname, n.nspname
      FROM pg_catalog.pg_extension AS e
      JOIN pg_catalog.pg_namespace AS n ON n.oid = e.extnamespace ORDER BY 1
""")
# The migrations determine the schema of such a database; an empty one has no objects.
COMPARABLE = {MigrationStatus.AT_HEAD, MigrationStatus.BEHIND, MigrationStatus.EMPTY}


@dataclass(frozen=True)
class DatabaseSchema:
    """What a check reads of a database, in one transaction.

    Attributes:
        state: the migration state.
        catalog: the definitions.
        extensions: the names of its extensions, each with its schema.
    """

    state: MigrationState
    catalog: Catalog
    extensions: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class SchemaCheck:
    """The result of the comparison.

    Attributes:
        state: the migration state of the database.
        models: the differences between the models and the migrations up to the head.
        autogenerate: further differences that other extensions of autogenerate detect.
        database: the differences between the database and its own revisions; None if they cannot
            be compared.
        fingerprint: of the database.
        expected_fingerprint: of the schema that its revisions create; None if they cannot be
            compared.
        unknown: the statements of revisions that were left out.
        models_sql: the statements from the migrations to the models, and back.
        database_sql: the statements from the migrations to the database, and back.
        unimported: the files with models that the project does not import.
        left_out: the models that cannot be compared, each with the reason.
    """

    state: MigrationState
    models: tuple[Difference, ...]
    autogenerate: tuple[str, ...]
    database: tuple[Difference, ...] | None
    fingerprint: str
    expected_fingerprint: str | None
    unknown: tuple[LeftOut, ...] = ()
    models_sql: BothDirections = NO_SQL
    database_sql: BothDirections = NO_SQL
    unimported: tuple[UnimportedModels, ...] = ()
    left_out: tuple[str, ...] = ()

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
    environment = MigrationEnvironment(project, config)
    metadata = environment.metadata
    with environment.entered():
        require_distinct_ids(environment.scripts, project)
    schemas = schemas_of(metadata)
    found = read_database_schema(project, database, environment.scripts, schemas)
    state, catalog = found.state, found.catalog
    with shadow_database(environment) as shadow:
        shadow.install(found.extensions)
        differences, expected, database_sql = None, None, NO_SQL
        if state.status in COMPARABLE:
            expected = shadow.migrate(state.current, schemas)
            actual = catalog = without_excluded(environment, database, catalog, expected)
            if actual.version != expected.version:
                actual = normalize_views(shadow.connection, actual)
                shadow.connection.rollback()
            differences = compare(expected, actual)
            place = TrialDatabase(
                shadow.connection, lambda connection: read_catalogs(connection, schemas)
            )
            database_sql = try_directions(place, differences, expected, actual)
            shadow.connection.rollback()
        shadow.migrate(state.heads)
        comparison, autogenerate = shadow.compare_models(metadata)
        models_sql = try_models(shadow, comparison)
    return SchemaCheck(
        state,
        comparison.differences(),
        tuple(autogenerate),
        differences,
        fingerprint(catalog),
        fingerprint(expected) if expected else None,
        tuple(shadow.unknown),
        *(models_sql, database_sql),
        tuple(find_unimported(metadata)),
        comparison.left_out,
    )


def read_database_schema(
    project: Project,
    database: MigrationDatabase,
    scripts: ScriptDirectory,
    schemas: Iterable[str] = (),
) -> DatabaseSchema:
    """Read the state and the catalog of a database in a read-only transaction.

    Args:
        project: the project.
        database: the database.
        scripts: the revisions.
        schemas: those that are read besides the current one.

    Raises:
        CommandError: It cannot be reached, or another process is migrating it.
    """
    with database.connect() as connection:
        connection.exec_driver_sql("SET TRANSACTION READ ONLY")
        state = read_state(connection, project, scripts)
        catalog = read_catalogs(connection, schemas)
        if read_heads(connection, project) != state.current:
            raise MigrationError("the database is being migrated: run this again when that is done")
        extensions = [(name, schema) for name, schema in connection.execute(EXTENSIONS)]
    return DatabaseSchema(state, catalog, tuple(extensions))


def try_models(shadow: ShadowDatabase, comparison: ModelComparison) -> BothDirections:
    """Return the statements that lead from the migrations to the models, and back."""
    expected, wanted = comparison.database, comparison.target
    schemas = sorted({item.schema for item in {*expected, *wanted} if item.schema})
    place = TrialDatabase(
        shadow.connection,
        lambda connection: catalog_of_models(read_catalogs(connection, schemas)),
        frozenset(comparison.new_schemas),
    )
    directions = try_directions(place, comparison.differences(), expected, wanted)
    shadow.connection.rollback()
    return directions
