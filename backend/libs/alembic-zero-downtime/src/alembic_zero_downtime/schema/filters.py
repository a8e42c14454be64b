"""The parts of a schema that a project compares (Alembic's options of `context.configure`)."""

from collections.abc import Iterator
from typing import Any

from alembic.runtime.migration import MigrationContext
from sqlalchemy import (
    CheckConstraint,
    ForeignKeyConstraint,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
)
from sqlalchemy.schema import SchemaItem

from alembic_zero_downtime.embedded.lacks import explain_embedded_lack
from alembic_zero_downtime.schema.catalog import Item
from alembic_zero_downtime.schema.diff import describe
from alembic_zero_downtime.schema.metadata import Models, TableKey
from alembic_zero_downtime.schema.reflection import (
    Reflection,
    find_column,
    find_constraint,
    find_index,
)

# As Alembic names them.
KINDS: dict[type[SchemaItem], str] = {
    CheckConstraint: "check_constraint",
    ForeignKeyConstraint: "foreign_key_constraint",
    PrimaryKeyConstraint: "primary_key_constraint",
    UniqueConstraint: "unique_constraint",
}
OPTIONS = {None: "compare_type", "collation": "compare_type"}
"""The option that decides whether a part of a column is compared."""
DEFAULTS = ("default", "identity", "generation")
EMBEDDED = "embedded"  # the driver of the server inside the checkout


class Filters:
    """Asks the options of a project in the terms of Alembic's autogenerate."""

    def __init__(self, context: MigrationContext, models: Models, reflection: Reflection) -> None:
        self._context = context
        self._models = models
        self._reflection = reflection
        self._included: dict[TableKey, bool] = {}

    def includes(self, item: Item) -> bool:
        """Whether the project compares an item."""
        if item.kind in ("enum", "domain"):
            return True
        key = (item.schema, item.table or item.name)
        if not self._includes_table(key):
            return False
        return item.table is None or self._includes_part(item, key)

    def describe_left_out(self) -> Iterator[str]:
        """Yield a sentence about each model that cannot be compared and is not excluded."""
        for item, reason in self._models.left_out.items():
            if reason and self.includes(item):
                name = describe(item).replace(" * of ", " of ")
                yield (
                    f"the {name} of the models cannot be created, so it is not compared: {reason}. "
                    f"{self._way_out(reason)}, or exclude it with include_object"
                )

    def _way_out(self, reason: str) -> str:
        is_embedded = self._context.dialect.driver == EMBEDDED
        lack = explain_embedded_lack(reason, "the address of the database") if is_embedded else None
        return f"{lack[0].upper()}{lack[1:]}" if lack else "Correct the model"

    def _includes_table(self, key: TableKey) -> bool:
        if key not in self._included:
            self._included[key] = self._ask_for_table(*key)
        return self._included[key]

    def _ask_for_table(self, schema: str | None, name: str) -> bool:
        if name == self._context.version_table and schema in (
            None,
            self._context.version_table_schema,
        ):
            return False
        model = self._models.tables.get((schema, name))
        if self._context.opts.get("include_schemas"):
            if not self._ask_for_name(schema, "schema", {}):
                return False
        elif schema is not None and model is None:
            return False
        if not self._ask_for_name(name, "table", {"schema_name": schema}):
            return False
        if self._context.opts.get("include_object") is None:
            return True
        reflected = self._reflection.table((schema, name))
        return self._ask_for_object(model, reflected, name, "table")

    def _includes_part(self, item: Item, key: TableKey) -> bool:
        model, reflected = self._models.tables.get(key), None
        options = self._context.opts
        if options.get("include_object") is not None or item.kind in ("column", "constraint"):
            reflected = self._reflection.table(key)
        wanted, actual = (_find(each, item) for each in (model, reflected))
        found = wanted if wanted is not None else actual
        kind = KINDS.get(type(found), item.kind) if found is not None else item.kind
        if not self._ask_for_name(
            item.name, kind, {"schema_name": item.schema, "table_name": item.table}
        ):
            return False
        if found is not None and not self._ask_for_object(wanted, actual, item.name, kind):
            return False
        return item.kind != "column" or self._compares_part(item, wanted, actual)

    def _compares_part(self, item: Item, wanted: Any, actual: Any) -> bool:
        """Whether `compare_type` and `compare_server_default` let a column's part be compared."""
        option = "compare_server_default" if item.part in DEFAULTS else OPTIONS.get(item.part)
        setting = self._context.opts.get(option, True) if option else True
        if wanted is None or actual is None or not callable(setting):
            return bool(setting) or wanted is None or actual is None
        values: tuple[Any, ...] = (actual.type, wanted.type)
        if option == "compare_server_default":
            values = (
                _text(actual.server_default),
                wanted.server_default,
                _text(wanted.server_default),
            )
        return setting(self._context, actual, wanted, *values) is not False

    def _ask_for_name(self, name: str | None, kind: str, parents: dict[str, Any]) -> bool:
        ask = self._context.opts.get("include_name")
        if ask is None:
            return True
        table = name if kind == "table" else parents.get("table_name")
        if table:
            schema = parents["schema_name"]
            parents["schema_qualified_table_name"] = f"{schema}.{table}" if schema else table
        return bool(ask(name, kind, parents))

    def _ask_for_object(
        self, wanted: SchemaItem | None, actual: SchemaItem | None, name: str, kind: str
    ) -> bool:
        ask = self._context.opts.get("include_object")
        if ask is None:
            return True
        if wanted is not None:
            return bool(ask(wanted, name, kind, False, actual))  # noqa: FBT003 Alembic's signature
        return actual is None or bool(ask(actual, name, kind, True, None))  # noqa: FBT003


def _find(table: Table | None, item: Item) -> Any:
    if table is None:
        return None
    find = {"column": find_column, "index": find_index, "constraint": find_constraint}
    return find[item.kind](table, item.name) if item.kind in find else None


def _text(default: Any) -> str | None:
    argument = getattr(default, "arg", None)
    return None if argument is None else str(getattr(argument, "text", argument))
