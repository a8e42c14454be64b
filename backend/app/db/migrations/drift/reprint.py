"""Let one version of PostgreSQL print what another one has printed."""

from dataclasses import replace

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from app.db.migrations.drift.catalog import Catalog

PROBE = "pg_temp.definition_of_another_server"
VIEWS = ("view", "materialized view")


def reprint_views(connection: Connection, catalog: Catalog) -> Catalog:
    """Return a catalog with its views in the words of the server of `connection`.

    Before version 16 every column of a view carries the name of its table. A view that cannot be
    made here, since something in it is not here, stays as it is.

    Args:
        connection: to a database with the tables of the views; nothing remains in it.
        catalog: of another server.
    """
    reprinted = {}
    for item, definition in catalog.items():
        if item.kind not in VIEWS or item.part is not None:
            continue
        with connection.begin_nested() as savepoint:
            try:
                connection.exec_driver_sql(
                    f"CREATE VIEW {PROBE} AS {definition}".replace("%", "%%")
                )
                reprinted[item] = connection.scalar(
                    text(r"SELECT btrim(pg_get_viewdef(:probe ::regclass), E' \n;')"),
                    {"probe": PROBE},
                )
            except DBAPIError:
                pass
            savepoint.rollback()
    return replace(catalog, definitions={**catalog, **reprinted})
