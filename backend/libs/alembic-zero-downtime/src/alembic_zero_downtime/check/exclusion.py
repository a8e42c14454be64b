"""Leave out the tables of other applications, which a project excludes from autogenerate."""

from alembic.autogenerate.api import AutogenContext
from sqlalchemy import Connection

from alembic_zero_downtime.database.connection import MigrationDatabase
from alembic_zero_downtime.migration_environment import MigrationEnvironment
from alembic_zero_downtime.schema.catalog import Catalog, Item
from alembic_zero_downtime.schema.reflection import Reflection
from alembic_zero_downtime.sql import identifier_parts

OPTIONS = {"include_name", "include_object"}


def without_excluded(
    environment: MigrationEnvironment,
    database: MigrationDatabase,
    actual: Catalog,
    expected: Catalog,
) -> Catalog:
    """Return the catalog of a database without the tables that are not the project's.

    Those are tables that no migration creates, and that `include_name` or `include_object` leaves
    out: another application may create them at any time.

    Args:
        environment: of the project.
        database: the database; it is only read.
        actual: its catalog.
        expected: the catalog that the migrations create.

    Raises:
        CommandError: The database cannot be reached.
    """
    others = [e for e in actual if (e.kind, e.part) == ("table", None) and e not in expected]
    if not others or not OPTIONS & set(environment.project.context_options):
        return actual
    with database.connect() as connection:
        connection.exec_driver_sql("SET TRANSACTION READ ONLY")
        excluded = _find_excluded(environment, connection, others)
    definitions = {
        item: text for item, text in actual.items() if _table_of(item, actual) not in excluded
    }
    return Catalog(definitions, actual.version)


def _find_excluded(
    environment: MigrationEnvironment, connection: Connection, tables: list[Item]
) -> set[Item]:
    metadata = environment.metadata
    with environment.open(connection, metadata=metadata) as opened:
        context = AutogenContext(opened.get_context(), metadata)
        reflection = Reflection(opened.get_context())
        return {each for each in tables if not _includes(context, reflection, each)}


def _includes(context: AutogenContext, reflection: Reflection, item: Item) -> bool:
    """Ask the project's options about a table of the database (Alembic's autogenerate)."""
    if not context.run_name_filters(item.name, "table", {"schema_name": item.schema}):
        return False
    table = reflection.table((item.schema, item.name))
    return table is None or context.run_object_filters(
        *(table, item.name, "table"), reflected=True, compare_to=None
    )


def _table_of(item: Item, catalog: Catalog) -> Item:
    """Return the table of an item; of a sequence, the one that owns it."""
    name = item.table or item.name
    if item.kind == "sequence" and (owner := catalog.get(item._replace(part="owner"))):
        name, _ = identifier_parts(owner)
    return Item("table", None, name, schema=item.schema)
