"""Create the tables of models one by one, so that one that fails does not stop the others."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sqlalchemy import Connection, ForeignKeyConstraint, Index, MetaData, Sequence, Table
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.schema import CreateIndex
from sqlalchemy.sql.ddl import SchemaGenerator
from sqlalchemy.types import NullType

from alembic_zero_downtime._alembic import sequences_of
from alembic_zero_downtime.errors import describe_error
from alembic_zero_downtime.schema.names import server_name


@dataclass
class Created:
    """The result of an attempt to create the models.

    Attributes:
        tables: those that were created.
        reasons: why a table, or an index or a foreign key of a created table, was not; empty for a
            foreign key to a table that was not.
    """

    tables: list[Table] = field(default_factory=list)
    reasons: dict[Table | Index | ForeignKeyConstraint, str] = field(default_factory=dict)


def create_models(connection: Connection, metadata: MetaData) -> Created:
    """Create the types, sequences and tables of the models in the current schema.

    The foreign keys follow when all tables exist, and only those to a table that was created: a
    name must not find a table that is in use.

    Args:
        connection: in a transaction.
        metadata: the models; the listeners of their DDL events are called.
    """
    generator = _Generator(connection.dialect, connection)
    generator.create(metadata)
    return generator.created


class _Generator(SchemaGenerator):
    """Creates each object in a savepoint, and keeps the reasons of those that fail."""

    def __init__(self, dialect: Any, connection: Connection) -> None:
        super().__init__(dialect, connection)  # type: ignore[no-untyped-call]
        self.created = Created()
        self._indexes: dict[tuple[str | None, str | None], Index] = {}

    def create(self, metadata: MetaData) -> None:
        tables = list(metadata.tables.values())
        options = {"tables": tables, "checkfirst": self.checkfirst, "_ddl_runner": self}
        self._try(lambda: metadata.dispatch.before_create(metadata, self.connection, **options))
        for sequence in sequences_of(metadata):
            self._try(partial(self.traverse_single, sequence))
        self._create_tables(tables)
        for table in self.created.tables:
            keys = (each for each in table.constraints if isinstance(each, ForeignKeyConstraint))
            for key in sorted(keys, key=lambda each: str(each.name)):
                self._create_foreign_key(key)
        self._try(lambda: metadata.dispatch.after_create(metadata, self.connection, **options))

    def visit_sequence(self, sequence: Sequence, create_ok: Any = False) -> None:  # noqa: FBT002 SQLAlchemy's
        """Create a sequence; several columns may share one."""
        known = self.memo.setdefault("sequences", set())
        if (key := (sequence.schema, sequence.name)) not in known:
            super().visit_sequence(sequence, create_ok)  # type: ignore[no-untyped-call]
            known.add(key)

    def visit_index(self, index: Index, create_ok: Any = False) -> None:  # noqa: FBT002 SQLAlchemy's
        """Create an index; one that is defined twice alike is created once."""
        key = (index.table.schema, server_name(index)) if index.table is not None else (None, None)
        same = self._indexes.get(key)
        if same is not None and same.table is index.table and self._ddl(same) == self._ddl(index):
            return
        create: Any = super().visit_index
        reason = self._try(partial(create, index, create_ok))
        if reason is None:
            self._indexes[key] = index
        else:
            self.created.reasons[index] = reason
            if same is not None and same.table is index.table:
                self.created.reasons[same] = reason

    def _create_tables(self, tables: list[Table]) -> None:
        """Create tables as long as one more succeeds: one may inherit from another."""
        while tables:
            reasons: dict[Table | Index | ForeignKeyConstraint, str] = {}
            for table in tables:
                reason = self._try(partial(self._create_table, table))
                if reason is None:
                    self.created.tables.append(table)
                else:
                    reasons[table] = reason
            if len(reasons) == len(tables):
                self.created.reasons |= reasons
                return
            tables = [table for table in tables if table in reasons]

    def _create_table(self, table: Table) -> None:
        for key in table.foreign_keys:
            if isinstance(key.parent.type, NullType):
                key.column  # noqa: B018 raises a clear error if it is why the column has no type
        create: Any = self.visit_table
        create(
            table,
            create_ok=True,
            include_foreign_key_constraints=(),
            _is_metadata_operation=True,
        )

    def _create_foreign_key(self, key: ForeignKeyConstraint) -> None:
        try:
            target = key.referred_table
            [element.column for element in key.elements]  # resolves them
        except SQLAlchemyError as error:
            self.created.reasons[key] = describe_error(error)
            return
        if target not in self.created.tables:
            self.created.reasons[key] = ""
        elif reason := self._try(partial(self.traverse_single, key)):
            self.created.reasons[key] = reason

    def _ddl(self, index: Index) -> str:
        return str(CreateIndex(index).compile(dialect=self.dialect))

    def _try(self, create: Callable[[], object]) -> str | None:
        """Call `create` in a savepoint; return the reason if it fails."""
        memo = deepcopy(self.memo)
        try:
            with self.connection.begin_nested():
                create()
        except Exception as error:  # noqa: BLE001 a type of the project may raise anything
            self.memo = memo
            return describe_error(error)
        return None
