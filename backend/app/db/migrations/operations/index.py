"""Create and drop indexes while the table is read and written."""

import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, cast

from alembic.operations import Operations
from alembic.operations.ops import CreateIndexOp, DropIndexOp
from sqlalchemy import Connection, Index, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.schema import CreateIndex
from sqlalchemy.sql.elements import ColumnElement, TextClause, conv

from app.db.migrations.operations.definition import is_same_index, refuse
from app.db.migrations.operations.obstacles import find_obstacles
from app.db.migrations.operations.progress import showing
from app.db.migrations.operations.steps import (
    OnlineOperationError,
    Replacing,
    Steps,
    helper_of,
    taking_steps,
)

LOOK_SECONDS = 0.5
PHASES = text("""
    SELECT phase, blocks_done, blocks_total, tuples_done, tuples_total, lockers_done, lockers_total,
           current_locker_pid
      FROM pg_stat_progress_create_index WHERE pid = :pid
""")

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
        drop(steps, operation.to_index(steps.context))


def build_unless_there(steps: Steps, index: Index) -> None:
    """Build an index that is not there, or not whole; it is valid afterwards.

    Raises:
        OnlineOperationError: It is not, or it is there and is another one.
    """
    if not steps.is_offline and is_valid(steps, index):
        if not is_same_index(steps, index):
            refuse(steps, "index", index)
        logger.info("Index %s is there already", index.name)
    else:
        _build(steps, index)


def _build_in_place(steps: Steps, index: Index) -> None:
    """Build an index beside one of the same name that is defined otherwise, which then goes."""
    schema = index.table.schema if index.table is not None else None
    name, table = steps.name_of(index), steps.table_of(index)
    new, old = helper_of("new", table, name), helper_of("old", table, name)
    if steps.is_offline or (is_valid(steps, index) and not is_same_index(steps, index)):
        index.name = conv(new)
        build_unless_there(steps, index)
        steps.run(
            f"ALTER INDEX {steps.table(name, schema)} RENAME TO {old};"
            f" ALTER INDEX {steps.table(new, schema)} RENAME TO {steps.quote(name)}"
        )
    else:
        build_unless_there(steps, index)
    index.name = conv(old)
    drop(steps, index)


def _build(steps: Steps, index: Index) -> None:
    if not steps.is_offline:
        for obstacle in find_obstacles(steps.connection):
            logger.warning("Index %s may have to wait for %s", index.name, obstacle)
        if is_valid(steps, index) is False:
            logger.info("Index %s was left by a build that did not end: dropped", index.name)
            drop(steps, index)
    index.dialect_options["postgresql"]["concurrently"] = True
    statement = steps.compile(CreateIndex(index))
    # It waits without keeping anybody out: a short lock_timeout would only make it fail.
    with steps.setting("lock_timeout", "0"), _progress_of(steps, index):
        try:
            steps.run(statement)
        except DBAPIError as error:
            if not error.connection_invalidated:
                drop(steps, index)  # not valid, but slows down every writer
            raise
    if not steps.is_offline and not is_valid(steps, index):
        raise OnlineOperationError(
            f"the index {index.name} was not built to its end: run the same command again"
        )


def drop(steps: Steps, index: Index) -> None:
    """Drop an index if it is there."""
    table = index.table
    name = steps.table(steps.name_of(index), table.schema if table is not None else None)
    with steps.setting("lock_timeout", "0"):
        steps.run(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")


def is_valid(steps: Steps, index: Index) -> bool | None:
    """Return whether an index may be used; None if there is none.

    Raises:
        OnlineOperationError: An index of that name belongs to another table, or there is no table.
    """
    table = steps.table_of(index)
    found = steps.ask(
        """
        SELECT i.indisvalid, i.indrelid <> t.oid AS is_elsewhere,
               i.indrelid::regclass::text AS other
          FROM (SELECT to_regclass(:table)::oid AS oid) AS t
          LEFT JOIN pg_class AS c ON c.relname = :name
               AND c.relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = t.oid)
          LEFT JOIN pg_index AS i ON i.indexrelid = c.oid
         WHERE t.oid IS NOT NULL
        """,
        table=table,
        name=steps.name_of(index),
    )
    if found is None:
        raise OnlineOperationError(f"there is no table {table}")
    if found.is_elsewhere:
        raise OnlineOperationError(f"an index {index.name} is there already, of {found.other}")
    return cast("bool | None", found.indisvalid)


@contextmanager
def _progress_of(steps: Steps, index: Index) -> Iterator[None]:
    """Show how far the build is, as another session sees it: the driver waits until it is done."""
    if steps.is_offline:
        yield
        return
    pid = steps.ask("SELECT pg_backend_pid()")
    done = threading.Event()
    arguments = (steps.connection, pid[0] if pid else 0, f"Index {index.name}", done)
    thread = threading.Thread(target=_report, args=arguments, name="index progress", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _report(builder: Connection, pid: int, title: str, done: threading.Event) -> None:
    with suppress(SQLAlchemyError):  # without a second session the build goes on unseen
        if done.wait(LOOK_SECONDS):
            return
        with builder.engine.connect() as plain, showing(title) as progress:
            side = plain.execution_options(isolation_level="AUTOCOMMIT")
            while True:
                for row in side.execute(PHASES, {"pid": pid}):
                    if row.lockers_total:
                        words = f"{row.phase} (pid {row.current_locker_pid})"
                        progress.show(words, row.lockers_done, row.lockers_total)
                    elif row.tuples_total:
                        progress.show(f"{row.phase}, rows", row.tuples_done, row.tuples_total)
                    else:
                        progress.show(f"{row.phase}, blocks", row.blocks_done, row.blocks_total)
                if done.wait(LOOK_SECONDS):
                    return
