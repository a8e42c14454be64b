"""Add constraints in two steps: they bind new rows at once, and old ones are read afterwards."""

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

from app.db.migrations.operations.definition import is_same_constraint, refuse
from app.db.migrations.operations.index import build_unless_there
from app.db.migrations.operations.steps import (
    Replacing,
    Steps,
    helper_of,
    taken_back_if_violated,
    taking_steps,
)


@Operations.register_operation("create_foreign_key_online")
class CreateForeignKeyOnlineOp(Replacing, CreateForeignKeyOp):
    """Add a foreign key in two steps; see `op.create_foreign_key_online`."""

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
        source_schema: str | None = None,
        referent_schema: str | None = None,
        replace: bool = False,
    ) -> None:
        """Add a foreign key while both tables are read and written.

        The first step takes SHARE ROW EXCLUSIVE on both for a moment and binds new rows (NOT
        VALID), the second reads the old ones under SHARE UPDATE EXCLUSIVE (PostgreSQL manual,
        "ALTER TABLE"). Where old rows have no counterpart, the constraint is taken back. Give the
        referencing columns an index first.

        Args:
            operations: given by Alembic.
            constraint_name: as for `op.create_foreign_key`, as all others.
            source_table: the table that refers.
            referent_table: the table that it refers to.
            local_cols: the columns that refer.
            remote_cols: those that they refer to.
            onupdate: the action, e.g. `CASCADE`.
            ondelete: the action.
            deferrable: whether a transaction may break it until its end.
            initially: `DEFERRED` or `IMMEDIATE`.
            source_schema: of the first table.
            referent_schema: of the second.
            replace: whether it takes the place of one of the same name that is defined otherwise,
                which stays in force until this one is proved.

        Raises:
            OnlineOperationError: There is another constraint of that name, or the revision has
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
                source_schema=source_schema,
                referent_schema=referent_schema,
                replace=replace,
            )
        )


@Operations.register_operation("create_check_constraint_online")
class CreateCheckConstraintOnlineOp(Replacing, CreateCheckConstraintOp):
    """Add a CHECK in two steps; see `op.create_check_constraint_online`."""

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
    ) -> None:
        """Add a CHECK while the table is read and written.

        The first step takes ACCESS EXCLUSIVE for a moment and binds new rows (NOT VALID), the
        second reads the old ones under SHARE UPDATE EXCLUSIVE. Where old rows break it, the
        constraint is taken back.

        Args:
            operations: given by Alembic.
            constraint_name: as for `op.create_check_constraint`.
            table_name: the same.
            condition: the same.
            schema: of the table.
            replace: as for `op.create_foreign_key_online`.

        Raises:
            OnlineOperationError: There is another constraint of that name, or the revision has
                changed something before.
        """
        operations.invoke(
            cls(constraint_name, table_name, condition, schema=schema, replace=replace)
        )


@Operations.register_operation("create_unique_constraint_online")
class CreateUniqueConstraintOnlineOp(Replacing, CreateUniqueConstraintOp):
    """Add a unique constraint on an index; see `op.create_unique_constraint_online`."""

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
        """Add a unique constraint while the table is read and written.

        Its index is built concurrently (see `op.create_index_online`), then the constraint takes
        it over under ACCESS EXCLUSIVE for a moment.

        Args:
            operations: given by Alembic.
            constraint_name: as for `op.create_unique_constraint`; the index has the same name.
            table_name: the same.
            columns: the same.
            schema: of the table.
            replace: as for `op.create_foreign_key_online`.
            **kw: `deferrable`, `initially` and `postgresql_…`, the same.

        Raises:
            OnlineOperationError: There is another constraint of that name, or the revision has
                changed something before.
        """
        operations.invoke(
            cls(constraint_name, table_name, columns, schema=schema, replace=replace, **kw)
        )


@Operations.implementation_for(CreateForeignKeyOnlineOp)
def create_foreign_key_online(operations: Operations, operation: CreateForeignKeyOnlineOp) -> None:
    """Take the steps."""
    with taking_steps(operations) as steps:
        key = operation.to_constraint(steps.context)
        assert isinstance(key, ForeignKeyConstraint)  # noqa: S101 for the type only
        with _in_place_of(steps, key, replace=operation.replace):
            _add_and_validate(steps, key)


@Operations.implementation_for(CreateCheckConstraintOnlineOp)
def create_check_constraint_online(
    operations: Operations, operation: CreateCheckConstraintOnlineOp
) -> None:
    """Take the steps."""
    with taking_steps(operations) as steps:
        check = operation.to_constraint(steps.context)
        assert isinstance(check, CheckConstraint)  # noqa: S101 for the type only
        with _in_place_of(steps, check, replace=operation.replace):
            _add_and_validate(steps, check)


@Operations.implementation_for(CreateUniqueConstraintOnlineOp)
def create_unique_constraint_online(
    operations: Operations, operation: CreateUniqueConstraintOnlineOp
) -> None:
    """Take the steps."""
    if Steps(operations).is_rehearsal:
        return  # loses nothing
    with taking_steps(operations) as steps:
        unique = operation.to_constraint(steps.context)
        assert isinstance(unique, UniqueConstraint)  # noqa: S101 for the type only
        steps.know_included(unique)
        with _in_place_of(steps, unique, replace=operation.replace):
            if find(steps, unique):
                return
            build_unless_there(steps, _index_of(steps, unique))
            name = steps.quote(steps.name_of(unique))
            words = f"ALTER TABLE {steps.table_of(unique)} ADD CONSTRAINT {name}"
            words += f" UNIQUE USING INDEX {name}"
            words += " DEFERRABLE" if unique.deferrable else ""
            words += f" INITIALLY {unique.initially}" if unique.initially else ""
            steps.run_gently(steps.table_of(unique), words)


def _index_of(steps: Steps, unique: UniqueConstraint) -> Index:
    """Return the index that the constraint is to take over."""
    options = {
        f"postgresql_{option}": value
        for option, value in unique.dialect_options["postgresql"].items()
        if value is not None
    }
    return Index(steps.name_of(unique), *unique.columns, unique=True, **options)


@contextmanager
def _in_place_of(steps: Steps, constraint: Constraint, *, replace: bool) -> Iterator[None]:
    """Let the block make a constraint, beside one of the same name that is defined otherwise.

    The old one is in force until the new one is proved, and goes in the transaction in which the
    new one takes its name.

    Raises:
        OnlineOperationError: There is such a one, and it is not to be replaced.
    """
    is_there = steps.is_offline or find(steps, constraint) is not None
    can_be_seen = not (steps.is_offline or steps.is_rehearsal)
    if not is_there or (is_same_constraint(steps, constraint) if can_be_seen else not replace):
        yield
        return
    if not replace:
        refuse(steps, "constraint", constraint)
    table, name = steps.table_of(constraint), steps.name_of(constraint)
    helper = helper_of("new", table, name)
    constraint.name = conv(helper)
    if can_be_seen and find(steps, constraint) and not is_same_constraint(steps, constraint):
        steps.run(f"ALTER TABLE {table} DROP CONSTRAINT {helper}")  # of a revision since edited
    yield
    steps.run_gently(
        table,
        f"ALTER TABLE {table} DROP CONSTRAINT {steps.quote(name)};"
        f" ALTER TABLE {table} RENAME CONSTRAINT {helper} TO {steps.quote(name)}",
    )


def _add_and_validate(steps: Steps, constraint: Constraint) -> None:
    """Add a constraint for new rows, then read the old ones; what is done is not done again."""
    table = steps.table_of(constraint)
    name = steps.quote(steps.name_of(constraint))
    there = find(steps, constraint)
    if there is None:
        constraint.dialect_options["postgresql"]["not_valid"] = True
        condition = constraint.sqltext if isinstance(constraint, CheckConstraint) else None
        steps.run_gently(table, steps.compile(AddConstraint(constraint), condition))
    if there is None or not there.convalidated:
        with taken_back_if_violated(steps, f"ALTER TABLE {table} DROP CONSTRAINT {name}"):
            steps.run(f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}")


def find(steps: Steps, constraint: Constraint) -> Row[Any] | None:
    """Return the row of a constraint in the catalog, if it is there; a script knows of none."""
    if steps.is_offline:
        return None
    return steps.ask(
        "SELECT convalidated FROM pg_constraint"
        " WHERE conrelid = to_regclass(:table) AND conname = :name",
        table=steps.table_of(constraint),
        name=steps.name_of(constraint),
    )
