"""A connection without a database: it records statements, and answers reads with stand-ins.

To SQLAlchemy it is a PostgreSQL database, so that sessions and inspectors work on it.
"""

import re
import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Self

from sqlalchemy import Column, Connection, Dialect, Engine, ExecutableDDLElement, make_url
from sqlalchemy.dialects.postgresql.base import PGCompiler, PGDialect, PGInspector
from sqlalchemy.pool import NullPool
from sqlalchemy.types import NullType

from alembic_zero_downtime.errors import MigrationError
from alembic_zero_downtime.lint.row_reads import UNKNOWN, Rows, find_rows
from alembic_zero_downtime.lint.stand_in import (
    Loaded,
    StandIn,
    current_loops,
    is_called_by_revision,
    row_of,
    rows_of,
)
from alembic_zero_downtime.verbatim import missing_parameters, verbatim_compiler

VERSION = (15, 0)  # the oldest that is supported
NAMED = re.compile(r"(?<![:\w]):(?P<name>\w+)\b(?!:)")
NO_DETAILS = (None,) * 6
"""Of a column in the description of a result."""
PYFORMAT = re.compile(r"%(?:\((?P<name>\w+)\))?s")
READS = (
    *("get_schema_names", "get_table_names", "get_view_names", "get_materialized_view_names"),
    *("get_foreign_table_names", "get_temp_table_names", "get_temp_view_names"),
    *("get_sequence_names", "get_enums", "get_domains", "get_table_oid", "get_table_options"),
    *("get_columns", "get_pk_constraint", "get_foreign_keys", "get_indexes", "get_table_comment"),
    *("get_unique_constraints", "get_check_constraints", "get_view_definition"),
    *("get_sorted_table_and_fkc_names", "get_multi_columns", "get_multi_indexes"),
    *("get_multi_pk_constraint", "get_multi_foreign_keys", "get_multi_unique_constraints"),
    *("get_multi_check_constraints", "get_multi_table_comment", "get_multi_table_options"),
    *("has_index", "has_schema", "has_sequence", "has_table", "has_type"),
)
"""The methods of an inspector, and those of a dialect that answer them."""


@dataclass(frozen=True)
class Names:
    """The tables and columns that a revision names, and may reflect."""

    tables: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()


NO_NAMES = Names()

Record = Callable[[str], object]
_given: list[Mapping[str, Any] | StandIn] = [{}]
"""The values of the statement that is being written."""


VerbatimCompiler: Any = verbatim_compiler(PGCompiler)


class StandInCompiler(VerbatimCompiler):  # type: ignore[misc]
    """Writes values as literals, and a stand-in as its text."""

    def render_literal_bindparam(self, bindparam: Any, *arguments: Any, **options: Any) -> str:
        """Write the value of a parameter."""
        given = _given[-1]
        if isinstance(given, StandIn):
            options["render_literal_value"] = given
        elif bindparam.key in given:
            options["render_literal_value"] = given[bindparam.key]
        return str(super().render_literal_bindparam(bindparam, *arguments, **options))

    def render_literal_value(self, value: Any, type_: Any) -> str:
        """Write a value, also one whose type has no literals."""
        if isinstance(value, StandIn):
            return UNKNOWN
        try:
            return str(super().render_literal_value(value, type_))
        except Exception:  # noqa: BLE001 a type of a project raises anything
            return write_literal(value)


class StandInInspector(PGInspector):
    """Answers with stand-ins."""

    bind: Any

    def get_table_names(self, *_: Any, **__: Any) -> Any:
        """Return the tables that the revision names, if SQLAlchemy reflects all of them."""
        return StandIn() if is_called_by_revision() else list(self.bind.engine.names.tables)

    def reflect_table(self, table: Any, *_: Any, **__: Any) -> None:
        """Give a table the columns that the revision names."""
        for name in self.bind.engine.names.columns:
            if name not in table.c:
                table.append_column(Column(name, NullType()))


class StandInDriver:
    """The module of the driver."""

    paramstyle = "named"
    Error = type("Error", (Exception,), {})


class StandInDialect(PGDialect):
    """PostgreSQL's dialect; it never connects."""

    driver = "psycopg2"
    statement_compiler = StandInCompiler
    inspector = StandInInspector
    server_version_info = VERSION
    supports_statement_cache = True
    default_schema_name = "public"

    def __init__(self) -> None:
        # Only a dialect with named parameters keeps a percent sign, as in `alembic --sql`.
        super().__init__(dbapi=StandInDriver, paramstyle="named")  # type: ignore[no-untyped-call]

    def get_isolation_level(self, _: Any) -> Any:
        """Return PostgreSQL's default."""
        return "READ COMMITTED"

    def set_isolation_level(self, _: Any, __: Any) -> None:
        """Do nothing: the connection reads it from its options."""

    def do_savepoint(self, connection: Any, name: str) -> None:
        """Do nothing: a savepoint has no effect on other sessions."""

    do_rollback_to_savepoint = do_release_savepoint = do_savepoint


def _answer(*_: Any, **__: Any) -> StandIn:
    return StandIn()


for _name in READS:
    if _name != "get_table_names":
        setattr(StandInInspector, _name, _answer)
    setattr(StandInDialect, _name, _answer)


class StandInCursor:
    """A cursor of the driver."""

    rowcount = 1
    lastrowid = None
    arraysize = 1

    def __init__(self, record: Record) -> None:
        self._record = record
        self._rows: Rows | None = None
        self.description: list[tuple[Any, ...]] | None = None

    def execute(self, sql: Any, parameters: Any = None, *_: Any) -> None:
        """Record a statement with its values."""
        self._rows = record_query(self._record, substitute(str(sql), parameters), parameters)
        returned = str(sql).partition("RETURNING ")[2]
        names = [each.strip().rpartition(".")[2] for each in returned.split(",") if each.strip()]
        self.description = [(each, *NO_DETAILS) for each in names] or None

    def fetchone(self) -> Any:
        """Return a row: to a session with the values that it needs."""
        if self.description:
            return tuple(StandIn() for _ in self.description)
        return StandIn(self._rows).fetchone()

    def fetchmany(self, *_: Any, **__: Any) -> Any:
        """Return some rows."""
        return StandIn(self._rows).fetchmany()

    def fetchall(self) -> Any:
        """Return the rows."""
        return [self.fetchone()] if self.description else StandIn(self._rows)

    def executemany(self, sql: Any, parameters: Any, *_: Any) -> None:
        """Record a statement with its first values, if there are any."""
        with current_loops().over(rows_of(parameters)):
            for first in list(parameters)[:1]:
                self.execute(sql, first)

    def close(self) -> None:
        """Do nothing."""

    def __enter__(self) -> Self:
        """Return the cursor."""
        return self

    def __exit__(self, *_: object) -> None:
        """Do nothing."""

    def __iter__(self) -> Any:
        """Yield rows."""
        return iter(StandIn(self._rows))

    def __next__(self) -> Any:
        """Return the next row, or end."""
        return next(StandIn(self._rows))

    def __getattr__(self, name: str) -> Any:
        """Return a result, or a method that returns one."""
        if name.startswith("_"):
            raise AttributeError(name)
        return StandIn()


class StandInDriverConnection:
    """A connection of the driver."""

    def __init__(self, record: Record) -> None:
        self._record = record

    def cursor(self, *_: Any, **__: Any) -> StandInCursor:
        """Return a cursor."""
        return StandInCursor(self._record)

    def commit(self) -> None:
        """Do nothing: the connection of SQLAlchemy records it."""

    rollback = close = commit

    def __getattr__(self, name: str) -> Any:
        """Return another attribute of the driver's."""
        if name.startswith("_"):
            raise AttributeError(name)
        return StandIn()


class StandInConnection(Connection):
    """A connection; a revision that reads from it gets stand-ins."""

    engine: "StandInEngine"

    def execute(self, statement: Any, parameters: Any = None, **options: Any) -> Any:
        """Record a statement, and return its result; sessions need one of SQLAlchemy."""
        caller = str(sys._getframe(1).f_globals.get("__name__"))  # noqa: SLF001 as above
        if caller.startswith("sqlalchemy."):
            return super().execute(statement, parameters, **options)
        return self.record(statement, parameters)

    def record(self, statement: Any, parameters: Any = None) -> StandIn:
        """Record a statement with its first values."""
        sql = write_statement(statement, self.dialect, parameters)
        with self._outside_transaction():
            return StandIn(record_query(self.engine.record, sql, parameters))

    scalar = scalars = execute

    def exec_driver_sql(self, statement: str, parameters: Any = None, _: Any = None) -> Any:
        """Record a statement with its values."""
        sql = substitute(statement, parameters)
        with self._outside_transaction():
            return StandIn(record_query(self.engine.record, sql, parameters))

    def commit(self) -> None:
        """Record that the revision ends its transaction."""
        self.engine.record("COMMIT")
        super().commit()

    def rollback(self) -> None:
        """Record that the revision ends its transaction."""
        self.engine.record("ROLLBACK")
        super().rollback()

    def _run_ddl_visitor(self, *arguments: Any, **keywords: Any) -> None:
        """Create and drop objects without looking whether they exist."""
        super()._run_ddl_visitor(*arguments, **{**keywords, "checkfirst": False})

    def _outside_transaction(self) -> AbstractContextManager[object]:
        is_autocommit = self.get_execution_options().get("isolation_level") == "AUTOCOMMIT"
        return self.engine.autocommit_block() if is_autocommit else nullcontext()


class StandInEngine(Engine):
    """An engine of such connections.

    Attributes:
        record: called with the SQL of each statement.
        autocommit_block: entered for a statement outside of the transaction.
        names: the tables and columns that the revision names.
    """

    _connection_cls = StandInConnection

    def __init__(
        self,
        dialect: StandInDialect,
        record: Record,
        autocommit_block: Callable[[], AbstractContextManager[object]],
        names: Names,
    ) -> None:
        driver: Any = StandInDriverConnection(record)
        super().__init__(NullPool(lambda: driver), dialect, make_url("postgresql+psycopg2://"))
        self.record = record
        self.autocommit_block = autocommit_block
        self.names = names


def answer_session(state: Any) -> StandIn | None:
    """Answer a statement of a session with a stand-in (SQLAlchemy's event `do_orm_execute`)."""
    connection = state.session.connection()
    if not isinstance(connection, StandInConnection):
        return None
    answer = connection.record(state.statement, state.parameters)
    if not state.is_select or state.bind_mapper is None:
        return answer
    rows, _ = answer.origin
    return Loaded(state.bind_mapper.local_table.fullname, connection.engine.record, rows)


def record_query(record: Record, sql: str, parameters: Any) -> Rows | None:
    """Record a statement, and return the rows that it reads, if there may be many.

    Args:
        record: called with the statement.
        sql: the statement.
        parameters: its values; if they are those of many rows, it runs for each of them.
    """
    loops = current_loops()
    with loops.over(row_of(parameters) or rows_of(parameters)):
        record(sql)
    return loops.read(find_rows(sql))


def write_statement(statement: Any, dialect: Dialect, parameters: Any = None) -> str:
    """Return a statement's SQL with its values; of several sets, with the first.

    Raises:
        MigrationError: A parameter has no value: a run refuses it too.
    """
    if isinstance(statement, str | StandIn):
        return str(statement)
    if isinstance(statement, ExecutableDDLElement):
        return str(statement.compile(dialect=dialect))
    given = parameters
    if not isinstance(parameters, Mapping | StandIn):
        given = next(iter(parameters or ()), None)
    if isinstance(given, Mapping) and any(isinstance(key, StandIn) for key in given):
        given = StandIn()  # such as {**row}
    _given.append(given if isinstance(given, Mapping | StandIn) else {})
    keys = list(given) if isinstance(given, Mapping) and given else None
    try:
        compiled = statement.compile(
            dialect=dialect, column_keys=keys, compile_kwargs={"literal_binds": True}
        )
    finally:
        _given.pop()
    if names := missing_parameters(compiled):
        raise MigrationError(f"the parameter {names[0]} has no value")
    return str(compiled)


def substitute(sql: str, parameters: Any) -> str:
    """Return the SQL of a driver's statement with its values."""
    if not parameters or isinstance(parameters, StandIn):
        return sql
    if isinstance(parameters, Mapping):
        pattern = PYFORMAT if PYFORMAT.search(sql) else NAMED
        return pattern.sub(
            lambda match: (
                write_literal(parameters[match["name"]])
                if match["name"] in parameters
                else match[0]
            ),
            sql,
        )
    values = iter(parameters)
    return PYFORMAT.sub(lambda match: write_literal(next(values, match[0])), sql)


def write_literal(value: object) -> str:
    """Return a value as SQL."""
    match value:
        case None:
            return "NULL"
        case bool():
            return str(value).lower()
        case int() | float() | Decimal() | StandIn():
            return str(value)
        case tuple():
            return f"({', '.join(map(write_literal, value))})"
        case list():
            return f"ARRAY[{', '.join(map(write_literal, value))}]"
    return "'" + str(value).replace("'", "''") + "'"
