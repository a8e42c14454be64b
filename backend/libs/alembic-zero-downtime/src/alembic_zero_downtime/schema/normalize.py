"""Normalize definitions that another version of PostgreSQL has printed."""

from dataclasses import replace

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from alembic_zero_downtime.schema.catalog import Catalog

PROBE = "pg_temp.definition_of_another_server"
VIEWS = ("view", "materialized view")


def normalize_views(connection: Connection, catalog: Catalog) -> Catalog:
    """Return a catalog with its views as the server of `connection` prints them.

    Before version 16, every column in a view is qualified with its table. A view that cannot be
    created here, because an object that it uses is missing, stays unchanged.

    Args:
        connection: to a database with the tables of the views; it is not changed.
        catalog: of another server.
    """
    normalized = {}
    for item, definition in catalog.items():
        if item.kind not in VIEWS or item.part is not None:
            continue
        with connection.begin_nested() as savepoint:
            try:
                connection.exec_driver_sql(
                    f"CREATE VIEW {PROBE} AS {definition}".replace("%", "%%")
                )
                normalized[item] = connection.scalar(
                    text(r"SELECT btrim(pg_get_viewdef(:probe ::regclass), E' \n;')"),
                    {"probe": PROBE},
                )
            except DBAPIError:
                pass
            savepoint.rollback()
    return replace(catalog, definitions={**catalog, **normalized})
