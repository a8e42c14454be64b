"""Normalize definitions that another version of PostgreSQL has printed."""

from dataclasses import replace

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from alembic_zero_downtime.schema.catalog import Catalog
from alembic_zero_downtime.sql import is_one_statement

PROBE = "pg_temp.definition_of_another_server"
PRINTED = text(
    r"SELECT pg_catalog.btrim(pg_catalog.pg_get_viewdef(CAST(:probe AS regclass)), E' \n;')"
)
VIEWS = ("view", "materialized view")


def normalize_views(connection: Connection, catalog: Catalog) -> Catalog:
    """Return a catalog with its views as the server of `connection` prints them.

    Before version 16, every column in a view is qualified with its table. A view that cannot be
    created here, because an object that it uses is missing, stays unchanged. So does a text that is
    not one statement: its server is not trusted.

    Args:
        connection: to a database with the tables of the views; it is not changed.
        catalog: of another server.
    """
    normalized = {}
    for item, definition in catalog.items():
        if item.kind not in VIEWS or item.part is not None or not is_one_statement(definition):
            continue
        with connection.begin_nested() as savepoint:
            try:
                connection.exec_driver_sql(
                    f"CREATE VIEW {PROBE} AS {definition}".replace("%", "%%")
                )
                normalized[item] = connection.scalar(PRINTED, {"probe": PROBE})
            except DBAPIError:
                pass
            savepoint.rollback()
    return replace(catalog, definitions={**catalog, **normalized})
