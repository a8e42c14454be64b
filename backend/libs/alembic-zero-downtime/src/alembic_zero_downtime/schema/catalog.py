"""Read the definitions of a schema, so that two databases can be compared."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import NamedTuple

from sqlalchemy import Connection, text

from alembic_zero_downtime.tables import MIGRATION_TABLES

QUERY = text(files(__package__).joinpath("catalog.sql").read_text(encoding="utf-8"))
# The functions that print definitions omit the schema of a name that the search path finds.
# Therefore the schema comes first, and the temporary schema, which is otherwise searched first,
# last. They print constants according to settings that differ between databases. JIT compilation
# would take longer than the query itself.
SESSION = text("""
    SELECT current_setting('server_version_num')::int / 10000 AS version,
           count(set_config(name, value, true))
      FROM (VALUES ('search_path', concat_ws(', ',
                        quote_ident(coalesce(:schema, current_schema())),
                        nullif(current_setting('search_path'), ''), 'pg_temp')),
                   ('TimeZone', 'UTC'), ('DateStyle', 'ISO'), ('IntervalStyle', 'postgres'),
                   ('extra_float_digits', '1'), ('bytea_output', 'hex'),
                   ('standard_conforming_strings', 'on'), ('quote_all_identifiers', 'off'),
                   ('jit', 'off')) AS wanted (name, value)
""")


class Item(NamedTuple):
    """The key of a definition.

    Attributes:
        kind: `table`, `column`, `constraint`, `index`, `enum`, `function`, ….
        table: the table or view that the object belongs to; None if there is none.
        name: of the object; of a function, with the types of its arguments.
        part: a property of the object, such as a column's `default`; None for the object itself.
    """

    kind: str
    table: str | None
    name: str
    part: str | None = None

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


def read_catalog(connection: Connection, schema: str | None = None) -> Catalog:
    """Return the catalog of a schema; nothing is written, and the settings are restored.

    The migration tables and the objects of extensions are left out.

    Args:
        connection: not in autocommit; an open transaction stays open.
        schema: by default the current one; `pg_temp` for the session's temporary tables.
    """
    with connection.begin_nested() as savepoint:  # also restores the search path
        version = connection.execute(SESSION, {"schema": schema}).scalar_one()
        rows = connection.execute(
            QUERY, {"schema": schema, "migration_tables": list(MIGRATION_TABLES)}
        )
        found = {Item(*row[:-1]): row[-1] for row in rows}
        savepoint.rollback()
    # The objects of extensions are not in the result, but their parts may be.
    return Catalog(
        {item: text for item, text in found.items() if item.without_part in found}, version
    )


def fingerprint(catalog: Mapping[Item, str]) -> str:
    """Return the SHA-256 of all definitions, 64 hexadecimal digits."""
    lines = sorted(repr((*item, definition)) for item, definition in catalog.items())
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
