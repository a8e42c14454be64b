"""Read the catalog of the models, with definitions as PostgreSQL prints them."""

from dataclasses import replace

from sqlalchemy import Connection, MetaData

from alembic_zero_downtime.schema.catalog import Catalog, Item, read_catalog

TEMPORARY = "pg_temp"
# The kinds and parts that models can express: neither views, functions, triggers and grants, nor
# the storage of a table or a column.
EXPRESSIBLE: dict[str, set[str | None]] = {
    "table": {None, "comment"},
    "column": {None, "nullability", "collation", "default", "generation", "identity", "comment"},
    "constraint": {None},
    "index": {None},
    "enum": {None},
    "domain": {None, "default", "nullability", "constraint"},
}


def read_models(connection: Connection, metadata: MetaData) -> Catalog:
    """Return the catalog that the models would create.

    The tables are created as temporary ones, and rolled back to a savepoint. No existing table is
    locked, and the caller's transaction stays open.

    Args:
        connection: not in autocommit; its session has no other temporary tables.
        metadata: the models; those with an explicit schema are left out.
    """
    before = connection.get_execution_options().get("schema_translate_map")
    tables = [table for table in metadata.sorted_tables if table.schema is None]
    with connection.begin_nested() as savepoint:
        connection.execution_options(schema_translate_map={None: TEMPORARY})
        try:
            metadata.create_all(connection, tables=tables, checkfirst=False)
        finally:
            connection.execution_options(schema_translate_map=before)
        catalog = read_catalog(connection, TEMPORARY)
        savepoint.rollback()
    return catalog_of_models(catalog)


def catalog_of_models(catalog: Catalog) -> Catalog:
    """Return the part of a catalog that models can express."""
    definitions = {item: text for item, text in catalog.items() if is_expressible(item)}
    return replace(catalog, definitions=definitions)


def is_expressible(item: Item) -> bool:
    """Whether a model can express the item."""
    part = item.part and item.part.split()[0]
    return part in EXPRESSIBLE.get(item.kind, set())
