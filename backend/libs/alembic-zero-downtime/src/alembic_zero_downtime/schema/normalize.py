"""Normalize definitions that another version of PostgreSQL has printed."""

import re
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
# Other names of one function (PostgreSQL manual, "Date/Time Functions and Operators" and "System
# Information Functions and Operators"); `CURRENT_TIMESTAMP(3)` is another one.
NOW, USER = "now()", "CURRENT_USER"
SYNONYMS = {
    "CURRENT_TIMESTAMP": NOW,
    "transaction_timestamp()": NOW,
    "LOCALTIMESTAMP": "(now())::timestamp without time zone",
    "CURRENT_DATE": "(now())::date",
    "('now'::text)::date": "(now())::date",
    "CURRENT_ROLE": USER,
    "USER": USER,
}
SYNONYM = re.compile(
    rf"""(?P<name> {"|".join(map(re.escape, SYNONYMS))} ) (?! [\w(] )
        | (?: ' (?:''|[^'])* ' | " (?:""|[^"])* " | \w+ )""",
    re.VERBOSE,
)


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


def without_synonyms(definition: str, type_: str | None = None) -> str:
    """Return a definition with one name for each function that has several.

    Args:
        definition: as the server prints it.
        type_: that of the column of which it is the default: the cast to it is left out.
    """

    def replace_synonym(match: re.Match[str]) -> str:
        return SYNONYMS[match[0]] if match["name"] else match[0]

    normalized = SYNONYM.sub(replace_synonym, definition)
    return NOW if normalized == f"({NOW})::{type_}" else normalized
