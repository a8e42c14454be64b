"""CHECK constraints of models: those of tables, of columns and of types."""

import re
from collections.abc import Iterator
from typing import Any

from alembic.operations import ops
from sqlalchemy import CheckConstraint, Constraint, Table, TextClause, text
from sqlalchemy.sql.elements import conv

from alembic_zero_downtime._alembic import copy_column
from alembic_zero_downtime.operations.context import DIALECT
from alembic_zero_downtime.schema.names import server_name
from alembic_zero_downtime.verbatim import escape


def column_checks(table: Table) -> list[ops.CreateCheckConstraintOp]:
    """Return the operations that add the CHECKs of columns, which CREATE TABLE does not contain."""
    return [
        ops.CreateCheckConstraintOp(
            (name := server_name(each)) and conv(name),  # without a name, the server gives one
            table.name,
            condition_of(each),
            schema=table.schema,
        )
        for _, each in checks_of_columns(table)
    ]


def checks_of_columns(table: Table) -> Iterator[tuple[str, CheckConstraint]]:
    """Yield the CHECKs of columns, each with the name that the server gives it without one."""
    for column in table.columns:
        for each in column.constraints:
            if isinstance(each, CheckConstraint):
                yield f"{table.name}_{column.name}_check", each


def condition_of(check: CheckConstraint) -> TextClause:
    """Return the condition of a CHECK as text.

    An expression of the model's columns would add each CHECK that is made of it to the model.
    """
    if isinstance(check.sqltext, TextClause):
        return check.sqltext
    options = {"literal_binds": True, "include_table": False}
    return text(escape(str(check.sqltext.compile(dialect=DIALECT, compile_kwargs=options))))


def without_check(column: Any) -> Any:
    """Return a column whose type adds no CHECK, which is added by an operation of its own."""
    if not getattr(column.type, "create_constraint", False):
        return column
    copied: Any = copy_column(column)
    copied.type.create_constraint = False
    return copied


def has_text(constraint: Constraint, definition: str) -> bool:
    """Whether a CHECK is printed as it is written, apart from parentheses and spaces."""
    written = f"CHECK{getattr(constraint, 'sqltext', '')}"
    return re.sub(r"[\s()]", "", written) == re.sub(r"[\s()]", "", definition)
