"""Render what Alembic's own renderers leave out, or write in a way that does not run.

A type of the project becomes the type of SQLAlchemy that the database has for it: a revision must
not import the project. This is Alembic's hook `render_item`; the project's own one goes first.
"""

from collections.abc import Iterator, Mapping
from copy import copy
from typing import Any, Literal

import sqlalchemy
from alembic.autogenerate.api import AutogenContext
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, DefaultClause, Enum, MetaData, PrimaryKeyConstraint, inspect
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import DOMAIN, ExcludeConstraint
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.sql.elements import conv
from sqlalchemy.types import ARRAY, NullType, TypeDecorator, TypeEngine

from alembic_zero_downtime._alembic import postgresql_variant, render_exclude, render_type
from alembic_zero_downtime.verbatim import VERBATIM

Rendered = str | Literal[False]
PROBE_TABLE = "autogenerate_type"
POSTGRESQL = "from sqlalchemy.dialects import postgresql"


class ItemRenderer:
    """Alembic's `render_item`; False leaves an item to Alembic."""

    def __init__(self, context: MigrationContext, metadata: MetaData) -> None:
        """Read the types of the project while the database is connected.

        Args:
            context: with a connection.
            metadata: the models.
        """
        self._own = context.opts.get("render_item")
        self._operator_classes = {
            (table.fullname, str(each.name)): each.ops
            for table in metadata.tables.values()
            for each in table.constraints
            if isinstance(each, ExcludeConstraint)
        }
        self._types: dict[str, TypeEngine[Any] | None] = {}
        assert context.connection is not None  # noqa: S101 autogenerate needs a database
        for type_ in _foreign_types(metadata):
            definition = _definition(type_, context)
            if definition and definition not in self._types:
                self._types[definition] = _reflect(context.connection, definition)

    def __call__(self, kind: str, item: Any, context: AutogenContext) -> Rendered:
        """Return an item of a revision as Python."""
        if self._own and (rendered := self._own(kind, item, context)) is not False:
            result: Rendered = rendered
            return result
        match kind:
            case "type":
                return self._render_type(item, context)
            case "server_default":
                return _render_default(item)
            case "primary_key":
                return _render_primary_key(item)
            case "exclude":
                # Alembic renders a copy, which has no operator classes.
                key = (item.table.fullname, str(item.name))
                return _render_exclude(item, self._operator_classes.get(key) or item.ops, context)
        return False

    def _render_type(self, type_: TypeEngine[Any], context: AutogenContext) -> Rendered:
        if isinstance(type_, Enum):
            return _render_enum(type_)
        if isinstance(type_, DOMAIN):
            existing = copy(type_)
            existing.create_type = False
            rendered: Rendered = context.migration_context.impl.render_type(existing, context)
            return rendered
        if isinstance(type_, ARRAY) and not _is_foreign(type_):
            context.imports.add(POSTGRESQL)
            inner = render_type(type_.item_type, context)
            dimensions = f", dimensions={type_.dimensions}" if type_.dimensions else ""
            return f"postgresql.ARRAY({inner}{dimensions})"
        return self._render_foreign(type_, context) if _is_foreign(type_) else False

    def _render_foreign(self, type_: TypeEngine[Any], context: AutogenContext) -> Rendered:
        """Render a type of the project as the one that the database has for it."""
        if (variant := postgresql_variant(type_)) is not None:
            return render_type(variant, context)
        if isinstance(type_, TypeDecorator):
            inner = type_.load_dialect_impl(context.migration_context.dialect)
            if _is_public(inner):
                return render_type(inner, context)
        found = self._types.get(_definition(type_, context.migration_context) or "")
        if found is not None:
            return render_type(found, context)
        context.imports.add(f"import {type(type_).__module__}")
        return False


def _foreign_types(metadata: MetaData) -> Iterator[TypeEngine[Any]]:
    """Yield the types of columns, and those within them, that are not SQLAlchemy's."""
    waiting = [column.type for table in metadata.tables.values() for column in table.columns]
    for type_ in waiting:
        if _is_foreign(type_):
            yield type_
        inner = getattr(type_, "item_type", None) or getattr(type_, "impl_instance", None)
        if inner is not None:
            waiting.append(inner)


def _is_foreign(type_: TypeEngine[Any]) -> bool:
    return not type(type_).__module__.startswith("sqlalchemy.")


def _is_public(type_: TypeEngine[Any]) -> bool:
    """Whether a revision can name the class of a type; a dialect has others of its own."""
    name = type(type_).__name__
    return any(getattr(each, name, None) is type(type_) for each in (sqlalchemy, postgresql))


def _definition(type_: TypeEngine[Any], context: MigrationContext) -> str | None:
    """Return the SQL of a type; None if SQLAlchemy knows none."""
    try:
        return str(type_.compile(dialect=context.dialect))
    except SQLAlchemyError:
        return None


def _reflect(connection: Connection, definition: str) -> TypeEngine[Any] | None:
    """Return the type of SQLAlchemy that a column of this type has; None if there is none."""
    create = f"CREATE TEMPORARY TABLE {PROBE_TABLE} (value {definition})"
    try:
        with connection.begin_nested() as savepoint:
            connection.exec_driver_sql(create, execution_options=VERBATIM)
            (column,) = inspect(connection).get_columns(PROBE_TABLE)
            savepoint.rollback()
    except SQLAlchemyError:
        return None
    type_: TypeEngine[Any] = column["type"]
    return None if isinstance(type_, NullType) or _is_foreign(type_) else type_


def _render_enum(type_: Enum) -> Rendered:
    """Render an enum whose type exists; one without a type of its own is left to Alembic."""
    labels = [repr(str(each)) for each in type_.enums]
    if type_.native_enum and type_.name:
        schema = [f"schema={str(type_.schema)!r}"] if type_.schema else []
        options = [*labels, f"name={str(type_.name)!r}", *schema, "create_type=False"]
        return f"sa.Enum({', '.join(options)})"
    return False


def _render_default(default: Any) -> Rendered:
    """Render a default that is a string, whose own quotes Alembic would remove."""
    if isinstance(default, DefaultClause) and isinstance(default.arg, str):
        return repr(str(default.arg))
    return False


def _render_primary_key(key: PrimaryKeyConstraint) -> Rendered:
    """Render a primary key with the options that Alembic leaves out."""
    options = {
        name: getattr(key, name) for name in ("deferrable", "initially") if getattr(key, name)
    }
    options |= {name: each for name, each in key.dialect_kwargs.items() if each}
    if not (options and key.columns):
        return False
    name = f"op.f({str(key.name)!r})" if isinstance(key.name, conv) else repr(key.name)
    arguments = [repr(str(column.name)) for column in key.columns]
    arguments += [f"name={name}"] if key.name else []
    arguments += [f"{option}={each!r}" for option, each in options.items()]
    return f"sa.PrimaryKeyConstraint({', '.join(arguments)})"


def _render_exclude(
    constraint: ExcludeConstraint, operator_classes: Mapping[str, str], context: AutogenContext
) -> Rendered:
    """Render an EXCLUDE with its operator classes."""
    text = render_exclude(constraint, context)
    return f"{text[:-1]}, ops={dict(operator_classes)!r})" if operator_classes else text
