# Alembic's `op` and the operations of alembic_zero_downtime.operations. Alembic's own stub cannot
# be extended, so this one takes precedence; tests/test_online_revision.py compares the two.

from collections.abc import Mapping, Sequence
from typing import Any

from alembic.operations import Operations
from sqlalchemy import Column
from sqlalchemy.sql.elements import ColumnElement, TextClause

_alembic: Operations
add_column = _alembic.add_column
alter_column = _alembic.alter_column
batch_alter_table = _alembic.batch_alter_table
bulk_insert = _alembic.bulk_insert
create_check_constraint = _alembic.create_check_constraint
create_exclude_constraint = _alembic.create_exclude_constraint
create_foreign_key = _alembic.create_foreign_key
create_index = _alembic.create_index
create_primary_key = _alembic.create_primary_key
create_table = _alembic.create_table
create_table_comment = _alembic.create_table_comment
create_unique_constraint = _alembic.create_unique_constraint
drop_column = _alembic.drop_column
drop_constraint = _alembic.drop_constraint
drop_index = _alembic.drop_index
drop_table = _alembic.drop_table
drop_table_comment = _alembic.drop_table_comment
execute = _alembic.execute
f = _alembic.f
get_bind = _alembic.get_bind
get_context = _alembic.get_context
implementation_for = _alembic.implementation_for
inline_literal = _alembic.inline_literal
invoke = _alembic.invoke
register_operation = _alembic.register_operation
rename_table = _alembic.rename_table
run_async = _alembic.run_async

def add_column_online(
    table_name: str,
    column: Column[Any],
    *,
    key: tuple[str, ...] = ("id",),
    schema: str | None = None,
) -> None: ...
def batched_backfill(
    table_name: str,
    values: Mapping[str, str],
    where: str,
    *,
    key: tuple[str, ...] = ("id",),
    schema: str | None = None,
    target_seconds: float = 0.2,
    pause_seconds: float = 0.02,
    max_lag: int = ...,
) -> None: ...
def create_check_constraint_online(
    constraint_name: str | None,
    table_name: str,
    condition: str | ColumnElement[bool] | TextClause,
    *,
    schema: str | None = None,
    replace: bool = False,
    **dialect_kw: Any,
) -> None: ...
def create_foreign_key_online(
    constraint_name: str | None,
    source_table: str,
    referent_table: str,
    local_cols: list[str],
    remote_cols: list[str],
    *,
    onupdate: str | None = None,
    ondelete: str | None = None,
    deferrable: bool | None = None,
    initially: str | None = None,
    match: str | None = None,
    source_schema: str | None = None,
    referent_schema: str | None = None,
    replace: bool = False,
    **dialect_kw: Any,
) -> None: ...
def create_index_online(
    index_name: str | None,
    table_name: str,
    columns: Sequence[str | TextClause | ColumnElement[Any]],
    *,
    schema: str | None = None,
    unique: bool = False,
    replace: bool = False,
    **kw: Any,
) -> None: ...
def create_unique_constraint_online(
    constraint_name: str | None,
    table_name: str,
    columns: Sequence[str],
    *,
    schema: str | None = None,
    replace: bool = False,
    **kw: Any,
) -> None: ...
def drop_index_online(
    index_name: str,
    table_name: str | None = None,
    *,
    schema: str | None = None,
    **kw: Any,
) -> None: ...
def set_not_null_online(
    table_name: str, column_name: str, *, schema: str | None = None
) -> None: ...
