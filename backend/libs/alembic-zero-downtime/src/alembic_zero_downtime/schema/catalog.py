"""Read the definitions of a schema, so that two databases can be compared."""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, NamedTuple

from sqlalchemy import Connection, text

from alembic_zero_downtime.search_path import read_search_path, search_only_system_schema
from alembic_zero_downtime.tables import migration_tables

# The query is parsed while only `pg_catalog` is searched, so that no function or operator of the
# database runs. It is executed with another search path: the functions that print definitions omit
# the schema of a name that the path finds. There the schema comes first, and the temporary schema,
# which is otherwise searched first, last.
TEMPORARY_SCHEMA = "pg_temp"
CURSOR = "definitions"
DECLARE = text(
    f"DECLARE {CURSOR} CURSOR FOR "
    + files(__package__).joinpath("catalog.sql").read_text(encoding="utf-8")
)
# They print constants according to settings that differ between databases. JIT compilation would
# take longer than the query itself.
SETTINGS = """
    SET LOCAL TimeZone = 'UTC'; SET LOCAL DateStyle = 'ISO'; SET LOCAL IntervalStyle = 'postgres';
    SET LOCAL extra_float_digits = 1; SET LOCAL bytea_output = 'hex';
    SET LOCAL standard_conforming_strings = on; SET LOCAL quote_all_identifiers = off;
    SET LOCAL jit = off; SET LOCAL cursor_tuple_fraction = 1
"""

# An element of an array of varchar, each cast to text.
ELEMENT = r"\((E?'(?:''|[^'])*'::character varying)\)::text"
ELEMENTS = re.compile(rf"ARRAY\[({ELEMENT}(?:, {ELEMENT})*)\]")


class Item(NamedTuple):
    """The key of a definition.

    Attributes:
        kind: `table`, `column`, `constraint`, `index`, `enum`, `function`, ….
        table: the table or view that the object belongs to; None if there is none.
        name: of the object; of a function, with the types of its arguments.
        part: a property of the object, such as a column's `default`; None for the object itself.
        schema: None for the current one.
    """

    kind: str
    table: str | None
    name: str
    part: str | None = None
    schema: str | None = None

    @property
    def without_part(self) -> "Item":
        """The object itself."""
        return self._replace(part=None)


@dataclass(frozen=True)
class Catalog(Mapping[Item, str]):
    """The definitions of all objects and their parts, as PostgreSQL prints them.

    They do not contain the name of the schema: the same table in another schema, or in the
    temporary one, has the same definitions.

    Attributes:
        definitions: by item.
        version: the major version of the server; versions print some definitions differently.
    """

    definitions: Mapping[Item, str]
    version: int

    def __getitem__(self, item: Item) -> str:
        """Return a definition."""
        return self.definitions[item]

    def __iter__(self) -> Iterator[Item]:
        """Iterate over the items."""
        return iter(self.definitions)

    def __len__(self) -> int:
        """Return the number of definitions."""
        return len(self.definitions)


def read_catalog(
    connection: Connection, schema: str | None = None, path: Sequence[str] | None = None
) -> Catalog:
    """Return the catalog of a schema; nothing is written, and the settings are restored.

    The migration tables and the objects of extensions are left out.

    Args:
        connection: not in autocommit; an open transaction stays open.
        schema: by default the current one; `pg_temp` for the session's temporary tables.
        path: the search path for which names are printed; by default `schema` and then that of the
            session.
    """
    quote = connection.dialect.identifier_preparer.quote_identifier
    with connection.begin_nested() as savepoint:  # also restores the search path
        searched = read_search_path(connection)
        schema = schema or next(iter(searched), None)
        search_only_system_schema(connection)
        connection.exec_driver_sql(SETTINGS)
        values = {"schema": schema, "migration_tables": migration_tables(connection)}
        connection.execute(DECLARE, values)
        path = ([schema, *searched] if schema else []) if path is None else path
        listed = ", ".join(map(quote, [*path, TEMPORARY_SCHEMA]))
        connection.exec_driver_sql(f"SET LOCAL search_path = {listed}")
        rows = connection.exec_driver_sql(f"FETCH ALL FROM {CURSOR}")
        found = {Item(*row[:-1]): _as_first_printed(row[-1]) for row in rows}
        savepoint.rollback()
    version: Any = connection.dialect.server_version_info
    # The objects of extensions are not in the result, but their parts may be.
    return Catalog(
        {item: text for item, text in found.items() if item.without_part in found}, version[0]
    )


def _as_first_printed(definition: str) -> str:
    """Return a definition as the server prints it the first time.

    It prints `IN ('a', 'b')` of a varchar as one cast of an array. If a downgrade restores a CHECK
    with that text, the server prints a cast of each element: both are the same.
    """

    def cast_once(match: re.Match[str]) -> str:
        elements = re.sub(ELEMENT, r"\1", match[1])
        return f"(ARRAY[{elements}])::text[]"

    return ELEMENTS.sub(cast_once, definition)


def read_catalogs(connection: Connection, schemas: Iterable[str]) -> Catalog:
    """Return the catalog of the current schema and of others, whose names are qualified.

    Args:
        connection: not in autocommit; an open transaction stays open.
        schemas: the others; one that does not exist has no objects.
    """
    searched = read_search_path(connection)
    catalog = read_catalog(connection)
    definitions = dict(catalog)
    for schema in schemas:
        if schema not in searched[:1]:
            found = read_catalog(connection, schema, searched)
            definitions |= {item._replace(schema=schema): text for item, text in found.items()}
    return Catalog(definitions, catalog.version)


def fingerprint(catalog: Mapping[Item, str]) -> str:
    """Return the SHA-256 of all definitions, 64 hexadecimal digits."""
    keys = ((tuple(item) if item.schema else item[:-1], text) for item, text in catalog.items())
    lines = sorted(repr((*key, definition)) for key, definition in keys)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
