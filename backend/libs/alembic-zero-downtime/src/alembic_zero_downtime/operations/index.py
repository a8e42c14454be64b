"""Create and drop indexes concurrently, without blocking reads or writes."""

import logging
from collections.abc import Sequence
from typing import Any, cast

from alembic.operations import Operations
from alembic.operations.ops import CreateIndexOp, DropIndexOp
from sqlalchemy import Index, Row
from sqlalchemy.exc import DBAPIError
from sqlalchemy.schema import CreateIndex
from sqlalchemy.sql.elements import ColumnElement, TextClause, conv

from alembic_zero_downtime.operations.blockers import find_blockers
from alembic_zero_downtime.operations.comparison import is_same_index, refuse_to_replace
from alembic_zero_downtime.operations.context import (
    OnlineContext,
    OnlineOperationError,
    Replacing,
    online_context,
    run_cleanup,
    temporary_name,
)
from alembic_zero_downtime.operations.progress import show_build_progress

# PostgreSQL drops such an index only together with its owner, but renames it without asking.
OWNER = """
    coalesce(
        (SELECT format('constraint %I of table %s', conname, conrelid::regclass)
           FROM pg_constraint WHERE conindid = i.indexrelid
          ORDER BY contype = 'f', conname LIMIT 1),
        (SELECT format('the partitioned index %s', inhparent::regclass)
           FROM pg_inherits WHERE inhrelid = i.indexrelid))
"""
INDEX_STATE = f"""
    SELECT i.indisvalid, t.relkind = 'p' AS is_partitioned, i.indrelid <> t.oid AS is_on_another,
           i.indrelid::regclass::text AS other_table, c.oid::regclass::text AS full_name,
           b.pid AS builder, {OWNER} AS owner
      FROM pg_class AS t
      LEFT JOIN pg_class AS c ON c.relname = :name AND c.relnamespace = t.relnamespace
      LEFT JOIN pg_index AS i ON i.indexrelid = c.oid
      LEFT JOIN pg_stat_progress_create_index AS b
             ON b.index_relid = c.oid AND b.datname = current_database() AND NOT i.indisvalid
     WHERE t.oid = to_regclass(:table)
"""
# The index of the given table, else the one that the search path finds.
INDEX_TO_DROP = f"""
    SELECT format('%I.%I', n.nspname, c.relname) AS full_name,
           format('%I.%I', n.nspname, t.relname) AS other_table,
           i.indrelid IS DISTINCT FROM to_regclass(:table) AS is_on_another, {OWNER} AS owner
      FROM pg_index AS i
      JOIN pg_class AS c ON c.oid = i.indexrelid
      JOIN pg_class AS t ON t.oid = i.indrelid
      JOIN pg_namespace AS n ON n.oid = c.relnamespace
     WHERE c.relname = :name AND i.indrelid = to_regclass(:table)
        OR c.oid = to_regclass(:full_name)
     ORDER BY is_on_another LIMIT 1
"""

logger = logging.getLogger(__name__)


@Operations.register_operation("create_index_online")
class CreateIndexOnlineOp(Replacing, CreateIndexOp):
    """Create an index concurrently; see `op.create_index_online`."""

    def reverse(self) -> "DropIndexOnlineOp":
        """Return the operation that reverts this one."""
        return cast("DropIndexOnlineOp", DropIndexOnlineOp.from_index(self.to_index()))

    @classmethod
    def create_index_online(
        cls,
        operations: Operations,
        index_name: str | None,
        table_name: str,
        columns: Sequence[str | TextClause | ColumnElement[Any]],
        *,
        schema: str | None = None,
        unique: bool = False,
        replace: bool = False,
        **kw: Any,
    ) -> None:
        """Build an index without blocking reads or writes.

        Takes SHARE UPDATE EXCLUSIVE, which blocks only DDL and VACUUM. Waits for open transactions,
        which are logged first. An invalid index left by a failed build is dropped. The new index is
        checked to be valid (PostgreSQL manual, "Building Indexes Concurrently").

        Args:
            operations: given by Alembic.
            index_name: as for `op.create_index`.
            table_name: likewise.
            columns: likewise.
            schema: of the table.
            unique: whether it is a unique index.
            replace: whether to replace an index of the same name with a different definition, which
                stays in use until the new one is built.
            **kw: `postgresql_where`, `postgresql_using`, … as for `op.create_index`.

        Raises:
            OnlineOperationError: A different index of that name exists, the build failed, or the
                revision has changed something before.
        """
        operations.invoke(
            cls(
                index_name,
                table_name,
                columns,
                schema=schema,
                unique=unique,
                replace=replace,
                **kw,
            )
        )


@Operations.register_operation("drop_index_online")
class DropIndexOnlineOp(DropIndexOp):
    """Drop an index concurrently; see `op.drop_index_online`."""

    def reverse(self) -> CreateIndexOnlineOp:
        """Return the operation that reverts this one."""
        return cast("CreateIndexOnlineOp", CreateIndexOnlineOp.from_index(self.to_index()))

    @classmethod
    def drop_index_online(
        cls,
        operations: Operations,
        index_name: str,
        table_name: str | None = None,
        *,
        schema: str | None = None,
        **kw: Any,
    ) -> None:
        """Drop an index, if it exists, without blocking reads or writes.

        Args:
            operations: given by Alembic.
            index_name: as for `op.drop_index`.
            table_name: likewise.
            schema: of the table.
            **kw: the options of the index, for autogenerate.

        Raises:
            OnlineOperationError: The index belongs to another table or to a constraint, or the
                revision has changed something before.
        """
        operations.invoke(cls(index_name, table_name, schema=schema, **kw))


@Operations.implementation_for(CreateIndexOnlineOp)
def create_index_online(operations: Operations, operation: CreateIndexOnlineOp) -> None:
    """Run the operation."""
    if OnlineContext(operations).is_dry_run:
        return  # it loses no data
    with online_context(operations) as online:
        index = operation.to_index(online.context)
        online.add_included_columns(index)
        if operation.replace:
            _build_and_swap(online, index)
        else:
            build_unless_exists(online, index)


@Operations.implementation_for(DropIndexOnlineOp)
def drop_index_online(operations: Operations, operation: DropIndexOnlineOp) -> None:
    """Run the operation."""
    if OnlineContext(operations).is_dry_run:
        return  # it loses no data
    with online_context(operations) as online:
        index = operation.to_index(online.context)
        if not online.is_offline:
            _log_blockers(online, index)
        _drop(online, _find_to_drop(online, index, has_table=operation.table_name is not None))


def build_unless_exists(online: OnlineContext, index: Index) -> None:
    """Build an index unless a valid one exists.

    Raises:
        OnlineOperationError: The build failed, or the existing index has another definition.
    """
    if not online.is_offline and _read_state(online, index).indisvalid:
        if not is_same_index(online, index):
            refuse_to_replace(online, "index", index)
        logger.info("Index %s already exists", online.name_of(index))
    else:
        _build(online, index)


def _build_and_swap(online: OnlineContext, index: Index) -> None:
    """Build an index under a temporary name, swap it with the existing one, and drop that."""
    table, name = online.table_of(index), online.name_of(index)
    new, old = temporary_name("new", table, name), temporary_name("old", table, name)
    state = None if online.is_offline else _read_state(online, index)
    if state is None or (state.indisvalid and not is_same_index(online, index)):
        if state and state.owner:
            raise OnlineOperationError(
                f"index {name} belongs to {state.owner}: replace that instead"
            )
        existing = state.full_name if state else _qualified_name(online, index)
        index.name = conv(new)
        build_unless_exists(online, index)
        online.run(
            f"ALTER INDEX {existing} RENAME TO {old};"
            f" ALTER INDEX {_qualified_name(online, index)} RENAME TO {online.quote(name)}"
        )
    else:
        build_unless_exists(online, index)
    index.name = conv(old)
    _drop(online, _qualified_name(online, index))


def _build(online: OnlineContext, index: Index) -> None:
    name = online.name_of(index)
    if not online.is_offline:
        _log_blockers(online, index)
        _drop_invalid(online, index)
    index.dialect_options["postgresql"]["concurrently"] = not online.is_transactional
    statement = online.compile(CreateIndex(index))
    if online.is_transactional:
        online.run(statement)
        return
    # It waits without blocking other sessions: a short lock_timeout would only make it fail.
    try:
        with online.setting("lock_timeout", "0"), show_build_progress(online, f"Index {name}"):
            online.run(statement)
    except DBAPIError as error:
        state = None if error.connection_invalidated else _read_state(online, index)
        if state and state.indisvalid is False:  # every write would still update it
            run_cleanup(online, f"DROP INDEX CONCURRENTLY {state.full_name}")
        raise
    if not online.is_offline and not _read_state(online, index).indisvalid:
        raise OnlineOperationError(f"the build of index {name} failed: run the same command again")


def _drop_invalid(online: OnlineContext, index: Index) -> None:
    """Drop an invalid index left by a failed build."""
    state = _read_state(online, index)
    if state.indisvalid is False:
        name = online.name_of(index)
        logger.info("Index %s is invalid, left by a failed build: dropped", name)
        _drop(online, state.full_name)


def _log_blockers(online: OnlineContext, index: Index) -> None:
    if online.is_transactional:
        return  # nothing is built concurrently
    name = online.name_of(index)
    table = online.table_of(index) if index.table is not None else None
    for blocker in find_blockers(online.connection, table, name):
        logger.warning("Index %s: %s", name, blocker)


def _drop(online: OnlineContext, full_name: str) -> None:
    """Drop an index if it exists; like the build, it waits without blocking other sessions."""
    if online.is_transactional:
        online.run(f"DROP INDEX IF EXISTS {full_name}")
        return
    with online.setting("lock_timeout", "0"):
        online.run(f"DROP INDEX CONCURRENTLY IF EXISTS {full_name}")


def _find_to_drop(online: OnlineContext, index: Index, *, has_table: bool) -> str:
    """Return the quoted name of the index to drop, which may not exist.

    Raises:
        OnlineOperationError: It belongs to another table or to a constraint.
    """
    full_name = _qualified_name(online, index)
    if online.is_offline:
        return full_name
    table = online.table_of(index) if has_table else None
    found = online.fetch_row(
        INDEX_TO_DROP, table=table, name=online.name_of(index), full_name=full_name
    )
    if found is None:
        return full_name
    if has_table and found.is_on_another:
        raise OnlineOperationError(
            f"index {found.full_name} belongs to table {found.other_table}, not to {table}: name "
            "its table, and the schema of that"
        )
    if found.owner:
        raise OnlineOperationError(
            f"index {found.full_name} belongs to {found.owner}: drop that instead"
        )
    return str(found.full_name)


def _qualified_name(online: OnlineContext, index: Index) -> str:
    """Return the quoted name of an index, with its schema if there is one."""
    schema = index.table.schema if index.table is not None else None
    return online.table(online.name_of(index), schema)


def _read_state(online: OnlineContext, index: Index) -> Row[Any]:
    """Return the state of the index: `indisvalid` is None if it does not exist.

    Raises:
        OnlineOperationError: The table does not exist or is partitioned, or the index belongs to
            another table or is being built by another session.
    """
    table, name = online.table_of(index), online.name_of(index)
    state = online.fetch_row(INDEX_STATE, table=table, name=name)
    if state is None:
        raise OnlineOperationError(f"table {table} does not exist")
    if state.is_partitioned:
        raise OnlineOperationError(
            f"{table} is partitioned, and PostgreSQL cannot build its indexes concurrently: use "
            "op.create_index_online on each partition, then op.create_index on the table, which "
            "attaches them"
        )
    if state.is_on_another:
        raise OnlineOperationError(f"index {name} already exists on table {state.other_table}")
    if state.builder:
        raise OnlineOperationError(
            f"pid {state.builder} is building index {name}: run the same command again when that "
            "has finished"
        )
    return state
