"""Compare the models with a database, both as its server prints them."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, MetaData, text

from alembic_zero_downtime.schema.catalog import Catalog, Item, read_catalogs
from alembic_zero_downtime.schema.ddl import NOT_VALID, suffix_of
from alembic_zero_downtime.schema.diff import Difference, compare
from alembic_zero_downtime.schema.filters import Filters
from alembic_zero_downtime.schema.metadata import (
    Models,
    TableKey,
    catalog_of_models,
    is_expressible,
    read_models,
    schemas_of,
)
from alembic_zero_downtime.schema.names import server_name
from alembic_zero_downtime.schema.normalize import without_synonyms
from alembic_zero_downtime.schema.reflection import Reflection, find_column
from alembic_zero_downtime.sql import identifier_parts

OTHER_SCHEMAS = text("""
    SELECT nspname FROM pg_catalog.pg_namespace AS n
     WHERE nspname NOT LIKE 'pg\\_%' AND nspname NOT IN ('information_schema', current_schema())
       AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d
                        WHERE d.classid = 'pg_namespace'::regclass AND d.objid = n.oid
                          AND d.deptype = 'e')
""")
EXISTING_SCHEMAS = text("SELECT nspname FROM pg_catalog.pg_namespace")
# All names that a new table cannot have, also those of extensions.
RELATIONS = text("""
    SELECT CASE WHEN n.nspname <> current_schema() THEN n.nspname END, c.relname
      FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname NOT LIKE 'pg\\_%'
""")
MOMENTS = {"now", "now()", "today", "tomorrow", "yesterday"}
"""Constants that the server replaces by the time at which it reads them."""
DERIVED = ("partition of ", "inheritance from ")


@dataclass(frozen=True)
class ModelComparison:
    """The models and a database.

    Attributes:
        models: with the definitions that they would have.
        database: its definitions that models can express.
        differing: the items that the server prints differently, and that the project compares.
        left_out: the models that cannot be compared: each a sentence with the reason.
        new_schemas: the schemas of models that the database does not have.
        reflection: the tables of the database.
    """

    models: Models
    database: Catalog
    differing: tuple[Item, ...]
    left_out: tuple[str, ...]
    new_schemas: tuple[str, ...]
    reflection: Reflection

    @cached_property
    def target(self) -> Catalog:
        """The catalog of the database after all differences are resolved."""
        differing = set(self.differing)
        wanted = {item: self.models.catalog[item] for item in differing & {*self.models.catalog}}
        rest = {item: each for item, each in self.database.items() if item not in differing}
        return replace(self.database, definitions=rest | wanted)

    def differences(self) -> tuple[Difference, ...]:
        """Return the differences as sentences, and as SQL that changes the database."""
        return compare(self.database, self.target, "the models")


def compare_models(context: MigrationContext, metadata: MetaData) -> ModelComparison:
    """Return the differences between the models and the database of a migration context.

    The project's options decide what is compared: `include_schemas`, `include_name`,
    `include_object`, `compare_type` and `compare_server_default`. Nothing is changed.

    Args:
        context: with a connection that is not in autocommit.
        metadata: the models.

    Raises:
        MigrationError: The role may not create a schema, and models are in several.
    """
    assert context.connection is not None  # noqa: S101 autogenerate needs a database
    connection = context.connection
    models = read_models(connection, metadata)
    named = {schema for schema, _ in models.tables if schema}
    named |= {item.schema for item in models.catalog if item.schema}
    others = {*named}
    if context.opts.get("include_schemas"):
        others |= set(connection.scalars(OTHER_SCHEMAS))
    database = read_catalogs(connection, sorted(others))
    existing = set(connection.scalars(EXISTING_SCHEMAS))
    reflection = Reflection(context)
    filters = Filters(context, models, reflection)
    comparison = _Comparison(connection, models, database)
    differing = tuple(each for each in comparison.differing() if filters.includes(each))
    left_out = tuple(filters.describe_left_out())
    new = tuple(sorted({*named, *schemas_of(metadata)} - existing))
    return ModelComparison(
        models, catalog_of_models(database), differing, left_out, new, reflection
    )


class _Comparison:
    """Finds the items that differ, apart from those that models cannot express."""

    def __init__(self, connection: Connection, models: Models, database: Catalog) -> None:
        self._connection = connection
        self._models = models
        self._database = database

    def differing(self) -> Iterator[Item]:
        """Yield the items that the server prints differently."""
        wanted = self._models.catalog
        alike = set(self._alike())
        for item in sorted({*wanted, *self._database}, key=repr):
            if (
                is_expressible(item)
                and self._normalized(wanted, item) != self._normalized(self._database, item)
                and item not in alike
                and not self._is_left_out(item)
                and self._is_of_a_table(item)
            ):
                yield item

    @staticmethod
    def _normalized(catalog: Catalog, item: Item) -> str | None:
        definition = catalog.get(item)
        if definition is None:
            return None
        return without_synonyms(definition, catalog.get(item.without_part))

    def _is_left_out(self, item: Item) -> bool:
        left_out = self._models.left_out
        if item.table is None:
            return item.without_part in left_out
        table = Item("table", None, item.table, None, item.schema)
        if table in left_out or item.without_part in left_out:
            return True
        text = self._models.catalog.get(item) or self._database.get(item) or ""
        is_foreign_key = item.kind == "constraint" and text.startswith("FOREIGN KEY")
        return is_foreign_key and item._replace(name="*") in left_out

    def _is_of_a_table(self, item: Item) -> bool:
        """Whether it belongs to a table that models can define, or is a type of the models.

        A type that they do not define may be used by a function, or by another application.
        """
        if item.kind in ("enum", "domain"):
            return item.without_part in self._models.catalog
        key = (item.schema, item.table or item.name)
        return key not in self._not_tables and key not in self._derived

    @cached_property
    def _not_tables(self) -> Collection[TableKey]:
        """The views, foreign tables and tables of extensions."""
        tables = {(each.schema, each.name) for each in self._database if each.kind == "table"}
        found = {(schema, name) for schema, name in self._connection.execute(RELATIONS)}
        return found - tables

    @cached_property
    def _derived(self) -> Collection[TableKey]:
        """The partitions, and the tables that inherit from one of the models and have no model.

        Their rows are those of their parents, which models define.
        """
        parents: dict[TableKey, tuple[str, TableKey]] = {}
        for item in self._database:
            if item.kind == "table" and item.part and item.part.startswith(DERIVED):
                parent = _parse(suffix_of(item.part))
                parents[item.schema, item.name] = (item.part.split()[0], parent)
        return {key for key in parents if self._is_derived(key, parents)}

    def _is_derived(self, key: TableKey, parents: Mapping[TableKey, tuple[str, TableKey]]) -> bool:
        kind, parent = parents[key]
        if kind == "partition":
            return True
        if key in self._models.tables:
            return False
        return parent in self._models.tables or (
            parent in parents and self._is_derived(parent, parents)
        )

    def _alike(self) -> Iterator[Item]:
        """Yield items whose names or texts the server has chosen, and that are alike."""
        yield from self._alike_constraints()
        yield from self._alike_defaults()

    def _alike_constraints(self) -> Iterator[Item]:
        """Yield the constraints that the database has under another name, or not validated.

        It has chosen the name if the models give none. What the models leave NOT VALID, it may
        validate; it prints a CHECK of the models as validated, since their tables are new.
        """
        wanted, actual = map(_constraints, (self._models.catalog, self._database))
        for key, table in self._models.tables.items():
            named = {server_name(each) for each in table.constraints} - {None}
            not_valid = {
                server_name(each)
                for each in table.constraints
                if each.dialect_options["postgresql"].get("not_valid")
            }
            free = {each: text for each, text in actual[key].items() if each.name not in named}
            for item, definition in wanted[key].items():
                is_named = item.name in named
                texts = {definition}
                if (item.name if is_named else None) in not_valid:
                    valid = definition.removesuffix(NOT_VALID)
                    texts = {valid, f"{valid}{NOT_VALID}"}
                if is_named:
                    if actual[key].get(item) in texts:
                        yield item
                    continue
                found = next((each for each, text in free.items() if text in texts), None)
                if found is not None:
                    del free[found]
                    yield from (item, found)

    def _alike_defaults(self) -> Iterator[Item]:
        """Yield the defaults of which the server, and not the model, chooses the text."""
        for item, definition in self._models.catalog.items():
            actual = self._database.get(item, "")
            if item.kind != "column" or item.part != "default" or actual == definition:
                continue
            table = self._models.tables.get((item.schema, item.table or ""))
            column = find_column(table, item.name) if table is not None else None
            if column is None:
                continue
            default = getattr(column.server_default, "arg", None)
            if column.server_default is None and column.default is None:  # a SERIAL
                is_alike = all(each.startswith("nextval(") for each in (definition, actual))
            else:  # the moment at which the table is created
                of_type = re.fullmatch(r"'[^']*'::((?:date|time).*)", definition)
                is_moment = str(default).lower() in MOMENTS
                is_alike = bool(is_moment and of_type and actual.endswith(f"'::{of_type[1]}"))
            if is_alike:
                yield item


def _constraints(catalog: Catalog) -> defaultdict[TableKey, dict[Item, str]]:
    """Return the constraints of each table."""
    found: defaultdict[TableKey, dict[Item, str]] = defaultdict(dict)
    for item, definition in catalog.items():
        if item.kind == "constraint" and item.table is not None:
            found[item.schema, item.table][item] = definition
    return found


def _parse(name: str) -> TableKey:
    """Return the key of a table from its name, which has a schema unless it is the current one."""
    *qualifier, table = identifier_parts(name)
    return (qualifier[0] if qualifier else None, table)
