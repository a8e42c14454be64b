"""Add constraints in two steps: they bind new rows at once, and old ones are read afterwards."""

from collections.abc import Sequence
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
from sqlalchemy.sql.elements import ColumnElement, TextClause

from app.db.migrations.operations.definition import require_same_check
from app.db.migrations.operations.index import build_unless_there
from app.db.migrations.operations.steps import (
    OnlineOperationError,
    Steps,
    taken_back_if_violated,
    taking_steps,
)

# How the catalog writes what happens to a row whose counterpart goes.
ACTIONS = {"NO ACTION": "a", "RESTRICT": "r", "CASCADE": "c", "SET NULL": "n", "SET DEFAULT": "d"}
FOREIGN_KEY = """
    SELECT f.confrelid = to_regclass(:referent),
           (SELECT array_agg(a.attname::text ORDER BY k.n)
              FROM unnest(f.conkey) WITH ORDINALITY AS k (attnum, n)
              JOIN pg_attribute AS a ON a.attrelid = f.conrelid AND a.attnum = k.attnum),
           (SELECT array_agg(a.attname::text ORDER BY k.n)
              FROM unnest(f.confkey) WITH ORDINALITY AS k (attnum, n)
              JOIN pg_attribute AS a ON a.attrelid = f.confrelid AND a.attnum = k.attnum),
           f.confupdtype::text, f.confdeltype::text, f.condeferrable, f.condeferred
      FROM pg_constraint AS f
     WHERE f.conrelid = to_regclass(:table) AND f.conname = :name
"""


@Operations.register_operation("create_foreign_key_online")
class CreateForeignKeyOnlineOp(CreateForeignKeyOp):
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
            )
        )


@Operations.register_operation("create_check_constraint_online")
class CreateCheckConstraintOnlineOp(CreateCheckConstraintOp):
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

        Raises:
            OnlineOperationError: There is another constraint of that name, or the revision has
                changed something before.
        """
        operations.invoke(cls(constraint_name, table_name, condition, schema=schema))


@Operations.register_operation("create_unique_constraint_online")
class CreateUniqueConstraintOnlineOp(CreateUniqueConstraintOp):
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
            **kw: `deferrable`, `initially` and `postgresql_…`, the same.

        Raises:
            OnlineOperationError: There is another constraint of that name, or the revision has
                changed something before.
        """
        operations.invoke(cls(constraint_name, table_name, columns, schema=schema, **kw))


@Operations.implementation_for(CreateForeignKeyOnlineOp)
def create_foreign_key_online(operations: Operations, operation: CreateForeignKeyOnlineOp) -> None:
    """Take the steps."""
    with taking_steps(operations) as steps:
        key = operation.to_constraint(steps.context)
        assert isinstance(key, ForeignKeyConstraint)  # noqa: S101 for the type only
        if is_there(steps, key):
            _require_same_foreign_key(steps, key)
        _add_and_validate(steps, key)


@Operations.implementation_for(CreateCheckConstraintOnlineOp)
def create_check_constraint_online(
    operations: Operations, operation: CreateCheckConstraintOnlineOp
) -> None:
    """Take the steps."""
    with taking_steps(operations) as steps:
        check = operation.to_constraint(steps.context)
        assert isinstance(check, CheckConstraint)  # noqa: S101 for the type only
        if is_there(steps, check):
            require_same_check(steps, check)
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
        name = steps.name_of(unique)
        options = {
            f"postgresql_{option}": value
            for option, value in unique.dialect_options["postgresql"].items()
            if value is not None
        }
        index = Index(name, *unique.columns, unique=True, **options)
        build_unless_there(steps, index)
        if is_there(steps, unique):
            return
        words = f"ALTER TABLE {steps.table_of(unique)} ADD CONSTRAINT {steps.quote(name)}"
        words += f" UNIQUE USING INDEX {steps.quote(name)}"
        words += " DEFERRABLE" if unique.deferrable else ""
        words += f" INITIALLY {unique.initially}" if unique.initially else ""
        steps.run(words)


def _add_and_validate(steps: Steps, constraint: Constraint) -> None:
    """Add a constraint for new rows, then read the old ones; what is done is not done again."""
    table = steps.table_of(constraint)
    name = steps.quote(steps.name_of(constraint))
    there = find(steps, constraint)
    if there is None:
        constraint.dialect_options["postgresql"]["not_valid"] = True
        steps.run(steps.compile(AddConstraint(constraint)))
    if there is None or not there.convalidated:
        undo = f"ALTER TABLE {table} DROP CONSTRAINT {name}"
        with taken_back_if_violated(steps, [undo]):
            steps.run(f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}")


def is_there(steps: Steps, constraint: Constraint) -> bool:
    """Whether there is a constraint of that name to compare with."""
    return not steps.is_rehearsal and find(steps, constraint) is not None


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


def _require_same_foreign_key(steps: Steps, key: ForeignKeyConstraint) -> None:
    """Refuse to take a foreign key of the same name for another one."""
    name, table = steps.name_of(key), steps.table_of(key)
    referred = key.referred_table
    there = steps.ask(
        FOREIGN_KEY,
        table=table,
        name=name,
        referent=steps.table(referred.name, referred.schema),
    )
    wanted = (
        True,
        [column.name for column in key.columns],
        [element.column.name for element in key.elements],
        ACTIONS[(key.onupdate or "NO ACTION").upper()],
        ACTIONS[(key.ondelete or "NO ACTION").upper()],
        bool(key.deferrable or key.initially),
        (key.initially or "").upper() == "DEFERRED",
    )
    if there is None or tuple(there) != wanted:
        raise OnlineOperationError(
            f"constraint {name} of {table} is there already and is another one. "
            "Drop or rename it first"
        )
