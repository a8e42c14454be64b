"""Read what the models say, in the words in which PostgreSQL prints what the migrations made."""

from dataclasses import replace

from sqlalchemy import Connection, MetaData

from app.db.migrations.drift.catalog import Catalog, Item, read_catalog

TEMPORARY = "pg_temp"
# What a model can say. Views, functions, triggers and grants are in no model, and of a table or a
# column no model says how it is stored.
SAID: dict[str, set[str | None]] = {
    "table": {None, "comment"},
    "column": {None, "nullability", "collation", "default", "generation", "identity", "comment"},
    "constraint": {None},
    "index": {None},
    "enum": {None},
    "domain": {None, "default", "nullability", "constraint"},
}


def read_models(connection: Connection, metadata: MetaData) -> Catalog:
    """Return what the models would make, without touching a table that is there.

    The server itself prints it: the tables are created as temporary ones and taken back. Nothing
    else is locked, and the caller's transaction goes on as it was.

    Args:
        connection: not in autocommit; its session has no temporary tables of its own.
        metadata: the models; those that name a schema are left out.
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
    """Return that part of a catalog which models can say."""
    definitions = {item: text for item, text in catalog.items() if is_said(item)}
    return replace(catalog, definitions=definitions)


def is_said(item: Item) -> bool:
    """Whether a model can say it."""
    part = item.part and item.part.split()[0]
    return part in SAID.get(item.kind, set())
