"""Reflect tables of a database as SQLAlchemy objects, each once."""

from typing import Any
from warnings import catch_warnings, simplefilter

from alembic.runtime.migration import MigrationContext
from sqlalchemy import Column, Constraint, Index, MetaData, Table, event, literal_column, text
from sqlalchemy.dialects.postgresql import DOMAIN
from sqlalchemy.exc import NoSuchTableError, SAWarning, SQLAlchemyError
from sqlalchemy.schema import ColumnCollectionConstraint, sort_tables_and_constraints
from sqlalchemy.sql.elements import conv

from alembic_zero_downtime.schema.metadata import TableKey
from alembic_zero_downtime.schema.names import server_name
from alembic_zero_downtime.sql import list_after

INCLUDE = "postgresql_include"
"""The columns that an index includes; reflected as an empty list where there are none."""
OPTIONS = "dialect_options"
"""The options of a CHECK, as SQLAlchemy 2.1 reflects them: not as arguments of the dialect."""
OPERATOR_CLASSES = "postgresql_ops"
"""The operator classes of an index, by column."""
DEFERRABLE = text("""
    SELECT c.conname, c.condeferred
      FROM pg_constraint AS c
      JOIN pg_class AS t ON t.oid = c.conrelid
      JOIN pg_namespace AS n ON n.oid = t.relnamespace
     WHERE t.relname = :table AND n.nspname = coalesce(:schema, current_schema())
       AND c.condeferrable AND c.contype IN ('p', 'u')
""")
"""The keys whose check can be deferred, which SQLAlchemy does not reflect."""

OWN_COLUMNS = text("""
    SELECT a.attname, a.attnotnull, a.atthasdef
      FROM pg_attribute AS a
      JOIN pg_class AS t ON t.oid = a.attrelid
      JOIN pg_namespace AS n ON n.oid = t.relnamespace
     WHERE t.relname = :table AND n.nspname = coalesce(:schema, current_schema())
""")
"""NOT NULL and the default of columns, in place of those of their domains."""

DEFINITIONS = text("""
    SELECT c.relname, pg_get_indexdef(i.indexrelid)
      FROM pg_index AS i
      JOIN pg_class AS c ON c.oid = i.indexrelid
      JOIN pg_class AS t ON t.oid = i.indrelid
      JOIN pg_namespace AS n ON n.oid = t.relnamespace
     WHERE t.relname = :table AND n.nspname = coalesce(:schema, current_schema())
       AND i.indexprs IS NOT NULL
""")
"""The indexes on expressions, of which SQLAlchemy reflects neither order nor operator class."""


class Reflection:
    """Tables of the database, with the columns as Alembic's autogenerate reflects them."""

    def __init__(self, context: MigrationContext) -> None:
        assert context.connection is not None  # noqa: S101 autogenerate needs a database
        self._connection = context.connection
        self._metadata = MetaData()
        self._found: dict[TableKey, Table | None] = {}
        # A column with a sequence of its own becomes a SERIAL.
        event.listen(self._metadata, "column_reflect", context.impl.autogen_column_reflect)

    def table(self, key: TableKey) -> Table | None:
        """Return a table; None if it does not exist."""
        if key not in self._found:
            self._found[key] = self._reflect(*key)
        return self._found[key]

    def sorted_tables(self) -> list[Table]:
        """Return the tables that were reflected, each after those that it refers to."""
        return sorted_tables(self._metadata)

    def _reflect(self, schema: str | None, name: str) -> Table | None:
        known = set(self._metadata.tables)
        try:
            with catch_warnings():  # of a type of an extension
                simplefilter("ignore", SAWarning)
                table = Table(name, self._metadata, schema=schema, autoload_with=self._connection)
        except NoSuchTableError:
            return None
        for each in self._metadata.tables.keys() - known:  # also those that it refers to
            _clean(self._metadata.tables[each])
            self._set_deferrable(self._metadata.tables[each])
            self._set_of_domains(self._metadata.tables[each])
            self._set_expressions(self._metadata.tables[each])
        return table

    def _set_deferrable(self, table: Table) -> None:
        names = {"table": table.name, "schema": table.schema}
        found = self._connection.execute(DEFERRABLE, names)
        deferrable = {row.conname: row.condeferred for row in found}
        for each in table.constraints:
            if isinstance(each, ColumnCollectionConstraint) and each.name in deferrable:
                each.deferrable = True
                each.initially = "DEFERRED" if deferrable[str(each.name)] else None

    def _set_of_domains(self, table: Table) -> None:
        columns = {each.name: each for each in table.columns if isinstance(each.type, DOMAIN)}
        if not columns:
            return
        names = {"table": table.name, "schema": table.schema}
        for row in self._connection.execute(OWN_COLUMNS, names):
            if (column := columns.get(row.attname)) is not None:
                column.nullable = not row.attnotnull
                column.server_default = column.server_default if row.atthasdef else None

    def _set_expressions(self, table: Table) -> None:
        names = {"table": table.name, "schema": table.schema}
        for name, definition in self._connection.execute(DEFINITIONS, names):
            index = find_index(table, name)
            if index is not None:
                elements = list_after("USING", definition)
                index.expressions = [literal_column(each) for each in elements]
                if OPERATOR_CLASSES in list(index.dialect_kwargs):  # the elements have them
                    del index.dialect_kwargs[OPERATOR_CLASSES]


def sorted_tables(metadata: MetaData) -> list[Table]:
    """Return the tables, each after those that it refers to, apart from cycles."""
    tables = list(metadata.tables.values())
    sort: Any = sort_tables_and_constraints
    try:
        return [table for table, _ in sort(tables) if table is not None]
    except SQLAlchemyError:  # a foreign key to no table, which is left out
        return tables


def _clean(table: Table) -> None:
    """Change the objects of a reflected table as Alembic's autogenerate does."""
    parts: list[Any] = [*table.indexes, *table.constraints]
    for each in parts:
        each.name = each.name and conv(each.name)  # no naming convention applies to it
        # Iterating yields what was given; `in` also finds what has a default.
        if INCLUDE in list(each.dialect_kwargs) and not each.dialect_kwargs[INCLUDE]:
            del each.dialect_kwargs[INCLUDE]
        if OPTIONS in list(each.dialect_kwargs):
            if each.dialect_kwargs[OPTIONS].get("not_valid"):
                each.dialect_kwargs["postgresql_not_valid"] = True
            del each.dialect_kwargs[OPTIONS]  # NO INHERIT has no argument


def find_column(table: Table, name: str) -> Column[Any] | None:
    """Return a column by its name in the database."""
    return next((each for each in table.columns if server_name(each) == name), None)


def find_index(table: Table, name: str) -> Index | None:
    """Return an index by its name in the database."""
    return next((each for each in table.indexes if server_name(each) == name), None)


def find_constraint(table: Table, name: str) -> Constraint | None:
    """Return a constraint of a table or of one of its columns, by its name in the database."""
    of_columns = (each for column in table.columns for each in column.constraints)
    found = (each for each in (*table.constraints, *of_columns) if server_name(each) == name)
    return next(found, None)
