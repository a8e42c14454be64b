"""Read the catalog of the models, with definitions as PostgreSQL prints them."""

import re
import secrets
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from sqlalchemy import Connection, ForeignKeyConstraint, MetaData, Sequence, Table, event
from sqlalchemy.dialects.postgresql import DOMAIN
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.schema import SchemaItem
from sqlalchemy.types import Enum, SchemaType, TypeEngine

from alembic_zero_downtime._alembic import sequences_of
from alembic_zero_downtime.errors import MigrationError, describe_failure
from alembic_zero_downtime.schema.catalog import Catalog, Item, read_catalog
from alembic_zero_downtime.schema.creation import Created, create_models
from alembic_zero_downtime.schema.ddl import quote
from alembic_zero_downtime.schema.names import cut_name, server_name
from alembic_zero_downtime.search_path import read_search_path

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

TableKey = tuple[str | None, str]
"""The schema of a table, None for the current one, and its name in the database."""


@dataclass(frozen=True)
class Models:
    """The models as the server prints them.

    Attributes:
        catalog: the definitions that they would create.
        tables: all of them, also those that cannot be created.
        left_out: the items that cannot be compared, each with the reason; it is empty for a foreign
            key to a table that is left out. A foreign key whose name the server chooses has the
            name `*`.
        not_created: the tables, indexes and foreign keys that cannot be created.
    """

    catalog: Catalog
    tables: Mapping[TableKey, Table]
    left_out: Mapping[Item, str]
    not_created: Collection[SchemaItem]


def read_models(connection: Connection, metadata: MetaData) -> Models:
    """Return the catalog that the models would create.

    Each schema of the models gets an empty counterpart, in which they are created; it is rolled
    back to a savepoint. No existing table is locked, and the transaction of the caller stays open.

    Args:
        connection: not in autocommit.
        metadata: the models.

    Raises:
        MigrationError: The role may not create a schema, and models are in several.
    """
    searched = read_search_path(connection)
    with connection.begin_nested() as savepoint:
        schemas = Schemas(connection, metadata, searched)
        with schemas.replaced():
            created = create_models(connection, metadata)
        catalog = schemas.read()
        savepoint.rollback()
    tables = {schemas.key_of(table): table for table in metadata.tables.values()}
    left_out = {**dict(_left_out(created, schemas)), **schemas.ambiguous_types()}
    return Models(catalog_of_models(catalog), tables, left_out, created.reasons.keys())


class Schemas:
    """The empty counterparts of the schemas of models.

    Their names are random: in a printed definition, they are replaced by those of the models.
    """

    def __init__(self, connection: Connection, metadata: MetaData, searched: Iterable[str]) -> None:
        self._connection = connection
        self._searched = list(searched)
        self._translated = dict(
            connection.get_execution_options().get("schema_translate_map") or {}
        )
        named = [*_named_types(metadata), *_sequences(metadata)]
        self._objects = {(each.schema, cut_name(str(each.name))) for each in named}
        self._enums = [each for each in named if isinstance(each, Enum)]
        self._named = {each for each in _schemas_of(metadata) if each or each in self._translated}
        others = {self._key(name) for name in self._named} - {None}
        self._counterparts = self._create([None, *sorted(others, key=str)])

    def key_of(self, table: Table) -> TableKey:
        """Return the schema and the name of a table in the database."""
        return self._key(table.schema), cut_name(table.name)

    @contextmanager
    def replaced(self) -> Iterator[None]:
        """Let the models use the counterparts; only those of the current schema need no name."""
        before = self._connection.get_execution_options().get("schema_translate_map")
        path = [self._counterparts[None], *self._searched]
        self._connection.exec_driver_sql(f"SET LOCAL search_path = {', '.join(map(quote, path))}")
        names = {name: self._counterparts[self._key(name)] for name in self._named}
        self._connection.execution_options(schema_translate_map=names)
        event.listen(self._connection, "before_cursor_execute", self._replace_names, retval=True)
        try:
            yield
        finally:
            event.remove(self._connection, "before_cursor_execute", self._replace_names)
            self._connection.execution_options(schema_translate_map=before)

    def _replace_names(self, _: object, __: object, statement: str, *rest: Any) -> tuple[str, Any]:
        """Replace the schemas of types and sequences that are named in a text of a model."""
        for pattern, replacement in self._qualified:
            statement = pattern.sub(replacement.replace("\\", r"\\"), statement)
        return statement, rest[0]

    @cached_property
    def _qualified(self) -> list[tuple[re.Pattern[str], str]]:
        """How a text may name the types and sequences, each with the name of the counterpart."""
        found = []
        for schema, name in self._objects:
            key = self._key(schema)
            written = key or next(iter(self._searched), TEMPORARY)
            pattern = rf'(?<![\w".$]){_spelling(written)}\.{_spelling(name)}(?![\w"$])'
            found.append((re.compile(pattern), f"{self._counterparts[key]}.{quote(name)}"))
        return found

    def read(self) -> Catalog:
        """Return the catalog of the counterparts, under the names of the schemas."""
        path = [self._counterparts[None]]
        for name in self._searched:
            path += [self._counterparts[name]] if name in self._counterparts else []
            path.append(name)
        definitions = {}
        for key, counterpart in self._counterparts.items():
            catalog = read_catalog(self._connection, counterpart, path)
            for item, text in catalog.items():
                part = item.part and self._rename(item.part)
                definitions[item._replace(part=part, schema=key)] = self._rename(text)
        return Catalog(definitions, catalog.version)

    def ambiguous_types(self) -> dict[Item, str]:
        """Return the enums that the models define with different labels, with the reason."""
        labels: dict[Item, list[str]] = {}
        found = {}
        for enum in self._enums:
            item = Item("enum", None, cut_name(str(enum.name)), None, self._key(enum.schema))
            if labels.setdefault(item, enum.enums) != enum.enums:
                found[item] = "the models define it with different labels"
        return found

    def _key(self, schema: str | None) -> str | None:
        schema = self._translated.get(schema, schema)
        return None if schema in self._searched[:1] else schema

    def _create(self, keys: list[str | None]) -> dict[str | None, str]:
        token = secrets.token_hex(8)
        names = {key: f"models_{token}_{n}" for n, key in enumerate(keys)}
        try:
            with self._connection.begin_nested():
                for name in names.values():
                    self._connection.exec_driver_sql(f"CREATE SCHEMA {name}")
        except DBAPIError as error:
            if len(names) == 1:
                return {None: TEMPORARY}
            raise MigrationError(
                "models in several schemas are compared in schemas of their own, which are rolled "
                f"back: {describe_failure(error)}. GRANT CREATE ON DATABASE to this role"
            ) from error
        return names

    def _rename(self, text: str) -> str:
        for key, counterpart in self._counterparts.items():
            name = key or next(iter(self._searched), TEMPORARY)
            text = re.sub(rf"\b{counterpart}\.", f"{quote(name)}.".replace("\\", r"\\"), text)
        return text


def _spelling(name: str) -> str:
    """Return a pattern of a name as SQL may have it, with and without quotes."""
    quoted = re.escape('"' + name.replace('"', '""') + '"')
    return rf"(?:{quoted}|(?i:{name}))" if quote(name) == name else quoted


def catalog_of_models(catalog: Catalog) -> Catalog:
    """Return the part of a catalog that models can express."""
    definitions = {item: text for item, text in catalog.items() if is_expressible(item)}
    return replace(catalog, definitions=definitions)


def is_expressible(item: Item) -> bool:
    """Whether a model can express the item."""
    part = item.part and item.part.split()[0]
    return part in EXPRESSIBLE.get(item.kind, set())


def schemas_of(metadata: MetaData) -> list[str]:
    """Return the schemas of tables, of their types, and of sequences, that are not the current."""
    return sorted(each for each in _schemas_of(metadata) if each)


def _schemas_of(metadata: MetaData) -> set[str | None]:
    named = (*metadata.tables.values(), *_sequences(metadata), *_named_types(metadata))
    return {each.schema for each in named}


def _sequences(metadata: MetaData) -> Iterator[Sequence]:
    """Yield the sequences, also those of columns."""
    yield from sequences_of(metadata)
    for table in metadata.tables.values():
        yield from (each.default for each in table.c if isinstance(each.default, Sequence))


def _named_types(metadata: MetaData) -> Iterator[Any]:
    """Yield the enums and domains of columns that have a name."""
    for table in metadata.tables.values():
        for column in table.columns:
            found: Any = _named_type(column.type)
            is_type = isinstance(found, DOMAIN) or getattr(found, "native_enum", False)
            if is_type and found.name:  # a Boolean has the name of its CHECK
                yield found


def _named_type(type_: TypeEngine[Any]) -> SchemaType | None:
    """Return the enum or domain that a column has, in an array or in a type of the project."""
    while not isinstance(type_, SchemaType):
        inner = getattr(type_, "item_type", None) or getattr(type_, "impl_instance", None)
        if inner is None:
            return None
        type_ = inner
    return type_


def _left_out(created: Created, schemas: Schemas) -> Iterator[tuple[Item, str]]:
    for part, reason in created.reasons.items():
        if isinstance(part, Table):
            schema, name = schemas.key_of(part)
            yield Item("table", None, name, None, schema), reason
        elif part.table is not None:
            schema, table = schemas.key_of(part.table)
            kind = "constraint" if isinstance(part, ForeignKeyConstraint) else "index"
            try:
                name = server_name(part) or "*"
            except SQLAlchemyError:
                name = "*"
            yield Item(kind, table, name, None, schema), reason
