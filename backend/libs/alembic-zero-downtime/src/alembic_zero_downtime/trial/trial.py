"""Run new revisions up, down and up again on a disposable server, from the head of the migrations.

They have to run, to reach the models, and to lead back. What a downgrade does not restore by
itself, such as a trigger of a dropped table, is added to it.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise

from alembic.operations import ops
from alembic.runtime.migration import MigrationStep
from alembic.script import Script
from psycopg2 import sql
from sqlalchemy import Connection, create_engine, inspect, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from alembic_zero_downtime._alembic import make_upgrade_steps
from alembic_zero_downtime.autogenerate.change import WRITE_MANUALLY, CannotWriteError
from alembic_zero_downtime.autogenerate.compose import find_changes
from alembic_zero_downtime.autogenerate.rewriter import NOT_VALID
from alembic_zero_downtime.embedded.sandbox import ROLE, Sandbox, admin_cursor
from alembic_zero_downtime.errors import describe_error, sqlstate
from alembic_zero_downtime.migration_environment import MigrationEnvironment
from alembic_zero_downtime.schema.catalog import Catalog, Item, read_catalogs
from alembic_zero_downtime.schema.diff import Difference, compare
from alembic_zero_downtime.steps import Step, StepsFunction
from alembic_zero_downtime.trial.draft import Drafts
from alembic_zero_downtime.trial.rows import SampleRows

INTEGRITY_VIOLATION = "23"  # SQLSTATE class
DEPENDENT_OBJECTS = "2BP01"
COLUMN_IN_USE = "0A000"  # the type of a column that a view, a policy or a trigger reads
MANUALLY = 'Write this change manually: alembic revision -m "…", then run this again for the rest'
REMEDIES = {
    "42": "If it needs an object that models do not declare, create that in a revision of its own "
    'first: alembic revision -m "…", then run this again',
    **dict.fromkeys(
        (DEPENDENT_OBJECTS, COLUMN_IN_USE),
        "Drop or change what depends on it in a revision of its own first: alembic "
        'revision -m "…", then run this again',
    ),
    "NameError": "A revision must not import the project: give the column a type of SQLAlchemy, or "
    "render its type in Project(context_options={'render_item': …})",
}

PARTITIONED = text("""
    SELECT root.relname
      FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
      JOIN pg_class AS root ON root.oid = pg_partition_root(c.oid)
     WHERE n.nspname = :schema AND c.relname = :table
""")
"""The partitioned table, into which a row of a partition was inserted."""

DESCENDANTS = text("""
    WITH RECURSIVE descendants (oid) AS (
        SELECT c.oid FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
         WHERE c.relname = :table AND n.nspname = coalesce(:schema, current_schema())
        UNION
        SELECT inhrelid FROM pg_inherits JOIN descendants ON inhparent = descendants.oid)
    SELECT c.relname, nullif(n.nspname, current_schema())
      FROM descendants JOIN pg_class AS c USING (oid)
      JOIN pg_namespace AS n ON n.oid = c.relnamespace
""")
"""A table and those that inherit its columns, such as its partitions."""


class RowRefusedError(Exception):
    """A row of a table, which only stands for those of a real database, prevents a change."""

    def __init__(self, table: str, reason: str) -> None:
        super().__init__(reason)
        self.table = table
        self.reason = reason


@dataclass
class TrialResult:
    """The result of a trial.

    Attributes:
        rows: the tables that had a row.
        refused_rows: the tables whose row prevented a change, each with the reason.
        restoring: the statements that the downgrade of a revision lacks, by its position. The
            trial ends at the first one.
    """

    rows: SampleRows = field(default_factory=SampleRows)
    refused_rows: dict[str, str] = field(default_factory=dict)
    restoring: dict[int, str] = field(default_factory=dict)


def try_drafts(environment: MigrationEnvironment, sandbox: Sandbox, drafts: Drafts) -> TrialResult:
    """Try the drafts on copies of a database that is at the head of the migrations.

    Args:
        environment: the project's, with the drafts.
        sandbox: the database; no session is connected to it.
        drafts: the revisions to try.

    Raises:
        CannotWriteError: They do not run, or do not lead to the models or back.
    """
    refused: dict[str, str] = {}
    while True:
        with _copy_of(sandbox, f"trial_{len(refused)}") as connection:
            trial = _Trial(environment, connection, drafts, refused)
            try:
                return trial.run()
            except RowRefusedError as error:
                refused[error.table] = error.reason


@contextmanager
def _copy_of(sandbox: Sandbox, name: str) -> Iterator[Connection]:
    """Connect to a copy of a database."""
    create = sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {} STRATEGY FILE_COPY").format(
        *(sql.Identifier(each) for each in (name, ROLE, str(sandbox.url.database)))
    )
    drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
    with admin_cursor(sandbox.admin.set(database="postgres")) as cursor:
        cursor.execute(drop)
        cursor.execute(create)
    engine = create_engine(sandbox.url.set(database=name), poolclass=NullPool)
    with engine.connect() as connection:
        yield connection


class _Trial:
    """One trial on a database."""

    def __init__(
        self,
        environment: MigrationEnvironment,
        connection: Connection,
        drafts: Drafts,
        refused: dict[str, str],
    ) -> None:
        self._environment = environment
        self._connection = connection
        self._drafts = drafts
        self._result = TrialResult(refused_rows=refused)

    def run(self) -> TrialResult:
        """Run all drafts up, down and up again.

        Raises:
            RowRefusedError: A row prevents a change.
            CannotWriteError: The drafts are not what they should be.
        """
        scripts = self._drafts.revisions
        self._insert_rows()
        states = [self._read()]
        for script in scripts:
            self._upgrade(script)
            states.append(self._read())
        self._require_models()
        self._insert_rows()
        for number, (before, _) in reversed(list(enumerate(pairwise(states)))):
            self._downgrade(scripts[number])
            self._compare_downgrade(number, before)
            if self._result.restoring:  # the revisions before it lack the same
                return self._result
        for script in scripts:
            self._upgrade(script)
        self._require_same(states[-1])
        return self._result

    def _insert_rows(self) -> None:
        left_out = {*self._result.refused_rows, *self._environment.project.migration_tables}
        self._result.rows.insert(self._connection, left_out)

    def _read(self) -> Catalog:
        schemas = inspect(self._connection).get_schema_names()
        catalog = read_catalogs(self._connection, set(schemas) - {"information_schema"})
        self._connection.rollback()
        return catalog

    def _upgrade(self, script: Script) -> None:
        def steps(heads: tuple[str, ...], _: object) -> list[Step]:
            return [*make_upgrade_steps(self._environment.scripts, [script.revision], heads)]

        self._run(script, steps, "upgrade")

    def _downgrade(self, script: Script) -> None:
        def steps(*_: object) -> list[Step]:
            map_ = self._environment.scripts.revision_map
            return [MigrationStep.downgrade_from_script(map_, script)]

        self._run(script, steps, "downgrade")

    def _run(self, script: Script, steps: StepsFunction, function: str) -> None:
        try:
            with self._environment.open(self._connection, steps=steps) as opened:
                self._environment.run(opened)
        except Exception as error:
            self._connection.rollback()
            self._raise_if_row_refused(error)
            name = script.path.rpartition("/")[2]
            raise CannotWriteError(
                f"the {function} of {name} does not run on a disposable server: "
                f"{describe_error(error)}",
                _remedy_for(error),
                WRITE_MANUALLY,
            ) from error

    def _raise_if_row_refused(self, error: Exception) -> None:
        """Raise if a row that was inserted here violates a constraint.

        Raises:
            RowRefusedError: It does.
        """
        state = sqlstate(error) if isinstance(error, DBAPIError) else None
        if not (state or "").startswith(INTEGRITY_VIOLATION):
            return
        place = error.orig.diag  # type: ignore[attr-defined]
        names = {"schema": place.schema_name, "table": place.table_name}
        table = self._connection.scalar(PARTITIONED, names) or place.table_name
        if table and table not in self._result.refused_rows and self._result.rows.filled:
            raise RowRefusedError(table, describe_error(error)) from error

    def _require_models(self) -> None:
        """Require that a second run would find no difference.

        Raises:
            CannotWriteError: It would.
        """
        metadata = self._environment.metadata
        with self._environment.open(self._connection, metadata=metadata) as opened:
            found = find_changes(opened.get_context(), metadata, [])
        self._connection.rollback()
        if found:
            raise CannotWriteError(
                "what this would write does not lead to the models. On a disposable server, these "
                f"changes remain: {' '.join(change.description for change in found)}",
                MANUALLY,
                WRITE_MANUALLY,
            )

    def _compare_downgrade(self, number: int, before: Catalog) -> None:
        """Keep the statements that restore what a downgrade has not restored."""
        lost = set(self._lost_with_values(number))
        found = [each for each in compare(self._read(), before, "") if each.item not in lost]
        if not found:
            return
        if self._drafts.was_completed(number):
            raise CannotWriteError(
                f"the downgrade does not restore {_list(found)}", MANUALLY, WRITE_MANUALLY
            )
        found.sort(key=lambda each: each.item.kind != "sequence")  # a default may use it
        self._result.restoring[number] = "\n".join(each.sql for each in found)

    def _lost_with_values(self, number: int) -> Iterator[Item]:
        """Yield what a downgrade to before a revision cannot restore, since values are lost.

        That is NOT NULL of dropped columns, and the validation of foreign keys to what was dropped.
        """
        for directive in self._drafts.directives[number:]:
            for each in directive.downgrade_ops.ops if directive.downgrade_ops else ():
                if isinstance(each, ops.CreateForeignKeyOp) and each.kw.get(NOT_VALID):
                    name, schema = str(each.constraint_name), each.kw.get("source_schema")
                    yield Item("constraint", each.source_table, name, None, schema)
            for each in directive.upgrade_ops.ops if directive.upgrade_ops else ():
                if isinstance(each, ops.DropColumnOp):
                    names = {"table": each.table_name, "schema": each.schema}
                    for table, schema in self._connection.execute(DESCENDANTS, names):
                        yield Item("column", table, each.column_name, "nullability", schema)

    def _require_same(self, expected: Catalog) -> None:
        """Require that the second upgrade has the result of the first.

        Raises:
            CannotWriteError: It has another one.
        """
        if found := compare(expected, self._read(), ""):
            raise CannotWriteError(
                f"after a downgrade, the upgrade has another result: {_list(found)}",
                MANUALLY,
                WRITE_MANUALLY,
            )


def _remedy_for(error: Exception) -> str:
    state = (sqlstate(error) if isinstance(error, DBAPIError) else None) or type(error).__name__
    return REMEDIES.get(state) or REMEDIES.get(state[:2]) or MANUALLY


def _list(differences: Sequence[Difference]) -> str:
    return "; ".join(each.description for each in differences)
