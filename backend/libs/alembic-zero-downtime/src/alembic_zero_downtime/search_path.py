"""The schemas in which a session searches functions, operators and tables.

If a database's search path lists `pg_catalog` after another schema, a function or an operator there
takes precedence over the server's. If the path does not list it, it is searched first (PostgreSQL
manual, "Schemas"). An operator of another schema whose types match better is still preferred:
queries of the catalogs that must not run foreign code search in `pg_catalog` alone.
"""

import re

from sqlalchemy import Connection, text

SYSTEM_SCHEMA = "pg_catalog"
SHOW_SEARCH_PATH = "SHOW search_path"  # it calls no function
LISTED = re.compile(r'"(?:""|[^"])*"|[^,\s]+')
CURRENT_SCHEMAS = text("SELECT pg_catalog.current_schemas(false)")

HAS_SCHEMA = text("SELECT pg_catalog.to_regnamespace(:name) IS NOT NULL")
IS_TABLE = text("""
    SELECT relkind IN ('r', 'p') FROM pg_catalog.pg_class
     WHERE oid = pg_catalog.to_regclass(:name)::oid
""")


def without_system_schema(path: str) -> str:
    """Return a search path, as SHOW prints it, that does not list `pg_catalog`.

    The server then searches `pg_catalog` first, and still creates objects in the first schema that
    is listed.
    """
    listed = LISTED.findall(path)
    others = [each for each in listed if each.strip('"').lower() != SYSTEM_SCHEMA]
    return path if others == listed else ", ".join(others)


def read_search_path(connection: Connection) -> list[str]:
    """Return the existing schemas of the search path, without `pg_catalog`.

    Begins a transaction, unless one is open.
    """
    found = connection.execute(CURRENT_SCHEMAS).scalar_one()
    return [schema for schema in found if schema != SYSTEM_SCHEMA]


def search_only_system_schema(connection: Connection) -> None:
    """Search only in `pg_catalog` until the end of the transaction."""
    connection.exec_driver_sql(f"SET LOCAL search_path = {SYSTEM_SCHEMA}")


def has_table(connection: Connection, name: str, schema: str | None = None) -> bool:
    """Whether a table exists, by default in the search path; runs no code of the database.

    A view is none: to read it could run functions of its owner.
    """
    quote = connection.dialect.identifier_preparer.quote_identifier
    names = ".".join(quote(each).replace("%%", "%") for each in (schema, name) if each)
    return bool(connection.scalar(IS_TABLE, {"name": names}))


def has_schema(connection: Connection, name: str) -> bool:
    """Whether a schema exists."""
    quoted = connection.dialect.identifier_preparer.quote_identifier(name).replace("%%", "%")
    return bool(connection.scalar(HAS_SCHEMA, {"name": quoted}))
