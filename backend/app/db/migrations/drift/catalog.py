"""Read what a schema is made of, so that two databases can be held against each other."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import Connection

from app.db.migrations import BOOKKEEPING
from app.db.migrations.drift.query import LOOK_FROM, QUERY


class Item(NamedTuple):
    """What a definition is about.

    Attributes:
        kind: `table`, `column`, `constraint`, `index`, `enum`, `function`, ….
        table: the table or view that it belongs to; None for what stands alone.
        name: its own name; of a function, with the types of its arguments.
        part: what is said of it, such as a column's `default`; None for the object itself.
    """

    kind: str
    table: str | None
    name: str
    part: str | None = None

    @property
    def whole(self) -> "Item":
        """The object that this is a part of."""
        return self._replace(part=None)


@dataclass(frozen=True)
class Catalog(Mapping[Item, str]):
    """The definitions of all objects and their parts, as PostgreSQL prints them.

    The schema's own name is in none of them, so that the same table in another schema, or in the
    temporary one, has the same definitions.

    Attributes:
        definitions: each one's text.
        version: of the server, by its major number; some definitions are printed differently.
    """

    definitions: Mapping[Item, str]
    version: int

    def __getitem__(self, item: Item) -> str:
        """Return a definition."""
        return self.definitions[item]

    def __iter__(self) -> Iterator[Item]:
        """Go through what is defined."""
        return iter(self.definitions)

    def __len__(self) -> int:
        """Return how many definitions there are."""
        return len(self.definitions)


def read_catalog(connection: Connection, schema: str | None = None) -> Catalog:
    """Return what a schema is made of; nothing is written and nothing stays set.

    Tables that tell about migrations are left out, and so is what belongs to an extension.

    Args:
        connection: may be in a transaction, which goes on as it was; not in autocommit.
        schema: by default the current one; `pg_temp` for the session's temporary tables.
    """
    with connection.begin_nested() as savepoint:  # takes the search path back too
        version = connection.execute(LOOK_FROM, {"schema": schema}).scalar_one()
        rows = connection.execute(QUERY, {"schema": schema, "bookkeeping": list(BOOKKEEPING)})
        found = {Item(*row[:-1]): row[-1] for row in rows}
        savepoint.rollback()
    # An extension's objects are not in the list, but what is said about them may be.
    return Catalog({item: text for item, text in found.items() if item.whole in found}, version)


def fingerprint(catalog: Mapping[Item, str]) -> str:
    """Return the SHA-256 of all definitions, 64 hexadecimal digits."""
    lines = sorted(repr((*item, definition)) for item, definition in catalog.items())
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
