"""Alembic's implementation for PostgreSQL, with SQL text that reaches the database as written.

Alembic selects the implementation by the name of the dialect: importing this module replaces its
own one (Alembic manual, "DDL Internals").
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from alembic.ddl.postgresql import PostgresqlImpl
from sqlalchemy import (
    BIGINT,
    INTEGER,
    SMALLINT,
    ClauseElement,
    CursorResult,
    Executable,
    Insert,
    Inspector,
    Table,
    Update,
    text,
)
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.schema import DDLElement

from alembic_zero_downtime._alembic import doubles_percent_signs, write_values_of_connection
from alembic_zero_downtime.errors import MigrationError
from alembic_zero_downtime.schema.ddl import quote
from alembic_zero_downtime.sql import changed_settings
from alembic_zero_downtime.verbatim import (
    VERBATIM,
    escape,
    missing_parameters,
    unescape,
    use_verbatim_compiler,
)

# The default of a column, if it takes the next value of the sequence that the column owns.
SERIAL = text("""
    SELECT 1
      FROM pg_attribute AS a
      JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
      JOIN pg_depend AS used ON used.classid = 'pg_attrdef'::regclass AND used.objid = d.oid
                            AND used.refclassid = 'pg_class'::regclass
      JOIN pg_depend AS owned ON owned.classid = 'pg_class'::regclass
                             AND owned.objid = used.refobjid
                             AND owned.refclassid = 'pg_class'::regclass
                             AND owned.refobjid = a.attrelid AND owned.refobjsubid = a.attnum
      JOIN pg_class AS s ON s.oid = used.refobjid AND s.relkind = 'S'
     WHERE a.attrelid = CAST(:table AS regclass) AND a.attname = :column
""")
NEXT_VALUE = re.compile(r"nextval\(E?'(?:''|[^'])+'::regclass\)")


class VerbatimImpl(PostgresqlImpl):
    """Writes the same SQL online and with `--sql`."""

    __dialect__ = "postgresql"

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        use_verbatim_compiler(self.dialect)
        self._changed_settings: dict[str, None] = {}
        if self.as_sql:
            write_values_of_connection(self.connection, self._write_with_values)

    def _exec(
        self,
        construct: Executable | str,
        execution_options: Mapping[str, Any] | None = None,
        multiparams: Sequence[Mapping[str, Any]] | None = None,
        params: Mapping[str, Any] | None = None,
    ) -> CursorResult[Any] | None:
        """Run or write a statement; Alembic calls this for each one."""
        if not isinstance(construct, str):
            if self.as_sql and multiparams is None and not params:
                self._write(construct)
                return None
            return super()._exec(construct, execution_options, multiparams, params or {})
        if self.as_sql:
            self.static_output(_terminated(unescape(construct), self.command_terminator))
            return None
        assert self.connection is not None  # noqa: S101 there is one unless as_sql
        return self.connection.exec_driver_sql(
            unescape(construct), execution_options={**(execution_options or {}), **VERBATIM}
        )

    def static_output(self, text: str) -> None:
        """Write SQL."""
        super().static_output(text)
        self._changed_settings |= dict.fromkeys(changed_settings(text))

    def reset_settings(self) -> None:
        """Write the statements that reset the settings which were set, as a run does."""
        for name in list(self._changed_settings):
            super().static_output(f"RESET {name}{self.command_terminator}")
        self._changed_settings.clear()

    def _write(self, construct: Executable) -> None:
        """Write a statement as SQL.

        Raises:
            MigrationError: A parameter has no value: a run refuses it too.
        """
        assert isinstance(construct, ClauseElement)  # noqa: S101 for the type only
        is_ddl = isinstance(construct, DDLElement)
        literal = {"compile_kwargs": {"literal_binds": True}}
        options: Any = literal if self.literal_binds and not is_ddl else {}
        compiled = construct.compile(dialect=self.dialect, **options)
        if not is_ddl and (names := missing_parameters(compiled)):
            raise MigrationError(
                f"the parameter {names[0]} has no value: pass it with "
                f"text(…).bindparams({names[0]}=…)"
            )
        self.static_output(_terminated(str(compiled), self.command_terminator))

    def _write_with_values(
        self, construct: Any, values: Sequence[Mapping[str, Any]] | Mapping[str, Any] | None
    ) -> None:
        """Write a statement that a revision passes to the connection, which `--sql` has not."""
        if not values:
            self._exec(construct)
            return
        for each in [values] if isinstance(values, Mapping) else values:
            self._exec(_with_values(construct, each))

    def autogen_column_reflect(
        self,
        inspector: Inspector,  # noqa: ARG002 Alembic's signature
        table: Table,
        column_info: dict[str, Any],
    ) -> None:
        """Remove the default of a SERIAL; the server finds its sequence, under any name."""
        is_integer = isinstance(column_info["type"], BIGINT | INTEGER | SMALLINT)
        if not is_integer or not NEXT_VALUE.fullmatch(column_info.get("default") or ""):
            return
        name = ".".join(map(quote, (each for each in (table.schema, table.name) if each)))
        values = {"table": name, "column": column_info["name"]}
        assert self.connection is not None  # noqa: S101 it reflects
        if self.connection.execute(SERIAL, values).first():
            del column_info["default"]

    def render_ddl_sql_expr(
        self,
        expr: ClauseElement,
        is_server_default: bool = False,  # noqa: FBT001, FBT002 Alembic's signature
        is_index: bool = False,  # noqa: FBT001, FBT002
        **options: Any,
    ) -> str:
        """Return an expression for a revision: its `text(…)` is this expression again."""
        written = super().render_ddl_sql_expr(expr, is_server_default, is_index, **options)
        if doubles_percent_signs(self.dialect):
            written = written.replace("%%", "%")
        return written if is_index else escape(written)


def _with_values(construct: Any, values: Mapping[str, Any]) -> Any:
    """Return a statement with the values of its parameters.

    Raises:
        MigrationError: They cannot be written into it.
    """
    try:
        if isinstance(construct, Insert | Update):
            return construct.values(dict(values))
        if hasattr(construct, "bindparams"):
            return construct.bindparams(**values)
        return construct.params(dict(values))
    except (SQLAlchemyError, NotImplementedError, AttributeError) as error:
        raise MigrationError(
            f"the values of a statement cannot be written as SQL: {error}. Use op.execute(…) with "
            "literal values"
        ) from error


def _terminated(statement: str, terminator: str) -> str:
    """Return a statement with its terminator, after a comment that may end it on a new line."""
    statement = statement.strip()
    has_comment = "--" in statement.rpartition("\n")[2]
    return statement + ("\n" if has_comment else "") + terminator
