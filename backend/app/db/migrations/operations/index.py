"""Create and drop indexes while the table is read and written."""

import logging
from collections.abc import Sequence
from typing import Any, cast

from alembic.operations import Operations
from alembic.operations.ops import CreateIndexOp, DropIndexOp
from sqlalchemy import Index, Row
from sqlalchemy.exc import DBAPIError
from sqlalchemy.schema import CreateIndex
from sqlalchemy.sql.elements import ColumnElement, TextClause, conv

from app.db.migrations.operations.definition import is_same_index, refuse
from app.db.migrations.operations.obstacles import find_obstacles
from app.db.migrations.operations.progress import showing_build
from app.db.migrations.operations.steps import (
    OnlineOperationError,
    Replacing,
    Steps,
    attempt,
    helper_of,
    taking_steps,
)

INDEX = """
    SELECT i.indisvalid, t.relkind = 'p' AS is_partitioned, i.indrelid <> t.oid AS is_elsewhere,
           i.indrelid::regclass::text AS other, c.oid::regclass::text AS full_name,
           b.pid AS builder
      FROM pg_class AS t
      LEFT JOIN pg_class AS c ON c.relname = :name AND c.relnamespace = t.relnamespace
      LEFT JOIN pg_index AS i ON i.indexrelid = c.oid
      LEFT JOIN pg_stat_progress_create_index AS b
             ON b.index_relid = c.oid AND b.datname = current_database() AND NOT i.indisvalid
     WHERE t.oid = to_regclass(:table)
"""

logger = logging.getLogger(__name__)


@Operations.register_operation("create_index_online")
class CreateIndexOnlineOp(Replacing, CreateIndexOp):
    """Create an index concurrently; see `op.create_index_online`."""

    def reverse(self) -> "DropIndexOnlineOp":
        """Return the operation that takes this one back."""
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
        """Build an index while the table is read and written.

        Takes SHARE UPDATE EXCLUSIVE, which keeps out only changes of the schema and VACUUM. Waits
        for transactions that are open; they are named first. A leftover of a build that failed is
        dropped, and afterwards the index is proved valid (PostgreSQL manual, "Building Indexes
        Concurrently").

        Args:
            operations: given by Alembic.
            index_name: as for `op.create_index`.
            table_name: the same.
            columns: the same.
            schema: of the table.
            unique: whether two rows with one value are refused.
            replace: whether it takes the place of one of the same name that is defined otherwise,
                which is used until this one is built.
            **kw: `postgresql_where`, `postgresql_using`, … as for `op.create_index`.

        Raises:
            OnlineOperationError: There is another index of that name, the build did not end, or
                the revision has changed something before.
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
        """Return the operation that takes this one back."""
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
        """Drop an index while the table is read and written; fine if it is gone already.

        Args:
            operations: given by Alembic.
            index_name: as for `op.drop_index`.
            table_name: the same.
            schema: of the table.
            **kw: what the index was made with, for autogenerate.
        """
        operations.invoke(cls(index_name, table_name, schema=schema, **kw))


@Operations.implementation_for(CreateIndexOnlineOp)
def create_index_online(operations: Operations, operation: CreateIndexOnlineOp) -> None:
    """Take the steps."""
    if Steps(operations).is_rehearsal:
        return  # loses nothing
    with taking_steps(operations) as steps:
        index = operation.to_index(steps.context)
        steps.know_included(index)
        if operation.replace:
            _build_in_place(steps, index)
        else:
            build_unless_there(steps, index)


@Operations.implementation_for(DropIndexOnlineOp)
def drop_index_online(operations: Operations, operation: DropIndexOnlineOp) -> None:
    """Take the step."""
    if Steps(operations).is_rehearsal:
        return  # loses nothing
    with taking_steps(operations) as steps:
        index = operation.to_index(steps.context)
        if not steps.is_offline:
            _name_obstacles(steps, index)
        _drop(steps, _name_in_schema(steps, index))


def build_unless_there(steps: Steps, index: Index) -> None:
    """Build an index that is not there, or not whole; it is valid afterwards.

    Raises:
        OnlineOperationError: It is not, or it is there and is another one.
    """
    if not steps.is_offline and _look(steps, index).indisvalid:
        if not is_same_index(steps, index):
            refuse(steps, "index", index)
        logger.info("Index %s is there already", steps.name_of(index))
    else:
        _build(steps, index)


def _build_in_place(steps: Steps, index: Index) -> None:
    """Build an index beside one of the same name that is defined otherwise, which then goes."""
    table, name = steps.table_of(index), steps.name_of(index)
    new, old = helper_of("new", table, name), helper_of("old", table, name)
    there = None if steps.is_offline else _look(steps, index)
    if there is None or (there.indisvalid and not is_same_index(steps, index)):
        before = there.full_name if there else _name_in_schema(steps, index)
        index.name = conv(new)
        build_unless_there(steps, index)
        steps.run(
            f"ALTER INDEX {before} RENAME TO {old};"
            f" ALTER INDEX {_name_in_schema(steps, index)} RENAME TO {steps.quote(name)}"
        )
    else:
        build_unless_there(steps, index)
    index.name = conv(old)
    _drop(steps, _name_in_schema(steps, index))


def _build(steps: Steps, index: Index) -> None:
    name = steps.name_of(index)
    if not steps.is_offline:
        _name_obstacles(steps, index)
        _clear_away(steps, index)
    index.dialect_options["postgresql"]["concurrently"] = True
    where = index.dialect_options["postgresql"]["where"]
    statement = steps.compile(CreateIndex(index), *index.expressions, where)
    # It waits without keeping anybody out: a short lock_timeout would only make it fail.
    try:
        with steps.setting("lock_timeout", "0"), showing_build(steps, f"Index {name}"):
            steps.run(statement)
    except DBAPIError as error:
        found = None if error.connection_invalidated else _look(steps, index)
        if found and found.indisvalid is False:  # every writer would have to keep it up
            attempt(steps, f"DROP INDEX CONCURRENTLY {found.full_name}")
        raise
    if not steps.is_offline and not _look(steps, index).indisvalid:
        raise OnlineOperationError(
            f"the index {name} was not built to its end: run the same command again"
        )


def _clear_away(steps: Steps, index: Index) -> None:
    """Drop what a build has left that did not end."""
    found = _look(steps, index)
    if found.indisvalid is False:
        name = steps.name_of(index)
        logger.info("Index %s was left by a build that did not end: dropped", name)
        _drop(steps, found.full_name)


def _name_obstacles(steps: Steps, index: Index) -> None:
    name = steps.name_of(index)
    table = steps.table_of(index) if index.table is not None else None
    for obstacle in find_obstacles(steps.connection, table, name):
        logger.warning("Index %s: %s", name, obstacle)


def _drop(steps: Steps, full_name: str) -> None:
    """Drop an index if it is there; it waits, too, without keeping anybody out."""
    with steps.setting("lock_timeout", "0"):
        steps.run(f"DROP INDEX CONCURRENTLY IF EXISTS {full_name}")


def _name_in_schema(steps: Steps, index: Index) -> str:
    """Return the name of an index as SQL writes it, with its schema if it was said."""
    schema = index.table.schema if index.table is not None else None
    return steps.table(steps.name_of(index), schema)


def _look(steps: Steps, index: Index) -> Row[Any]:
    """Return how the index stands: `indisvalid` is None where there is none.

    Raises:
        OnlineOperationError: It cannot be built: there is no such table, or it is partitioned, or
            an index of that name belongs to another one or is being built by somebody.
    """
    table, name = steps.table_of(index), steps.name_of(index)
    found = steps.ask(INDEX, table=table, name=name)
    if found is None:
        raise OnlineOperationError(f"there is no table {table}")
    if found.is_partitioned:
        raise OnlineOperationError(
            f"{table} is partitioned, and PostgreSQL builds no index on all of it concurrently: "
            "op.create_index_online on each partition, and then op.create_index on the table, "
            "which takes those over at once"
        )
    if found.is_elsewhere:
        raise OnlineOperationError(f"an index {name} is there already, of {found.other}")
    if found.builder:
        raise OnlineOperationError(
            f"pid {found.builder} is building the index {name} right now: run the same command "
            "again when it has ended"
        )
    return found
