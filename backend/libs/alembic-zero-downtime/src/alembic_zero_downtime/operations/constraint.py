"""Add constraints without blocking reads or writes: NOT VALID first, then VALIDATE."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from alembic.operations import Operations
from alembic.operations.ops import (
    CreateCheckConstraintOp,
    CreateForeignKeyOp,
    CreateUniqueConstraintOp,
)
from sqlalchemy import (
    CheckConstraint,
    Constraint,
    ForeignKeyConstraint,
    Index,
    Row,
    UniqueConstraint,
)
from sqlalchemy.schema import AddConstraint
from sqlalchemy.sql.elements import ColumnElement, TextClause, conv

from alembic_zero_downtime.operations.comparison import is_same_constraint, refuse_to_replace
from alembic_zero_downtime.operations.context import (
    OnlineContext,
    Replacing,
    dropped_if_violated,
    online_context,
    temporary_name,
)
from alembic_zero_downtime.operations.index import build_unless_exists

REFERENCED_KEY = """
    SELECT FROM pg_index AS i
     WHERE i.indrelid = to_regclass(:table) AND i.indisunique AND i.indimmediate
       AND i.indpred IS NULL
       AND (SELECT array_agg(a.attname::text ORDER BY a.attname::text COLLATE "C")
              FROM pg_attribute AS a
             WHERE a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey[0 : i.indnkeyatts - 1])
           ) = CAST(:columns AS text[])
"""


@Operations.register_operation("create_foreign_key_online")
class CreateForeignKeyOnlineOp(Replacing, CreateForeignKeyOp):
    """Add a foreign key NOT VALID, then validate it; see `op.create_foreign_key_online`."""

    @classmethod
    def create_foreign_key_online(
        cls,
        operations: Operations,
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
    ) -> None:
        """Add a foreign key without blocking reads or writes of both tables.

        The first transaction adds it as NOT VALID, for new rows, under a brief SHARE ROW EXCLUSIVE
        lock on both tables. The second validates existing rows under SHARE UPDATE EXCLUSIVE
        (PostgreSQL manual, "ALTER TABLE"). If existing rows violate the constraint, it is dropped.
        Create an index on the referencing columns first.

        Args:
            operations: given by Alembic.
            constraint_name: as for `op.create_foreign_key`, like all others.
            source_table: the referencing table.
            referent_table: the referenced table.
            local_cols: the referencing columns.
            remote_cols: the referenced columns.
            onupdate: the action, e.g. `CASCADE`.
            ondelete: the action.
            deferrable: whether the check can be deferred to the end of the transaction.
            initially: `DEFERRED` or `IMMEDIATE`.
            match: `FULL` or `SIMPLE`.
            source_schema: of the referencing table.
            referent_schema: of the referenced table.
            replace: whether to replace a constraint of the same name with a different definition,
                which stays in force until the new one is validated.
            **dialect_kw: likewise: `postgresql_…`; `postgresql_not_valid=True` leaves existing rows
                unvalidated.

        Raises:
            OnlineOperationError: A different constraint of that name exists, or the revision has
                changed something before.
        """
        operations.invoke(
            cls(
                constraint_name,
                source_table,
                referent_table,
                local_cols,
                remote_cols,
                onupdate=onupdate,
                ondelete=ondelete,
                deferrable=deferrable,
                initially=initially,
                match=match,
                source_schema=source_schema,
                referent_schema=referent_schema,
                replace=replace,
                **dialect_kw,
            )
        )


@Operations.register_operation("create_check_constraint_online")
class CreateCheckConstraintOnlineOp(Replacing, CreateCheckConstraintOp):
    """Add a CHECK NOT VALID, then validate it; see `op.create_check_constraint_online`."""

    @classmethod
    def create_check_constraint_online(
        cls,
        operations: Operations,
        constraint_name: str | None,
        table_name: str,
        condition: str | ColumnElement[bool] | TextClause,
        *,
        schema: str | None = None,
        replace: bool = False,
        **dialect_kw: Any,
    ) -> None:
        """Add a CHECK without blocking reads or writes.

        The first transaction adds it as NOT VALID, for new rows, under a brief ACCESS EXCLUSIVE
        lock. The second validates existing rows under SHARE UPDATE EXCLUSIVE. If existing rows
        violate the constraint, it is dropped.

        Args:
            operations: given by Alembic.
            constraint_name: as for `op.create_check_constraint`.
            table_name: likewise.
            condition: likewise.
            schema: of the table.
            replace: as for `op.create_foreign_key_online`.
            **dialect_kw: likewise, e.g. `postgresql_not_valid=True`.

        Raises:
            OnlineOperationError: A different constraint of that name exists, or the revision has
                changed something before.
        """
        operations.invoke(
            cls(
                *(constraint_name, table_name, condition),
                schema=schema,
                replace=replace,
                **dialect_kw,
            )
        )


@Operations.register_operation("create_unique_constraint_online")
class CreateUniqueConstraintOnlineOp(Replacing, CreateUniqueConstraintOp):
    """Build an index, then add the constraint; see `op.create_unique_constraint_online`."""

    @classmethod
    def create_unique_constraint_online(
        cls,
        operations: Operations,
        constraint_name: str | None,
        table_name: str,
        columns: Sequence[str],
        *,
        schema: str | None = None,
        replace: bool = False,
        **kw: Any,
    ) -> None:
        """Add a unique constraint without blocking reads or writes.

        Its index is built concurrently (see `op.create_index_online`), then the constraint is added
        USING INDEX under a brief ACCESS EXCLUSIVE lock.

        Args:
            operations: given by Alembic.
            constraint_name: as for `op.create_unique_constraint`; the index has the same name.
            table_name: likewise.
            columns: likewise.
            schema: of the table.
            replace: as for `op.create_foreign_key_online`.
            **kw: likewise: `deferrable`, `initially` and `postgresql_…`.

        Raises:
            OnlineOperationError: A different constraint of that name exists, or the revision has
                changed something before.
        """
        operations.invoke(
            cls(constraint_name, table_name, columns, schema=schema, replace=replace, **kw)
        )


@Operations.implementation_for(CreateForeignKeyOnlineOp)
def create_foreign_key_online(operations: Operations, operation: CreateForeignKeyOnlineOp) -> None:
    """Run the operation."""
    with online_context(operations) as online:
        key = operation.to_constraint(online.context)
        assert isinstance(key, ForeignKeyConstraint)  # noqa: S101 for the type only
        if online.is_dry_run and not _has_referenced_key(online, key):
            return  # a dry run builds no unique index, and a foreign key loses no data
        with _replacing_existing(online, key, replace=operation.replace):
            _add_and_validate(online, key)


@Operations.implementation_for(CreateCheckConstraintOnlineOp)
def create_check_constraint_online(
    operations: Operations, operation: CreateCheckConstraintOnlineOp
) -> None:
    """Run the operation."""
    with online_context(operations) as online:
        check = operation.to_constraint(online.context)
        assert isinstance(check, CheckConstraint)  # noqa: S101 for the type only
        with _replacing_existing(online, check, replace=operation.replace):
            _add_and_validate(online, check)


@Operations.implementation_for(CreateUniqueConstraintOnlineOp)
def create_unique_constraint_online(
    operations: Operations, operation: CreateUniqueConstraintOnlineOp
) -> None:
    """Run the operation."""
    if OnlineContext(operations).is_dry_run:
        return  # it loses no data
    with online_context(operations) as online:
        unique = operation.to_constraint(online.context)
        assert isinstance(unique, UniqueConstraint)  # noqa: S101 for the type only
        online.add_included_columns(unique)
        with _replacing_existing(online, unique, replace=operation.replace):
            if _find(online, unique):
                return
            build_unless_exists(online, _index_of(online, unique))
            name = online.quote(online.name_of(unique))
            statement = f"ALTER TABLE {online.table_of(unique)} ADD CONSTRAINT {name}"
            statement += f" UNIQUE USING INDEX {name}"
            statement += " DEFERRABLE" if unique.deferrable else ""
            statement += f" INITIALLY {unique.initially}" if unique.initially else ""
            online.run_locking(online.table_of(unique), statement)


def _index_of(online: OnlineContext, unique: UniqueConstraint) -> Index:
    """Return the index for the constraint."""
    options = {
        f"postgresql_{option}": value
        for option, value in unique.dialect_options["postgresql"].items()
        if value is not None
    }
    return Index(online.name_of(unique), *unique.columns, unique=True, **options)


@contextmanager
def _replacing_existing(
    online: OnlineContext, constraint: Constraint, *, replace: bool
) -> Iterator[None]:
    """Add a constraint in the block, and replace one of the same name with another definition.

    The old constraint stays in force until the new one is validated. One transaction drops it and
    renames the new one.

    Raises:
        OnlineOperationError: There is such a constraint, and `replace` is false.
    """
    exists = online.is_offline or _find(online, constraint) is not None
    is_comparable = not (online.is_offline or online.is_dry_run)
    if not exists or (is_same_constraint(online, constraint) if is_comparable else not replace):
        yield
        return
    if not replace:
        refuse_to_replace(online, "constraint", constraint)
    table, name = online.table_of(constraint), online.name_of(constraint)
    temporary = temporary_name("new", table, name)
    constraint.name = conv(temporary)
    if is_comparable and _find(online, constraint) and not is_same_constraint(online, constraint):
        # Left by an interrupted revision that was edited since.
        online.run(f"ALTER TABLE {table} DROP CONSTRAINT {temporary}")
    yield
    online.run_locking(
        table,
        f"ALTER TABLE {table} DROP CONSTRAINT {online.quote(name)};"
        f" ALTER TABLE {table} RENAME CONSTRAINT {temporary} TO {online.quote(name)}",
    )


def _add_and_validate(online: OnlineContext, constraint: Constraint) -> None:
    """Add a constraint as NOT VALID, then validate it; skip a statement that is done.

    With `postgresql_not_valid=True` it is not validated.
    """
    table = online.table_of(constraint)
    name = online.quote(online.name_of(constraint))
    existing = _find(online, constraint)
    options = constraint.dialect_options["postgresql"]
    stays_not_valid = options["not_valid"]
    if existing is None:
        options["not_valid"] = True
        online.run_locking(table, online.compile(AddConstraint(constraint)))
    if stays_not_valid:
        return
    if existing is None or not existing.convalidated:
        with dropped_if_violated(online, f"ALTER TABLE {table} DROP CONSTRAINT {name}"):
            online.run(f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}")


def _find(online: OnlineContext, constraint: Constraint) -> Row[Any] | None:
    """Return the catalog row of a constraint, or None; always None in offline mode."""
    if online.is_offline:
        return None
    return online.fetch_row(
        "SELECT convalidated FROM pg_constraint"
        " WHERE conrelid = to_regclass(:table) AND conname = :name",
        table=online.table_of(constraint),
        name=online.name_of(constraint),
    )


def _has_referenced_key(online: OnlineContext, key: ForeignKeyConstraint) -> bool:
    """Whether the referenced table has the unique index that a foreign key needs."""
    row = online.fetch_row(
        REFERENCED_KEY,
        table=online.table(key.referred_table.name, key.referred_table.schema),
        columns=sorted(each.column.name for each in key.elements),
    )
    return row is not None
